r"""The least of min(|x_i - y|, 1) + price_i over points x_i, exactly, by a tree of boxes.

As a function of y it takes values in an interval of length 1 and has Lipschitz constant
1, whatever the prices: a test function of d_BL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba
from mfplug.theory.hilbert import hilbert_order

prepare_numba()

from numba import njit, prange  # noqa: E402

Array = NDArray[np.float64]

LEAF = 8


@dataclass(frozen=True, eq=False)
class PriceTree:
    """Points along a Hilbert curve in leaves of 8, with the boxes above them.

    ``low``, ``high`` (2 L, D) and ``least`` (2 L,) are the boxes and lowest prices of
    the nodes; node k has the children 2k and 2k + 1, the leaves are L ... 2L - 1.
    ``sides`` are the periods, 0 where there is none.
    """

    points: Array
    prices: Array
    low: Array
    high: Array
    least: Array
    sides: Array

    def __call__(self, where: Array) -> Array:
        """Return g at points (n, D), shape (n,)."""
        out = np.empty(len(where))
        _least(
            np.ascontiguousarray(where),
            self.points,
            self.prices,
            self.low,
            self.high,
            self.least,
            self.sides,
            out,
        )
        return out


def price_tree(points: Array, prices: Array, period: Sequence[float] | None) -> PriceTree:
    """Build the tree; on a torus the points lie within one period."""
    order = hilbert_order(points)
    x, p = np.ascontiguousarray(points[order]), prices[order]
    leaves = 1
    while leaves * LEAF < len(x):
        leaves *= 2
    axes = x.shape[1]
    low = np.full((2 * leaves, axes), np.inf)
    high = np.full((2 * leaves, axes), -np.inf)
    least = np.full(2 * leaves, np.inf)
    starts = np.arange(0, len(x), LEAF)
    filled = slice(leaves, leaves + len(starts))
    low[filled] = np.minimum.reduceat(x, starts)
    high[filled] = np.maximum.reduceat(x, starts)
    least[filled] = np.minimum.reduceat(p, starts)
    for k in range(leaves - 1, 0, -1):
        low[k] = np.minimum(low[2 * k], low[2 * k + 1])
        high[k] = np.maximum(high[2 * k], high[2 * k + 1])
        least[k] = min(least[2 * k], least[2 * k + 1])
    return PriceTree(x, p, low, high, least, periods(period, axes))


def periods(period: Sequence[float] | None, axes: int) -> Array:
    """Return the period of each coordinate with 0 for none."""
    if period is None:
        return np.zeros(axes)
    sides = np.asarray(period, float)
    return np.where(np.isfinite(sides), sides, 0.0)


@njit(cache=True, parallel=True)
def _least(
    where: Array,
    points: Array,
    prices: Array,
    low: Array,
    high: Array,
    least: Array,
    sides: Array,
    out: Array,
) -> None:
    leaves = least.size // 2
    n, axes = points.shape
    for place in prange(len(where)):
        stack = np.empty(64, np.int64)
        bound = np.empty(64)
        # Beyond the distance 1 every point costs the same.
        best = 1.0 + least[1]
        stack[0], bound[0], size = 1, least[1], 1
        while size > 0:
            size -= 1
            if bound[size] >= best:
                continue
            node = stack[size]
            if node >= leaves:
                start = (node - leaves) * LEAF
                for j in range(start, min(start + LEAF, n)):
                    square = 0.0
                    for a in range(axes):
                        gap = where[place, a] - points[j, a]
                        if sides[a] > 0.0:
                            gap -= sides[a] * np.rint(gap / sides[a])
                        square += gap * gap
                    best = min(best, np.sqrt(square) + prices[j])
                continue
            near, far = 2 * node, 2 * node + 1
            first = _beyond(where[place], low[near], high[near], sides) + least[near]
            second = _beyond(where[place], low[far], high[far], sides) + least[far]
            if second < first:
                near, far, first, second = far, near, second, first
            if second < best:
                stack[size], bound[size] = far, second
                size += 1
            if first < best:
                stack[size], bound[size] = near, first
                size += 1
        out[place] = best


@njit(cache=True)
def _beyond(x: Array, low: Array, high: Array, sides: Array) -> float:
    """Return the distance of a point from a box; an empty box is infinitely far."""
    square = 0.0
    for a in range(x.size):
        if low[a] > high[a]:
            return np.inf
        gap = x[a] - 0.5 * (low[a] + high[a])
        if sides[a] > 0.0:
            gap -= sides[a] * np.rint(gap / sides[a])
        gap = abs(gap) - 0.5 * (high[a] - low[a])
        if gap > 0.0:
            square += gap * gap
    return float(np.sqrt(square))
