r"""The Hamming (Ornstein) distance of symmetric laws on a finite space.

.. math:: \bar d(F, G) = \min E\, \#\{i: X_i \ne Y_i\} / N

Sorting both samples alike, two types n, n' differ in |n - n'|_1 / 2 places, so that
dbar is the transport distance of the laws of types with that cost: moves of one
particle from one cell to another. With two cells it is the area between distribution
functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mfplug.errors import NumericsError
from mfplug.theory.counting.certify import Problem
from mfplug.theory.counting.highs import solver


def hamming(problem: Problem) -> float:
    """Return dbar(F, f^N) of the laws of a problem."""
    difference = problem.law - problem.masses[0]
    if problem.lattice.cells == 2:
        return float(np.abs(np.cumsum(difference)).sum() / problem.particles)
    return _by_moves(problem, difference) / problem.particles


def _by_moves(problem: Problem, difference: np.ndarray) -> float:
    """Return the cheapest way to move ``difference`` away, one particle at a time."""
    from mfplug.theory.counting.network import Columns

    lattice = problem.lattice
    table = Columns()
    for i in range(lattice.cells):
        for j in range(lattice.cells):
            if i != j:
                # From b + e_i to b + e_j, for every b of the layer below.
                ends = lattice.above[i], lattice.above[j]
                table.add(ends, np.array([1.0, -1.0]), 1.0)
    highs: Any = table.into(solver(1e-9), difference - difference.mean())
    highs.run()
    status = highs.modelStatusToString(highs.getModelStatus())
    if status != "Optimal":
        raise NumericsError(
            f"counting measure: the Hamming distance failed; got '{status}', expected "
            "an optimum. Take fewer cells or particles."
        )
    return float(highs.getInfo().objective_function_value)
