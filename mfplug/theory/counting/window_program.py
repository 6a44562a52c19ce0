"""The linear program of two cells by windows, which grows: see :mod:`.windows`."""

from __future__ import annotations

from typing import Any

import numpy as np

from mfplug.theory.counting.certify import Problem
from mfplug.theory.counting.highs import solver
from mfplug.theory.counting.lattice import Array, Index

#: Coefficients below it are left out; the bracket is proved without them.
NEGLIGIBLE = 1e-13
#: Iterations for each row and column, at most.
PATIENCE = 5
#: Ways of HiGHS: dual simplex, the same without scaling, primal simplex.
WAYS = (
    {"simplex_strategy": 1, "simplex_scale_strategy": 2},
    {"simplex_strategy": 1, "simplex_scale_strategy": 0},
    {"simplex_strategy": 4, "simplex_scale_strategy": 2},
)


class Windows:
    """The linear program of the intervals and sectors so far.

    Columns: the mass below each edge but the first, the excess over F of each group of
    types, then the weights of sectors. Rows: sum c_k <= 1, a group each, on request the
    cost less 1 with its limit, an interval each. Types that neither F nor f^N reaches
    form groups with their neighbours.
    """

    def __init__(self, problem: Problem, mass: float) -> None:
        self.problem = problem
        size = problem.law.size
        self.edges = _edges(problem.law + problem.masses[0] > mass)
        self.law = np.add.reduceat(problem.law, self.edges[:-1])
        self.sectors = np.zeros(0, dtype=np.int64)
        self.masses = np.zeros((0, size))
        self.below = np.zeros((0, size + 1))
        self.intervals = np.zeros((0, 2), dtype=np.int64)
        self.known: set[tuple[int, int]] = set()
        self.start(1.0)

    @property
    def groups(self) -> int:
        """Number of groups of types."""
        return self.law.size

    def start(self, unit: float, limit: float | None = None) -> None:
        """Begin with a new solver whose masses are counted in ``unit``.

        With a ``limit`` of the cost there is no objective: :meth:`aim` sets one.
        """
        self.unit, self.highs = unit, solver(1e-10)
        self.limited, self.aimed = limit is not None, 0.0
        count, infinity = self.groups, self.highs.getInfinity()
        none: list[float] = []
        lower = np.append(-infinity, -self.law / unit)
        upper = np.append(1.0 / unit, np.full(count, infinity))
        if limit is not None:
            lower = np.append(lower, -infinity)
            upper = np.append(upper, (limit - 1.0) / unit)
        self.highs.addRows(lower.size, lower, upper, 0, none, none, none)
        # The mass below an edge ends a group and begins the next.
        rows = np.stack([np.arange(1, count + 1), np.arange(2, count + 2)], axis=1)
        values = np.tile([-1.0, 1.0], count)
        self._columns(np.zeros(count), 1.0 / unit, rows.ravel()[:-1], values[:-1], 2)
        rows = np.arange(1, count + 1)
        if self.limited:
            rows = np.stack([rows, np.full(count, count + 1)], axis=1).ravel()
            values = np.tile([1.0, 2.0], count)
            self._columns(np.zeros(count), infinity, rows, values, 2)
        else:
            self._columns(np.full(count, 2.0), infinity, rows, np.ones(count), 1)
        sectors, intervals = self.sectors, self.intervals
        self.sectors, self.intervals = sectors[:0], intervals[:0]
        self._interval_rows(intervals)
        self._sector_columns(sectors)

    def _columns(
        self, costs: Array, most: float, rows: Index, values: Array, each: int
    ) -> None:
        number = costs.size
        self.highs.addCols(
            number, costs, np.zeros(number), np.full(number, most), rows.size,
            np.arange(0, each * number, each).astype(np.int32), rows.astype(np.int32),
            values,
        )  # fmt: skip

    def add_sectors(self, chosen: Index) -> int:
        """Let sectors be used; return how many are new."""
        new = np.setdiff1d(chosen, self.sectors)
        masses = np.zeros((new.size, self.problem.law.size))
        for row, k in zip(masses, new, strict=True):
            row[: self.problem.masses[k].size] = self.problem.masses[k]
        self.masses = np.concatenate([self.masses, masses])
        below = np.cumsum(masses, axis=1)
        below = np.concatenate([np.zeros((new.size, 1)), below], axis=1)
        self.below = np.concatenate([self.below, below])
        self._sector_columns(new)
        return int(new.size)

    def _sector_columns(self, new: Index) -> None:
        N, before = self.problem.particles, self.sectors.size
        self.sectors = np.concatenate([self.sectors, new])
        for q in range(before, self.sectors.size):
            inside = self._inside(self.intervals, np.full(len(self.intervals), q))
            chosen = np.nonzero(inside > NEGLIGIBLE)[0]
            cost, first = self.sectors[q] / N - 1.0, self.groups + 1
            rows, values = np.zeros(1, dtype=np.int64), np.ones(1)
            if self.limited:
                rows, values = np.append(rows, first), np.append(values, cost)
                cost, first = self.aimed, first + 1
            rows = np.append(rows, chosen + first).astype(np.int32)
            values = np.append(values, -inside[chosen])
            self.highs.addCol(cost, 0.0, 1.0 / self.unit, rows.size, rows, values)

    def aim(self, k: int, sign: float) -> None:
        """Ask for the least (sign 1) or the largest (-1) c_k; k = N is the all-bad one.

        Only where the cost is limited. c_N is what the other sectors leave.
        """
        all_bad = k == self.problem.particles
        self.aimed = -sign if all_bad else 0.0
        if not all_bad:
            self.add_sectors(np.array([k]))
        for place, sector in enumerate(self.sectors):
            cost = sign if sector == k else self.aimed
            self.highs.changeColCost(2 * self.groups + place, cost)

    def add_intervals(self, chosen: list[tuple[int, int]]) -> int:
        """Ask for enough in intervals of groups; return how many are new."""
        new = sorted(set(chosen) - self.known)
        self.known.update(new)
        if new:
            self._interval_rows(np.array(new, dtype=np.int64))
        return len(new)

    def _interval_rows(self, new: Index) -> None:
        self.intervals = np.concatenate([self.intervals, new])
        places = np.arange(self.sectors.size)
        for first, last in new:
            inside = self._inside(np.array([[first, last]]), places)
            chosen = np.nonzero(inside > NEGLIGIBLE)[0]
            columns = np.append(last, chosen + 2 * self.groups)
            values = np.append(1.0, -inside[chosen])
            if first > 0:
                columns = np.append(columns, first - 1)
                values = np.append(values, -1.0)
            self.highs.addRow(
                0.0, self.highs.getInfinity(), columns.size,
                columns.astype(np.int32), values,
            )  # fmt: skip

    def _inside(self, intervals: Index, places: Index) -> Array:
        """Return W_k of intervals of groups, for the sectors at ``places``."""
        start = self.edges[intervals[:, 0]]
        end = self.edges[intervals[:, 1] + 1] - self.sectors[places]
        inside = self.below[places, np.maximum(end, 0)] - self.below[places, start]
        return np.where(end > start, inside, 0.0)

    def solve(self) -> tuple[Array, Array, Array] | None:
        """Return c_k, the mass below each edge and u, or None if there is no optimum.

        Near a degenerate optimum the solver may not get on from its last vertex, or run
        in circles; it then begins anew in another way.
        """
        import highspy

        self.highs.setOptionValue(
            "simplex_iteration_limit",
            PATIENCE * (self.highs.getNumRow() + self.highs.getNumCol()),
        )
        for options in WAYS:
            for name, value in options.items():
                self.highs.setOptionValue(name, value)
            self.highs.run()
            if self.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                break
            self.highs.clearSolver()
        solution: Any = self.highs.getSolution()
        if not (solution.value_valid and solution.dual_valid):
            return None
        values = np.asarray(solution.col_value) * self.unit
        self.duals = np.asarray(solution.row_dual)
        total = np.append(0.0, values[: self.groups])
        weights = np.maximum(values[2 * self.groups :], 0.0)
        price = self.duals[1 : self.groups + 1]
        return weights, total, -np.repeat(price, np.diff(self.edges))


def _edges(kept: Any) -> Index:
    """Return where groups begin: at each type that is kept, and behind it."""
    edge = np.zeros(kept.size + 1, dtype=bool)
    edge[[0, -1]] = True
    edge[:-1] |= kept
    edge[1:] |= kept
    return np.nonzero(edge)[0]
