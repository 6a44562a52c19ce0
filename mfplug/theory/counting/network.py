r"""Alpha as a minimum-cost flow with side constraints (audit, 3.1 and 3.2).

Nodes (k, a): k particles have been taken out as bad, a is the type of the rest. An
arc takes out one particle, (k, a) -> (k + 1, a - e_i). The type n enters at (0, n) with
mass F(n), and the sector k draws c_k Mult(a; N - k, f) out of (k, a). Slack at the
sources is what full Definition 2.3 adds to alpha+: ||F - F'||_1.

With a certificate u at hand most arcs are closed: by complementary slackness flow
passes only where the largest u above a is the largest u above a - e_i. The *pruned*
network that is left has few more arcs than nodes and is solved at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import NumericsError
from mfplug.theory.counting.certify import Decomposition, Problem, completed
from mfplug.theory.counting.highs import solver
from mfplug.theory.counting.lattice import Array, Index

Mask = NDArray[np.bool_]

#: HiGHS ignores matrix entries below this; the multinomial masses are such entries.
SMALLEST = 1e-12
#: Minus the certificate of alpha+ on occupations that F does not take.
UNSEEN = 1e4


@dataclass
class Network:
    """The nodes and arcs that are kept, and the linear program's columns.

    Attributes
    ----------
    nodes : list of ndarray
        ``nodes[k][a]``: row of the node (k, a), or -1.
    arcs : list of (i, places, column)
        By layer: arcs to the layer's nodes ``places`` by taking out a particle of cell
        i, with the number of their first column.
    sectors : ndarray of int
        The k that may be used; their columns start at ``first_sector``.
    """

    problem: Problem
    nodes: list[Index]
    arcs: list[list[tuple[int, Index, int]]]
    sectors: Index
    first_sector: int
    sources: Index
    positive: bool
    highs: Any = field(repr=False)

    def solve(self) -> tuple[float, Array, Decomposition]:
        """Return the optimal value, the dual u and the repaired decomposition.

        Raises
        ------
        NumericsError
            If HiGHS finds no optimum.
        """
        self.highs.run()
        solution: Any = self.highs.getSolution()
        if not (solution.value_valid and solution.dual_valid):
            # Masses below the tolerance let the presolve call alpha+ infeasible; all
            # bad is always feasible.
            self.highs.setOptionValue("presolve", "off")
            self.highs.run()
            solution = self.highs.getSolution()
        # A bracket is proved from any point: one short of the tolerances will do.
        if not (solution.value_valid and solution.dual_valid):
            status = self.highs.modelStatusToString(self.highs.getModelStatus())
            raise NumericsError(
                f"counting measure: the linear program failed; got '{status}', "
                "expected an optimum. Take fewer cells or particles."
            )
        duals = np.asarray(solution.row_dual)
        u = np.full(self.problem.law.size, np.nan)
        u[self.sources] = duals[: self.sources.size] + duals[-1]
        # Where F is 0, alpha+ has no constraint: u may be as low as it likes there.
        floor = -UNSEEN if self.positive else float(np.nanmin(u))
        u = np.where(np.isnan(u), floor, u)
        value = self.highs.getInfo().objective_function_value
        return value, u, self.decomposition(np.asarray(solution.col_value))

    def weights(self, values: Array) -> Array:
        """Return c_k for k < N from the columns of a solution."""
        weights = np.zeros(self.problem.particles)
        stop = self.first_sector + self.sectors.size
        weights[self.sectors] = np.maximum(values[self.first_sector : stop], 0.0)
        return weights

    def decomposition(self, values: Array) -> Decomposition:
        """Return an exact decomposition with the sectors and routes of a solution.

        The routes are read backwards, as the probability that (k + 1, b) came from each
        node above it, so that the good marginals are exact whatever the solver's
        tolerance; the sources then get F' instead of F, and that is paid for.
        """
        weights = self.weights(values)
        return completed(self.problem, weights, self.routed(values, weights))

    def routed(self, values: Array, weights: Array) -> Array:
        """Return F', the law of types that sectors and routes of a solution make."""
        above, masses = self.problem.lattice.above, self.problem.masses
        last = int(self.sectors.max(initial=0))
        need = weights[last] * masses[last]
        for k in range(last, 0, -1):
            size = masses[k].size
            ratio = self.shares(k, values)
            upper = weights[k - 1] * masses[k - 1]
            for i, share in enumerate(ratio):
                upper += np.bincount(
                    above[i, :size], share * need, minlength=upper.size
                )
            need = upper
        return need

    def shares(self, k: int, values: Array) -> Array:
        """Return P(taken from cell i | node (k, b)), shape (m, size)."""
        size = self.problem.masses[k].size
        flow = np.zeros((self.problem.lattice.cells, size))
        for i, places, column in self.arcs[k]:
            flow[i, places] = np.maximum(values[column : column + places.size], 0.0)
        total = flow.sum(axis=0)
        # Where nothing flows, any route will do; the one to the top of F is as good.
        idle = total <= 0.0
        flow[:, idle] = 1.0
        return flow / flow.sum(axis=0)


