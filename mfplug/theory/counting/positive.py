"""Alpha+: Definition 2.3 without negative parts."""

from __future__ import annotations

import math

import numpy as np

from mfplug.theory.counting.certify import Problem, certificate
from mfplug.theory.counting.lattice import Array
from mfplug.theory.counting.network import network


def positive_bracket(
    problem: Problem, known: Array | None = None
) -> tuple[float, float]:
    r"""Return a proved bracket of alpha+.

    The lower bound is the best of the linear program's certificate, of ``known``, a
    certificate of alpha <= alpha+, and of what one particle says (audit, 3.4 c),

    .. math:: \alpha_+ \ge 1 - \min_i F^1(i) / f(i) .

    Unlike alpha it is not continuous in F: an occupation that F hardly ever takes
    decides it. Masses below 1e-12 are invisible to the linear program, so that the
    bracket opens for large N (N > 40 or so with two equal cells), and for laws from
    samples alpha+ means nothing.
    """
    _, u, found = network(problem, positive=True).solve()
    lower, _ = certificate(problem, u, math.inf)
    if known is not None:
        lower = max(lower, certificate(problem, known)[0])
    lower = max(lower, _of_one_particle(problem))
    # Any decomposition of a part t F' <= F is one of F, with the rest all bad.
    short = found.good > 0.0
    ratio = np.divide(
        problem.law, found.good, out=np.full(found.good.size, np.inf), where=short
    )
    part = min(1.0, float(ratio.min(initial=np.inf)))
    weights = part * found.sectors[:-1]
    N = problem.particles
    upper = math.fsum(np.arange(N) / N * weights) + 1.0 - math.fsum(weights)
    return lower, min(1.0, upper + problem.rounding(1.0))


def _of_one_particle(problem: Problem) -> float:
    """Return 1 - min_i F^1(i) / f(i), less its rounding error."""
    f = problem.cells
    first = problem.law @ problem.lattice.occupations / problem.particles
    ratio = float((first[f > 0.0] / f[f > 0.0]).min())
    return max(0.0, 1.0 - ratio - problem.rounding(1.0))
