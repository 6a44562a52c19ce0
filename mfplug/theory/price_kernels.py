"""Compiled search of the least of min(|x_j - y|, 1) + price_j over points x_j.

The points are in the order of the tree and lie in leaves of ``LEAF``; ``low`` and
``high`` (2 L, D) are the boxes of the nodes, ``least`` (2 L,) their lowest prices; node
k has the children 2k and 2k + 1, the leaves are L ... 2L - 1. ``sides`` are the periods
of the coordinates, 0 where there is none. A point with ``spread`` s counts with the
distance (|x - y|^2 + s)^(1/2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba

prepare_numba()

from numba import njit, prange  # noqa: E402

Array = NDArray[np.float64]
Heads = NDArray[np.int32]

LEAF = 8


@njit(cache=True, parallel=True)
def least_values(
    where: Array,
    points: Array,
    spread: Array,
    prices: Array,
    low: Array,
    high: Array,
    least: Array,
    sides: Array,
    out: Array,
) -> None:
    """Fill ``out`` (n,) with the least of all points, for places (n, D)."""
    for place in prange(len(where)):
        heads, costs = np.empty(1, np.int32), np.empty(1)
        at = where[place]
        out[place] = search(
            at, 0.0, points, spread, prices, low, high, least, sides, heads, costs
        )


@njit(cache=True)
def search(
    where: Array,
    own: float,
    points: Array,
    spread: Array,
    prices: Array,
    low: Array,
    high: Array,
    least: Array,
    sides: Array,
    heads: Heads,
    costs: Array,
) -> float:
    """Find the points of the least cost + price; return what no other one is below.

    ``own`` is the spread of the place itself. Where fewer than asked for are below 1 +
    the lowest price, which all points have, -1 and infinite costs fill the rest.
    """
    leaves = least.size // 2
    n, axes = points.shape
    last = heads.size - 1
    values = np.full(heads.size, 1.0 + least[1])
    heads[:] = -1
    costs[:] = np.inf
    stack, bound = np.empty(64, np.int64), np.empty(64)
    stack[0], bound[0], size = 1, least[1], 1
    while size > 0:
        size -= 1
        if bound[size] >= values[last]:
            continue
        node = stack[size]
        if node < leaves:
            near, far = 2 * node, 2 * node + 1
            first = _beyond(where, own, low[near], high[near], sides) + least[near]
            second = _beyond(where, own, low[far], high[far], sides) + least[far]
            if second < first:
                near, far, first, second = far, near, second, first
            # The nearer one is looked at first.
            stack[size], bound[size] = far, second
            stack[size + 1], bound[size + 1] = near, first
            size += 2
            continue
        start = (node - leaves) * LEAF
        for j in range(start, min(start + LEAF, n)):
            square = own + spread[j]
            for a in range(axes):
                gap = where[a] - points[j, a]
                if sides[a] > 0.0:
                    gap -= sides[a] * np.rint(gap / sides[a])
                square += gap * gap
            cost = np.sqrt(square)
            if cost + prices[j] >= values[last]:
                continue
            k = last
            while k > 0 and values[k - 1] > cost + prices[j]:
                values[k], heads[k], costs[k] = (
                    values[k - 1],
                    heads[k - 1],
                    costs[k - 1],
                )
                k -= 1
            values[k], heads[k], costs[k] = cost + prices[j], j, cost
    return float(values[last])


@njit(cache=True)
def raise_price(least: Array, prices: Array, j: int) -> None:
    """Carry a price that has risen up to the root."""
    leaf = j // LEAF
    node = least.size // 2 + leaf
    lowest = np.inf
    for i in range(leaf * LEAF, min(leaf * LEAF + LEAF, prices.size)):
        lowest = min(lowest, prices[i])
    while lowest > least[node]:
        least[node] = lowest
        if node == 1:
            break
        node //= 2
        lowest = min(least[2 * node], least[2 * node + 1])


@njit(cache=True)
def cheapest(least: Array, prices: Array) -> int:
    """Return the point of the lowest price."""
    node = 1
    while node < least.size // 2:
        node = 2 * node if least[2 * node] <= least[2 * node + 1] else 2 * node + 1
    start = (node - least.size // 2) * LEAF
    found = start
    for i in range(start, min(start + LEAF, prices.size)):
        if prices[i] < prices[found]:
            found = i
    return found


@njit(cache=True)
def _beyond(x: Array, own: float, low: Array, high: Array, sides: Array) -> float:
    """Return the distance of a point from a box; an empty box is infinitely far."""
    square = own
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
