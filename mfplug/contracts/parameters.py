"""Parameters of plugins: declared limits, and the check of what a user gives."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

from mfplug.errors import ParameterError, PluginError, did_you_mean, shown

_NOTHING = object()


@dataclasses.dataclass(frozen=True)
class Bounds:
    """Declared limits of one parameter, see :func:`param`."""

    above: float | None = None
    below: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    choices: tuple[Any, ...] = ()
    may_depend_on_N: bool = False
    help: str = ""

    def __str__(self) -> str:
        parts = [
            f"{sign} {value:g}"
            for sign, value in (
                (">", self.above),
                (">=", self.at_least),
                ("<", self.below),
                ("<=", self.at_most),
            )
            if value is not None
        ]
        if self.choices:
            parts.append("one of " + ", ".join(map(str, self.choices)))
        return " and ".join(parts) or "any value"

    def allow(self, value: Any) -> bool:
        """Return whether the value lies within the limits."""
        return (
            (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
            and (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
            and (not self.choices or value in self.choices)
        )


def param(
    default: Any,
    *,
    above: float | None = None,
    below: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    choices: tuple[Any, ...] = (),
    may_depend_on_N: bool = False,
    help: str = "",
) -> Any:
    """Declare a plugin's parameter: its default, its limits and one line of help.

    Parameters
    ----------
    default
        The value where the user gives none.
    above, below, at_least, at_most
        Open and closed limits of a number.
    choices
        The allowed values.
    may_depend_on_N
        Whether ``{times: a, N: b}``, meaning a N^b, is accepted for the number.
    help
        One line for the listing of parameters.
    """
    bounds = Bounds(
        above, below, at_least, at_most, tuple(choices), may_depend_on_N, help
    )
    return dataclasses.field(default=default, metadata={"mfplug": bounds})


@dataclasses.dataclass(frozen=True)
class PowerOfN:
    """A number that depends on the number of particles: ``times * N**exponent``."""

    times: float
    exponent: float

    def at(self, N: int) -> float:
        """Return the value for N particles."""
        return self.times * float(N) ** self.exponent

    def to_dict(self) -> dict[str, float]:
        """Return the form in which it is written in a study."""
        return {"times": self.times, "N": self.exponent}


def fields_of(cls: type) -> tuple[dataclasses.Field[Any], ...]:
    """Return the fields of a plugin class that are parameters.

    Raises
    ------
    PluginError
        If the class is not a dataclass.
    """
    if not dataclasses.is_dataclass(cls):
        raise PluginError(
            f"{getattr(cls, 'kind', 'plugin')} '{getattr(cls, 'name', cls.__name__)}': "
            f"class {cls.__name__} is not a dataclass; expected "
            "@dataclass(frozen=True). Add the decorator."
        )
    return tuple(f for f in dataclasses.fields(cls) if f.init)


def type_hints(cls: type) -> dict[str, Any]:
    """Return the declared types of a plugin's fields."""
    return _hints(cls)


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def bounds_of(cls: type, key: str) -> Bounds:
    """Return the declared limits of a parameter."""
    for field in fields_of(cls):
        if field.name == key:
            return field.metadata.get("mfplug") or Bounds()
    return Bounds()


