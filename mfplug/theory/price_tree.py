r"""The least of min(|x_j - y|, 1) + price_j over points x_j, by a tree of boxes.

As a function of y it takes values in an interval of length 1 and has Lipschitz constant
1, whatever the prices: a test function of d_BL.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mfplug.theory.price_kernels import LEAF, least_values

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PriceTree:
    """Points in the order of the tree with the boxes above them.

    Arrays as in :mod:`mfplug.theory.price_kernels`.
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
        least_values(
            np.ascontiguousarray(where),
            self.points,
            np.zeros(len(self.points)),
            self.prices,
            self.low,
            self.high,
            self.least,
            self.sides,
            out,
        )
        return out

    def frozen(self) -> PriceTree:
        """Return a copy that keeps these prices."""
        return replace(self, prices=self.prices.copy(), least=self.least.copy())

    def priced(self, prices: Array) -> PriceTree:
        """Return the same points with other prices, in the order of the tree."""
        least = np.full(len(self.least), np.inf)
        starts = np.arange(0, len(prices), LEAF)
        low = len(least) // 2
        least[low : low + len(starts)] = np.minimum.reduceat(prices, starts)
        while low > 1:
            least[low // 2 : low] = least[low : 2 * low].reshape(-1, 2).min(axis=1)
            low //= 2
        return replace(self, prices=prices, least=least)


def price_tree(points: Array, prices: Array, sides: Array) -> PriceTree:
    """Build the tree; on a torus the points lie within one period."""
    order = tree_order(points)
    x, p = np.ascontiguousarray(points[order]), prices[order]
    leaves = 1
    while leaves * LEAF < len(x):
        leaves *= 2
    axes = x.shape[1]
    low = np.full((2 * leaves, axes), np.inf)
    high = np.full((2 * leaves, axes), -np.inf)
    starts = np.arange(0, len(x), LEAF)
    filled = slice(leaves, leaves + len(starts))
    low[filled] = np.minimum.reduceat(x, starts)
    high[filled] = np.maximum.reduceat(x, starts)
    first = leaves
    while first > 1:
        below, above = slice(first, 2 * first), slice(first // 2, first)
        low[above] = low[below].reshape(-1, 2, axes).min(axis=1)
        high[above] = high[below].reshape(-1, 2, axes).max(axis=1)
        first //= 2
    return PriceTree(x, p, low, high, np.empty(2 * leaves), sides).priced(p)


def tree_order(points: Array) -> IntArray:
    """Return the order of points (n, D) in which each node of the tree is compact.

    The points of a node are halved across the widest side of their box. Points that are
    in order stay in order: equal coordinates are told apart by their places.
    """
    order: list[IntArray] = []
    leaves = 1
    while leaves * LEAF < len(points):
        leaves *= 2
    waiting = [(np.arange(len(points)), leaves)]
    while waiting:
        chosen, leaves = waiting.pop()
        half = leaves // 2 * LEAF
        if leaves == 1:
            order.append(chosen)
        elif len(chosen) <= half:
            # The leaves to the right stay empty.
            waiting.append((chosen, leaves // 2))
        else:
            x = points[chosen]
            axis = int(np.argmax(x.max(axis=0) - x.min(axis=0)))
            along = np.argsort(x[:, axis], kind="stable")
            waiting.append((chosen[np.sort(along[half:])], leaves // 2))
            waiting.append((chosen[np.sort(along[:half])], leaves // 2))
    return np.concatenate(order)
