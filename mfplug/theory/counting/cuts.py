r"""Alpha by cutting planes in the space of certificates.

The dual of audit 3.3 has one unknown u(n) for each occupation and one convex constraint
g_k(u) <= 0 for each sector. At a trial u, the argmax n = sigma(a) of each layer gives a
plane below g_k, sum_a P_k(a) u(sigma(a)) <= k/N, which is a column of the primal: the
decomposition that completes a to sigma(a). A linear program holds the planes found so
far; its multipliers are a decomposition, its optimum moved towards the best certificate
is the next trial. A few planes for each sector are enough. It serves where the network
is too large; two cells have a better way (:mod:`mfplug.theory.counting.windows`).

Where F / f^N falls, u is asked not to rise, and the other way round. This keeps u from
spikes where F is tiny, which cost hundreds of iterations. It can only lower the lower
bound, so that it needs no proof: where the bracket does not close, it is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mfplug.theory.counting.certify import (
    Decomposition,
    Problem,
    argmax_layers,
    ceilings,
    certificate,
    completed,
    upper_bound,
)
from mfplug.theory.counting.highs import solver
from mfplug.theory.counting.lattice import Array, Index

#: Coefficients below this are left out of a plane; the bracket is proved without them.
NEGLIGIBLE = 1e-13


#: Rounds in which the width has to shrink by a factor, or shaped planes give up.
PATIENCE, PROGRESS = 25, 3.0

#: A tail is where F + f^N is below this part of its largest value.
TAIL = 0.25


@dataclass
class Bracket:
    """The best proved bounds so far, and what proves them."""

    lower: float
    upper: float
    certificate: Array
    decomposition: Decomposition

    @property
    def width(self) -> float:
        """Return the width of the bracket."""
        return self.upper - self.lower

    def offer_lower(self, value: float, u: Array) -> bool:
        """Take a lower bound if it is better; return whether it is."""
        better = value > self.lower
        if better:
            self.lower, self.certificate = value, u
        return better

    def offer_upper(self, value: float, found: Decomposition) -> None:
        """Take an upper bound if it is better."""
        if value < self.upper:
            self.upper, self.decomposition = value, found


def trivial(problem: Problem) -> Bracket:
    """Return the bracket that needs no work: 0, and min(1, ||F - f^N||_1)."""
    N = problem.particles
    weights = np.zeros(N)
    weights[0] = 1.0
    found = completed(problem, weights, problem.masses[0].copy())
    bad = completed(problem, np.zeros(N), np.zeros_like(problem.law))
    bracket = Bracket(0.0, upper_bound(problem, bad), np.zeros_like(problem.law), bad)
    bracket.offer_upper(upper_bound(problem, found), found)
    return bracket


class CuttingPlanes:
    """The linear program of the planes found so far.

    Unknowns are T = max u <= K/N and w(n) = u(n) - T in [-2, 0] on the ``kept``
    occupations; elsewhere w = -2. Sectors from ``last`` = K on are satisfied by the
    bound of T.
    """

    def __init__(
        self, problem: Problem, kept: Index, last: int, shape: bool, tolerance: float
    ) -> None:
        self.problem, self.kept, self.last = problem, kept, last
        self.place = np.full(problem.law.size, -1)
        self.place[kept] = np.arange(kept.size)
        self.sectors: list[int] = []
        self.columns: list[Array] = []
        self.highs = solver(tolerance)
        cap = last / problem.particles
        for n in kept:
            self.highs.addCol(-float(problem.law[n]), -2.0, 0.0, 0, [], [])
        self.highs.addCol(-1.0, -2.0, cap, 0, [], [])
        self.shape_rows = self._shaped() if shape else 0

    def _shaped(self) -> int:
        """Ask u to follow F / f^N along neighbours in the tails; return the rows."""
        problem, kept = self.problem, self.kept
        base = problem.masses[0][kept]
        weight = problem.law[kept] + base
        ratio = np.log(np.maximum(problem.law[kept], 1e-300))
        ratio -= np.log(np.maximum(base, 1e-300))
        infinity = self.highs.getInfinity()
        rows = 0
        for j in range(kept.size - 1):
            if max(weight[j], weight[j + 1]) > TAIL * weight.max():
                continue
            sign = 1.0 if ratio[j + 1] > ratio[j] else -1.0
            pair = np.array([j, j + 1], dtype=np.int32)
            self.highs.addRow(0.0, infinity, 2, pair, np.array([-sign, sign]))
            rows += 1
        return rows

    def add(self, u: Array, threshold: float) -> int:
        """Add the planes at u of the sectors with g_k(u) > threshold; count them."""
        problem, N = self.problem, self.problem.particles
        added = 0
        for k, where in enumerate(argmax_layers(problem, u, self.last - 1)):
            column: Array = np.bincount(
                where, problem.masses[k], problem.law.size
            ).astype(float)
            if column @ u - k / N <= threshold:
                continue
            inside = column[self.kept]
            chosen = np.nonzero(inside > NEGLIGIBLE)[0]
            outside = 2.0 * float(column.sum() - inside.sum())
            places = np.append(chosen, self.kept.size).astype(np.int32)
            values = np.append(inside[chosen], 1.0)
            bound = k / N + outside
            self.highs.addRow(
                -self.highs.getInfinity(), bound, places.size, places, values
            )
            self.sectors.append(k)
            self.columns.append(column)
            added += 1
        return added

    def solve(self) -> tuple[float, Array, Decomposition] | None:
        """Return the largest E_F[u], its u, and the multipliers' decomposition."""
        self.highs.run()
        solution: Any = self.highs.getSolution()
        if not solution.value_valid or not solution.dual_valid:
            return None
        values = np.asarray(solution.col_value)
        u = np.full(self.problem.law.size, -2.0)
        u[self.kept] = values[:-1]
        # The objective is minimised, so that multipliers of upper bounds are negative.
        duals = -np.asarray(solution.row_dual)[self.shape_rows :]
        weights = np.zeros(self.problem.particles)
        good = np.zeros(self.problem.law.size)
        for k, column, dual in zip(self.sectors, self.columns, duals, strict=True):
            if dual > 0.0:
                weights[k] += dual
                good += dual * column
        value = -float(self.highs.getInfo().objective_function_value)
        return value, u + values[-1], completed(self.problem, weights, good)


