r"""Bounds of P(Omega^k), Lemma 3.1: printed, corrected, Hoeffding, Bernstein.

Omega^k: the force of N independent particles deviates by more than N^(-1/2 + kappa).
delta K has mean 0, variance sigma^2 and |delta K| <= c.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError
from mfplug.theory.tails import FluctuationLaw

Array = NDArray[np.float64]
#: (N, kappa) -> a bound of P(Omega^k).
Tail = Callable[[float, float], float]


def bernstein_exponent(
    variance: float, bound: float, particles: float, kappa: float
) -> float:
    r"""Return -N^(2 kappa) / (2 (sigma^2 + c N^(-1/2 + kappa)/3)), Bernstein's.

    The logarithm of the bound that replaces (60) (audit, E11).
    """
    spread = variance + bound * particles ** (kappa - 0.5) / 3.0
    return -(particles ** (2.0 * kappa)) / (2.0 * spread)


def bernstein_tail(variance: float, deviation_bound: float) -> Tail:
    r"""Return the tail exp(-N^(2 kappa) / (2 (sigma^2 + c N^(-1/2 + kappa)/3))).

    Bernstein's inequality with |delta K| <= c = ``deviation_bound``, at most 2B: a
    replacement for (60) that needs no r and never exceeds 1 (audit, E11).

    Raises
    ------
    ParameterError
        If the variance is not positive or above c^2.
    """
    if not 0.0 < variance <= deviation_bound**2 < math.inf:
        raise ParameterError(
            f"bound 'bernstein': got variance {variance} and bound {deviation_bound}, "
            "expected 0 < variance <= bound^2. Check the law of delta K."
        )

    def tail(particles: float, kappa: float) -> float:
        return math.exp(bernstein_exponent(variance, deviation_bound, particles, kappa))

    return tail


@dataclass(frozen=True)
class TailBounds:
    """Logarithms of bounds of P(Omega): at most 0 is not enforced, see ``capped``.

    ``leading`` is -N^(2 kappa)/(2 sigma^2); ``log_r`` that of r of (63), so ``printed``
    = leading (r = 1 in the limit, as Lemma 3.1 says of an r outside the exponent),
    ``corrected`` = leading + log r. ``r_inside`` is the r of (60) that gives the same.
    """

    leading: float
    log_r: float
    hoeffding: float
    bernstein: float

    @property
    def printed(self) -> float:
        """Lemma 3.1 with r = 1, its limit."""
        return self.leading

    @property
    def corrected(self) -> float:
        """(63) with its r, the third absolute moment in it (audit, E11)."""
        return self.leading + self.log_r

    @property
    def r_inside(self) -> float:
        """1 - 2 sigma^2 N^(-2 kappa) log r: the r of (60), inside the exponent."""
        return (self.leading + self.log_r) / self.leading


def tail_bounds(
    law: FluctuationLaw, particles: float, kappa: float, remainder: float = 0.5
) -> TailBounds:
    r"""Return the bounds of Lemma 3.1 for the threshold N^(-1/2 + kappa).

    .. math:: r = \exp\Bigl( \frac{a\, N^{-1/2 + 3\kappa}}{\sigma^6}
              E\bigl[|\delta K|^3 e^{N^{-1/2+\kappa} |\delta K| / \sigma^2}\bigr] \Bigr)

    with a = ``remainder``, 1/2 in (63); Taylor's theorem gives 1/6 (audit, E29).
    Hoeffding: -N^(2 kappa)/(2 c^2); Bernstein: -N^(2 kappa) / (2 (sigma^2 + c N^(-1/2 +
    kappa)/3)), with |delta K| <= c.

    Parameters
    ----------
    particles
        N, as large as floating point allows.
    kappa
        0 < kappa < 1/2.

    Raises
    ------
    ParameterError
        If N < 1 or kappa lies outside ]0, 1/2[.
    """
    if not (particles >= 1 and 0.0 < kappa < 0.5):
        raise ParameterError(
            f"tail 'kappa': got kappa = {kappa:g} and N = {particles:g}, expected 0 < "
            "kappa < 1/2 and N >= 1. Change them."
        )
    variance, bound = law.variance, law.bound
    power = particles ** (2.0 * kappa)
    step = particles ** (-0.5 + kappa)
    size = np.abs(law.values)
    third = float(law.weights @ (size**3 * np.exp(step * size / variance)))
    return TailBounds(
        leading=-power / (2.0 * variance),
        log_r=remainder * particles ** (-0.5 + 3.0 * kappa) * third / variance**3,
        hoeffding=-power / (2.0 * bound**2),
        bernstein=bernstein_exponent(variance, bound, particles, kappa),
    )


def bounded_difference_bound(particles: ArrayLike, excess: ArrayLike) -> Array:
    """Return exp(-2 N e^2) >= P(d - E d >= e), d = d_BL(mu_N, f) of independent points.

    One point moves d by at most 1/N (McDiarmid, Surveys in combinatorics 1989, 148).

    Raises
    ------
    ParameterError
        If an excess is negative.
    """
    n, e = np.asarray(particles, float), np.asarray(excess, float)
    if np.any(e < 0.0) or np.any(n < 1.0):
        raise ParameterError(
            f"tail 'excess': got {e.tolist()}, expected numbers >= 0. Take kappa above "
            "the mean."
        )
    return np.asarray(np.exp(-2.0 * n * e**2))
