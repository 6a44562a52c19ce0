"""``counting_measure``: alpha of a law on a finite space, or of samples of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mfplug.dynamics.seeding import check_seed
from mfplug.errors import ParameterError, shown
from mfplug.theory.counting.certify import Problem
from mfplug.theory.counting.lattice import Array, Lattice, lattice
from mfplug.theory.counting.result import CountingMeasure
from mfplug.theory.counting.solve import solved

#: How far a sum of weights may be from 1; it is then divided out.
ROUNDING = 1e-9

Law = Mapping[tuple[int, ...], float]


def counting_measure(
    law: Law | ArrayLike,
    cells: Sequence[float] | Array,
    *,
    seed: int = 0,
    level: float = 0.95,
) -> CountingMeasure:
    r"""Return alpha(F, f) of Definition 2.3 on a finite one-particle space.

    .. math:: \alpha(F, f) = \min_{F'} \{\alpha_+(F', f) + \Vert F - F' \Vert_1\}

    Parameters
    ----------
    law : mapping or integer array, shape (replicas, m)
        F as ``{(n_1, ..., n_m): weight}``, the law of the occupations; or occupations
        that were sampled from it, one row for each replica.
    cells : sequence of float, shape (m,)
        f(cell); their sum is 1.
    seed : int
        Of the folds and of the null value, for samples.
    level : float
        Of the confidence limits, for samples.

    Returns
    -------
    CountingMeasure
        For a law, ``lower <= alpha <= upper`` is proved by arithmetic (audit, 3.2 and
        3.3). For samples see :mod:`mfplug.theory.counting.samples`.

    Raises
    ------
    ParameterError
        If weights or occupations are no law, or the samples are too few.

    Examples
    --------
    >>> a = counting_measure({(2, 0): 0.5, (0, 2): 0.5}, [0.5, 0.5])
    >>> round(a.value, 9), round(a.hamming, 9)
    (0.5, 0.25)
    """
    f, seed = checked_cells(cells), check_seed(seed)
    level = checked_level(level)
    if isinstance(law, Mapping):
        return exact(problem_of(law, f))
    from mfplug.theory.counting.samples import checked_samples, sampled

    return sampled(checked_samples(law, f.size), f, seed=seed, level=level)


def exact(problem: Problem) -> CountingMeasure:
    """Return alpha of a problem, with its proved bracket."""
    bracket = solved(problem)
    return CountingMeasure(
        value=0.5 * (bracket.lower + bracket.upper),
        lower=bracket.lower,
        upper=bracket.upper,
        sectors=bracket.decomposition.sectors,
        potential=bracket.certificate,
        problem=problem,
        note=empty_cells(problem),
    )


def empty_cells(problem: Problem) -> str:
    """Return a note if F occupies a cell that f does not."""
    counts = problem.law @ problem.lattice.occupations
    bad = [
        i + 1 for i in range(problem.cells.size) if problem.cells[i] == 0 < counts[i]
    ]
    if not bad:
        return ""
    which = ", ".join(str(i) for i in bad)
    return (
        f"cell {which} has probability 0 and is occupied: a particle there is bad in "
        "every decomposition, or its mass is cut and counts twice"
    )


def checked_cells(cells: Any) -> Array:
    """Return f as an array whose sum is 1.

    Raises
    ------
    ParameterError
        If it is no probability vector.
    """
    try:
        f = np.asarray(cells, dtype=float)
    except (TypeError, ValueError):
        raise _wrong("cells are no numbers", shown(cells), "f(cell)") from None
    if f.ndim != 1 or f.size < 2:
        raise _wrong("cells have the wrong shape", f.shape, "at least two numbers")
    return normalised(f, "cells")


def checked_level(level: Any) -> float:
    """Return the level of confidence limits.

    Raises
    ------
    ParameterError
        If it is no number in [1/2, 1[.
    """
    if not (isinstance(level, Real) and 0.5 <= float(level) < 1.0):
        raise _wrong("the level is wrong", shown(level), "0.5 <= level < 1")
    return float(level)


def normalised(weights: Array, what: str) -> Array:
    """Return weights divided by their sum, which has to be 1 up to rounding."""
    if not np.isfinite(weights).all():
        raise _wrong(f"{what} are not finite", shown(weights.tolist()), "numbers")
    if (weights < 0).any():
        raise _wrong(
            f"{what} are negative", f"{weights.min():g}", "weights of at least 0"
        )
    total = math.fsum(weights)
    if abs(total - 1.0) > ROUNDING:
        raise _wrong(f"{what} do not sum to 1", f"{total:.12g}", "1 up to 1e-9")
    return np.asarray(weights / total)


def problem_of(law: Law, f: Array) -> Problem:
    """Return the problem of a law given as a mapping from occupations to weights."""
    if not law:
        raise _wrong("the law is empty", "{}", "{(n_1, ..., n_m): weight}")
    keys = [_occupation(key, f.size) for key in law]
    totals = {sum(key) for key in keys}
    if len(totals) != 1:
        few, many = min(totals), max(totals)
        raise _wrong(
            "occupations count different numbers of particles",
            f"N = {few} and {many}",
            "one N",
        )
    try:
        values = np.array([float(w) for w in law.values()])
    except (TypeError, ValueError):
        raise _wrong("a weight is no number", shown(law), "numbers") from None
    grid = lattice(totals.pop(), f.size)
    weights = np.zeros(grid.occupations.shape[0])
    np.add.at(weights, grid.indices(np.array(keys)), values)
    # Before they are summed up: a negative weight must not hide in a positive one.
    normalised(values, "weights")
    return problem_on(grid, normalised(weights, "weights"), f)


def problem_on(grid: Lattice, law: Array, f: Array) -> Problem:
    """Return the problem of a law tabulated on a lattice."""
    return Problem(grid, law, f, grid.masses(f))


def _occupation(key: Any, cells: int) -> tuple[int, ...]:
    try:
        numbers = tuple(key)
        whole = tuple(int(n) for n in numbers)
    except (TypeError, ValueError, OverflowError):
        raise _wrong(
            "an occupation is wrong", shown(key), "a tuple of counts"
        ) from None
    if len(whole) != cells or any(a != b for a, b in zip(whole, numbers, strict=True)):
        raise _wrong("an occupation is wrong", shown(key), f"{cells} counts")
    if min(whole) < 0:
        raise _wrong("an occupation is negative", shown(key), "counts of at least 0")
    return whole


def _wrong(what: str, got: Any, expected: str) -> ParameterError:
    return ParameterError(
        f"counting measure: {what}; got {got}, expected {expected}. Mend the input."
    )
