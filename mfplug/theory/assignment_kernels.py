"""Compiled loops of the sparse assignment: row reduction, Dijkstra, pricing.

The graph is in rows: the arcs of point i are ``starts[i]`` to ``starts[i + 1]``, with
``heads`` and ``costs``. ``v`` are the prices of the columns, ``columns[i]`` and
``rows[j]`` the partners (-1: none), ``paid[i]`` the cost of the arc of i.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba

prepare_numba()

from numba import njit  # noqa: E402

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]


@njit(cache=True)
def reduce_rows(
    starts: IntArray,
    heads: IntArray,
    costs: Array,
    v: Array,
    columns: IntArray,
    rows: IntArray,
    paid: Array,
) -> None:
    """Augmenting row reduction: each free point takes its best column, twice over."""
    n = columns.size
    free = np.arange(n)
    # The way of cost 1 that leads everywhere bounds what a point may be worth.
    anywhere = 1.0 - v.max()
    for _ in range(3):
        left = np.empty(n, np.int64)
        count = 0
        place = 0
        steps = 0
        while place < free.size and steps < 20 * n:
            steps += 1
            i = free[place]
            best, second, to, at = anywhere, anywhere, -1, -1
            for a in range(starts[i], starts[i + 1]):
                r = costs[a] - v[heads[a]]
                if r < best:
                    second = best
                    best, to, at = r, heads[a], a
                elif r < second:
                    second = r
            if to < 0:
                left[count] = i
                count += 1
                place += 1
                continue
            other = rows[to]
            if best < second:
                v[to] -= second - best
            elif other >= 0:
                left[count] = i
                count += 1
                place += 1
                continue
            rows[to] = i
            columns[i] = to
            paid[i] = costs[at]
            if other >= 0:
                columns[other] = -1
                if best < second:
                    free[place] = other
                    continue
                left[count] = other
                count += 1
            place += 1
        for k in range(place, free.size):
            left[count] = free[k]
            count += 1
        free = left[:count].copy()


@njit(cache=True)
def _push(keys: Array, items: IntArray, size: int, key: float, item: int) -> int:
    k = size
    while k > 0:
        parent = (k - 1) >> 1
        if keys[parent] <= key:
            break
        keys[k], items[k] = keys[parent], items[parent]
        k = parent
    keys[k], items[k] = key, item
    return size + 1


@njit(cache=True)
def _pop(keys: Array, items: IntArray, size: int) -> int:
    """Remove the root; the caller has read it."""
    size -= 1
    key, item = keys[size], items[size]
    k = 0
    while True:
        child = 2 * k + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[k], items[k] = keys[child], items[child]
        k = child
    keys[k], items[k] = key, item
    return size


@njit(cache=True)
def augment(
    starts: IntArray,
    heads: IntArray,
    costs: Array,
    v: Array,
    columns: IntArray,
    rows: IntArray,
    paid: Array,
) -> None:
    """Assign every free point along a shortest path to a free column (Dijkstra)."""
    n = columns.size
    distance = np.empty(n)
    done = np.zeros(n, np.bool_)
    seen = np.zeros(n, np.bool_)
    before = np.empty(n, np.int64)
    price = np.empty(n)
    touched = np.empty(n, np.int64)
    capacity = heads.size + 2 * n + 16
    keys, items = np.empty(capacity), np.empty(capacity, np.int64)
    for free in range(n):
        if columns[free] >= 0:
            continue
        top = v.max()
        size = count = 0
        row, base, u = free, 0.0, 0.0
        hub, hub_row, relaxed = np.inf, -1, np.inf
        end = -1
        while True:
            for a in range(starts[row], starts[row + 1]):
                j = heads[a]
                d = base + costs[a] - u - v[j]
                if not done[j] and (not seen[j] or d < distance[j]):
                    if not seen[j]:
                        seen[j] = True
                        touched[count] = j
                        count += 1
                    distance[j], before[j], price[j] = d, row, costs[a]
                    if size == capacity:
                        keys, items, capacity = _grown(keys, items)
                    size = _push(keys, items, size, d, j)
            if base + 1.0 - u < hub:
                hub, hub_row = base + 1.0 - u, row
            while size > 0 and (done[items[0]] or keys[0] > distance[items[0]]):
                size = _pop(keys, items, size)
            if hub < relaxed and (size == 0 or hub - top < keys[0]):
                # The way of cost 1 that leads everywhere may be the shortest now.
                relaxed = hub
                for j in range(n):
                    d = hub - v[j]
                    if not done[j] and (not seen[j] or d < distance[j]):
                        if not seen[j]:
                            seen[j] = True
                            touched[count] = j
                            count += 1
                        distance[j], before[j], price[j] = d, hub_row, 1.0
                        if size == capacity:
                            keys, items, capacity = _grown(keys, items)
                        size = _push(keys, items, size, d, j)
                while size > 0 and (done[items[0]] or keys[0] > distance[items[0]]):
                    size = _pop(keys, items, size)
            j = items[0]
            base = keys[0]
            size = _pop(keys, items, size)
            done[j] = True
            if rows[j] < 0:
                end = j
                break
            row = rows[j]
            u = paid[row] - v[j]
        total = distance[end]
        for k in range(count):
            j = touched[k]
            if done[j]:
                v[j] += distance[j] - total
            done[j] = seen[j] = False
        while True:
            row = before[end]
            rows[end] = row
            paid[row] = price[end]
            columns[row], end = end, columns[row]
            if row == free:
                break


@njit(cache=True)
def _grown(keys: Array, items: IntArray) -> tuple[Array, IntArray, int]:
    more = np.empty(2 * keys.size)
    others = np.empty(2 * keys.size, np.int64)
    more[: keys.size] = keys
    others[: keys.size] = items
    return more, others, 2 * keys.size


@njit(cache=True)
def violated(
    x: Array,
    y: Array,
    u: Array,
    v: Array,
    most: int,
    tolerance: float,
    sides: Array | None,
) -> tuple[IntArray, IntArray, Array]:
    """Return the most violated pairs of every point: tails, heads, costs.

    Without ``sides`` (None) the code for the nearest image is not compiled in.
    """
    n, axes = x.shape
    size = 0
    tails = np.empty(1024, np.int64)
    heads = np.empty(1024, np.int64)
    costs = np.empty(1024)
    worst = np.empty(most)
    place = np.empty(most, np.int64)
    length = np.empty(most)
    for i in range(n):
        found = 0
        for j in range(n):
            limit = u[i] + v[j]
            # d < limit is d^2 < limit^2, without a root for the pairs that are far.
            if limit <= 0.0:
                continue
            square = 0.0
            for a in range(axes):
                gap = x[i, a] - y[j, a]
                if sides is not None:
                    # Within one period the nearest image is 0 or 1 side away.
                    gap = abs(gap)
                    if sides[a] > 0.0:
                        gap = min(gap, sides[a] - gap)
                square += gap * gap
            if limit <= 1.0 and square >= limit * limit:
                continue
            cost = min(np.sqrt(square), 1.0)
            excess = limit - cost
            if excess <= tolerance:
                continue
            k = found
            if found < most:
                found += 1
            else:
                k = int(np.argmin(worst))
                if excess <= worst[k]:
                    continue
            worst[k], place[k], length[k] = excess, j, cost
        while size + found > tails.size:
            tails = np.concatenate((tails, np.empty_like(tails)))
            heads = np.concatenate((heads, np.empty_like(heads)))
            costs = np.concatenate((costs, np.empty_like(costs)))
        for k in range(found):
            tails[size], heads[size], costs[size] = i, place[k], length[k]
            size += 1
    return tails[:size], heads[:size], costs[:size]