def check_parameters(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values converted to the declared types, or say what is wrong.

    Raises
    ------
    ParameterError
        For an unknown name (the nearest one is offered), a missing value, a wrong
        type, a number that is not finite, or a value outside the declared limits.
    """
    where = f"{cls.kind} '{cls.name or cls.__name__}'"  # type: ignore[attr-defined]
    known = {f.name: f for f in fields_of(cls)}
    for key in values:
        if key not in known:
            takes = ", ".join(known) or "no parameters"
            hint = did_you_mean(str(key), known) if known else ""
            raise ParameterError(
                f"{where}: unknown parameter '{key}'; it takes {takes}. {hint}".strip()
            )
    for key, field in known.items():
        no_default = (
            field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING
        )
        if no_default and key not in values:
            raise ParameterError(
                f"{where}: parameter '{key}' is missing; got "
                f"{', '.join(values) or 'none'}, expected "
                f"{type_name(type_hints(cls)[key])}. Give {key}."
            )
    return {
        key: check_value(
            f"{where}: parameter '{key}'",
            value,
            type_hints(cls)[key],
            bounds_of(cls, key),
        )
        for key, value in values.items()
    }


def check_value(where: str, value: Any, hint: Any, limits: Bounds) -> Any:
    """Return a value converted to its declared type and within its limits."""
    if isinstance(value, PowerOfN | Mapping) and limits.may_depend_on_N:
        return _power_of_n(where, value)
    for option in options_of(hint):
        ok, converted = _convert(value, option)
        if ok:
            _check_finite(where, converted)
            if converted is not None and not limits.allow(converted):
                raise ParameterError(
                    f"{where} is out of range; got {shown(value)}, expected {limits}."
                    " Change it."
                )
            return converted
    raise ParameterError(
        f"{where} has the wrong type; got {shown(value)} ({type(value).__name__}), "
        f"expected {type_name(hint)}. Change it."
    )


def options_of(hint: Any) -> tuple[Any, ...]:
    """Return the types that a declared type allows, ``X | Y`` and Optional alike."""
    union = isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
    return typing.get_args(hint) if union else (hint,)


def _check_finite(where: str, value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ParameterError(
            f"{where} is not finite; got {shown(value)}, expected a finite number. "
            "Change it."
        )
    if isinstance(value, tuple):
        for item in value:
            _check_finite(where, item)


def _power_of_n(where: str, value: Any) -> PowerOfN:
    given = value.to_dict() if isinstance(value, PowerOfN) else dict(value)
    if set(given) == {"times", "N"}:
        numbers = {k: _convert_number(v, float) for k, v in given.items()}
        if all(ok and math.isfinite(v) for ok, v in numbers.values()):
            return PowerOfN(numbers["times"][1], numbers["N"][1])
    raise ParameterError(
        f"{where} is no expression in N; got {shown(given)}, expected "
        "{times: number, N: exponent}. Change it."
    )


def _convert(value: Any, hint: Any) -> tuple[bool, Any]:
    """Return (whether the value fits the type, the converted value)."""
    origin = typing.get_origin(hint) or hint
    if hint is Any:
        return True, value
    if hint in (None, type(None)):
        return value is None, None
    if origin is typing.Literal:
        return value in typing.get_args(hint), value
    if origin is bool:
        return isinstance(value, bool), value
    if origin in (int, float):
        return _convert_number(value, origin)
    if origin in (tuple, list):
        if not isinstance(value, tuple | list):
            return False, value
        return _convert_items(value, typing.get_args(hint))
    if isinstance(origin, type):
        return isinstance(value, origin), value
    return True, value


def _convert_number(value: Any, kind: type) -> tuple[bool, Any]:
    # NumPy scalars are numbers too; a bool is not, though Python says it is an int.
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False, value
    if kind is int:
        whole = isinstance(value, int) or (
            math.isfinite(value) and value == math.floor(value)
        )
        return (True, int(value)) if whole else (False, value)
    try:
        return True, float(value)
    except OverflowError:
        return False, value


def _convert_items(value: Any, hints: tuple[Any, ...]) -> tuple[bool, Any]:
    """Convert the items of a list to the types that are declared for them."""
    if not hints:
        return True, _tuple(value)
    if len(hints) == 1 or hints[-1] is Ellipsis:
        hints = (hints[0],) * len(value)
    if len(hints) != len(value):
        return False, value
    items = [
        next((c for ok, c in (_convert(v, o) for o in options_of(h)) if ok), _NOTHING)
        for v, h in zip(value, hints, strict=True)
    ]
    fits = all(item is not _NOTHING for item in items)
    return (True, tuple(items)) if fits else (False, value)


def _tuple(value: Any) -> Any:
    return tuple(_tuple(v) for v in value) if isinstance(value, tuple | list) else value


def type_name(hint: Any) -> str:
    """Return a declared type in words, for messages and listings."""
    if typing.get_origin(hint) is tuple:
        return "a list"
    if isinstance(hint, type) and not typing.get_args(hint):
        return {
            "float": "a number",
            "int": "an integer",
            "str": "a string",
            "bool": "true or false",
            "tuple": "a list",
        }.get(hint.__name__, hint.__name__)
    return str(hint).replace("typing.", "").replace("mfplug.contracts.", "")
