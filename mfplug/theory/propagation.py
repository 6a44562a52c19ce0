r"""The growth of alpha: Definition 3.1, Lemma 3.2, Theorem 3.1, Corollary 3.1.

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
from mfplug.theory.gronwall import linear_gronwall_bound

Array = NDArray[np.float64]
Tail = Callable[[float, float], float]

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
    _check_alpha(initial)
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


def corollary_exponent(
    delta: float, force_bound: float, stretch: float, time: float
) -> float:
    r"""Return Lambda(t) = (2 B / delta) (e^(M t) - 1)/M of Corollary 3.1 (audit, E23).

    The score of the solution that starts from f^delta is at most e^(M t)/delta (Lemmas
    3.3 and 3.5), so lambda_1(t) = 2 B e^(M t)/delta. Printed in (72) with 6 sqrt(6)
    ||delta K|| for 2 B.

    Parameters
    ----------
    delta
        Width of the mollifier.
    force_bound
        B.
    stretch
        M of Lemma 3.5; 0 is allowed.
    time
        t >= 0.

    Raises
    ------
    ParameterError
        If an argument is out of range.
    """
    _check_corollary(delta, force_bound, stretch, time)
    return 2.0 * force_bound * _spent(delta, stretch, time)


def corollary_bound(
    delta: float,
    force_bound: float,
    stretch: float,
    source: float,
    time: float,
    initial: float = 0.0,
) -> float:
    r"""Return log10 of the corrected bound of Corollary 3.1 (audit, E23).

    .. math:: \alpha_t \le e^{\Lambda(t)} \alpha_0
              + \int_0^t e^{\Lambda(t) - \Lambda(u)} \lambda_2(u)\,du

    With lambda_2(u) = ``source`` e^(M u)/delta the integral is
    (``source``/2B)(e^(Lambda(t)) - 1). Its logarithm, because the double exponential
    overflows at once; -inf at t = 0 for product data.

    Parameters
    ----------
    delta, force_bound, stretch, time
        As :func:`corollary_exponent`.
    source
        lambda_2 at S = 1: 2 [N^(-1/2 + kappa) + (2NB + N^(1/2 + kappa)) tail].
    initial
        alpha_0; 0 for product data, where the printed (72) says 0 <= 0.

    Raises
    ------
    ParameterError
        If an argument is out of range.
    """
    _check_alpha(initial)
    exponent = corollary_exponent(delta, force_bound, stretch, time)
    # (e^x - 1)/x, in logarithms: x + log((1 - e^-x)/x).
    shape = math.log(-math.expm1(-exponent) / exponent) if exponent > 0.0 else 0.0
    grown = source * _spent(delta, stretch, time)
    logs = [exponent + math.log(initial)] if initial > 0.0 else []
    if grown > 0.0:
        logs.append(exponent + shape + math.log(grown))
    if not logs:
        return -math.inf
    top = max(logs)
    return (top + math.log(sum(math.exp(x - top) for x in logs))) / math.log(10.0)


def corollary_particles(
    delta: float, force_bound: float, stretch: float, time: float
) -> float:
    r"""Return log10 of the N below which Corollary 3.1 says nothing at a time.

    Whatever the tail and kappa > 0, lambda_2 > 2 S N^(-1/2): the corrected bound is
    above 1 as long as 2 N^(-1/2) times its integral is. A lower limit of the N needed.

    Raises
    ------
    ParameterError
        If an argument is out of range.
    """
    # The bound is linear in the source term.
    return 2.0 * corollary_bound(delta, force_bound, stretch, 2.0, time)


def printed_corollary_bound(
    delta: float, deviation_bound: float, stretch: float, time: float, initial: float
) -> float:
    r"""Return (72) as printed: exp(6 sqrt(6)/delta ||delta K|| int e^(M s)) alpha_0.

    lambda_2 is dropped, so for product data it reads alpha_t <= 0, which is false
    (audit, E23). Infinite where it overflows.

    Raises
    ------
    ParameterError
        If an argument is out of range.
    """
    _check_alpha(initial)
    exponent = corollary_exponent(delta, deviation_bound, stretch, time)
    if initial == 0.0:
        return 0.0
    with np.errstate(over="ignore"):
        return float(initial * np.exp(3.0 * math.sqrt(6.0) * exponent))


def _spent(delta: float, stretch: float, time: float) -> float:
    """Return the integral of the bound e^(M u)/delta of the score up to t."""
    return (math.expm1(stretch * time) / stretch if stretch else time) / delta


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


def _check_alpha(value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ParameterError(
            f"bound 'alpha': alpha_0 is {value}, expected a number in [0, 1]. Change "
            "it."
        )


def _check_corollary(
    delta: float, force_bound: float, stretch: float, time: float
) -> None:
    named = {"B": force_bound, "M": stretch, "t": time}
    bad = {k: v for k, v in named.items() if not (math.isfinite(v) and v >= 0.0)}
    if bad or not (math.isfinite(delta) and delta > 0.0):
        raise ParameterError(
            f"bound 'corollary': got delta = {delta}, {named}, expected finite numbers "
            ">= 0 and delta > 0. Check the constants."
        )
