"""Checks that every plugin has to pass, whatever its kind."""

from __future__ import annotations

import copy
import inspect
from typing import Any

from mfplug.checks.core import Check, CheckFailed
from mfplug.contracts.parameters import bounds_of, fields_of
from mfplug.contracts.plugin import Plugin, canonical_json, parameter_table
from mfplug.errors import MfplugError


def documented(plugin: Plugin) -> str:
    """Check that the class has a docstring of its own."""
    text = inspect.cleandoc(vars(type(plugin)).get("__doc__") or "")
    # A dataclass without a docstring gets its signature as one.
    if not text or text.startswith(f"{type(plugin).__name__}("):
        raise CheckFailed(
            "the class has no docstring; expected one sentence and the formula"
        )
    return f"documented: {text.splitlines()[0]}"


def round_trip(plugin: Plugin) -> str:
    """Check that parameters survive JSON, a copy and hashing."""
    text = canonical_json(plugin.to_dict())
    again = type(plugin)(**plugin.parameters())
    if again != plugin or hash(again) != hash(plugin):
        raise CheckFailed(
            "made twice from the same parameters, the two are not equal or differ in "
            "their hash; results could not be found again. Keep to dataclass fields"
        )
    if canonical_json(copy.deepcopy(plugin).to_dict()) != text:
        raise CheckFailed("a copy has other parameters than the original")
    return f"{len(fields_of(type(plugin)))} parameters survive JSON: {text}"


def limits(plugin: Plugin) -> str:
    """Check that values outside of the declared limits are refused."""
    cls: Any = type(plugin)
    tried = 0
    for row in parameter_table(cls):
        bounds = bounds_of(cls, row["name"])
        kind = type(plugin.parameters()[row["name"]])
        outside = [b for b in (bounds.above, bounds.below) if b is not None]
        outside += [b - 1 for b in (bounds.at_least,) if b is not None]
        outside += [b + 1 for b in (bounds.at_most,) if b is not None]
        for value in outside if kind in (int, float) else []:
            tried += 1
            try:
                cls(**plugin.parameters() | {row["name"]: kind(value)})
            except MfplugError:
                continue
            raise CheckFailed(
                f"parameter '{row['name']}' takes {value!r}, outside of its own "
                f"limits ({row['bounds']}); does __post_init__ call super()?"
            )
    return f"{tried} values outside of the limits refused"


CHECKS = [
    Check("documented", "the class has a docstring of its own", documented),
    Check("round-trip", "parameters survive JSON, copying and hashing", round_trip),
    Check("limits", "values outside of the declared limits are refused", limits),
]