def network(
    problem: Problem,
    last: int | None = None,
    mass: float = SMALLEST,
    positive: bool = False,
    certificate: Array | None = None,
    slack: float = 0.0,
) -> Network:
    """Return the network of a problem, whole or pruned by a certificate.

    Parameters
    ----------
    last : int, optional
        The largest sector that is told apart from the all-bad one (N - 1).
    mass : float
        Exits with a multinomial mass below it are closed.
    positive : bool
        For alpha+: no slack at the sources.
    certificate, slack
        Arcs and sectors whose complementary slackness fails by more than ``slack`` are
        left out.
    """
    N = problem.particles
    last = N - 1 if last is None else min(last, N - 1)
    tops = _tops(problem, certificate, last)
    sectors = np.arange(last + 1)
    if tops is not None:
        means = np.array([problem.masses[k] @ tops[k] for k in sectors])
        sectors = sectors[means - sectors / N >= -slack]
    # F' may use occupations that F does not.
    sources: Mask = np.asarray(problem.law > 0.0)
    if not positive:
        sources = np.asarray(problem.law + problem.masses[0] > mass)
        if mass <= SMALLEST:
            sources = np.full(problem.law.size, True)
    open_arcs = _open_arcs(problem, sources, sectors, mass, tops, slack)
    return _assemble(problem, sectors, sources, open_arcs, mass, positive)


def _tops(problem: Problem, u: Array | None, last: int) -> list[Array] | None:
    """Return the largest u above each node of layers 0, ..., last."""
    if u is None:
        return None
    tops = [u]
    for k in range(1, last + 1):
        above = problem.lattice.above[:, : problem.masses[k].size]
        tops.append(tops[-1][above].max(axis=0))
    return tops


def _open_arcs(
    problem: Problem,
    sources: Mask,
    sectors: Index,
    mass: float,
    tops: list[Array] | None,
    slack: float,
) -> list[Mask]:
    """Return, by layer, which arcs (i, b) lie on a way from a source to an exit."""
    above, masses = problem.lattice.above, problem.masses
    last = int(sectors.max(initial=0))
    reached, arcs = sources, [np.zeros((problem.lattice.cells, 0), bool)]
    for k in range(1, last + 1):
        up = above[:, : masses[k].size]
        mask = reached[up]
        if tops is not None:
            mask &= tops[k] - tops[k - 1][up] <= slack
        arcs.append(mask)
        reached = np.asarray(mask.any(axis=0))
    wanted = np.zeros(masses[last].size, bool)
    used = set(sectors.tolist())
    for k in range(last, 0, -1):
        if k in used:
            wanted |= masses[k] > mass
        arcs[k] &= wanted
        upper = np.zeros(masses[k - 1].size, bool)
        for i in range(problem.lattice.cells):
            upper[above[i, : wanted.size][arcs[k][i]]] = True
        wanted = upper
    return arcs


def _assemble(
    problem: Problem,
    sectors: Index,
    sources: Mask,
    arcs: list[Mask],
    mass: float,
    positive: bool,
) -> Network:
    """Return the network with its linear program in HiGHS."""
    N, above = problem.particles, problem.lattice.above
    start = np.nonzero(sources)[0]
    nodes = [np.full(problem.law.size, -1)]
    nodes[0][start] = np.arange(start.size)
    count = start.size
    table = Columns()
    kept: list[list[tuple[int, Index, int]]] = [[]]
    for k in range(1, len(arcs)):
        here = np.nonzero(arcs[k].any(axis=0))[0]
        rows = np.full(problem.masses[k].size, -1)
        rows[here] = count + np.arange(here.size)
        count += here.size
        layer = []
        for i in range(problem.lattice.cells):
            places = np.nonzero(arcs[k][i])[0]
            layer.append((i, places, table.count))
            ends = nodes[k - 1][above[i, places]], rows[places]
            table.add(ends, np.array([1.0, -1.0]), 0.0)
        kept.append(layer)
        nodes.append(rows)
    first = table.count
    for k in sectors:
        here = np.nonzero((nodes[k] >= 0) & (problem.masses[k] > mass))[0]
        rows = np.append(nodes[k][here], count)
        table.add_one(rows, np.append(problem.masses[k][here], 1.0), k / N)
    table.add((np.arange(start.size), np.full(start.size, count)), np.ones(2), 1.0)
    if not positive:
        table.add((np.arange(start.size),), np.ones(1), 1.0)
        table.add((np.arange(start.size),), -np.ones(1), 1.0)
    right = np.zeros(count + 1)
    right[: start.size] = problem.law[start]
    right[-1] = 1.0
    highs = table.into(solver(1e-10), right)
    return Network(problem, nodes, kept, sectors, first, start, positive, highs)


class Columns:
    """Columns of a sparse matrix with their costs, appended in blocks."""

    def __init__(self) -> None:
        self.count = 0
        self.lengths: list[Array] = []
        self.rows: list[Index] = []
        self.values: list[Array] = []
        self.costs: list[Array] = []

    def add(self, rows: tuple[Index, ...], values: Array, cost: float) -> None:
        """Add columns that have one entry in each of ``rows``."""
        number = rows[0].size
        self.rows.append(np.stack(rows, axis=1).ravel())
        self.values.append(np.tile(values, number))
        self.lengths.append(np.full(number, len(rows)))
        self.costs.append(np.full(number, cost))
        self.count += number

    def add_one(self, rows: Index, values: Array, cost: float) -> None:
        """Add one column."""
        self.rows.append(rows)
        self.values.append(values)
        self.lengths.append(np.array([rows.size]))
        self.costs.append(np.array([cost]))
        self.count += 1

    def into(self, highs: Any, right: Array) -> Any:
        """Return the solver with min cost x, A x = right, x >= 0 in it."""
        import highspy

        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = self.count, right.size
        program.col_cost_ = np.concatenate(self.costs)
        program.col_lower_ = np.zeros(self.count)
        program.col_upper_ = np.full(self.count, highs.getInfinity())
        program.row_lower_ = program.row_upper_ = right
        matrix = program.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kColwise
        matrix.start_ = np.concatenate([[0], np.cumsum(np.concatenate(self.lengths))])
        matrix.index_ = np.concatenate(self.rows)
        matrix.value_ = np.concatenate(self.values)
        highs.passModel(program)
        return highs
