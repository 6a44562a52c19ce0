r"""The optimal face of two cells, by windows: ranges of sectors, a decomposition.

The program of :mod:`.windows` with its cost as a constraint, and c_k as what is made
least or largest. Sectors and intervals enter as they are needed: with the multipliers
lambda of the cost, mu of sum c_k <= 1 and u of the types, a sector q that is left out
would help if

.. math:: E_{a \sim Bin(N - q, f_1)} \max_{a \le n \le a + q} u(n)
          > \mu + \lambda (q/N - 1) + [q = k],

where the last term is -1 for a maximum. A decomposition is read off the best filling of
given sectors: n takes what has to end first.
"""

from __future__ import annotations

import numpy as np

from mfplug.errors import NumericsError
from mfplug.theory.counting.certify import Problem, ceilings
from mfplug.theory.counting.cuts import trivial
from mfplug.theory.counting.solve import accuracy, solved
from mfplug.theory.counting.windows import by_windows, entering, short_intervals

#: Rounds in which intervals and sectors may enter, for one end of one range.
ROUNDS = 200

Entries = dict[tuple[tuple[int, ...], ...], float]


class WindowFace:
    """Decompositions of two cells that cost at most ``slack`` more than the best."""

    def __init__(self, problem: Problem, slack: float) -> None:
        self.problem = problem
        bracket = trivial(problem)
        self.program = by_windows(problem, bracket, *accuracy(problem))
        self.program.start(1.0, bracket.upper + slack)

    def ends(self, k: int) -> tuple[float, float]:
        """Return the least and the largest c_k.

        Raises
        ------
        NumericsError
            If the linear program does not come to an end.
        """
        least, most = self._end(k, 1.0), self._end(k, -1.0)
        return max(0.0, least), min(1.0, most)

    def _end(self, k: int, sign: float) -> float:
        program, N = self.program, self.problem.particles
        parts = np.arange(N) / N - 1.0
        extra = np.zeros(N)
        extra[k if k < N else slice(None)] = sign if k < N else -sign
        program.aim(k, sign)
        for _ in range(ROUNDS):
            found = program.solve()
            if found is None:
                break
            weights, total, u = found
            mu, rate = -program.duals[0], -program.duals[program.groups + 1]
            short = short_intervals(program, weights, total)
            gains = ceilings(self.problem, u)[:N] - (mu + rate * parts + extra)
            gains[program.sectors] = 0.0
            if entering(program, gains) + program.add_intervals(short) == 0:
                own = weights[program.sectors == k]
                return float(own[0]) if k < N else 1.0 - float(weights.sum())
        raise NumericsError(
            f"counting measure: the range of the sector {k} was not found; got no "
            f"optimum in {ROUNDS} rounds, expected one. Take fewer particles."
        )


def window_decomposition(problem: Problem) -> dict[int, Entries]:
    """Return an optimal decomposition of two cells, {k: {(n, a): mass}}.

    The masses of every k make c_k Bin(N - k, f_1) exactly, up to rounding.
    """
    N, law = problem.particles, problem.law
    weights = solved(problem).decomposition.sectors
    sectors = np.nonzero(weights[:N] > 0.0)[0]
    made = np.zeros(law.size)
    result: dict[int, Entries] = {int(k): {} for k in sectors}
    # waiting[end, q]: mass of the sector q that has to be at a type <= end.
    waiting = np.zeros((law.size, sectors.size))
    places = np.arange(sectors.size)
    for n in range(law.size):
        # The parts a = n come in; those with N - k < n do not exist.
        come = sectors + n <= N
        ends, new = sectors[come] + n, places[come]
        waiting[ends, new] += [weights[k] * problem.masses[k][n] for k in sectors[come]]
        end, room = n, law[n]
        while end <= N and (end == n or room > 0.0):
            there = float(waiting[end].sum())
            share = 1.0 if end == n or there <= room else room / there
            taken = share * waiting[end]
            waiting[end] -= taken
            made[n] += float(taken.sum())
            room -= share * there
            for q in np.nonzero(taken > 0.0)[0]:
                k = int(sectors[q])
                a = end - k
                result[k][(n, N - n), (a, N - k - a)] = float(taken[q])
            end += 1
    rest = np.maximum(law - made, 0.0)
    total, bad = float(rest.sum()), float(weights[N])
    if bad > 0.0 and total > 0.0:
        result[N] = {
            ((n, N - n), (0, 0)): float(w) * bad / total
            for n, w in enumerate(rest)
            if w > 0.0
        }
    return {k: part for k, part in result.items() if part}
