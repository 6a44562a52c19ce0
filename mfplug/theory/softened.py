r"""Transport plans of a density and points by Newton's method on softened prices.

The dual of the transport problem between rows y_i of equal mass 1/R and columns x_j of
mass m_j is concave but has kinks. With a little of quadratic regularisation,

.. math:: F(g) = \frac1R \sum_i \min_{s \in \Delta} \sum_j \bigl(s_j (c_{ij} - g_j)
                 + \tfrac{w_i}2 s_j^2\bigr) + \sum_j m_j g_j,

it is smooth: its gradient is what the columns lack, its Hessian a sparse graph
Laplacian. Both the plan of the shares s and the test function of the gains g are within
O(w^2) of the best ones (M. Blondel, V. Seguy and A. Rolet, AISTATS 2018; for Newton's
method between a density and points: J. Kitagawa, Q. Merigot and B. Thibert, J. Eur.
Math. Soc. 21 (2019) 2603). Long waves of the gains come from coarser columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from mfplug.theory.hilbert import Pieces
from mfplug.theory.price_kernels import LEAF
from mfplug.theory.price_tree import PriceTree, price_tree, tree_order
from mfplug.theory.softened_kernels import (
    BLOCKS,
    candidates,
    conjugate_gradients,
    shares,
)

Array = NDArray[np.float64]
Heads = NDArray[np.int32]

#: Candidates of a group of rows.
_CANDIDATES = 32
#: Neighbours that a gain is interpolated from, and that tell the length of a column.
_NEAREST = 8
#: Neighbours of a column that the Hessian knows, beyond those before it.
_NEIGHBOURS = 24
#: Steps after which the candidates are searched again, and steps at most.
_KEPT, _STEPS = 5, 40
#: Residual of the linear equations, relative.
_RESIDUAL = 1e-2
#: A column of less than this part of its mass is one that lacks rows.
_POOR = 0.1


@dataclass(eq=False)
class State:
    """F at some gains: ``value``, its gradient ``lack`` (N,), and the plan's ``cost``.

    ``links`` is the off-diagonal of the Laplacian, ``short`` (N,) as in the kernel.
    """

    value: float
    lack: Array
    cost: float
    links: csr_matrix
    short: Array


@dataclass(eq=False)
class Columns:
    """Points in the order of their tree, and their masses (N,)."""

    boxes: PriceTree
    masses: Array

    @property
    def points(self) -> Array:
        """Shape (N, D)."""
        return self.boxes.points

    @property
    def sides(self) -> Array:
        """Periods of the coordinates, 0 for none."""
        return self.boxes.sides

    def tree(self, gain: Array) -> PriceTree:
        """Return the test function of the gains."""
        return self.boxes.priced(-gain)

    def coarser(self, size: int) -> Columns:
        """Return the columns joined by ``size`` neighbours."""
        first = np.arange(0, len(self.points), size)
        masses = np.add.reduceat(self.masses, first)
        weighted = self.points * self.masses[:, None]
        points = np.add.reduceat(weighted, first) / masses[:, None]
        return columns(points, masses, self.sides)

    def interpolated(self, gain: Array, where: Array) -> Array:
        """Return gains at other points: the mean of the nearest, by distance^-2."""
        near = min(_NEAREST, len(gain))
        heads = _heads(where, self.boxes, near)
        gap = where[:, None] - self.points[heads]
        for axis in np.flatnonzero(self.sides):
            side = self.sides[axis]
            gap[:, :, axis] -= side * np.rint(gap[:, :, axis] / side)
        square = (gap**2).sum(axis=2)
        weights = 1.0 / (square + 1e-2 * square.mean(axis=1, keepdims=True) + 1e-300)
        mean: Array = (weights * gain[heads]).sum(axis=1) / weights.sum(axis=1)
        return mean


def columns(points: Array, masses: Array, sides: Array) -> Columns:
    """Return points, which lie within one period, as columns."""
    order = tree_order(points)
    boxes = price_tree(points[order], np.zeros(len(points)), sides)
    return Columns(boxes, masses[order])


class Softened:
    """F of rows (equal pieces along a curve) and columns, at one softening.

    ``each`` consecutive rows make a group, which shares its candidates. ``softening``
    is w in units of the distance of neighbouring columns, as the rows' sizes tell it;
    ``length`` (N,) is the least of them around a column.
    """

    def __init__(self, rows: Pieces, to: Columns, each: int, softening: float) -> None:
        n, axes = to.points.shape
        count = len(rows.centres)
        self.rows, self.columns = rows, to
        self.centres: Array = rows.centres.reshape(-1, each, axes).mean(axis=1)
        # The side of a cube of this spread, times as many as one column has rows.
        side = np.sqrt(12.0 * np.maximum(rows.spread, 1e-300) / axes)
        local = side * (count / n) ** (1.0 / axes)
        self.width = softening * local
        self.length = self._of_nearest(local.reshape(-1, each).mean(axis=1))
        self.heads = np.empty((0, 0), np.int32)
        self._mass, self._short = np.empty((BLOCKS, n)), np.empty((BLOCKS, n))
        self._value, self._cost = np.empty(BLOCKS), np.empty(BLOCKS)
        self._links = np.empty((BLOCKS, n, _NEIGHBOURS), np.int32)
        self._weights = np.empty((BLOCKS, n, _NEIGHBOURS))

    def _of_nearest(self, local: Array) -> Array:
        order = tree_order(self.centres)
        tree = price_tree(self.centres[order], np.zeros(len(order)), self.columns.sides)
        near = min(_NEAREST, len(order))
        heads = _heads(self.columns.points, tree, near)
        least: Array = local[order][heads].min(axis=1)
        return least

    def search(self, gain: Array) -> None:
        """Find the candidates of every group."""
        most = min(_CANDIDATES, len(gain))
        self.heads = _heads(self.centres, self.columns.tree(gain), most)

    def at(self, gain: Array) -> State:
        """Return F at these gains, among the candidates."""
        rows, to = self.rows, self.columns
        shares(
            rows.centres, rows.spread, self.width, to.points, gain, to.sides,
            self.heads, self._mass, self._value, self._cost, self._short, self._links,
            self._weights,
        )  # fmt: skip
        count, n = len(rows.centres), len(gain)
        found = self._links >= 0
        first = np.broadcast_to(np.arange(n)[None, :, None], found.shape)
        pairs = self._weights[found] / count, (first[found], self._links[found])
        half = coo_matrix(pairs, shape=(n, n)).tocsr()
        return State(
            float(self._value.sum() / count + (gain * to.masses).sum()),
            to.masses - self._mass.sum(axis=0) / count,
            float(self._cost.sum() / count),
            half + half.T,
            self._short.min(axis=0),
        )


def ascended(problem: Softened, gain: Array, small: float) -> tuple[Array, State]:
    """Maximise F until both its rise and what is left to move are small.

    ``small`` is relative to the plan's cost. Every column has a damping of its own,
    which grows where the masses did not change as the Hessian foretold: few columns are
    far from their places, and the others need not wait for them.
    """
    to, most = problem.columns, 2.0 * problem.length
    natural = to.masses / problem.length
    damping = np.ones(len(gain))
    problem.search(gain)
    now, age, rise = problem.at(gain), 0, math.inf
    for _ in range(_STEPS):
        left = remaining_cost(to, now.lack)
        if rise <= 0.2 * small * now.cost and left <= small * now.cost:
            break
        if age >= _KEPT:
            problem.search(gain)
            now, age = problem.at(gain), 0
        links = now.links
        degree = np.asarray(links.sum(axis=1)).ravel()
        # A column without rows jumps to where the first row looks at it.
        reach = np.where(np.isfinite(now.short), now.short, 0.0) + 0.2 * problem.length
        poor = to.masses - now.lack < _POOR * to.masses
        least = np.where(poor, to.masses / reach, 0.5 * natural)
        diagonal = np.maximum(degree, least) + damping * natural
        step = conjugate_gradients(
            links.indptr, links.indices, links.data, diagonal, now.lack, _RESIDUAL, 1000
        )
        # Columns without a link to the rest would go anywhere.
        step = np.clip(step, -most, most)
        after = problem.at(gain + step)
        bend = degree * step - links @ step
        wrong = np.abs(after.lack - now.lack + bend) / to.masses
        damping = np.where(
            wrong > 0.5,
            np.clip(2.0 * damping, 0.2, 100.0),
            np.where(wrong < 0.2, np.maximum(0.4 * damping, 1e-3), damping),
        )
        if after.value > now.value:
            rise = float((now.lack * step).sum())
            gain, now, age = gain + step, after, age + 1
        else:
            damping = 1.5 * np.maximum(damping, 0.1)
    return gain, now


def remaining_cost(to: Columns, lack: Array) -> float:
    """Bound the cost of moving what columns have too much to those that lack it.

    Within each node of the tree, from the leaves up, as much as can be moved is moved,
    over no more than the diameter of its box; no way costs more than 1.
    """
    tree = to.boxes
    size = len(tree.least)
    inner = size // 2
    first = np.arange(0, len(lack), LEAF)
    more, less = np.zeros(size), np.zeros(size)
    filled = slice(inner, inner + len(first))
    more[filled] = np.add.reduceat(np.maximum(-lack, 0.0), first)
    less[filled] = np.add.reduceat(np.maximum(lack, 0.0), first)
    extent = np.where(tree.high >= tree.low, tree.high - tree.low, 0.0)
    diameter = np.minimum(np.sqrt((extent**2).sum(axis=1)), 1.0)
    cost, low = 0.0, inner
    while True:
        level = slice(low, 2 * low)
        moved = np.minimum(more[level], less[level])
        cost += float((moved * diameter[level]).sum())
        more[level] -= moved
        less[level] -= moved
        if low == 1:
            # Rounding alone keeps both from being even.
            return cost + float(max(more[1], less[1]))
        for amount in (more, less):
            amount[low // 2 : low] = amount[level].reshape(-1, 2).sum(axis=1)
        low //= 2


def _heads(where: Array, tree: PriceTree, most: int) -> Heads:
    heads = np.empty((len(where), most), np.int32)
    candidates(
        np.ascontiguousarray(where), tree.points, tree.prices, tree.low, tree.high,
        tree.least, tree.sides, heads,
    )  # fmt: skip
    return heads
