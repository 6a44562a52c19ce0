r"""Transport plans within a tolerance: Bertsekas's auction on a graph of neighbours.

Rows of equal mass bid for the places of columns; each is content within epsilon, so the
plan costs at most epsilon more than the best one on the graph (D. P. Bertsekas and D.
A. Castanon, The auction algorithm for the transportation problem, Ann. Oper. Res. 20
(1989) 67). The prices make a test function (:mod:`mfplug.theory.price_tree`) that is
feasible whatever they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import NumericsError
from mfplug.theory.auction_kernels import auction
from mfplug.theory.hilbert import Pieces
from mfplug.theory.price_tree import PriceTree, periods, price_tree

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Bids a row in one phase; typical are 3 to 30.
_BIDS = 2000


@dataclass(frozen=True, eq=False)
class Plan:
    """A transport plan: row i goes to ``column[i]``, at the mean cost ``value``.

    ``test`` is the test function of its prices.
    """

    column: IntArray
    value: float
    test: PriceTree


@dataclass(eq=False)
class Market:
    """Rows and columns with their arcs and prices; the prices survive a phase."""

    rows: Pieces
    columns: Pieces
    capacity: int
    period: Sequence[float] | None
    heads: NDArray[np.int32]
    costs: Array
    lowest: Array

    def phase(self, epsilon: float) -> Plan:
        """Assign all rows within ``epsilon``.

        Raises
        ------
        NumericsError
            If there are too many bids.
        """
        rows, columns = len(self.rows.centres), len(self.columns.centres)
        first = np.arange(columns + 1, dtype=np.int64) * self.capacity
        prices = np.repeat(self.lowest, self.capacity)
        owner = np.full(rows, -1, np.int64)
        column, paid = np.full(rows, -1, np.int64), np.empty(rows)
        state = first, prices, self.lowest, owner, column, paid
        bids = auction(self.heads, self.costs, *state, epsilon, _BIDS * rows)
        if bids < 0:
            raise NumericsError(
                f"transport 'auction': {rows} rows were not assigned; got more than "
                f"{_BIDS} bids a row, expected fewer. Take fewer points."
            )
        self.lowest -= self.lowest.min()
        test = price_tree(self.columns.centres, self.lowest, self.period)
        return Plan(column, float(paid.mean()), test)


def market(
    rows: Pieces,
    columns: Pieces,
    capacity: int,
    period: Sequence[float] | None,
    neighbours: int,
) -> Market:
    """Return the market with arcs from each row to its nearest columns.

    Parameters
    ----------
    rows, columns
        M = capacity * C pieces and C pieces; each row fills one place of a column.
    neighbours
        Arcs a row.
    """
    from scipy.spatial import KDTree

    sides = periods(period, rows.centres.shape[1])
    tree = KDTree(columns.centres, boxsize=sides if sides.any() else None)
    ranks = np.arange(1, min(neighbours, len(columns.centres)) + 1)
    distance, heads = tree.query(rows.centres, k=ranks)
    # E|Y - X| <= (|centre - centre|^2 + spreads)^(1/2), by Jensen.
    square = distance**2 + rows.spread[:, None] + columns.spread[heads]
    costs = np.minimum(np.sqrt(square), 1.0)
    start = np.zeros(len(columns.centres))
    return Market(
        rows, columns, capacity, period, heads.astype(np.int32), costs, start
    )


def coarsened(rows: Pieces, capacity: int) -> Pieces:
    """Return the pieces joined by ``capacity`` neighbours on the curve."""
    if capacity == 1:
        return rows
    groups = rows.centres.reshape(-1, capacity, rows.centres.shape[1])
    centres = groups.mean(axis=1)
    within = ((groups - centres[:, None]) ** 2).sum(axis=2).mean(axis=1)
    return Pieces(centres, rows.spread.reshape(-1, capacity).mean(axis=1) + within)
