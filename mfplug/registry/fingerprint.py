"""Fingerprints: what a stored result depends on besides its parameters."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mfplug
from mfplug.contracts.plugin import API_VERSION, Plugin, canonical_json

if TYPE_CHECKING:
    from mfplug.registry.registry import Registry


def digest(value: Any, length: int = 20) -> str:
    """Return the first digits of the SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:length]


@cache
def _file_hash(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:20]


@cache
def source_hash(*parts: str) -> str:
    """Return a hash of the framework's own source in the named folders and files."""
    root = Path(mfplug.__file__).parent
    files = sorted(
        f
        for part in parts
        for f in (
            [root / part] if part.endswith(".py") else (root / part).rglob("*.py")
        )
    )
    text = [(str(f.relative_to(root)), _file_hash(str(f))) for f in files]
    return digest([mfplug.__version__, text])


def nested(plugins: Iterable[Any]) -> Iterator[Plugin]:
    """Yield the plugins and the plugins within their parameters."""
    for plugin in plugins:
        if isinstance(plugin, Plugin):
            yield plugin
            yield from nested(plugin.parameters().values())


def plugin_fingerprint(plugin: Plugin, registry: Registry) -> dict[str, str]:
    """Return distribution, version and the hash of the file that defines the class.

    A helper module that the plugin imports is covered by the version only: raise the
    version, or keep what matters in the plugin's own file.
    """
    cls: type = type(plugin)
    source = registry.source_of(cls)
    origin = {"distribution": "local file", "version": ""}
    # A local file is known by its content; its path may differ between machines.
    if source is not None and source.version:
        origin = {"distribution": source.distribution, "version": source.version}
    return {
        "kind": plugin.kind,
        "name": plugin.name,
        **origin,
        "api": str(API_VERSION),
        "source": _own_code(cls),
    }


@cache
def _own_code(cls: type) -> str:
    return digest([_code_of(base) for base in cls.__mro__ if _is_foreign(base)])


def _is_foreign(cls: type) -> bool:
    """Whether a class is a plugin's own: neither the framework's nor Python's."""
    return cls.__module__.partition(".")[0] not in ("mfplug", "builtins", "abc")


def _code_of(cls: type) -> str:
    try:
        return _file_hash(inspect.getfile(cls))
    except (OSError, TypeError):
        # A class made in a session has no file; its name is all there is to know.
        return hashlib.sha256(cls.__qualname__.encode()).hexdigest()[:20]


def fingerprints(plugins: Iterable[Any], registry: Registry) -> list[dict[str, str]]:
    """Return the fingerprints of plugins and of those nested in them, sorted."""
    rows = {(p.kind, p.name): plugin_fingerprint(p, registry) for p in nested(plugins)}
    return [rows[key] for key in sorted(rows)]
