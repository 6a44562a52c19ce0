r"""Alpha of two cells by windows: a small linear program instead of the network.

With two cells an occupation is one number n, and a good part a of N - k particles may
become any n of its window {a, ..., a + k}. By Hall's theorem for windows, a law nu of
types can be made of good parts with the weights c_k if and only if for all i <= j

.. math:: \nu\{i, \dots, j\} \ge \sum_k c_k W_k(i, j), \qquad
          W_k(i, j) = P(i \le a \le j - k), \quad a \sim Bin(N - k, f_1),

and their masses agree. So alpha (audit, 3.2) is the least value of

.. math:: 1 - \sum_k (1 - k/N) c_k + 2 \sum_n (\nu(n) - F(n))^+, \qquad
          \sum_k c_k \le 1,

in the unknowns c_k and nu{0, ..., j}: about 2 N of them where the network has N^2.
Intervals and sectors enter when they are needed; few are. Each round proves a bracket
by itself: for given c_k the best nu is known exactly (:func:`best_filling`), and the
multipliers of F are a function u of audit 3.3, which is repaired.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mfplug.theory.counting.certify import (
    Problem,
    ceilings,
    certificate,
    completed,
    upper_bound,
)
from mfplug.theory.counting.cuts import Bracket
from mfplug.theory.counting.highs import solver
from mfplug.theory.counting.lattice import Array, Index
from mfplug.theory.counting.window_kernels import best_filling, shortfalls

#: Coefficients below it are left out; the bracket is proved without them.
NEGLIGIBLE = 1e-13
#: Shortfalls and prices below it are rounding.
ROUNDING = 1e-12
#: The first sectors, and how many enter at a time.
FIRST, ENTER = 12, 40
#: Iterations for each row and column, at most.
PATIENCE = 5
#: Ways of HiGHS: dual simplex, the same without scaling, primal simplex.
WAYS = (
    {"simplex_strategy": 1, "simplex_scale_strategy": 2},
    {"simplex_strategy": 1, "simplex_scale_strategy": 0},
    {"simplex_strategy": 4, "simplex_scale_strategy": 2},
)
#: Unit of mass of the last rounds; the solver's tolerances are absolute.
FINE = 1e-3


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


def by_windows(
    problem: Problem, bracket: Bracket, target: float, mass: float, rounds: int = 100
) -> Windows:
    """Narrow a bracket for two cells to ``target``, as far as it goes.

    Returns the program with the intervals and sectors that this took.

    Parameters
    ----------
    mass : float
        Types with F + f^N below it are told apart from their neighbours only where the
        bracket is proved.
    """
    N = problem.particles
    program = Windows(problem, mass)
    last = program.groups - 1
    program.add_sectors(np.arange(min(N, FIRST)))
    program.add_intervals(
        [(g, g) for g in range(last + 1)]
        + [(0, g) for g in range(last)]
        + [(g, last) for g in range(1, last + 1)]
    )
    for _ in range(rounds):
        found = program.solve()
        grown = 0 if found is None else _round(problem, bracket, program, *found)
        if bracket.width <= target:
            break
        if grown == 0:
            if program.unit == FINE:
                break
            program.start(FINE)
    return program


def _round(
    problem: Problem,
    bracket: Bracket,
    program: Windows,
    weights: Array,
    total: Array,
    u: Array,
) -> int:
    """Prove a bracket from a solution; return how many sectors and intervals enter."""
    N, sectors, masses = problem.particles, program.sectors, program.masses
    made = best_filling(problem.law, masses, sectors, weights)
    spread = np.zeros(N)
    spread[sectors] = weights
    found = completed(problem, spread, made)
    bracket.offer_upper(upper_bound(problem, found), found)
    above = ceilings(problem, u) - np.arange(N + 1) / N
    bracket.offer_lower(*certificate(problem, u - above.max()))
    short = short_intervals(program, weights, total)
    gains = above[:N] - max(above[sectors].max(), above[N])
    return entering(program, gains) + program.add_intervals(short)


def short_intervals(
    program: Windows, weights: Array, total: Array
) -> list[tuple[int, int]]:
    """Return the intervals of groups in which a solution leaves too little."""
    worst_from, to, worst_to, start = shortfalls(
        program.edges, total, program.masses, program.sectors, weights
    )
    short = [(int(g), int(to[g])) for g in np.nonzero(worst_from > ROUNDING)[0]]
    short += [(int(start[g]), int(g)) for g in np.nonzero(worst_to > ROUNDING)[0]]
    return short


def entering(program: Windows, gains: Array) -> int:
    """Add the sectors of the largest gains, shape (N,); return how many are new."""
    order = np.argsort(-gains, kind="stable")[:ENTER]
    return program.add_sectors(order[gains[order] > 10 * ROUNDING])


def _edges(kept: Any) -> Index:
    """Return where groups begin: at each type that is kept, and behind it."""
    edge = np.zeros(kept.size + 1, dtype=bool)
    edge[[0, -1]] = True
    edge[:-1] |= kept
    edge[1:] |= kept
    return np.nonzero(edge)[0]
