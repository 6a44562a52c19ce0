"""The path of what is going away: it works, and says what to write instead."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from mfplug.contracts.plugin import API_VERSION, FIRST_API, OLDEST_API, Plugin
from mfplug.errors import ParameterError, PluginDeprecation, PluginError


def former_name(cls: type[Plugin], asked: str) -> None:
    """Say that a plugin was asked for by a name that it no longer has."""
    _warn(
        f"{cls.kind} '{asked}': the former name of '{cls.name}'; it still works. "
        f"Write '{cls.name}'."
    )


def going_away(cls: type[Plugin]) -> None:
    """Say of a plugin that will go what its author says."""
    if cls.deprecated:
        _warn(f"{cls.kind} '{cls.name}': it will go away. {cls.deprecated}")


def present_names(cls: type[Plugin], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters by their present names.

    Raises
    ------
    ParameterError
        If a parameter is given by its former and by its present name.
    """
    found = dict(given)
    for former, present in cls.renamed.items():
        if former not in found:
            continue
        who = f"{cls.kind} '{cls.name}': parameter '{former}'"
        if present in found:
            raise ParameterError(
                f"{who} is the former name of '{present}'; got both, expected one. "
                f"Leave out '{former}'."
            )
        found[present] = found.pop(former)
        _warn(
            f"{who} is now called '{present}'; the former name still works. "
            f"Write '{present}'."
        )
    return found


def interface(module: Any, shipped: bool) -> str:
    """Check the interface that a module was written for; return a note, mostly empty.

    Raises
    ------
    PluginError
        If it is newer than this version of mfplug, or no longer served.
    """
    undeclared = API_VERSION if shipped else FIRST_API
    written = getattr(module, "MFPLUG_API_VERSION", undeclared)
    served = f"{OLDEST_API} to {API_VERSION}" if OLDEST_API < API_VERSION else "1"
    if not isinstance(written, int) or isinstance(written, bool):
        raise PluginError(
            f"MFPLUG_API_VERSION is no integer; got {written!r}, expected {served}. "
            "Correct it."
        )
    if written > API_VERSION:
        raise PluginError(
            f"written for another interface; got MFPLUG_API_VERSION {written}, "
            f"expected {served}. Upgrade mfplug."
        )
    if written < OLDEST_API:
        raise PluginError(
            f"written for another interface; got MFPLUG_API_VERSION {written}, "
            f"expected {served}. Upgrade the plugin."
        )
    if written < API_VERSION:
        return (
            f"written for interface {written}, which is served until mfplug asks for "
            f"{API_VERSION}; its author should look at the changelog"
        )
    return ""


def _warn(text: str) -> None:
    # At the caller of mfplug.create, as far as one can tell from here.
    warnings.warn(text, PluginDeprecation, stacklevel=4)
