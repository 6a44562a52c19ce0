"""The registry: which plugins there are, and making them from names and parameters."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mfplug.contracts.parameters import options_of
from mfplug.contracts.plugin import KINDS, Plugin, check_parameters, type_hints
from mfplug.errors import ParameterError, PluginError, did_you_mean
from mfplug.registry.deprecation import former_name, going_away, present_names
from mfplug.registry.entries import Entry, Source
from mfplug.registry.loader import load_all

FILES_VARIABLE = "MFPLUG_PLUGIN_FILES"


class Registry:
    """All plugins that can be found; they are loaded when the first is asked for.

    Parameters
    ----------
    files
        Local Python files with plugins, beside the installed entry points and the
        files named in ``MFPLUG_PLUGIN_FILES``.
    """

    def __init__(self, files: Iterable[str | Path] = ()) -> None:
        named = os.environ.get(FILES_VARIABLE, "").split(os.pathsep)
        # Unlike Path.resolve, this ends where links go round in a circle.
        paths = [Path(os.path.realpath(f)) for f in (*filter(None, named), *files)]
        self.files = list(dict.fromkeys(paths))
        self._sources: list[Source] | None = None
        self._entries: dict[tuple[str, str], Entry] = {}
        self._former: dict[tuple[str, str], tuple[str, str]] = {}
        self._source_of: dict[type, Source] = {}

    def add_file(self, path: str | Path) -> None:
        """Add a local plugin file; child processes get it through the environment."""
        resolved = Path(os.path.realpath(path))
        if not resolved.is_file():
            raise PluginError(
                f"plugin file '{path}': no such file; expected a Python file. "
                "Check --plugin."
            )
        if resolved not in self.files:
            self.files.append(resolved)
            self._sources = None
        os.environ[FILES_VARIABLE] = os.pathsep.join(map(str, self.files))

    def sources(self) -> list[Source]:
        """Return every source of plugins with its status."""
        if self._sources is None:
            self._sources, found = load_all(self.files)
            self._entries = {}
            for entry in found:
                key = (entry.cls.kind, entry.name)
                first = self._entries.get(key)
                if first is not None and first.cls is not entry.cls:
                    entry = Entry(
                        first.cls, first.source, (*first.clashes, entry.source)
                    )
                self._entries[key] = entry
            self._source_of = {e.cls: e.source for e in self._entries.values()}
            self._former = {
                (kind, former): (kind, name)
                for (kind, name), entry in self._entries.items()
                for former in entry.cls.former_names
                if (kind, former) not in self._entries
            }
        return self._sources

    def source_of(self, cls: type) -> Source | None:
        """Return where a class of plugins came from, if it is a registered one."""
        self.sources()
        return self._source_of.get(cls)

    def entries(self, kind: str | None = None) -> list[Entry]:
        """Return the plugins, sorted by kind and name."""
        self.sources()
        if kind is not None:
            self._check_kind(kind)
        order = {k: i for i, k in enumerate(KINDS)}
        found = [e for e in self._entries.values() if kind in (None, e.cls.kind)]
        return sorted(found, key=lambda e: (order[e.cls.kind], e.name))

    def names(self, kind: str) -> list[str]:
        """Return the sorted names of a kind."""
        return [e.name for e in self.entries(kind)]

    def entry(self, kind: str, name: str) -> Entry:
        """Return one plugin, or say what is wrong with asking for it."""
        self._check_kind(kind)
        self.sources()
        key = (kind, str(name))
        entry = self._entries.get(self._former.get(key, key))
        if entry is None:
            raise PluginError(self._unknown(kind, str(name)))
        if entry.clashes:
            raise PluginError(
                f"{kind} '{name}': two plugins have this name; it is "
                f"{entry.clash_text()}. Uninstall one, or block it with MFPLUG_BLOCK."
            )
        if key in self._former:
            former_name(entry.cls, str(name))
        return entry

    def create(self, kind: str, name: str, **parameters: Any) -> Any:
        """Return a plugin made from its name and parameters.

        A parameter that is itself a plugin may be given as ``{"name": ..., ...}``.

        Raises
        ------
        PluginError
            If there is no such plugin, it is broken, or two have this name.
        ParameterError
            If a parameter is unknown, missing, of the wrong type or out of range.
        """
        if isinstance(name, Mapping):
            raise ParameterError(
                f"{kind}: name is no string; got {dict(name)!r}, expected a name. "
                "Use create_from."
            )
        cls = self.entry(kind, name).cls
        going_away(cls)
        renamed = present_names(cls, parameters)
        given = {k: self._nested(cls, k, v) for k, v in renamed.items()}
        checked = check_parameters(cls, given)
        try:
            return cls(**checked)
        except (ParameterError, PluginError):
            raise
        except (Exception, SystemExit) as error:
            origin = self._source_of[cls].origin
            raise PluginError(
                f"{kind} '{name}' from {origin}: cannot be made; got "
                f"{type(error).__name__}: {error}. Report it to its author."
            ) from error

    def create_from(self, kind: str, spec: Any) -> Any:
        """Return a plugin from an instance, a name, or ``{"name": ..., key: ...}``."""
        if isinstance(spec, Plugin):
            if spec.kind != kind:
                raise PluginError(
                    f"{kind}: the wrong kind of plugin; got {spec.kind} '{spec.name}', "
                    f"expected a {kind}. Give one."
                )
            return spec
        if isinstance(spec, str):
            return self.create(kind, spec)
        if isinstance(spec, Mapping) and isinstance(spec.get("name"), str):
            rest = {str(k): v for k, v in spec.items() if k != "name"}
            return self.create(kind, spec["name"], **rest)
        raise ParameterError(
            f"{kind}: no plugin can be made of {spec!r}; expected a name or a mapping "
            "with `name` and parameters. Write {name: ..., param: ...}."
        )

    def _nested(self, cls: type[Plugin], key: str, value: Any) -> Any:
        hint = type_hints(cls).get(key)
        kind = _plugin_kind(hint)
        if kind and isinstance(value, Mapping | str):
            return self.create_from(kind, value)
        return value

    def _check_kind(self, kind: str) -> None:
        if kind not in KINDS:
            raise PluginError(
                f"unknown kind of plugin '{kind}'; expected one of {', '.join(KINDS)}. "
                + did_you_mean(kind, KINDS)
            )

    def _unknown(self, kind: str, name: str) -> str:
        hint = did_you_mean(name, [n for k, n in self._entries if k == kind])
        text = f"{kind} '{name}': no such plugin. {hint}"
        for source in self.sources():
            if source.status != "ok" and source.name in (name, f"{kind}-{name}"):
                return (
                    f"{kind} '{name}' from {source.origin}: the plugin is "
                    f"{source.status}; got {source.error}. Mend, update or uninstall "
                    f"{source.distribution}."
                )
        bad = [s for s in self.sources() if s.status == "broken"]
        if bad:
            listed = "; ".join(f"{s.name} from {s.origin}: {s.error}" for s in bad)
            text += f" It may be in a broken plugin ({listed})."
        return text


def _plugin_kind(hint: Any) -> str | None:
    """Return the kind of plugin that a field's type asks for, if it does."""
    for option in options_of(hint):
        if isinstance(option, type) and issubclass(option, Plugin):
            return option.kind or None
    return None
