"""Potentials that are a few plane waves on the torus: O(N) sums."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.sums.kernel import ScaledKernel

Array = NDArray[np.float64]

#: Points an axis at which a periodic potential is sampled: waves up to half of it.
_SAMPLES = {1: 512, 2: 128, 3: 48}
#: More pairs of waves than this, and another method is faster.
MOST = 24
#: Coefficients below this part of the largest are rounding.
_ROUNDING = 1e-13
_AGREEMENT = 1e-11


class WaveSum:
    r"""phi_N(x) = sum_m c_m cos(k_m . x): a sum over pairs is one over particles.

    .. math:: \sum_j w_j \cos(k (x - y_j)) = \cos kx \sum_j w_j \cos k y_j +
              \sin kx \sum_j w_j \sin k y_j

    Exact up to rounding. The waves are found from the values of the potential; nothing
    has to be declared.

    Parameters
    ----------
    kernel
        A potential on a torus.
    wavevectors, coefficients
        k_m, shape (n, d), one of each pair +-k, and c_m, shape (n,).
    """

    name = "separable"

    def __init__(
        self, kernel: ScaledKernel, wavevectors: Array, coefficients: Array
    ) -> None:
        self.kernel = kernel
        self.k = np.ascontiguousarray(wavevectors)
        self.c = np.ascontiguousarray(coefficients)

    def _points(self, x: Array) -> Array:
        """Return the points of the cell around 0, where the phases are accurate."""
        box = self.kernel.box
        return np.ascontiguousarray(x - box * np.rint(x / box))  # type: ignore[operator]

    def _sums(self, y: Array, w: Array) -> Array:
        """Return c_m sum_i w_i (cos, sin)(k_m . y_i), shape (R, 2, n)."""
        from mfplug.dynamics.sums.wave_kernels import CHUNK, wave_sums

        chunks = -(-y.shape[2] // CHUNK)
        parts = np.empty((y.shape[0], chunks, 2, len(self.c)))
        wave_sums(y, np.ascontiguousarray(w, dtype=float), self.k, parts)
        total = np.zeros((y.shape[0], 2, len(self.c)))
        for c in range(chunks):
            total += parts[:, c]
        return total * self.c

    def forces(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return -sum_m w_m grad phi_N(x_k - y_m), shape (d, K)."""
        from mfplug.dynamics.sums.wave_kernels import wave_forces

        sums = self._sums(self._points(sources)[None], weights)
        out = np.empty((1, *targets.shape))
        wave_forces(self._points(targets)[None], self.k, sums, out)
        return np.asarray(out[0])

    def energies(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return sum_m w_m phi_N(x_k - y_m), shape (K,)."""
        from mfplug.dynamics.sums.wave_kernels import wave_energies

        sums = self._sums(self._points(sources)[None], weights)
        out = np.empty((1, targets.shape[1]))
        wave_energies(self._points(targets)[None], self.k, sums, out)
        return np.asarray(out[0])

    def clouds(self, x: Array, weight: float) -> Array:
        """Return the forces of each cloud on itself, all weights equal; (R, d, N)."""
        from mfplug.dynamics.sums.wave_kernels import wave_forces

        points = self._points(x)
        sums = self._sums(points, np.full(x.shape[2], weight))
        out = np.empty_like(points)
        wave_forces(points, self.k, sums, out)
        return out


def find_waves(kernel: ScaledKernel) -> WaveSum | None:
    """Return the sum over waves if the potential is a few of them, else None.

    Its values on a grid of the torus are transformed; what is left when the small
    coefficients are dropped must agree with energy and gradient at other points.
    """
    box = kernel.box
    if box is None or not kernel.periodic:
        return None
    d, n = kernel.dimension, _SAMPLES[kernel.dimension]
    values = kernel.energy_on([box / n * np.arange(float(n))] * d)
    if not np.isfinite(values).all():
        return None
    spectrum = np.fft.rfftn(values).real / n**d
    large = np.abs(spectrum) > _ROUNDING * np.abs(spectrum).max()
    index = np.argwhere(large)
    if len(index) > 2 * MOST:
        return None
    coefficients = spectrum[large]
    waves = np.where(index > n // 2, index - n, index)
    # The last axis holds k >= 0 only; elsewhere both of a pair stand on its plane 0.
    keep, twice = np.ones(len(waves), dtype=bool), np.ones(len(waves))
    for i, k in enumerate(waves):
        leading = k[np.flatnonzero(k)[-1:]]
        keep[i] = leading.size == 0 or leading[0] > 0
        twice[i] = 1.0 if leading.size == 0 else 2.0
    k = 2.0 * np.pi / box * waves[keep].astype(float)
    found = WaveSum(kernel, k, (coefficients * twice)[keep])
    return found if len(k) <= MOST and _agrees(found) else None


def _agrees(found: WaveSum) -> bool:
    kernel = found.kernel
    dx = kernel.sample(0.999 * float(kernel.box))  # type: ignore[arg-type]
    phase = dx @ found.k.T
    energy = np.cos(phase) @ found.c
    gradient = -(np.sin(phase) * found.c) @ found.k
    size = np.abs(found.c).sum()
    slope = np.abs(found.c) @ np.linalg.norm(found.k, axis=1)
    return bool(
        np.abs(energy - kernel.energy(dx)).max() <= _AGREEMENT * size
        and np.abs(gradient - kernel.gradient(dx)).max() <= _AGREEMENT * slope
    )
