r"""The growth of alpha: Definition 3.1, Lemma 3.2, Theorem 3.1.

S = sup |grad_p log f_t|, B = sup |grad phi|, alpha in [0, 1]. A ``tail`` is a function
(N, kappa) -> bound of P(Omega^k), the probability that the force of N independent
particles deviates by more than N^(-1/2 + kappa) (Lemma 3.1).

Lemma 3.2 is false for arbitrary F_t and Theorem 3.1 unproved for product data (audit,
E6): these functions evaluate what is printed, they do not prove it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError
from mfplug.theory.deviations import Tail
from mfplug.theory.gronwall import linear_gronwall_bound

Array = NDArray[np.float64]

# kappa in (0, 1/2) is searched on this grid, then by golden sections between its nodes.
_GRID = np.linspace(0.0, 0.5, 502)[1:-1]


@dataclass(frozen=True)
class SourceTerm:
    """lambda_2 at the kappa that makes it least, and the tail there."""

    kappa: float
    value: float
    tail: float


def theta(
    bad: int, particles: int, kappa: float, score: float, force_bound: float
) -> float:
    r"""Return theta_k / dt of Definition 3.1, (58): S B k + S (N - k)^(1/2 + kappa).

    Raises
    ------
    ParameterError
        If not 0 <= k <= N, 0 < kappa < 1/2, or a constant is negative.
    """
    _check(particles, kappa, score, force_bound)
    _check_bad(bad, particles)
    return score * (force_bound * bad + (particles - bad) ** (0.5 + kappa))


def infection_rate(
    bad: int, particles: int, kappa: float, score: float, deviation_bound: float
) -> float:
    r"""Return (N - k) S (||delta K|| k/N + N^(-1/2 + kappa)), theta_k / dt corrected.

    Each of the N - k good particles leaves at the rate that the bad ones and the
    fluctuations push it (audit, section 1): zero where no particle is left. The printed
    (58) is the same at k << N, with B for ||delta K|| <= 2B (E10).

    Raises
    ------
    ParameterError
        If not 0 <= k <= N, 0 < kappa < 1/2, or a constant is negative.
    """
    _check(particles, kappa, score, deviation_bound)
    _check_bad(bad, particles)
    push = deviation_bound * bad / particles + particles ** (kappa - 0.5)
    return score * (particles - bad) * push


def lambda_1(score: float, force_bound: float) -> float:
    """Return lambda_1 = 2 S B (Lemma 3.2), 1/time.

    Raises
    ------
    ParameterError
        If a constant is negative or not finite.
    """
    _check(1, 0.25, score, force_bound)
    return 2.0 * score * force_bound


def lambda_2(
    particles: float, kappa: float, score: float, force_bound: float, tail: Tail
) -> float:
    r"""Return lambda_2 of Lemma 3.2, 1/time.

    .. math:: \lambda_2 = 2 S N^{-1/2 + \kappa}
              + 2 S (2 N B + N^{1/2 + \kappa})\, P(\Omega^k)

    Raises
    ------
    ParameterError
        If an argument is out of range, or the tail is no number in [0, inf).
    """
    _check(particles, kappa, score, force_bound)
    chance = float(tail(particles, kappa))
    if not chance >= 0.0:
        raise ParameterError(
            f"bound 'lambda_2': the tail is {chance}, expected a number >= 0. Check "
            "the tail function."
        )
    # No probability is above 1, whatever the bound of it says.
    chance = min(chance, 1.0)
    N = float(particles)
    worst = 2.0 * N * force_bound + N ** (0.5 + kappa)
    return 2.0 * score * (N ** (kappa - 0.5) + worst * chance)


def optimal_lambda_2(
    particles: float, score: float, force_bound: float, tail: Tail
) -> SourceTerm:
    """Return lambda_2 at its best kappa in (0, 1/2) (audit, E19).

    kappa is free in Lemma 3.2; N^(2 kappa) of about 3 sigma^2 log N is best, which
    gives O(sqrt(log N / N)) and not the O(N^(-1/2)) that Theorem 3.1 states.

    Raises
    ------
    ParameterError
        As :func:`lambda_2`.
    """

    def value(kappa: float) -> float:
        return lambda_2(particles, kappa, score, force_bound, tail)

    grid = [value(float(kappa)) for kappa in _GRID]
    best = int(np.argmin(grid))
    low = float(_GRID[max(best - 1, 0)])
    high = float(_GRID[min(best + 1, len(_GRID) - 1)])
    kappa = _golden(value, low, high)
    if value(kappa) > grid[best]:
        kappa = float(_GRID[best])
    return SourceTerm(kappa, value(kappa), min(1.0, float(tail(particles, kappa))))


def alpha_bound(initial: float, growth: float, source: float, time: ArrayLike) -> Array:
    """Return Theorem 3.1: e^(l1 t) alpha_0 + (e^(l1 t) - 1) l2/l1, shape of ``time``.

    It is not capped at 1, beyond which it says nothing; ``growth`` = lambda_1,
    ``source`` = lambda_2, both constant in time.

    Raises
    ------
    ParameterError
        If alpha_0 is not in [0, 1] or an argument is not finite.
    """
    check_alpha(initial)
    return linear_gronwall_bound(initial, growth, source, time)


def logistic_bound(
    score: float, deviation_bound: float, level: float, time: ArrayLike
) -> Array:
    r"""Return the bound of the logistic process for alpha_0 = 0, at most 1.

    .. math:: \bar\alpha' = S (1 - \bar\alpha)(b \bar\alpha + a), \qquad
              \bar\alpha(t) = \frac{a (e^{S(a+b)t} - 1)}{b + a e^{S(a+b)t}}

    a = ``level`` = N^(-1/2 + kappa), b = ``deviation_bound`` = ||delta K||. By Jensen's
    inequality for :func:`infection_rate` (audit, section 1); like Theorem 3.1 it rests
    on the repair of E6.

    Raises
    ------
    ParameterError
        If a constant is negative, a + b = 0, or a time is negative or not finite.

    Examples
    --------
    >>> import math
    >>> a = math.sqrt(3 * math.log(1e4) / 1e4)
    >>> round(float(logistic_bound(1.0, 2.0, a, 1.0)), 4)
    0.1481
    """
    _check(1, 0.25, score, deviation_bound)
    t = np.asarray(time, float)
    if not (level > 0.0 and math.isfinite(level)):
        raise ParameterError(
            f"bound 'logistic': the level is {level}, expected a number > 0. Give "
            "N^(-1/2 + kappa)."
        )
    if not (np.all(np.isfinite(t)) and np.all(t >= 0.0)):
        raise ParameterError(
            f"bound 'logistic': got time {t.tolist()}, expected finite times >= 0."
            " The process runs forward from 0."
        )
    # Divided by e^(rate t): no overflow, and the limit 1 is reached as it should.
    decay = np.exp(-score * (level + deviation_bound) * t)
    grown = level * -np.expm1(-score * (level + deviation_bound) * t)
    return np.asarray(grown / (deviation_bound * decay + level))


def _golden(function: Callable[[float], float], low: float, high: float) -> float:
    """Return the least point of a function with one minimum in [low, high]."""
    part = (math.sqrt(5.0) - 1.0) / 2.0
    a, b = low, high
    for _ in range(60):
        c, d = b - part * (b - a), a + part * (b - a)
        if function(c) < function(d):
            b = d
        else:
            a = c
    return 0.5 * (a + b)


def _check(particles: float, kappa: float, score: float, force_bound: float) -> None:
    if not (math.isfinite(particles) and particles >= 1):
        raise ParameterError(
            f"bound 'propagation': N is {particles}, expected a number >= 1. Set N."
        )
    if not 0.0 < kappa < 0.5:
        raise ParameterError(
            f"bound 'propagation': kappa is {kappa}, expected 0 < kappa < 1/2. Change "
            "it."
        )
    for name, value in (("the score", score), ("the force bound", force_bound)):
        if not (math.isfinite(value) and value >= 0.0):
            raise ParameterError(
                f"bound 'propagation': {name} is {value}, expected a finite number >= "
                "0. Take data with a bounded score and a bounded force."
            )


def _check_bad(bad: int, particles: int) -> None:
    if not 0 <= bad <= particles:
        raise ParameterError(
            f"bound 'theta': k is {bad}, expected 0 <= k <= N = {particles}. Change k."
        )


def check_alpha(value: float) -> None:
    """Raise ParameterError if a value of alpha_0 is not in [0, 1]."""
    if not 0.0 <= value <= 1.0:
        raise ParameterError(
            f"bound 'alpha': alpha_0 is {value}, expected a number in [0, 1]. Change "
            "it."
        )
