"""Compiled loop of the auction: rows bid for the places of columns.

Row i may go to the columns ``heads[i]`` at ``costs[i]``, or to any column at cost 1.
Column j has the places ``first[j]`` ... ``first[j + 1] - 1``, each with a price and an
owner (-1: none); ``lowest[j]`` is the least of their prices.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba

prepare_numba()

from numba import njit  # noqa: E402

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]
Heads = NDArray[np.int32]


@njit(cache=True)
def auction(
    heads: Heads,
    costs: Array,
    first: IntArray,
    prices: Array,
    lowest: Array,
    owner: IntArray,
    column: IntArray,
    paid: Array,
    epsilon: float,
    most: int,
) -> int:
    """Assign every row within ``epsilon`` of its best; return bids, -1 if too many.

    Bertsekas's auction with several equal places a column. ``prices`` are kept from the
    call before, assignments are not.
    """
    rows, arcs = heads.shape
    waiting = np.arange(rows - 1, -1, -1)
    size, bids = rows, 0
    tree = _tree(lowest)
    while size > 0:
        size -= 1
        row = waiting[size]
        bids += 1
        if bids > most:
            return -1
        best, second, to, paying = np.inf, np.inf, -1, 1.0
        for a in range(arcs):
            value = costs[row, a] + lowest[heads[row, a]]
            if value < best:
                second, best = best, value
                to, paying = heads[row, a], costs[row, a]
            elif value < second:
                second = value
        if second > 1.0 + tree[1]:
            # The way of cost 1 leads to the cheapest of all columns.
            if best > 1.0 + tree[1]:
                second, best = best, 1.0 + tree[1]
                to, paying = _cheapest(tree), 1.0
            else:
                second = 1.0 + tree[1]
        place, next_price = first[to], np.inf
        for s in range(first[to] + 1, first[to + 1]):
            if prices[s] < prices[place]:
                next_price = prices[place]
                place = s
            elif prices[s] < next_price:
                next_price = prices[s]
        rise = min(second - best, next_price - prices[place])
        if not np.isfinite(rise):
            rise = 0.0
        prices[place] += max(rise, 0.0) + epsilon
        lowest[to] = min(prices[place], next_price)
        _raise(tree, to, lowest[to])
        evicted = owner[place]
        owner[place] = row
        column[row] = to
        paid[row] = paying
        if evicted >= 0:
            waiting[size] = evicted
            size += 1
    return bids


@njit(cache=True)
def _tree(values: Array) -> Array:
    """Return a tournament tree of the least value; the leaves are the second half."""
    leaves = 1
    while leaves < values.size:
        leaves *= 2
    tree = np.full(2 * leaves, np.inf)
    tree[leaves : leaves + values.size] = values
    for k in range(leaves - 1, 0, -1):
        tree[k] = min(tree[2 * k], tree[2 * k + 1])
    return tree


@njit(cache=True)
def _raise(tree: Array, place: int, value: float) -> None:
    k = tree.size // 2 + place
    tree[k] = value
    k //= 2
    while k >= 1:
        least = min(tree[2 * k], tree[2 * k + 1])
        if tree[k] == least:
            break
        tree[k] = least
        k //= 2


@njit(cache=True)
def _cheapest(tree: Array) -> int:
    k = 1
    while k < tree.size // 2:
        k = 2 * k if tree[2 * k] <= tree[2 * k + 1] else 2 * k + 1
    return k - tree.size // 2
