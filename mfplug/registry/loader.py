"""Loading of plugins: each entry point on its own, so that a broken one breaks alone."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from mfplug import hookspecs
from mfplug.contracts.plugin import (
    API_VERSION,
    Plugin,
    bounds_of,
    check_value,
    parameter_table,
    type_hints,
)
from mfplug.errors import PluginError
from mfplug.registry.entries import Entry, Source

GROUP = "mfplug"
SHIPPED = "mfplug"

BASES = {
    "potential": ("mfplug.contracts.potential", "Potential"),
    "external": ("mfplug.contracts.potential", "External"),
    "distribution": ("mfplug.contracts.distribution", "Distribution"),
    "integrator": ("mfplug.contracts.integrator", "Integrator"),
    "solver": ("mfplug.contracts.solver", "Solver"),
    "metric": ("mfplug.contracts.metric", "Metric"),
}


def switches() -> tuple[bool, bool, frozenset[str]]:
    """Return (strict, no third parties, blocked names) from the environment.

    ``MFPLUG_STRICT=1`` re-raises what a plugin raises; ``MFPLUG_NO_PLUGINS=1`` loads
    only what mfplug ships; ``MFPLUG_BLOCK=a,b`` names distributions or entry points
    that are not loaded.
    """
    on = ("1", "true", "yes")
    blocked = os.environ.get("MFPLUG_BLOCK", "")
    return (
        os.environ.get("MFPLUG_STRICT", "").lower() in on,
        os.environ.get("MFPLUG_NO_PLUGINS", "").lower() in on,
        frozenset(name.strip() for name in blocked.split(",") if name.strip()),
    )


def load_all(files: Iterable[Path]) -> tuple[list[Source], list[Entry]]:
    """Load every entry point of the group and every local file."""
    manager = pluggy.PluginManager("mfplug")
    manager.add_hookspecs(hookspecs)
    sources: list[Source] = []
    entries: list[Entry] = []
    for source, load in (*_entry_points(), *map(_local_file, files)):
        source, found = _load_one(manager, source, load)
        sources.append(source)
        entries.extend(found)
    return sources, entries


def _entry_points() -> Iterator[tuple[Source, Callable[[], Any]]]:
    seen = set()
    for point in importlib.metadata.entry_points(group=GROUP):
        dist = point.dist
        name = dist.name if dist else "unknown"
        # An editable install can be on the path twice; the same line is one plugin.
        key = (name, point.name, point.value)
        if key in seen:
            continue
        seen.add(key)
        version = dist.version if dist else ""
        yield Source(point.name, name, version, value=point.value), point.load


def _local_file(path: Path) -> tuple[Source, Callable[[], Any]]:
    source = Source(path.stem, str(path), "", value=str(path))
    return source, lambda: load_file(path)


def load_file(path: Path) -> ModuleType:
    """Import one Python file that is not in a package."""
    if not path.is_file():
        raise PluginError(
            f"plugin file '{path}': no such file; expected a Python file. "
            "Check --plugin."
        )
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    name = f"mfplug_local_{path.stem}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(
            f"plugin file '{path}': not a Python file; expected a name ending in .py. "
            "Rename it."
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _load_one(
    manager: pluggy.PluginManager, source: Source, load: Callable[[], Any]
) -> tuple[Source, list[Entry]]:
    strict, alone, blocked = switches()
    foreign = source.distribution != SHIPPED
    if {source.name, source.distribution} & blocked or (
        alone and foreign and source.version
    ):
        reason = "MFPLUG_BLOCK" if not alone else "MFPLUG_NO_PLUGINS"
        return _with(source, "blocked", f"blocked by {reason}"), []
    try:
        module = load()
        manager.register(module, name=f"{source.distribution}:{source.name}")
        return source, [Entry(cls, source) for cls in _classes(manager, module)]
    except KeyboardInterrupt:
        raise
    # A plugin may do anything on import, sys.exit included; none of it stops others.
    except BaseException as error:
        if strict:
            raise
        text = str(error).strip().splitlines()
        said = f"{type(error).__name__}: {text[0] if text else 'no message'}"
        return _with(source, "broken", said), []


def _with(source: Source, status: str, error: str) -> Source:
    return Source(
        source.name, source.distribution, source.version, status, error, source.value
    )


def _classes(manager: pluggy.PluginManager, module: Any) -> list[type[Plugin]]:
    """Call the hooks of one plugin alone and check what they return."""
    required = getattr(module, "MFPLUG_API_VERSION", API_VERSION)
    if required != API_VERSION:
        raise PluginError(
            f"written for another interface; got MFPLUG_API_VERSION {required}, "
            f"expected {API_VERSION}. Install a version that fits."
        )
    callers = manager.get_hookcallers(module) or []
    known = set(hookspecs.HOOKS.values())
    unknown = [c.name for c in callers if c.name not in known]
    if unknown:
        raise PluginError(
            f"unknown hook '{unknown[0]}'; expected one of {', '.join(sorted(known))}."
            " Rename it."
        )
    kinds = {hook: kind for kind, hook in hookspecs.HOOKS.items()}
    classes: list[type[Plugin]] = []
    for caller in callers:
        for impl in caller.get_hookimpls():
            if impl.plugin is module:
                found = impl.function()
                classes.extend(_checked(kinds[caller.name], caller.name, found))
    if not classes:
        raise PluginError(
            "offers no plugin; expected a hook such as mfplug_potentials marked "
            "@mfplug.hookimpl that returns a list of classes. Add one."
        )
    return classes


def _checked(kind: str, hook: str, found: Any) -> list[type[Plugin]]:
    module_name, base_name = BASES[kind]
    base = getattr(importlib.import_module(module_name), base_name)
    if not isinstance(found, list | tuple):
        raise PluginError(
            f"hook {hook} returned {type(found).__name__}; expected a list of classes."
            " Return a list."
        )
    for cls in found:
        if not (inspect.isclass(cls) and issubclass(cls, base)):
            raise PluginError(
                f"hook {hook} returned {cls!r}; expected a subclass of "
                f"mfplug.{base_name}. Derive it."
            )
        if not isinstance(cls.name, str) or not cls.name:
            raise PluginError(
                f"{kind} class {cls.__name__} has no name; expected a class attribute "
                "`name`, a non-empty string. Add one."
            )
        missing = sorted(getattr(cls, "__abstractmethods__", ()))
        if missing:
            raise PluginError(
                f"{kind} '{cls.name}' lacks {', '.join(missing)}; expected all of "
                f"mfplug.{base_name}'s abstract methods. Write the missing."
            )
        _check_defaults(cls)
    return list(found)


def _check_defaults(cls: type[Plugin]) -> None:
    """Find a wrong default when the plugin is loaded, not when a study uses it."""
    for row in parameter_table(cls):
        if not row["required"]:
            default = _default(cls, row["name"])
            where = f"{cls.kind} '{cls.name}': default of '{row['name']}'"
            check_value(
                where,
                default,
                type_hints(cls)[row["name"]],
                bounds_of(cls, row["name"]),
            )


def _default(cls: type[Plugin], name: str) -> Any:
    found = next(f for f in dataclasses.fields(cls) if f.name == name)  # type: ignore[arg-type]
    if found.default is not dataclasses.MISSING:
        return found.default
    return found.default_factory()  # type: ignore[misc]
