"""What a plugin's class has to be: checked when it is loaded, not when it is used."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from typing import Any

from mfplug.contracts.plugin import (
    Plugin,
    bounds_of,
    canonical_json,
    check_value,
    fields_of,
    parameter_table,
    type_hints,
)
from mfplug.errors import PluginError
from mfplug.registry.declared import check_declared

BASES = {
    "potential": ("mfplug.contracts.potential", "Potential"),
    "external": ("mfplug.contracts.potential", "External"),
    "distribution": ("mfplug.contracts.distribution", "Distribution"),
    "integrator": ("mfplug.contracts.integrator", "Integrator"),
    "solver": ("mfplug.contracts.solver", "Solver"),
    "metric": ("mfplug.contracts.metric", "Metric"),
}


def contract(kind: str) -> type[Plugin]:
    """Return the abstract class of a kind."""
    module, name = BASES[kind]
    found: type[Plugin] = getattr(importlib.import_module(module), name)
    return found


def checked(kind: str, hook: str, found: Any) -> list[type[Plugin]]:
    """Return the classes that a hook returned, or say what is wrong with them.

    Raises
    ------
    PluginError
        If it is no list of classes of this kind, or a class breaks the contract.
    ParameterError
        If a default is not allowed.
    """
    if not isinstance(found, list | tuple):
        raise PluginError(
            f"hook {hook} returned {type(found).__name__}; expected a list of classes."
            " Return a list."
        )
    base = contract(kind)
    for cls in found:
        if not (inspect.isclass(cls) and issubclass(cls, base)):
            raise PluginError(
                f"hook {hook} returned {cls!r}; expected a subclass of "
                f"mfplug.{base.__name__}. Derive it."
            )
        _check_class(kind, cls, base)
        _check_fields(kind, cls, base)
        _check_former(kind, cls)
        check_declared(kind, cls)
    return list(found)


def _check_class(kind: str, cls: type[Plugin], base: type[Plugin]) -> None:
    if not isinstance(cls.name, str) or not cls.name:
        raise PluginError(
            f"{kind} class {cls.__name__} has no name; expected a class attribute "
            "`name`, a non-empty string. Add one."
        )
    who = f"{kind} '{cls.name}'"
    if cls.kind != kind:
        raise PluginError(
            f"{who}: class {cls.__name__} says it is of kind {cls.kind!r}; expected "
            f"{kind!r}, which mfplug.{base.__name__} sets. Remove its `kind`."
        )
    # A subclass inherits the mark of a dataclass, but its own fields would be lost.
    if "__dataclass_params__" not in vars(cls):
        raise PluginError(
            f"{who}: class {cls.__name__} is not a dataclass; expected "
            "@dataclass(frozen=True) above it. Add the decorator."
        )
    missing = sorted(getattr(cls, "__abstractmethods__", ()))
    if missing:
        raise PluginError(
            f"{who} lacks {', '.join(missing)}; expected all of "
            f"mfplug.{base.__name__}'s abstract methods. Write the missing."
        )


def _check_former(kind: str, cls: type[Plugin]) -> None:
    """Find wrong words on what the plugin was called."""
    who = f"{kind} '{cls.name}'"
    former_names: Any = cls.former_names
    if not isinstance(former_names, tuple) or cls.name in former_names:
        raise PluginError(
            f"{who}: former_names cannot be used; got {former_names!r}, expected a "
            "tuple of names that it has no more. Correct it."
        )
    fields = {field.name for field in fields_of(cls)}
    for former, present in cls.renamed.items():
        if former in fields or present not in fields:
            raise PluginError(
                f"{who}: renamed cannot be used; got {former!r}: {present!r}, expected "
                "a former parameter and a present one. Correct it."
            )


def _check_fields(kind: str, cls: type[Plugin], base: type[Plugin]) -> None:
    """Find a wrong name or default of a parameter."""
    table = {row["name"]: row for row in parameter_table(cls)}
    for field in fields_of(cls):
        where = f"{kind} '{cls.name}': parameter '{field.name}'"
        if hasattr(base, field.name):
            raise PluginError(
                f"{where} hides mfplug.{base.__name__}.{field.name}; expected another "
                "name, or ClassVar where it is no parameter. Change it."
            )
        if table[field.name]["required"]:
            continue
        check_value(
            f"{kind} '{cls.name}': default of '{field.name}'",
            _default(field),
            type_hints(cls)[field.name],
            bounds_of(cls, field.name),
        )
        try:
            canonical_json(table[field.name])
        except (TypeError, ValueError) as error:
            raise PluginError(
                f"{where} has a default that is no plain data; got "
                f"{_default(field)!r}, expected numbers, strings, tuples or plugins. "
                "Change it."
            ) from error


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    factory: Any = field.default_factory
    return factory()
