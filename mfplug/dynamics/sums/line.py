"""Polynomials of the distance on the line: sorted, exact, O(N log N)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.sums.kernel import ScaledKernel

Array = NDArray[np.float64]

#: Highest power of the distance that is recognised.
_DEGREE = 8
#: Agreement with the potential, relative to the sum of the sizes of the powers.
_AGREEMENT = 1e-13


class LineSum:
    r"""phi_N(x) = p(|x|) up to a range, perhaps infinite, and constant beyond; d = 1.

    Once the sources are sorted, those in a range of distances lie next to each other,
    and a sum of polynomials over them follows from their moments. So ``bump`` is
    summed, and a third party's |q|. Exact up to rounding.

    Parameters
    ----------
    kernel
        A potential on the line or the circle.
    reach
        The range, on a circle at most half of it.
    powers
        Coefficients of the powers of the distance.
    """

    name = "sorted"

    def __init__(self, kernel: ScaledKernel, reach: float, powers: Array) -> None:
        self.kernel = kernel
        self.reach = reach
        self.powers = powers

    def _sums(self, y: Array, w: Array, x: Array, derivative: bool) -> Array:
        """Return the sums for rows of sources, weights and targets."""
        from mfplug.dynamics.sums import line_kernels as compiled

        box = self.kernel.box
        if box is not None:
            y, x = _wrapped(y, box), _wrapped(x, box)
        order = np.argsort(y, axis=1, kind="stable")
        y = np.take_along_axis(y, order, axis=1)
        w = np.take_along_axis(np.broadcast_to(w, y.shape), order, axis=1)
        if np.isfinite(self.reach):
            unit = np.full(len(y), self.reach)
        else:
            span = np.maximum(y[:, -1], x.max(axis=1)) - np.minimum(
                y[:, 0], x.min(axis=1)
            )
            unit = np.where(span > 0, span, 1.0)
        bins, first = np.zeros(y.shape, int), np.zeros((len(y), y.shape[1] + 1), int)
        middle = np.zeros(y.shape)
        compiled.cut(y, unit, bins, first, middle)
        p = self.powers
        if derivative:
            p = p[1:] * np.arange(1.0, len(p))
        scaled = p * unit[:, None] ** np.arange(len(p))
        sums = np.empty((*y.shape, len(p)))
        compiled.moments(y, w, unit, bins, middle, sums)
        out = np.empty(x.shape)
        compiled.line_sums(
            x, y, scaled, self.reach, unit, 0.0 if box is None else box,
            -1.0 if derivative else 1.0, bins, first, middle, sums, out,
        )  # fmt: skip
        return out

    def forces(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return -sum_m w_m grad phi_N(x_k - y_m), shape (1, K)."""
        return self._sums(sources, weights[None], targets, True)

    def energies(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return sum_m w_m phi_N(x_k - y_m), shape (K,)."""
        total = self._sums(sources, weights[None], targets, False)[0]
        return total + self.kernel.origin * _at(sources[0], weights, targets[0], self)

    def clouds(self, x: Array, weight: float) -> Array:
        """Return the forces of each cloud on itself, all weights equal; (R, 1, N)."""
        points = np.ascontiguousarray(x[:, 0])
        w = np.full((1, points.shape[1]), weight)
        # Sorted targets find their sources next to those of their neighbours.
        order = np.argsort(points, axis=1, kind="stable")
        sorted_ = np.take_along_axis(points, order, axis=1)
        out = np.empty_like(points)
        np.put_along_axis(out, order, self._sums(sorted_, w, sorted_, True), axis=1)
        return out[:, None]


def _wrapped(x: Array, box: float) -> Array:
    u = x - box * np.floor(x / box)
    return np.where(u >= box, 0.0, u)


def _at(y: Array, w: Array, x: Array, line: LineSum) -> Array:
    """Return the weight of the sources exactly at each target."""
    if line.kernel.box is not None:
        y, x = _wrapped(y, line.kernel.box), _wrapped(x, line.kernel.box)
    order = np.argsort(y, kind="stable")
    y, sums = y[order], np.concatenate([[0.0], np.cumsum(w[order])])
    low, high = np.searchsorted(y, x, "left"), np.searchsorted(y, x, "right")
    return np.where(low == high, 0.0, sums[high] - sums[low])


def find_line(kernel: ScaledKernel) -> LineSum | None:
    """Return the sorted sum if the potential is such a polynomial, else None.

    Its range is where its slope is 0 for good, or half the torus. The powers are fitted
    to its values and must give values and slopes at other distances, a thousand times
    as far where the range is infinite.
    """
    if kernel.dimension != 1:
        return None
    reach = kernel.reach(0.0)
    if kernel.box is not None:
        reach = min(reach, 0.5 * kernel.box)
    if reach <= 0.0:
        return None
    near = reach if np.isfinite(reach) else 2.0 / kernel.scale
    powers = _fit(kernel, near)
    if powers is None:
        return None
    if np.isinf(reach) and not _holds(kernel, powers, 1e3 * near):
        return None
    return LineSum(kernel, reach, powers)


def _fit(kernel: ScaledKernel, reach: float) -> Array | None:
    """Return the coefficients of 1, r, r^2, ... up to the range, or None."""
    angles = np.pi * (np.arange(40.0) + 0.5) / 40.0
    u = 0.5 * (1.0 - np.cos(angles))
    values = kernel.energy(reach * u[:, None])
    if not np.isfinite(values).all():
        return None
    matrix = u[:, None] ** np.arange(_DEGREE + 1)
    fitted = np.linalg.lstsq(matrix, values, rcond=None)[0]
    # Powers that are there by rounding alone go, and leave the rest more exact.
    kept = np.abs(fitted) > 1e-9 * np.abs(fitted).max()
    if not kept.any():
        return None
    size = int(np.flatnonzero(kept)[-1]) + 1
    powers = np.zeros(size)
    powers[kept[:size]] = np.linalg.lstsq(matrix[:, kept], values, rcond=None)[0]
    powers /= reach ** np.arange(size)
    return powers if _holds(kernel, powers, reach) else None


def _holds(kernel: ScaledKernel, p: Array, reach: float) -> bool:
    """Return whether a polynomial gives values and slopes up to a distance."""
    k = np.arange(float(len(p)))
    r = reach * (np.arange(64.0) + 0.37) / 64.0
    power = r[:, None] ** k
    energy, slope = kernel.energy(r[:, None]), kernel.gradient(r[:, None])[:, 0]
    size = power @ np.abs(p)
    steep = power @ (k * np.abs(p)) / r
    return bool(
        np.all(np.abs(power @ p - energy) <= _AGREEMENT * size)
        and np.all(np.abs(power @ (k * p) / r - slope) <= _AGREEMENT * steep)
    )
