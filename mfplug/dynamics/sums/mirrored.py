"""Sums over a cloud and all its mirror images, at the cost of the cloud alone."""

from __future__ import annotations

import math
from itertools import permutations, product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.sums.choose import CALL, MODE, POINT
from mfplug.dynamics.sums.direct import DirectSum
from mfplug.dynamics.sums.fourier import MOST_MODES, FourierSum, TooManyModes
from mfplug.dynamics.sums.fourier_box import Modes
from mfplug.dynamics.sums.kernel import ScaledKernel
from mfplug.dynamics.sums.pair_cost import direct_seconds

if TYPE_CHECKING:
    from mfplug.contracts.potential import Potential

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


def images(x: Array) -> Array:
    """Return the images of points under all signed permutations of the axes.

    Parameters
    ----------
    x
        Shape (d, K).

    Returns
    -------
    Array
        Shape (d, 2^d d! K); the first K are the points themselves.
    """
    d = len(x)
    parts = [
        np.array(signs)[:, None] * x[list(order)]
        for order in permutations(range(d))
        for signs in product((1.0, -1.0), repeat=d)
    ]
    return np.concatenate(parts, axis=1)


def group_order(d: int) -> int:
    """Return the number of signed permutations of d axes, 2^d d!."""
    return 2**d * math.factorial(d)


class MirroredSum:
    r"""Force and potential of a cloud averaged over the symmetries of the cube.

    .. math:: F(x) = -\frac{1}{|G|} \sum_{g \in G} \sum_m w_m \nabla\phi(x - g y_m),
              \qquad
              U(x) = \frac{1}{|G|} \sum_{g \in G} \sum_m w_m \phi(x - g y_m)

    with G the :math:`2^d d!` signed permutations of the axes and phi a function of the
    distance. The Fourier coefficients of the averaged cloud are those of one cloud,
    averaged: real, even in each axis and symmetric. So a sum costs the points of one
    cloud, where the images are 8 (d = 2) or 48 (d = 3) times as many; and F_3 is F_1
    at the point with its first and third coordinates exchanged, which saves a
    transform. Few points are summed over all images directly.

    Parameters
    ----------
    potential
        A radial potential in free space.
    dimension
        d = 2 or 3.
    tolerance
        Error of a force, relative to sum |w_m| sup |grad phi|, of the transforms.
    """

    def __init__(self, potential: Potential, dimension: int, tolerance: float) -> None:
        self.kernel = ScaledKernel(potential, dimension)
        self.direct = DirectSum(self.kernel)
        self.fourier = FourierSum(self.kernel, tolerance)

    def forces(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return F at the targets, shape (d, K).

        Parameters
        ----------
        sources, targets
            Points about the centre of symmetry, shapes (d, M) and (d, K).
        weights
            Of the sources, shape (M,).
        """
        modes = self._modes(sources, targets)
        if modes is None:
            return self.direct.forces(*self._all(sources, weights), targets)
        d, count = targets.shape
        series = self._averaged(modes, sources, weights)
        wave = modes.wavenumbers(0)
        rest = (1,) * (d - 2)
        pair = wave.reshape(-1, 1, *rest) + 1j * wave.reshape(1, -1, *rest)
        points = targets
        if d == 3:
            points = np.concatenate([targets, targets[::-1]], axis=1)
        # -i (k_1 + i k_2): the components are the real and the imaginary part.
        both = self.fourier.values((-1j * pair * series)[None], _angles(modes, points))
        out = np.empty_like(targets)
        out[0], out[1] = both[0, :count].real, both[0, :count].imag
        if d == 3:
            out[2] = both[0, count:].real
        return out

    def energies(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return U at the targets, shape (K,); parameters as of :meth:`forces`."""
        modes = self._modes(sources, targets)
        if modes is None:
            return self.direct.energies(*self._all(sources, weights), targets)
        series = self._averaged(modes, sources, weights)
        values = self.fourier.values(
            series[None].astype(complex), _angles(modes, targets)
        )
        return values[0].real + modes.periodic.level * float(np.sum(weights))

    def _all(self, sources: Array, weights: Array) -> tuple[Array, Array]:
        """Return all images and their weights."""
        order = group_order(len(sources))
        return images(sources), np.tile(weights / order, order)

    def _modes(self, sources: Array, targets: Array) -> Modes | None:
        """Return the series that serves these points; None where pairs cost less."""
        d = len(sources)
        pairs = float(group_order(d)) * sources.shape[1] * targets.shape[1]
        direct = direct_seconds(self.kernel, pairs)
        points = sources.shape[1] + (d - 1) * targets.shape[1]
        left = direct - CALL - POINT[d] * points
        # A growing force, and one that is not finite, is summed as it is.
        if left <= 0.0 or not 0.0 < self.kernel.peak < math.inf:
            return None
        far = max(float(np.abs(x).max()) for x in (sources, targets))
        if not math.isfinite(far):
            return None
        try:
            modes = self.fourier.modes((2.0 * far,) * d)
        except TooManyModes:
            return None
        size = math.prod(modes.sizes)
        return modes if MODE[d] * size < left and size <= MOST_MODES else None

    def _averaged(self, modes: Modes, sources: Array, weights: Array) -> Array:
        """Return the coefficients of the averaged cloud times those of the kernel."""
        series = self.fourier.spectrum(modes, _angles(modes, sources), weights)
        d = series.ndim
        # The modes at -n/2 have no partner and are 0 already.
        inner = series[(slice(1, None),) * d].real
        for axis in range(d):
            inner = 0.5 * (inner + np.flip(inner, axis))
        orders = list(permutations(range(d)))
        total = inner.transpose(orders[0])
        for order in orders[1:]:
            total = total + inner.transpose(order)
        out = np.zeros(series.shape)
        out[(slice(1, None),) * d] = total / len(orders)
        return out


def _angles(modes: Modes, points: Array) -> list[Array]:
    scale = 2.0 * np.pi / modes.periodic.period[0]
    return [scale * x for x in points]
