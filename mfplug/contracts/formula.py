"""Call a potential's function with symbols and keep the formula that comes back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple


class Formula(NamedTuple):
    """What tracing found: SymPy expressions and the symbols in them.

    ``results`` is (profile,) of one variable, or energy and the components of the
    gradient. ``parameters`` maps the names of fields to symbols; the values of the
    fields in ``baked`` are part of the formula.
    """

    variables: tuple[Any, ...]
    parameters: dict[str, Any]
    baked: frozenset[str]
    results: tuple[Any, ...]


def trace_profile(potential: Any, baked: frozenset[str] = frozenset()) -> Formula:
    """Return ``potential.profile(s)`` as an expression of s and of its parameters.

    Fields that are floats become symbols, so that one compiled kernel serves all their
    values; one that decides a Python branch, leaves NumPy or lands in an exponent is
    put in as a number, like those named in ``baked``.

    Raises
    ------
    TraceError
        If the function branches on s or uses what has no formula.
    """
    import sympy as sp

    from mfplug.contracts.traced import Traced

    s = sp.Dummy("s", nonnegative=True)

    def call(shadow: Any) -> tuple[Any, ...]:
        return _scalars(shadow.profile(Traced(s)), ())

    return _trace(potential, (s,), call, baked)


def trace_energy(
    potential: Any, dimension: int, baked: frozenset[str] = frozenset()
) -> Formula:
    """Return energy and gradient of a potential as expressions of the components of dx.

    ``results`` is (energy, gradient_1, ..., gradient_d), each traced from the plugin's
    own method.

    Raises
    ------
    TraceError
        As :func:`trace_profile`.
    """
    import sympy as sp

    from mfplug.contracts.traced import Traced

    dx = tuple(sp.Dummy(f"x{a}", real=True) for a in range(dimension))

    def call(shadow: Any) -> tuple[Any, ...]:
        point = Traced(list(dx))
        energy = _scalars(shadow.energy(point), ())
        return energy + _scalars(shadow.gradient(point), (dimension,))

    return _trace(potential, dx, call, baked)


def _scalars(value: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    from mfplug.contracts.symbolic import TraceError, as_number
    from mfplug.contracts.traced import Traced

    cells = value.cells if isinstance(value, Traced) else Traced(value).cells
    if cells.shape != shape:
        raise TraceError(f"it returns shape {cells.shape} where {shape} was expected")
    return tuple(as_number(cell) for cell in cells.ravel())


def _trace(
    potential: Any,
    variables: tuple[Any, ...],
    call: Callable[[Any], tuple[Any, ...]],
    baked: frozenset[str],
) -> Formula:
    import sympy as sp

    from mfplug.contracts.symbolic import TraceError

    free = {
        k: sp.Symbol(k, real=True) for k in float_fields(potential) if k not in baked
    }
    try:
        results = call(_shadow(potential, free))
    except TraceError as error:
        # A value of s, or a reason that is no value, cannot be helped by numbers.
        needed = error.names & free.keys()
        if not needed or error.names - free.keys():
            raise
        return _trace(potential, variables, call, baked | needed)
    except Exception as error:
        if not free:
            reason = f"it fails on symbols: {type(error).__name__}: {error}"
            raise TraceError(reason) from error
        return _trace(potential, variables, call, baked | free.keys())
    exponents = {
        symbol.name
        for result in results
        for power in result.atoms(sp.Pow)
        for symbol in power.exp.free_symbols & set(free.values())
    }
    if exponents:
        return _trace(potential, variables, call, baked | exponents)
    return Formula(variables, free, baked, results)


def float_fields(potential: Any) -> list[str]:
    """Return the names of the dataclass fields that hold floats."""
    return [
        field.name
        for field in dataclasses.fields(potential)
        if isinstance(getattr(potential, field.name), float)
    ]


def _shadow(potential: Any, symbols: dict[str, Any]) -> Any:
    """Return a copy of the potential with symbols for some of its fields."""
    from mfplug.contracts.traced import Traced

    shadow = object.__new__(type(potential))
    cached = {
        name
        for cls in type(potential).__mro__
        for name, member in vars(cls).items()
        if isinstance(member, cached_property)
    }
    state = {
        k: getattr(potential, k) for k in state_names(potential) if k not in cached
    }
    for name, value in (state | {k: Traced(v) for k, v in symbols.items()}).items():
        object.__setattr__(shadow, name, value)
    return shadow


def state_names(potential: Any) -> list[str]:
    """Return the names of all that an instance holds: fields, and what was set."""
    fields = {field.name for field in dataclasses.fields(potential)}
    return sorted(fields | vars(potential).keys())
