r"""Exact assignment of two clouds on a sparse graph of neighbours, with its proof.

Optimal transport of n points to n points with the cost min(|x - y|, 1) moves most
points to one of their nearest neighbours. So: the shortest augmenting paths of Jonker
and Volgenant (Computing 38 (1987) 325) on the graph of nearest neighbours, with one
more way of cost 1 from every point to every other, which is what the truncation gives
for nothing; then all pairs are priced against the dual solution, the violated ones join
the graph, and their points are assigned again, until none is left. What comes out is a
primal and a dual solution of the full problem: equal values prove both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import NumericsError
from mfplug.theory.assignment_kernels import augment, reduce_rows, violated

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Neighbours in the first graph; violated pairs that may join it for each point.
NEIGHBOURS = 16
JOINING = 8
#: Reduced costs below minus this count as violated.
TOLERANCE = 1e-12
_ROUNDS = 200


@dataclass(frozen=True, eq=False)
class Assignment:
    """An optimal assignment and its dual: u_i + v_j <= cost_ij, all n^2 pairs.

    ``columns[i]`` is the point of the second cloud that belongs to point i of the
    first; ``value`` the mean cost, ``dual`` the mean of u plus that of v.
    """

    columns: IntArray
    row_potential: Array
    column_potential: Array
    value: float
    dual: float


def truncated_assignment(x: Array, y: Array, sides: Array | None = None) -> Assignment:
    """Assign equal clouds at the least sum of min(|x_i - y_j|, 1).

    Parameters
    ----------
    x, y
        Finite, contiguous, shapes (n, D) both.
    sides
        Period of each coordinate, 0 for none; the points lie within one period from 0
        on, and the nearest image counts. None without any.

    Raises
    ------
    NumericsError
        If the violated pairs do not come to an end.
    """
    starts, heads, costs = _neighbours(x, y, sides)
    n = len(x)
    v = np.ones(n)
    np.minimum.at(v, heads, costs)
    columns = np.full(n, -1, np.int64)
    rows = np.full(n, -1, np.int64)
    paid = np.zeros(n)
    reduce_rows(starts, heads, costs, v, columns, rows, paid)
    for _ in range(_ROUNDS):
        augment(starts, heads, costs, v, columns, rows, paid)
        u = paid - v[columns]
        tails, joining, lengths = violated(x, y, u, v, JOINING, TOLERANCE, sides)
        if tails.size == 0:
            return Assignment(columns, u, v, _mean(paid), _mean(u) + _mean(v))
        starts, heads, costs = _with_arcs(
            (starts, heads, costs), (tails, joining, lengths)
        )
        released = np.unique(tails)
        rows[columns[released]] = -1
        columns[released] = -1
    raise NumericsError(
        f"transport 'assignment': {n} points did not reach the optimum; got "
        f"{tails.size} violated pairs after {_ROUNDS} rounds, expected none. "
        "Take fewer points."
    )


def _mean(values: Array) -> float:
    return math.fsum(values) / len(values)


def _neighbours(
    x: Array, y: Array, sides: Array | None
) -> tuple[IntArray, IntArray, Array]:
    """Return arcs (starts, heads, costs) to the nearest neighbours, both ways."""
    from scipy.spatial import KDTree

    k = min(NEIGHBOURS, len(x))
    one, other = KDTree(x, boxsize=sides), KDTree(y, boxsize=sides)
    ranks = np.arange(1, k + 1)
    forth, to = (np.asarray(a) for a in other.query(x, k=ranks))
    back, fro = (np.asarray(a) for a in one.query(y, k=ranks))
    index = np.repeat(np.arange(len(x)), k)
    tails = np.concatenate([index, fro.ravel()])
    heads = np.concatenate([to.ravel(), index])
    costs = np.concatenate([forth.ravel(), back.ravel()])
    keep = costs < 1.0
    pair = tails[keep] * len(x) + heads[keep]
    pair, first = np.unique(pair, return_index=True)
    tails, heads = pair // len(x), pair % len(x)
    starts = np.searchsorted(tails, np.arange(len(x) + 1)).astype(np.int64)
    return starts, heads.astype(np.int64), costs[keep][first]


def _with_arcs(
    graph: tuple[IntArray, IntArray, Array], more: tuple[IntArray, IntArray, Array]
) -> tuple[IntArray, IntArray, Array]:
    """Return the graph with more arcs (tails, heads, costs)."""
    starts, heads, costs = graph
    tails = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    tails = np.concatenate([tails, more[0]])
    order = np.argsort(tails, kind="stable")
    return (
        np.searchsorted(tails[order], np.arange(len(starts))).astype(np.int64),
        np.concatenate([heads, more[1]])[order],
        np.concatenate([costs, more[2]])[order],
    )
