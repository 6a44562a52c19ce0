"""Compiled loops of softened plans: masses, costs and Hessian, and conjugate gradients.

Rows come in groups of equal size that lie close together and share their candidates:
``heads`` (G, C) are columns, -1 where there are no more. Sums are made in ``BLOCKS``
parts whatever the number of threads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba
from mfplug.theory.price_kernels import search

prepare_numba()

from numba import njit, prange  # noqa: E402

Array = NDArray[np.float64]
Heads = NDArray[np.int32]

BLOCKS = 4


@njit(cache=True, parallel=True)
def candidates(
    where: Array,
    points: Array,
    prices: Array,
    low: Array,
    high: Array,
    least: Array,
    sides: Array,
    heads: Heads,
) -> None:
    """Fill ``heads`` (G, C) with the columns of the least distance + price."""
    none = np.zeros(len(points))
    for g in prange(len(where)):
        costs = np.empty(heads.shape[1])
        search(
            where[g], 0.0, points, none, prices, low, high, least, sides, heads[g],
            costs,
        )  # fmt: skip


#: No value is NaN, and the sign of 0 does not matter: minima are taken by vectors.
_LAX = {"nnan", "nsz"}


@njit(cache=True, parallel=True, fastmath=_LAX)
def shares(
    rows: Array,
    own: Array,
    width: Array,
    points: Array,
    gain: Array,
    sides: Array,
    heads: Heads,
    mass: Array,
    value: Array,
    cost: Array,
    short: Array,
    links: Heads,
    weights: Array,
) -> None:
    r"""Share every row among the candidates of its group, and sum up by blocks.

    Row i of cost c_ij = min((|y_i - x_j|^2 + own_i)^(1/2), 1) and width w gives the
    shares that make the sum of s_j (c_ij - gain_j) + w s_j^2 / 2 least. Filled are
    ``mass`` (B, N), what the columns get, ``value`` and ``cost`` (B,), the sums of that
    least value and of s_j c_ij, and ``short`` (B, N), by how much the gain of a column
    must rise until the first row looks at it. The derivatives of the masses: the column
    a is linked to ``links[:, a]`` > a with ``weights[:, a]``; where there are more
    neighbours than places the last ones are left out.
    """
    groups, candidates = heads.shape
    size, axes = len(rows) // groups, points.shape[1]
    for block in prange(BLOCKS):
        mass[block] = 0.0
        short[block] = np.inf
        weights[block] = 0.0
        links[block] = -1
        at = np.empty((axes, candidates))
        above, excess = np.empty(candidates), np.empty(candidates)
        price, got = np.empty(candidates), np.empty(candidates)
        least = np.empty(candidates)
        pairs = np.zeros((candidates, candidates))
        chosen = np.empty(candidates, np.int64)
        low, paid = 0.0, 0.0
        for g in range(groups * block // BLOCKS, groups * (block + 1) // BLOCKS):
            count = 0
            while count < candidates and heads[g, count] >= 0:
                for a in range(axes):
                    at[a, count] = points[heads[g, count], a]
                price[count] = gain[heads[g, count]]
                got[count], least[count] = 0.0, np.inf
                count += 1
            for i in range(g * size, (g + 1) * size):
                above[:count] = own[i]
                for a in range(axes):
                    if sides[a] > 0.0:
                        for k in range(count):
                            gap = rows[i, a] - at[a, k]
                            gap -= sides[a] * np.rint(gap / sides[a])
                            above[k] += gap * gap
                    else:
                        for k in range(count):
                            gap = rows[i, a] - at[a, k]
                            above[k] += gap * gap
                best = np.inf
                for k in range(count):
                    above[k] = min(np.sqrt(above[k]), 1.0) - price[k]
                    best = min(best, above[k])
                for k in range(count):
                    least[k] = min(least[k], above[k] - best)
                # In units of the width; only columns below 1 can get a share.
                inverse, found = 1.0 / width[i], 0
                for k in range(count):
                    over = (above[k] - best) * inverse
                    if over < 1.0:
                        place = found
                        while place > 0 and excess[place - 1] > over:
                            excess[place] = excess[place - 1]
                            chosen[place] = chosen[place - 1]
                            place -= 1
                        excess[place], chosen[place] = over, k
                        found += 1
                total, active = 0.0, 0
                while active < found and total + 1.0 > active * excess[active]:
                    total += excess[active]
                    active += 1
                level = (1.0 + total) / active
                for e in range(active):
                    k, part = chosen[e], level - excess[e]
                    got[k] += part
                    paid += part * (above[k] + price[k])
                    low += part * (above[k] + 0.5 * part * width[i])
                    for f in range(e):
                        other = chosen[f]
                        pairs[min(k, other), max(k, other)] += inverse / active
            for k in range(count):
                mass[block, heads[g, k]] += got[k]
                short[block, heads[g, k]] = min(short[block, heads[g, k]], least[k])
                for m in range(k + 1, count):
                    if pairs[k, m] > 0.0:
                        _link(
                            links[block], weights[block], heads[g, k], heads[g, m],
                            pairs[k, m],
                        )  # fmt: skip
                        pairs[k, m] = 0.0
        value[block], cost[block] = low, paid


@njit(cache=True)
def _link(links: Heads, weights: Array, one: int, other: int, weight: float) -> None:
    first, second = min(one, other), max(one, other)
    for place in range(links.shape[1]):
        if links[first, place] < 0:
            links[first, place] = second
        if links[first, place] == second:
            weights[first, place] += weight
            return


@njit(cache=True)
def conjugate_gradients(
    start: Heads,
    column: Heads,
    entry: Array,
    diagonal: Array,
    right: Array,
    tolerance: float,
    most: int,
) -> Array:
    """Solve (diag(d) - W) x = r with Jacobi's preconditioner; W is given by rows.

    The products are summed in one order, whatever the number of threads.
    """
    n = len(right)
    x, rest = np.zeros(n), right.copy()
    scaled = rest / diagonal
    along = scaled.copy()
    product = np.empty(n)
    square = _dot(rest, scaled)
    end = tolerance * tolerance * square
    for _ in range(most):
        if square <= end:
            break
        for j in range(n):
            total = diagonal[j] * along[j]
            for k in range(start[j], start[j + 1]):
                total -= entry[k] * along[column[k]]
            product[j] = total
        step = square / _dot(along, product)
        for j in range(n):
            x[j] += step * along[j]
            rest[j] -= step * product[j]
            scaled[j] = rest[j] / diagonal[j]
        after = _dot(rest, scaled)
        for j in range(n):
            along[j] = scaled[j] + after / square * along[j]
        square = after
    return x


@njit(cache=True)
def _dot(a: Array, b: Array) -> float:
    total = 0.0
    for j in range(len(a)):
        total += a[j] * b[j]
    return total
