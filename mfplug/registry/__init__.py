"""Finding, loading and making plugins."""

from __future__ import annotations

from typing import Any

from mfplug.registry.registry import Registry

_current: Registry | None = None


def current() -> Registry:
    """Return the registry of this process."""
    global _current
    if _current is None:
        _current = Registry()
    return _current


def reset() -> None:
    """Forget what was found; the next question looks again."""
    global _current
    _current = None


def names(kind: str) -> list[str]:
    """Return the sorted names of all plugins of a kind.

    Raises
    ------
    PluginError
        If there is no such kind.
    """
    return current().names(kind)


def create(kind: str, name: str, **parameters: Any) -> Any:
    """Return a plugin made from its kind, name and parameters.

    Raises
    ------
    PluginError
        If there is no such plugin, it is broken, or two have this name.
    ParameterError
        If a parameter is unknown, missing, of the wrong type or out of range.

    Examples
    --------
    >>> create("potential", "gaussian", strength=1.5, width=0.7).width
    0.7
    """
    return current().create(kind, name, **parameters)


def create_from(kind: str, spec: Any) -> Any:
    """Return a plugin from an instance, a name, or ``{"name": ..., param: ...}``."""
    return current().create_from(kind, spec)


__all__ = ["Registry", "create", "create_from", "current", "names", "reset"]
