"""The text derived from a potential, and its check against the potential itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Names that a printed text finds among its globals: NumPy's, and three of our own.
NUMPY_NAMES = (
    "exp", "log", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh",
    "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "fabs", "log1p", "expm1", "sqrt",
    "power", "inf", "nan",
)  # fmt: skip
OWN_NAMES = ("select", "erf", "erfc")

#: Agreement asked of a derived function, relative to its value and its sensitivity.
TOLERANCE = 1e-12
#: Agreement asked of a derivative with a difference quotient, where that is settled.
SLOPE_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Derivation:
    """Source of the functions that follow from one potential, or why there is none.

    Attributes
    ----------
    radial
        Whether they are functions of s = r^2: ``profile`` (phi), ``weight``
        (2 profile', so that grad phi = weight dx) and ``second`` (profile'').
        Otherwise ``energy`` and ``gradient`` (a tuple) of the components.
    dimension
        Number of components; 0 for a radial one, which serves every dimension.
    parameters
        Names of the fields that enter as ``p[0], p[1], ...``.
    baked
        Names of the fields whose values are part of the text.
    source
        Text of the functions, see :mod:`mfplug.contracts.symbolic_print`.
    reason
        Why the potential cannot be derived; empty if it can.
    """

    radial: bool
    dimension: int
    parameters: tuple[str, ...]
    baked: tuple[str, ...]
    source: str
    reason: str = ""

    def to_json(self) -> str:
        """Return the text in which it is stored."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Derivation:
        """Return what :meth:`to_json` wrote; ValueError if it is anything else."""
        try:
            data = json.loads(text)
            data["parameters"] = tuple(data["parameters"])
            data["baked"] = tuple(data["baked"])
            return cls(**data)
        except (TypeError, KeyError) as error:
            raise ValueError("not a stored derivation") from error

    def values(self, potential: Any) -> Array:
        """Return the parameters ``p`` of one potential."""
        return np.array([getattr(potential, k) for k in self.parameters], dtype=float)

    @cached_property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """The functions, for arrays."""
        namespace = array_functions()
        exec(compile(self.source, "<derived>", "exec"), namespace)
        names = (
            ("profile", "weight", "second") if self.radial else ("energy", "gradient")
        )
        return {name: namespace[name] for name in names}


def array_functions() -> dict[str, Any]:
    """Return the names of the printed text, bound to NumPy's functions."""
    return {name: getattr(np, name) for name in NUMPY_NAMES} | {
        "select": np.where,
        "erf": _late("erf"),
        "erfc": _late("erfc"),
    }


def _late(name: str) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(x)

    return function


def evaluate(function: Callable[..., Any], like: Array, *arguments: Any) -> Array:
    """Return a derived function's values in the shape of ``like``, without warnings.

    The branches that are not selected may divide by zero; that is no one's business.
    """
    with np.errstate(all="ignore"):
        value = np.asarray(function(*arguments), dtype=float)
    return np.array(np.broadcast_to(value, like.shape))


def differs(potential: Any, derivation: Derivation) -> str:
    """Return where the derived functions differ from the potential's; empty if nowhere.

    At a fixed set of points, each value must agree to 1e-12 of its size plus its
    sensitivity to a relative change of the point (so that rounding in a large argument
    of an exponential is allowed), and a NaN must stay one. The derivative of a radial
    profile must also agree with a difference quotient of the plugin's own function,
    wherever two step widths settle that quotient.
    """
    with np.errstate(all="ignore"):
        if derivation.radial:
            return _radial_difference(potential, derivation)
        return _general_difference(potential, derivation)


def _radial_difference(potential: Any, derivation: Derivation) -> str:
    r = np.logspace(-3, 3, 61) * (1.0 + 0.03 * np.sin(np.arange(61.0)))
    s = r**2
    p = derivation.values(potential)

    def own(x: Array) -> Array:
        return evaluate(potential.profile, x, x)

    derived = evaluate(derivation.functions["profile"], s, s, p)
    if not _agree(own(s), derived, own(s * 1.001)):
        return "the formula differs from profile(s)"
    slope = 0.5 * evaluate(derivation.functions["weight"], s, s, p)
    if not _slope_agrees(own, slope, s):
        return "the derivative differs from the slope of profile(s)"
    second = evaluate(derivation.functions["second"], s, s, p)

    def first(x: Array) -> Array:
        return 0.5 * evaluate(derivation.functions["weight"], x, x, p)

    if not _slope_agrees(first, second, s):
        return "the second derivative differs from the slope of the first"
    return ""


def _general_difference(potential: Any, derivation: Derivation) -> str:
    d = derivation.dimension
    k = np.arange(48.0)
    angles = np.sin(np.outer(k + 1.0, [1.0, 2.3, 3.9])[:, :d])
    dx = np.logspace(-2, 2, 48)[:, None] * angles
    p = derivation.values(potential)
    columns = [np.ascontiguousarray(dx[:, a]) for a in range(d)]
    derived = evaluate(derivation.functions["energy"], k, *columns, p)

    def own(x: Array) -> Array:
        return np.asarray(potential.energy(x), dtype=float)

    if not _agree(own(dx), derived, own(1.001 * dx)):
        return "the formula differs from energy(dx)"
    parts = derivation.functions["gradient"](*columns, p)
    gradient = np.stack([np.broadcast_to(g, k.shape) for g in parts], axis=-1)
    here = np.asarray(potential.gradient(dx), dtype=float)
    moved = np.asarray(potential.gradient(1.001 * dx), dtype=float)
    if not _agree(here, gradient, moved):
        return "the formula differs from gradient(dx)"
    return ""


def _agree(own: Array, derived: Array, moved: Array) -> bool:
    sensitivity = np.abs(moved - own) * 1e3
    allowed = TOLERANCE * (
        np.abs(own) + np.where(np.isnan(sensitivity), 0, sensitivity)
    )
    close = np.abs(derived - own) <= allowed + 1e-300
    # Beyond the largest number either side may overflow first.
    overflow = np.isinf(own) & ~np.isfinite(derived)
    both_nan = np.isnan(own) & np.isnan(derived)
    return bool(np.all(close | overflow | both_nan))


def _slope_agrees(function: Callable[[Array], Array], slope: Array, s: Array) -> bool:
    """Return whether a derivative is that of a function, where quotients can tell.

    A quotient counts if two steps agree on it. Where the steps straddle an oscillation
    they may agree on its mean, so the point is wrong only if no shorter step objects.
    """
    settled_somewhere = np.zeros(s.shape, dtype=bool)
    right = np.zeros(s.shape, dtype=bool)
    for step in (1e-3, 1e-5, 1e-7):
        wide, narrow = (_quotient(function, s, k * step) for k in (2.0, 1.0))
        # In the quotient's rounding error the value counts, beside the slope itself;
        # below 1e-308 numbers have lost their digits.
        noise = (1e-14 * np.abs(function(s)) + 1e-305) / (step * s)
        settled = np.abs(wide - narrow) <= 1e-6 * np.abs(narrow) + noise
        settled &= np.isfinite(narrow)
        allowed = SLOPE_TOLERANCE * np.abs(narrow) + 100 * noise
        right |= settled & (np.abs(slope - narrow) <= allowed)
        settled_somewhere |= settled
    return bool(np.all(right | ~settled_somewhere))


def _quotient(function: Callable[[Array], Array], s: Array, step: float) -> Array:
    """Return the five-point difference quotient, error O(step^4)."""
    h = step * s
    far = function(s + 2 * h) - function(s - 2 * h)
    near = function(s + h) - function(s - h)
    return np.asarray((8.0 * near - far) / (12.0 * h))
