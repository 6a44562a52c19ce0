"""Instances of a plugin to check: its defaults, and parameters that are not 1."""

from __future__ import annotations

from typing import Any

from mfplug.contracts.plugin import Plugin, fields_of
from mfplug.errors import MfplugError

#: Factors for the parameters, one after another: no two alike, none near 1.
FACTORS = (0.7, 1.4, 0.8, 1.7, 0.6, 1.3)


def instances(plugin: Plugin) -> list[Plugin]:
    """Return the plugin and a copy with other values of its real parameters.

    A unit parameter hides mistakes, such as a width in place of its square. Each real
    parameter is multiplied by a factor of its own, where the plugin allows the result.
    """
    cls: Any = type(plugin)
    values = plugin.parameters()
    moved = dict(values)
    for k, field in enumerate(fields_of(cls)):
        old = values[field.name]
        if isinstance(old, bool) or not isinstance(old, float):
            continue
        trial = moved | {field.name: old * FACTORS[k % len(FACTORS)]}
        try:
            cls(**trial)
        except MfplugError:
            continue
        moved = trial
    return [plugin] if moved == values else [plugin, cls(**moved)]
