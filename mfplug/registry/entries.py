"""What the registry knows of one plugin, and of one source of plugins."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

from mfplug.contracts.plugin import Plugin


@dataclass(frozen=True)
class Source:
    """One entry point or one local file, and what became of loading it.

    ``status`` is ``ok``, ``broken`` (``error`` says why) or ``blocked``; ``note`` says
    what will stop to work.
    """

    name: str
    distribution: str
    version: str
    status: str = "ok"
    error: str = ""
    value: str = ""
    note: str = ""

    @property
    def origin(self) -> str:
        """The distribution with its version, or the file."""
        return f"{self.distribution} {self.version}".strip()


@dataclass(frozen=True)
class Entry:
    """A plugin class and the source that it came from."""

    cls: type[Plugin]
    source: Source
    clashes: tuple[Source, ...] = field(default=())

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.cls.name

    def formula(self) -> str:
        """Return the first paragraph of the class's docstring."""
        return inspect.cleandoc(self.cls.__doc__ or "").split("\n\n")[0]

    @property
    def status(self) -> str:
        """``ok``, ``clash`` (two plugins of one name) or ``deprecated``."""
        if self.clashes:
            return "clash"
        return "deprecated" if self.cls.deprecated else "ok"

    @property
    def reason(self) -> str:
        """Why the status is not ``ok``."""
        return self.clash_text() if self.clashes else self.cls.deprecated

    def describe(self) -> dict[str, Any]:
        """Return the entry as plain data, for ``mfplug plugins --json``."""
        from mfplug.contracts.plugin import parameter_table

        return {
            "kind": self.cls.kind,
            "name": self.name,
            "distribution": self.source.distribution,
            "version": self.source.version,
            "status": self.status,
            "reason": self.reason,
            "former_names": list(self.cls.former_names),
            "renamed": dict(self.cls.renamed),
            "summary": self.formula().replace("\n", " "),
            "parameters": parameter_table(self.cls),
        }

    def clash_text(self) -> str:
        """Say which sources define this name."""
        who = " and by ".join(sorted(s.origin for s in (self.source, *self.clashes)))
        return f"defined by {who}"
