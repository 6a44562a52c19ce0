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

import numpy as np

from mfplug.theory.counting.certify import (
    Problem,
    ceilings,
    certificate,
    completed,
    upper_bound,
)
from mfplug.theory.counting.cuts import Bracket
from mfplug.theory.counting.lattice import Array
from mfplug.theory.counting.window_kernels import best_filling, shortfalls
from mfplug.theory.counting.window_program import Windows

#: Shortfalls and prices below it are rounding.
ROUNDING = 1e-12
#: The first sectors, and how many enter at a time.
FIRST, ENTER = 12, 40
#: Unit of mass of the last rounds; the solver's tolerances are absolute.
FINE = 1e-3


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
