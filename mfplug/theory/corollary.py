r"""Corollary 3.1: general initial data, mollified first; the double exponential.

M is the constant of Lemma 3.5, B = sup |grad phi|, delta the width of the mollifier. As
printed, (72) drops the source term (audit, E23); corrected, it is Theorem 3.1 with the
score bound e^(M t)/delta.
"""

from __future__ import annotations

import math

import numpy as np

from mfplug.errors import ParameterError
from mfplug.theory.propagation import check_alpha


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
    check_alpha(initial)
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
    check_alpha(initial)
    exponent = corollary_exponent(delta, deviation_bound, stretch, time)
    if initial == 0.0:
        return 0.0
    with np.errstate(over="ignore"):
        return float(initial * np.exp(3.0 * math.sqrt(6.0) * exponent))


def _spent(delta: float, stretch: float, time: float) -> float:
    """Return the integral of the bound e^(M u)/delta of the score up to t."""
    return (math.expm1(stretch * time) / stretch if stretch else time) / delta


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
