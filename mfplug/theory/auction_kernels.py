"""Compiled loop of the auction: rows bid for the places of columns.

Every row knows some columns (``heads``, ``costs``) and a ``known`` bound that no other
one was below when they were searched. Prices only rise, so a known column below
the bound is the best of all; else the row searches again. Column j has the places
``j * capacity`` to ``(j + 1) * capacity - 1``, each with a price and an owner (-1:
none); ``lowest[j]`` is the least of their prices.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba
from mfplug.theory.price_kernels import cheapest, raise_price, search

prepare_numba()

from numba import njit  # noqa: E402

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]
Heads = NDArray[np.int32]


@njit(cache=True)
def auction(
    rows: Array,
    own: Array,
    columns: Array,
    spread: Array,
    lowest: Array,
    low: Array,
    high: Array,
    least: Array,
    sides: Array,
    heads: Heads,
    costs: Array,
    known: Array,
    capacity: int,
    epsilon: float,
    most: int,
    column: IntArray,
    paid: Array,
) -> int:
    """Assign every row within ``epsilon`` of its best; return bids, -1 if too many.

    Bertsekas's auction with equal places. Prices (``lowest``, and ``least`` in the
    tree) are kept from the call before, assignments are not. A row may go to any column
    at cost 1.
    """
    n = len(heads)
    prices = np.repeat(lowest, capacity)
    owner = np.full(n, -1, np.int64)
    waiting = np.arange(n - 1, -1, -1)
    size, bids = n, 0
    while size > 0:
        size -= 1
        row = waiting[size]
        bids += 1
        if bids > most:
            return -1
        anywhere = 1.0 + least[1]
        best, second, to, paying = _bid(heads[row], costs[row], lowest)
        if min(best, anywhere) > known[row]:
            known[row] = search(
                rows[row], own[row], columns, spread, lowest, low, high, least, sides,
                heads[row], costs[row],
            )  # fmt: skip
            best, second, to, paying = _bid(heads[row], costs[row], lowest)
        if best > anywhere:
            best = second = anywhere
            to, paying = cheapest(least, lowest), 1.0
        # No unknown column is below the bound, and a smaller rise does no harm.
        second = max(min(second, anywhere, known[row]), best)
        place, after = to * capacity, np.inf
        for s in range(place + 1, (to + 1) * capacity):
            if prices[s] < prices[place]:
                after = prices[place]
                place = s
            elif prices[s] < after:
                after = prices[s]
        prices[place] += min(second - best, after - prices[place]) + epsilon
        lowest[to] = min(prices[place], after)
        raise_price(least, lowest, to)
        evicted = owner[place]
        owner[place] = row
        column[row], paid[row] = to, paying
        if evicted >= 0:
            waiting[size] = evicted
            size += 1
    return bids


@njit(cache=True)
def _bid(heads: Heads, costs: Array, lowest: Array) -> tuple[float, float, int, float]:
    """Return the least two values of known columns, place and cost of the first."""
    best, second, to, paying = np.inf, np.inf, -1, np.inf
    for a in range(heads.size):
        if heads[a] < 0:
            break
        value = costs[a] + lowest[heads[a]]
        if value < best:
            second, best = best, value
            to, paying = heads[a], costs[a]
        elif value < second:
            second = value
    return best, second, to, paying
