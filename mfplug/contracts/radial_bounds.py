"""Suprema over r > 0 of the first and second derivatives of a radial potential."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import NumericsError

Array = NDArray[np.float64]
Function = Callable[[ArrayLike], Array]

#: The search covers these decades of r; beyond them the trend at the end decides.
_DECADES = (-8, 8)
_PER_DECADE = 96
#: A power of r larger than this at an end means that there is no bound there.
_GROWTH = 1e-3
_REFINED = 6


def largest_slope(name: str, first: Function) -> float:
    """Return sup_r |2 r profile'(r^2)|, inf where it grows without limit.

    Parameters
    ----------
    name
        Name of the potential, for the error.
    first
        profile'(s) for arrays of s = r^2.
    """

    def slope(r: Array) -> Array:
        return np.abs(2.0 * r * first(r * r))

    return _supremum(name, slope)


def largest_stiffness(name: str, first: Function, second: Function) -> float:
    """Return sup_r max(|2 profile'|, |2 profile' + 4 r^2 profile''|), inf if unbounded.

    Parameters
    ----------
    name
        Name of the potential, for the error.
    first, second
        profile'(s) and profile''(s) for arrays of s = r^2.
    """

    def across(r: Array) -> Array:
        return np.abs(2.0 * first(r * r))

    def along(r: Array) -> Array:
        s = r * r
        return np.abs(2.0 * first(s) + 4.0 * s * second(s))

    return max(_supremum(name, across), _supremum(name, along))


def _supremum(name: str, function: Callable[[Array], Array]) -> float:
    """Return the supremum of a function over r >= 0: dense search, then refinement.

    The grid has 96 points a decade over 16 decades; the highest local maxima are
    refined to rounding. A power-law rise at either end of the grid means infinity.
    """
    low, high = _DECADES
    u = np.linspace(low, high, (high - low) * _PER_DECADE + 1)

    def at(logarithm: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(function(10.0**logarithm), dtype=float)

    values = at(u)
    known = ~np.isnan(values)
    if not known.any():
        raise NumericsError(
            f"potential '{name}': the derivative of its profile is NaN at every r; "
            "expected numbers. Check the formula and its parameters."
        )
    if np.isinf(values).any() or _rises_at_an_end(values[known]):
        return float("inf")
    values = np.where(known, values, -1.0)
    best = float(values.max())
    with np.errstate(all="ignore"):
        at_zero = float(function(np.zeros(1))[0])
    if np.isfinite(at_zero):
        best = max(best, at_zero)
    inner = (
        np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] >= values[2:])) + 1
    )
    for k in inner[np.argsort(values[inner])[::-1][:_REFINED]]:
        best = max(best, _refined(at, u[k - 1], u[k + 1]))
    return best


def _rises_at_an_end(values: Array) -> bool:
    for end, before in (
        (values[0], values[_PER_DECADE]),
        (values[-1], values[-1 - _PER_DECADE]),
    ):
        if end > before > 0 and np.log10(end / before) > _GROWTH:
            return True
    return False


def _refined(at: Callable[[Array], Array], left: float, right: float) -> float:
    from scipy.optimize import minimize_scalar

    def negative(x: float) -> float:
        value = float(at(np.array([x]))[0])
        return -value if np.isfinite(value) else 0.0

    found = minimize_scalar(
        negative, bounds=(left, right), method="bounded", options={"xatol": 1e-12}
    )
    return -float(found.fun)
