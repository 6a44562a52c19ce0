r"""Alpha of a law that is known through M samples only (audit, 3.6).

Alpha is convex in F, so that the plug-in value is biased upwards: E alpha(F_M) falls to
alpha(F). Hence

- ``value``: the half-sample extrapolation (sqrt 2 a_M - a_{M/2}) / (sqrt 2 - 1);
- ``lower``: a certificate found on one half and averaged on the other, both ways. Each
  average is unbiased for a number that is at most alpha, so that this limit is valid up
  to the normal approximation of a mean of M/2 bounded numbers. The standard error is
  that of one half: the halves depend on each other, and se / sqrt 2 under-covers;
- ``upper``: the plug-in value plus the same error. It covers because the plug-in is
  biased upwards and its own fluctuation is that of the certificate's mean, to leading
  order; it is conservative, the more so the smaller M is.

Where certificates are looked for, the law is fitted first: multinomial masses times
exp of a quadratic of the counts. Any certificate is valid; a smooth law gives a better
one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mfplug.errors import ParameterError, shown
from mfplug.theory.counting.certify import Problem
from mfplug.theory.counting.fitted import fitted_law
from mfplug.theory.counting.lattice import Array, Index, lattice
from mfplug.theory.counting.measure import empty_cells, normalised
from mfplug.theory.counting.result import CountingMeasure
from mfplug.theory.counting.solve import solved

#: With fewer replicas the limits would be those of the trivial bounds.
FEWEST = 40
#: Independent samples that the null value averages over, for two cells and for more.
#: One scatters by 20 to 33 % of the mean, or 13 %: the null's standard error is 5 %.
NULL_DRAWS = (64, 8)


def checked_samples(samples: Any, cells: int) -> Index:
    """Return sampled occupations as integers, shape (replicas, m).

    Raises
    ------
    ParameterError
        If they are no occupations of one number of particles, or too few.
    """
    try:
        if np.iscomplexobj(samples):
            raise TypeError
        rows = np.asarray(samples, dtype=float)
    except (TypeError, ValueError):
        raise _wrong("samples are no numbers", shown(samples), "counts") from None
    if rows.ndim != 2 or rows.shape[1] != cells:
        raise _wrong("samples have the wrong shape", rows.shape, f"(M, {cells})")
    if not np.isfinite(rows).all():
        bad = int((~np.isfinite(rows).all(axis=1)).sum())
        raise _wrong("samples are not finite", f"{bad} rows with NaN", "counts")
    if (rows != np.floor(rows)).any() or (rows < 0).any():
        raise _wrong("samples are no counts", shown(rows.min()), "integers >= 0")
    totals = np.unique(rows.sum(axis=1))
    if totals.size > 1:
        raise _wrong(
            "samples count different numbers of particles",
            f"N = {totals[0]:g} and {totals[-1]:g}",
            "one N",
        )
    if rows.shape[0] < FEWEST:
        raise ParameterError(
            f"counting measure: too few replicas to say anything; got {rows.shape[0]}, "
            f"expected at least {FEWEST}. Simulate more."
        )
    return rows.astype(np.int64)


def sampled(
    rows: Index, cells: Array, *, seed: int = 0, level: float = 0.95
) -> CountingMeasure:
    """Return alpha of checked samples, with confidence limits.

    Parameters
    ----------
    rows : ndarray of int64, shape (M, m)
    cells : ndarray, shape (m,)
        f, normalised.
    seed : int
        Of the split in halves and of the null value.
    level : float
        Of the two-sided limits, between 0.5 and 1.
    """
    grid = lattice(int(rows[0].sum()), cells.size)
    masses = grid.masses(cells)
    places = grid.indices(rows)
    count = places.size

    def problem(chosen: Index, smooth: bool = False) -> Problem:
        law = np.bincount(chosen, minlength=masses[0].size) / chosen.size
        if smooth:
            law = fitted_law(grid, law, masses[0])
        return Problem(grid, normalised(law, "samples"), cells, masses)

    order = np.random.default_rng([seed, 1]).permutation(count)
    halves = places[order[: count // 2]], places[order[count // 2 :]]
    whole = problem(places)
    bracket = solved(whole)
    plug_in = 0.5 * (bracket.lower + bracket.upper)
    half = float(np.mean([_middle(problem(h)) for h in halves]))
    means, errors = [], []
    for one, other in (halves, halves[::-1]):
        u = solved(problem(one, smooth=True)).certificate[other]
        means.append(float(u.mean()))
        errors.append(float(u.std(ddof=1)) / math.sqrt(other.size))
    error = max(*errors, 1.0 / count)
    reach = _quantile(level) * error
    lower = min(max(0.0, float(np.mean(means)) - reach), plug_in)
    upper = min(1.0, plug_in + reach)
    root = math.sqrt(2.0)
    value = (root * plug_in - half) / (root - 1.0)
    return CountingMeasure(
        value=min(max(value, lower), upper),
        lower=lower,
        upper=upper,
        sectors=bracket.decomposition.sectors,
        potential=bracket.certificate,
        problem=whole,
        note=empty_cells(whole),
        plug_in=plug_in,
        fitted=_middle(problem(places, smooth=True)),
        level=level,
        replicas=count,
        seed=seed,
    )


def null_value(problem: Problem, replicas: int, seed: int) -> float:
    """Return the plug-in value that ``replicas`` samples of f^N give on average.

    The mean of ``NULL_DRAWS`` samples, each with a stream of its own; its standard
    error is some 5 %.
    """
    values = []
    for draw in range(NULL_DRAWS[problem.cells.size > 2]):
        rng = np.random.default_rng([seed, 2, draw])
        counts = rng.multinomial(problem.particles, problem.cells, size=replicas)
        places = problem.lattice.indices(counts)
        law = np.bincount(places, minlength=problem.law.size) / replicas
        values.append(
            _middle(Problem(problem.lattice, law, problem.cells, problem.masses))
        )
    return float(np.mean(values))


def _middle(problem: Problem) -> float:
    bracket = solved(problem)
    return 0.5 * (bracket.lower + bracket.upper)


def _quantile(level: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(0.5 + 0.5 * level)


def _wrong(what: str, got: Any, expected: str) -> ParameterError:
    return ParameterError(
        f"counting measure: {what}; got {got}, expected {expected}. Mend the input."
    )
