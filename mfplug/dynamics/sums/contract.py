"""What a potential promises, checked on a few points before its first sum."""

from __future__ import annotations

from functools import lru_cache
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.calls import calling, values_at
from mfplug.contracts.potential import Potential
from mfplug.contracts.tracing import is_radial
from mfplug.errors import MfplugError, NumericsError, PluginError, shown

Array = NDArray[np.float64]

#: Distances at which it is looked at, and how many points.
_NEAR, _FAR, _POINTS = 1e-2, 1e2, 40
_EVEN = 1e-9
#: Agreement of the gradient with a difference quotient that is settled to a tenth.
_SLOPE = 1e-4


def check_potential(potential: Any, dimension: int) -> None:
    """Refuse a potential that breaks its contract at one of forty points.

    Values of the right shape, not all of them NaN; even; a gradient that is the slope
    of the energy wherever two difference quotients agree on that slope; bounds that
    are declared are numbers.

    Raises
    ------
    PluginError
        If a shape is wrong, phi is not even, or the gradient is not its slope.
    NumericsError
        If every value is NaN.
    """
    try:
        hash(potential)
    except TypeError:
        _check(potential, dimension)
    else:
        _checked(potential, dimension)


@lru_cache(maxsize=256)
def _checked(potential: Any, dimension: int) -> None:
    _check(potential, dimension)


def _check(potential: Any, dimension: int) -> None:
    with np.errstate(all="ignore"):
        _check_quietly(potential, dimension)


def _check_quietly(potential: Any, dimension: int) -> None:
    dx = _points(dimension)
    energy = values_at(potential, "energy", dx)
    gradient = values_at(potential, "gradient", dx)
    for what, values in (("energy", energy), ("gradient", gradient)):
        if np.isnan(values).all():
            raise NumericsError(
                f"potential '{potential.name}': {what}() gives NaN everywhere; got no "
                f"number at {len(dx)} points, expected numbers. Check the formula and "
                "its parameters."
            )
    mirrored = values_at(potential, "energy", -dx)
    opposite = values_at(potential, "gradient", -dx)
    _compare(potential, dx, energy, mirrored, _EVEN, "phi(-x)", "phi(x): phi is even")
    size = np.linalg.norm(gradient, axis=1)
    odd = np.linalg.norm(gradient + opposite, axis=1)
    _compare(
        potential, dx, size, size + odd, _EVEN, "|grad phi(x)| + |grad phi(-x) + "
        "grad phi(x)|", "|grad phi(x)|: the gradient is odd",
    )  # fmt: skip
    if not is_radial(potential):
        _compare_slopes(potential, dx, gradient)
    for name in ("gradient_bound", "gradient_lipschitz"):
        _check_bound(potential, name)


def _check_bound(potential: Any, name: str) -> None:
    """Refuse a bound that is no number; a derived one is left for who needs it."""
    if getattr(type(potential), name) is getattr(Potential, name):
        return
    try:
        with calling(potential, name):
            value = getattr(potential, name)
    # Not known for these parameters, and said so.
    except MfplugError as error:
        if isinstance(error, PluginError) and error.__cause__ is not None:
            raise
        return
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not (real and value >= 0.0):
        raise PluginError(
            f"potential '{potential.name}': {name} is no bound; got {shown(value)}, "
            "expected a number >= 0, or infinity. Mend it, or leave it out."
        )


def _points(dimension: int) -> Array:
    rng = np.random.default_rng(11)
    direction = rng.normal(size=(_POINTS, dimension))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return np.geomspace(_NEAR, _FAR, _POINTS)[:, None] * direction


def _compare(
    potential: Any, dx: Array, expected: Array, got: Array, part: float, left: str,
    right: str,
) -> None:  # fmt: skip
    known = np.isfinite(expected) & np.isfinite(got)
    largest = np.abs(expected[known]).max(initial=0.0)
    wrong = np.abs(got - expected) > part * np.abs(expected) + 1e-14 * largest
    for i in np.flatnonzero(wrong & known):
        raise PluginError(
            f"potential '{potential.name}': it is not even; got {left} = {got[i]:.6g} "
            f"at |x| = {np.linalg.norm(dx[i]):.3g}, expected {expected[i]:.6g}, which "
            f"is {right}. Mend the formula."
        )


def _compare_slopes(potential: Any, dx: Array, gradient: Array) -> None:
    """Compare with difference quotients along a direction that is not an axis."""
    d = dx.shape[1]
    along = np.array([0.8, -0.5, 0.33])[:d] if d > 1 else np.ones(1)
    r = np.linalg.norm(dx, axis=1, keepdims=True)
    slope = gradient @ along

    def quotient(h: float) -> Array:
        step = h * r * along
        ahead = values_at(potential, "energy", dx + step)
        behind = values_at(potential, "energy", dx - step)
        return np.asarray((ahead - behind) / (2.0 * h * r[:, 0]))

    wide, narrow = quotient(2e-4), quotient(1e-4)
    values = np.abs(values_at(potential, "energy", dx))
    noise = 1e-14 * values / (1e-4 * r[:, 0])
    settled = np.abs(wide - narrow) <= 0.1 * _SLOPE * np.abs(narrow) + noise
    wrong = np.abs(slope - narrow) > _SLOPE * np.abs(narrow) + 30.0 * noise
    for i in np.flatnonzero(settled & wrong & np.isfinite(slope)):
        raise PluginError(
            f"potential '{potential.name}': its gradient is not that of its energy; "
            f"got a slope of {slope[i]:.6g} at |x| = {r[i, 0]:.3g}, expected "
            f"{narrow[i]:.6g} from differences of energy(). Mend gradient()."
        )
