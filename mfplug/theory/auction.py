r"""Transport plans within a tolerance: Bertsekas's auction, with searches in a tree.

Rows of equal mass bid for the places of columns; each is content within epsilon, so the
plan costs at most epsilon more than the best one (D. P. Bertsekas and D.
A. Castanon, The auction algorithm for the transportation problem, Ann. Oper. Res. 20
(1989) 67). The prices make a test function (:mod:`mfplug.theory.price_tree`) that is
feasible whatever they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import NumericsError
from mfplug.theory.auction_kernels import auction
from mfplug.theory.hilbert import Pieces
from mfplug.theory.price_tree import PriceTree, price_tree, tree_order

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Bids a row in one phase; typical are 3 to 30.
_BIDS = 2000
#: Columns that a row remembers.
ARCS = 16


@dataclass(frozen=True, eq=False)
class Plan:
    """A transport plan: row i goes to ``column[i]``, at a mean cost <= ``value``.

    ``test`` is the test function of its prices.
    """

    column: IntArray
    value: float
    test: PriceTree


@dataclass(eq=False)
class Market:
    """Rows and columns with their prices, which survive a phase.

    Each of the ``capacity`` places of a column takes one row. Rows remember the columns
    that they found best.
    """

    rows: Pieces
    capacity: int
    spread: Array
    tree: PriceTree
    heads: NDArray[np.int32]
    costs: Array
    known: Array

    def phase(self, epsilon: float) -> Plan:
        """Assign all rows within ``epsilon``.

        Raises
        ------
        NumericsError
            If there are too many bids.
        """
        count, tree = len(self.rows.centres), self.tree
        column, paid = np.empty(count, np.int64), np.empty(count)
        bids = auction(
            self.rows.centres, self.rows.spread, tree.points, self.spread, tree.prices,
            tree.low, tree.high, tree.least, tree.sides, self.heads, self.costs,
            self.known, self.capacity, epsilon, _BIDS * count, column, paid,
        )  # fmt: skip
        if bids < 0:
            raise NumericsError(
                f"transport 'auction': {count} rows were not assigned; got more than "
                f"{_BIDS} bids a row, expected fewer. Take fewer points."
            )
        return Plan(column, self._cost(column, paid), tree.frozen())

    def _cost(self, column: IntArray, paid: Array) -> float:
        """Return the mean cost, part by part where the rows have parts."""
        parts = self.rows.parts
        if parts is None:
            return float(paid.mean())
        to = column[parts.piece]
        gap = parts.points - self.tree.points[to]
        for axis in np.flatnonzero(self.tree.sides):
            side = self.tree.sides[axis]
            gap[:, axis] -= side * np.rint(gap[:, axis] / side)
        square = (gap**2).sum(axis=1) + parts.spread + self.spread[to]
        return float((parts.masses * np.minimum(np.sqrt(square), 1.0)).sum())


def market(
    rows: Pieces,
    columns: Pieces,
    sides: Array,
    prices: Array | None = None,
    arcs: int = ARCS,
) -> Market:
    """Return a market of pieces, with as many places as rows.

    Parameters
    ----------
    rows, columns
        M = capacity * C pieces and C pieces.
    sides
        Period of each coordinate, 0 for none; all centres lie within one period.
    prices
        Of the columns in the order of the tree, shape (C,); 0 when None.
    arcs
        Columns that a row remembers.
    """
    count, places = len(rows.centres), len(columns.centres)
    order = tree_order(columns.centres)
    start = np.zeros(places) if prices is None else prices
    # Points that are in order stay in order.
    tree = price_tree(columns.centres[order], start, sides)
    arcs = min(arcs, places)
    return Market(
        rows,
        count // places,
        columns.spread[order],
        tree,
        np.full((count, arcs), -1, np.int32),
        np.full((count, arcs), np.inf),
        np.full(count, -np.inf),
    )


def coarsened(rows: Pieces, capacity: int) -> Pieces:
    """Return the pieces joined by ``capacity`` neighbours on the curve."""
    groups = rows.centres.reshape(-1, capacity, rows.centres.shape[1])
    centres = groups.mean(axis=1)
    within = ((groups - centres[:, None]) ** 2).sum(axis=2).mean(axis=1)
    return Pieces(centres, rows.spread.reshape(-1, capacity).mean(axis=1) + within)
