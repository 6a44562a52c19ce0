"""What every plugin is: a frozen dataclass with a name and checked parameters."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from mfplug.contracts.parameters import (
    Bounds,
    PowerOfN,
    bounds_of,
    check_parameters,
    check_value,
    fields_of,
    param,
    type_hints,
    type_name,
)

__all__ = [
    "API_VERSION",
    "FIRST_API",
    "KINDS",
    "OLDEST_API",
    "Bounds",
    "Plugin",
    "PowerOfN",
    "bounds_of",
    "canonical_json",
    "check_parameters",
    "check_value",
    "fields_of",
    "param",
    "parameter_table",
    "plain",
    "type_hints",
]

KINDS = ("potential", "external", "distribution", "integrator", "solver", "metric")

#: The interface that plugins are written against; it grows with the contracts.
API_VERSION = 1

#: The oldest one that is still served. A module that declares one from here to
#: API_VERSION is loaded, and told if it is not the newest; a module from outside that
#: declares none was written for the first.
OLDEST_API = 1
FIRST_API = 1


class Plugin:
    """Base class of the six kinds.

    A subclass is a ``@dataclass(frozen=True)`` with a class attribute ``name`` and
    fields that are numbers, strings, booleans, tuples or other plugins. Limits are
    declared with :func:`mfplug.param` and checked whenever an instance is made.
    """

    kind: ClassVar[str] = ""
    name: ClassVar[str] = ""
    #: Names that this plugin had, {former parameter: present one}, and, of a plugin
    #: that will go, a sentence on what to take instead and until when it stays. Who
    #: uses one of them gets a result and a :class:`mfplug.PluginDeprecation`.
    former_names: ClassVar[tuple[str, ...]] = ()
    renamed: ClassVar[Mapping[str, str]] = {}
    deprecated: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for key, value in check_parameters(type(self), self.parameters()).items():
            object.__setattr__(self, key, value)

    def specimen(self, folder: Path) -> Self:
        """Return an instance that the conformance kit and the gallery can use at once.

        Mostly it is this one. A plugin whose defaults cannot be used, such as a state
        that needs a file, or which are too dear, returns another; a file that it needs
        is written into ``folder``.
        """
        return self

    def parameters(self) -> dict[str, Any]:
        """Return the parameters by name, nested plugins as they are."""
        return {f.name: getattr(self, f.name) for f in fields_of(type(self))}

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"name": ..., parameter: value}``, plain enough for JSON."""
        return {"name": self.name} | {k: plain(v) for k, v in self.parameters().items()}

    def at(self, N: int) -> Self:
        """Return the plugin with every N-dependent parameter evaluated at N."""
        changes = {
            key: value.at(N)
            for key, value in self.parameters().items()
            if isinstance(value, PowerOfN | Plugin)
        }
        changes = {k: v for k, v in changes.items() if v is not getattr(self, k)}
        return dataclasses.replace(self, **changes) if changes else self  # type: ignore[type-var]

    @property
    def depends_on_N(self) -> bool:
        """Whether a parameter changes with the number of particles."""
        return any(
            isinstance(v, PowerOfN) or (isinstance(v, Plugin) and v.depends_on_N)
            for v in self.parameters().values()
        )


def plain(value: Any) -> Any:
    """Return a value as plain dictionaries, lists and scalars."""
    if isinstance(value, Plugin | PowerOfN):
        return value.to_dict()
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    return value


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(
        plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def parameter_table(cls: type[Plugin]) -> list[dict[str, Any]]:
    """Return one row per parameter: name, type, default, limits, help."""
    rows = []
    for field in fields_of(cls):
        limits = bounds_of(cls, field.name)
        default = None if field.default is dataclasses.MISSING else field.default
        rows.append(
            {
                "name": field.name,
                "type": type_name(type_hints(cls)[field.name]),
                "default": plain(default),
                "required": field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING,
                "bounds": str(limits),
                "help": limits.help,
            }
        )
    return rows
