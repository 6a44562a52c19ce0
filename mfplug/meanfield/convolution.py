"""Force and energy of a density on a uniform grid of the line or the circle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mfplug.contracts.potential import Potential

Array = NDArray[np.float64]
Waves = NDArray[np.complex128]

#: The potential is sampled this much finer than the density, so that its Fourier
#: coefficients below the density's are free of aliases though it is less smooth.
FINER = 16


class Convolution:
    r"""-(grad phi * rho) and phi * rho by fast Fourier transforms.

    On the circle the coefficients of phi, taken at the nearest image, are multiplied by
    those of rho; on the line rho is padded with zeros to twice its length, which makes
    the circular convolution that of the line. Exact for a rho that the grid resolves.

    Parameters
    ----------
    potential
        Pair potential in d = 1.
    points, spacing
        Of the grid that carries rho.
    periodic
        Whether the grid is a circle.
    """

    def __init__(
        self, potential: Potential, points: int, spacing: float, periodic: bool
    ) -> None:
        self.points, self.spacing = points, spacing
        self._length = points if periodic else 2 * points
        fine = self._length * FINER
        index = np.arange(fine)
        index = np.where(2 * index >= fine, index - fine, index)
        x = np.asarray(index * (spacing / FINER), dtype=np.float64)[:, None]
        slope, value = potential.gradient(x)[:, 0], potential.energy(x)
        # The farthest point is its own mirror image, where an odd function is 0.
        slope[fine // 2] = 0.0
        keep = self._length // 2 + 1
        scale = spacing / FINER
        # phi is even: the transforms are real, and imaginary for the slope.
        odd = np.fft.rfft(slope)[:keep].imag
        self._force: Waves = np.asarray(-1j * odd * scale, dtype=np.complex128)
        if self._length % 2 == 0:
            self._force[-1] = 0.0
        self._energy: Waves = (np.fft.rfft(value)[:keep].real * scale).astype(complex)

    def _apply(self, rho: Array, kernel: Waves) -> Array:
        waves = np.fft.rfft(rho, self._length, axis=-1)
        waves *= kernel
        return np.fft.irfft(waves, self._length, axis=-1)[..., : self.points]

    def force(self, rho: Array) -> Array:
        """Return the pair force at the grid points, shape (..., points)."""
        return self._apply(rho, self._force)

    def energy(self, rho: Array) -> float:
        """Return half of int int phi rho rho."""
        return float(0.5 * self.spacing * np.sum(rho * self._apply(rho, self._energy)))
