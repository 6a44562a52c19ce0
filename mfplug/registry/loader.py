"""Loading of plugins: each entry point alone, so that a broken one breaks alone."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from mfplug import hookspecs
from mfplug.contracts.calls import strict
from mfplug.contracts.plugin import Plugin
from mfplug.errors import PluginError
from mfplug.registry.checks import checked
from mfplug.registry.deprecation import interface
from mfplug.registry.entries import Entry, Source

GROUP = "mfplug"
SHIPPED = "mfplug"


def switches() -> tuple[bool, frozenset[str]]:
    """Return (no third parties, blocked names) from the environment.

    ``MFPLUG_NO_PLUGINS=1`` loads only what mfplug ships; ``MFPLUG_BLOCK=a,b`` names
    distributions or entry points that are not loaded; ``MFPLUG_STRICT=1`` re-raises
    what a plugin raises (:func:`mfplug.contracts.calls.strict`).
    """
    alone = os.environ.get("MFPLUG_NO_PLUGINS", "").lower() in ("1", "true", "yes")
    blocked = os.environ.get("MFPLUG_BLOCK", "").split(",")
    return alone, frozenset(_normal(n.strip()) for n in blocked if n.strip())


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
    try:
        points = list(importlib.metadata.entry_points(group=GROUP))
    # One distribution whose metadata cannot be parsed hides those of all the others.
    except Exception:
        points = []
        for dist in importlib.metadata.distributions():
            try:
                points += dist.entry_points.select(group=GROUP)
            except Exception as error:
                yield _torn(dist, error)
    seen = set()
    for point in points:
        name = point.dist.name if point.dist else "unknown"
        # An editable install can be on the path twice; the same line is one plugin.
        key = (name, point.name, point.value)
        if key in seen:
            continue
        seen.add(key)
        version = point.dist.version if point.dist else ""
        yield Source(point.name, name, version, value=point.value), point.load


def _torn(
    dist: importlib.metadata.Distribution, error: Exception
) -> tuple[Source, Callable[[], Any]]:
    """Return a source that stands for metadata that cannot be read."""

    def load() -> Any:
        raise PluginError(
            f"its entry_points.txt cannot be read; got {type(error).__name__}: {error},"
            " expected lines `name = module`. Install it again."
        ) from error

    return Source("entry_points.txt", str(dist.name), str(dist.version)), load


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
    digest = hashlib.sha256(os.path.realpath(path).encode()).hexdigest()[:8]
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
    alone, blocked = switches()
    if {_normal(source.name), _normal(source.distribution)} & blocked:
        return _with(source, "blocked", "blocked by MFPLUG_BLOCK"), []
    if alone and source.version and source.distribution != SHIPPED:
        return _with(source, "blocked", "blocked by MFPLUG_NO_PLUGINS"), []
    try:
        # What a plugin prints on import must not end up in somebody's JSON.
        with contextlib.redirect_stdout(sys.stderr):
            module = load()
            note = interface(module, source.distribution == SHIPPED)
            source = replace(source, note=note)
            if not manager.is_registered(module):
                manager.register(module, name=f"{source.distribution}:{source.name}")
            return source, [Entry(cls, source) for cls in _classes(manager, module)]
    except KeyboardInterrupt:
        raise
    # A plugin may do anything on import, sys.exit included; none of it stops others.
    except BaseException as error:
        text = str(error).strip().splitlines()
        said = f"{type(error).__name__}: {text[0] if text else 'no message'}"
        if strict() and isinstance(error, Exception):
            raise
        if strict():
            raise PluginError(
                f"plugin '{source.name}' from {source.origin}: it cannot be loaded; "
                f"got {said}, expected a module. Mend or uninstall it."
            ) from error
        return _with(source, "broken", said), []


def _normal(name: str) -> str:
    """Return a name as installers compare it: mfplug_Example is mfplug-example."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _with(source: Source, status: str, error: str) -> Source:
    return replace(source, status=status, error=error)


def _classes(manager: pluggy.PluginManager, module: Any) -> list[type[Plugin]]:
    """Call the hooks of one plugin alone and check what they return."""
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
                classes.extend(checked(kinds[caller.name], caller.name, found))
    if not classes:
        raise PluginError(
            "offers no plugin; expected a hook such as mfplug_potentials marked "
            "@mfplug.hookimpl that returns a list of classes. Add one."
        )
    return classes
