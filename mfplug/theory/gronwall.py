"""Gronwall's lemma as bounds that can be evaluated (thesis, section 2.2).

Bounds that overflow are returned as infinity: that is a true, if useless, bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import NumericsError, ParameterError

Array = NDArray[np.float64]


def gronwall_bound(
    initial: float, rate: float | Callable[[float], float], time: float
) -> float:
    r"""Return f(0) exp(int_0^t c(s) ds), Theorem 2.1.

    Holds for f continuous on [0, t], differentiable inside, with f' <= c f and c
    integrable; the continuity at 0 is missing in the thesis (audit, E1). f(0) may have
    either sign.

    Parameters
    ----------
    initial
        f(0).
    rate
        c as a constant or a function of time, 1/time.
    time
        t >= 0.

    Raises
    ------
    ParameterError
        If ``initial`` or ``time`` is not finite, or ``time`` is negative.
    NumericsError
        If the integral of ``rate`` does not converge.
    """
    _check(initial, time)
    exponent = _integral(rate, time) if callable(rate) else rate * time
    if initial == 0.0:
        return 0.0
    return initial * _exp(exponent)


def linear_gronwall_bound(
    initial: float, c1: float, c2: float, time: ArrayLike
) -> Array:
    r"""Return e^(c1 t) f(0) + (e^(c1 t) - 1) c2/c1, Corollary 2.1.

    Evaluated with expm1; at c1 = 0 it is f(0) + c2 t, and c1 < 0 is allowed (the proof
    only needs c1 != 0).

    Parameters
    ----------
    initial
        f(0).
    c1, c2
        Constants of f' <= c1 f + c2; 1/time and unit of f per time.
    time
        t >= 0, any shape.

    Returns
    -------
    ndarray
        Shape of ``time``.

    Raises
    ------
    ParameterError
        If an argument is not finite or a time is negative.

    Examples
    --------
    >>> float(linear_gronwall_bound(0.5, 0.0, 2.0, 3.0))
    6.5
    """
    t = np.asarray(time, float)
    for value in (initial, c1, c2):
        _check(value, 0.0)
    if not np.all(np.isfinite(t)) or np.any(t < 0.0):
        raise ParameterError(
            f"bound 'gronwall': got time {t.tolist()}, expected finite times >= 0. "
            "The lemma runs forward from 0."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        growth = np.expm1(c1 * t)
        # c2 times the integral of e^(c1 s), which tends to c2 t as c1 -> 0.
        source = c2 * (growth / c1 if c1 != 0.0 else t) if c2 != 0.0 else 0.0 * t
        start = initial * (growth + 1.0) if initial != 0.0 else 0.0 * t
        bound: Array = np.asarray(start + source, float)
    if np.any(np.isnan(bound)):
        raise NumericsError(
            f"bound 'gronwall': inf - inf with f(0) = {initial}, c2 = {c2}; got NaN, "
            "expected a number. Take a shorter time."
        )
    return bound


def _check(value: float, time: float) -> None:
    if not math.isfinite(value) or not (math.isfinite(time) and time >= 0.0):
        raise ParameterError(
            f"bound 'gronwall': got value {value} at time {time}, expected finite "
            "numbers and time >= 0. Check the constants."
        )


def _integral(rate: Callable[[float], float], time: float) -> float:
    from scipy.integrate import quad

    value, error, *_ = quad(
        rate, 0.0, time, epsabs=1e-13, epsrel=1e-12, limit=500, full_output=1
    )
    # With full_output quad reports trouble in its result instead of by a warning.
    if not (math.isfinite(value) and error <= 1e-8 * (1.0 + abs(value))):
        raise NumericsError(
            f"bound 'gronwall': the integral of the rate up to t = {time} does not "
            f"converge; got {value} +- {error}, expected an integrable rate. "
            "Check c(t)."
        )
    return float(value)


def _exp(exponent: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.exp(np.float64(exponent)))
