"""Marginals of a law of occupations, and Theorem 2.2 for them: (36) to (41)."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np

from mfplug.theory.counting.certify import Problem
from mfplug.theory.counting.lattice import lattice


def marginal_error(problem: Problem, s: int) -> float:
    r"""Return || F^s - f^{(x) s} ||_1, the s particles drawn without replacement (36).

    The law of the type of s particles given the type n of all is hypergeometric.
    """
    N, m = problem.particles, problem.lattice.cells
    small = lattice(s, m)
    error = 0.0
    base = small.masses(problem.cells)[0]
    for b, mass in zip(small.occupations, base, strict=True):
        ways = np.ones(problem.law.size)
        for i in range(m):
            n = problem.lattice.occupations[:, i].astype(float)
            for j in range(int(b[i])):
                ways *= np.maximum(n - j, 0.0) / (j + 1)
        error += abs(float(problem.law @ ways) / comb(N, s) - mass)
    return error


def sharp_bound(alpha: float, s: int) -> float:
    """Return 2 s alpha, which bounds the error of the s-marginal (audit, E9)."""
    return 2.0 * s * alpha


def printed_bound(alpha: float, particles: int, s: int) -> float:
    r"""Return the last bound of the proof of Theorem 2.2, with c(s) = 2^s - 1.

    .. math:: 2 \alpha \Bigl[c(s) \Bigl(\frac{N}{N - s}\Bigr)^s
              + \frac{N}{N - s + 1}\Bigr]
    """
    N = particles
    return 2.0 * alpha * ((2**s - 1) * (N / (N - s)) ** s + N / (N - s + 1))


def vandermonde_error(particles: int, s: int) -> Fraction:
    """Return the largest deviation from 1 of the sums of (39), in exact rationals.

    For k bad ones among N, the chances that j = 0, ..., s of the first s are bad are
    C(s, j) C(N - s, k - j) / C(N, k).
    """
    worst = Fraction(0)
    for k in range(particles + 1):
        total = Fraction(0)
        for j in range(min(s, k) + 1):
            ways = comb(s, j) * comb(particles - s, k - j)
            total += Fraction(ways, comb(particles, k))
        worst = max(worst, abs(total - 1))
    return worst
