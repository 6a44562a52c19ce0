"""From one NumPy function of a potential to its derivatives and their source.

The function is called once with symbols that NumPy accepts
(:class:`mfplug.contracts.traced.Traced`); the formula it returns is differentiated,
printed (:mod:`mfplug.contracts.symbolic_print`), checked against the function itself
(:func:`mfplug.contracts.derivation.differs`) and stored, so that the next process
needs neither SymPy nor the tracing.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.contracts import codestore
from mfplug.contracts.derivation import Derivation, differs, evaluate
from mfplug.contracts.fingerprint import class_fingerprint, file_hash
from mfplug.contracts.formula import (
    Formula,
    float_fields,
    state_names,
    trace_energy,
    trace_profile,
)
from mfplug.contracts.radial_bounds import largest_slope, largest_stiffness
from mfplug.errors import PluginError

Array = NDArray[np.float64]

__all__ = [
    "Formula",
    "RadialForm",
    "derive",
    "gradient_bound",
    "gradient_lipschitz",
    "is_radial",
    "radial_form",
    "trace_energy",
    "trace_profile",
]

#: Sources on which a stored derivation depends.
_ENGINE = (
    "derivation", "fingerprint", "formula", "symbolic", "symbolic_print", "trace_rules",
    "traced", "tracing",
)  # fmt: skip


class RadialForm(NamedTuple):
    """phi as a function of s = r^2 and its derivatives, NumPy functions of arrays.

    The values are those of the formula: at s = 0 a singular profile gives inf or NaN,
    quietly.
    """

    profile: Callable[[ArrayLike], Array]
    first: Callable[[ArrayLike], Array]
    second: Callable[[ArrayLike], Array]


def is_radial(potential: Any) -> bool:
    """Return whether the potential is its profile alone: no method is replaced."""
    from mfplug.contracts.potential import RadialPotential

    cls = type(potential)
    return (
        isinstance(potential, RadialPotential)
        and cls.energy is RadialPotential.energy
        and cls.gradient is RadialPotential.gradient
    )


def derive(potential: Any, dimension: int) -> Derivation:
    """Return the source that follows from a potential, traced or from the store.

    The text is used only if it agrees with the potential's own functions, in every
    process anew. Where parameters as symbols do not, they are put in as numbers;
    where that does not either, ``reason`` says so and plain NumPy remains.

    Parameters
    ----------
    potential
        A :class:`mfplug.Potential`.
    dimension
        Number of components of dx; ignored for a radial one.
    """
    radial = is_radial(potential)
    d = 0 if radial else dimension
    key = (type(potential), d, _state(potential, state_names(potential)))
    if key not in _DERIVED:
        if len(_DERIVED) >= _KEPT:
            _DERIVED.pop(next(iter(_DERIVED)))
        _DERIVED[key] = _derive(potential, d)
    return _DERIVED[key]


_DERIVED: dict[Any, Derivation] = {}
_KEPT = 1024


def _state(potential: Any, names: Any) -> str:
    """Return the named values as text, exactly; nested plugins with their code."""
    parts = []
    for name in names:
        value = getattr(potential, name)
        parts.append(f"{name}={value!r}")
        if dataclasses.is_dataclass(type(value)):
            parts.append(class_fingerprint(type(value)))
            parts.append(_state(value, state_names(value)))
    return ";".join(parts)


def _derive(potential: Any, dimension: int) -> Derivation:
    floats = frozenset(float_fields(potential))
    found = _stored(potential, dimension, frozenset())
    if found.baked:
        # Made for the values of whichever potential came first; these are ours.
        found = _stored(potential, dimension, frozenset(found.baked))
    problem = found.reason or differs(potential, found)
    if problem and not floats <= frozenset(found.baked):
        found = _stored(potential, dimension, floats)
        problem = found.reason or differs(potential, found)
    if problem and not found.reason:
        problem = f"what was derived does not agree with it: {problem}"
    return dataclasses.replace(found, reason=problem)


def _stored(potential: Any, dimension: int, baked: frozenset[str]) -> Derivation:
    """Return the derivation with at least these fields as numbers."""
    name = f"formula-{_key(potential, dimension, baked)}.json"
    text = codestore.read_text(name)
    if text is not None:
        try:
            return Derivation.from_json(text)
        except ValueError:
            pass  # written by something else or cut off: made anew below
    made = _make(potential, dimension, baked)
    codestore.write_text(name, made.to_json())
    return made


def _key(potential: Any, dimension: int, baked: frozenset[str]) -> str:
    """Return the hash of all that a derivation depends on: code, and values put in."""
    symbols = set(float_fields(potential)) - baked
    fixed = [k for k in state_names(potential) if k not in symbols]
    parts = [
        _engine(),
        class_fingerprint(type(potential)),
        str(dimension),
        ",".join(sorted(symbols)),
        _state(potential, fixed),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


@cache
def _engine() -> str:
    folder = Path(__file__).parent
    return "".join(file_hash(folder / f"{name}.py")[:16] for name in _ENGINE)


def _make(potential: Any, dimension: int, baked: frozenset[str]) -> Derivation:
    from mfplug.contracts.symbolic import TraceError
    from mfplug.contracts.symbolic_print import general_source, radial_source

    radial = dimension == 0
    every = tuple(sorted(float_fields(potential)))
    try:
        if radial:
            formula = trace_profile(potential, baked)
            source = radial_source(formula)
        else:
            formula = trace_energy(potential, dimension, baked)
            source = general_source(formula)
    except TraceError as error:
        return Derivation(radial, dimension, (), every, "", str(error))
    except Exception as error:
        reason = f"its derivative cannot be taken: {type(error).__name__}: {error}"
        return Derivation(radial, dimension, (), every, "", reason)
    return Derivation(
        radial,
        dimension,
        tuple(formula.parameters),
        tuple(sorted(formula.baked)),
        source,
    )


def radial_form(potential: Any) -> RadialForm:
    """Return profile, first and second derivative of a radial potential.

    Raises
    ------
    PluginError
        If the potential is not radial or has no formula.
    """
    if not is_radial(potential):
        raise PluginError(
            f"potential '{potential.name}': no formula in r^2; got a class with its "
            "own energy or gradient, expected a RadialPotential with profile alone. "
            "Declare gradient_bound and gradient_lipschitz in the plugin."
        )
    derivation = derive(potential, 0)
    if derivation.reason:
        raise PluginError(
            f"potential '{potential.name}': profile cannot be derived: "
            f"{derivation.reason}; expected NumPy functions and np.where. Write it so, "
            "or give gradient()."
        )
    p = derivation.values(potential)

    def bind(name: str, factor: float) -> Callable[[ArrayLike], Array]:
        function = derivation.functions[name]

        def bound(s: ArrayLike) -> Array:
            s = np.asarray(s, dtype=float)
            return factor * evaluate(function, s, s, p)

        return bound

    return RadialForm(bind("profile", 1.0), bind("weight", 0.5), bind("second", 1.0))


def gradient_bound(potential: Any) -> float:
    """Return B = sup_r |2 r profile'(r^2)| = sup |grad phi|, inf where unbounded.

    Raises
    ------
    PluginError
        If the potential is not radial or has no formula.
    NumericsError
        If the derivative is NaN wherever it is looked at.
    """
    form = radial_form(potential)
    return largest_slope(potential.name, form.first)


def gradient_lipschitz(potential: Any) -> float:
    """Return L = sup_r max(|2 profile'|, |2 profile' + 4 r^2 profile''|), or inf.

    These are the eigenvalues of the Hessian of phi across and along dx, so L is the
    Lipschitz constant of grad phi.

    Raises
    ------
    PluginError
        If the potential is not radial or has no formula.
    NumericsError
        If a derivative is NaN wherever it is looked at.
    """
    form = radial_form(potential)
    return largest_stiffness(potential.name, form.first, form.second)