def cutting_planes(
    problem: Problem,
    bracket: Bracket,
    target: float,
    last: int,
    shape: bool = True,
    iterations: int = 150,
    mass: float = 1e-13,
) -> None:
    """Narrow a bracket to ``target`` by cutting planes, as far as it goes.

    Parameters
    ----------
    last : int
        K: the largest sector that is told apart from the all-bad one, plus one.
    mass : float
        Occupations with F + f^N below it are left out; what that costs is in the
        bracket.
    """
    kept = np.nonzero(problem.law + problem.masses[0] > mass)[0]
    planes = CuttingPlanes(problem, kept, last, shape, 1e-10)
    planes.add(_first_trial(problem, bracket, last), -np.inf)
    before = np.inf
    for turn in range(iterations):
        if shape and turn % PATIENCE == PATIENCE - 1:
            if bracket.width > before / PROGRESS:
                return
            before = bracket.width
        solved = planes.solve()
        if solved is None:
            return
        value, optimum, found = solved
        bracket.offer_upper(upper_bound(problem, found), found)
        for weight in (0.5, 1.0):
            trial = (1.0 - weight) * bracket.certificate + weight * optimum
            bracket.offer_lower(*certificate(problem, trial))
            # Shaped planes are a smaller problem; its value is all that they reach.
            if min(value, bracket.upper) - bracket.lower <= target:
                return
            if planes.add(trial, 1e-12):
                break
        else:
            return


def _first_trial(problem: Problem, bracket: Bracket, last: int) -> Array:
    """Return a rough guess of u, from the likelihood ratio; it starts the planes."""
    N = problem.particles
    base = np.maximum(problem.masses[0], 1e-300)
    ratio = np.minimum(problem.law / base, 3.0) - 1.0
    guesses = [np.minimum(s * ratio, last / N) for s in np.geomspace(0.5 / N, 0.5, 8)]
    for guess in guesses:
        bracket.offer_lower(*certificate(problem, guess))
    values = [
        float(problem.law @ g) - float(np.max(ceilings(problem, g) - _steps(N)))
        for g in guesses
    ]
    return guesses[int(np.argmax(values))]


def _steps(particles: int) -> Array:
    return np.arange(particles + 1) / particles
