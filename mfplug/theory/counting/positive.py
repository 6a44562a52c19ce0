"""Alpha+: Definition 2.3 without negative parts."""

from __future__ import annotations

import math

import numpy as np

from mfplug.theory.counting.certify import Problem, certificate
from mfplug.theory.counting.network import network


def positive_bracket(problem: Problem) -> tuple[float, float]:
    """Return a proved bracket of alpha+.

    Unlike alpha it is not continuous in F: an occupation that F hardly ever takes
    decides it. Masses below 1e-12 are invisible to the linear program, so that the
    bracket opens for large N (N > 40 or so with two equal cells), and for laws from
    samples alpha+ means nothing.
    """
    _, u, found = network(problem, positive=True).solve()
    lower, _ = certificate(problem, u, math.inf)
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


def positive(problem: Problem) -> float:
    """Return alpha+ as far as the linear program sees it: the proved lower bound.

    Where all masses are above 1e-12 it is alpha+ to 1e-9; ``positive_bracket`` says how
    far up alpha+ might be because of smaller ones.
    """
    return positive_bracket(problem)[0]
