"""``mfplug plugins``: what there is, where it comes from, what is wrong with it."""

from __future__ import annotations

import argparse
import inspect
import json
from pathlib import Path

from mfplug.errors import ParameterError, did_you_mean
from mfplug.registry import current
from mfplug.registry.entries import Entry, Source


def main(arguments: argparse.Namespace) -> int:
    """List all plugins, those of a kind, or describe one."""
    registry = current()
    if arguments.requirements:
        return _requirements(registry.sources())
    if arguments.plot:
        from mfplug.gallery import write_portrait

        if not arguments.name:
            raise ParameterError(
                "plugins: --plot draws one plugin; got no name, expected KIND NAME. "
                "'mfplug plugins' lists them."
            )
        made = registry.create(arguments.kind, arguments.name)
        print(f"wrote {write_portrait(made, Path(arguments.plot))}")
        return 0
    if arguments.name:
        return _describe(registry.entry(arguments.kind, arguments.name), arguments.json)
    entries = registry.entries(arguments.kind)
    bad = [s for s in registry.sources() if s.status != "ok"]
    told = [s for s in registry.sources() if s.status != "ok" or s.note]
    if arguments.json:
        data = {
            "plugins": [e.describe() for e in entries],
            "sources": [vars(s) for s in told],
        }
        print(json.dumps(data, indent=2, sort_keys=True))
        return 0
    _table(entries)
    for source in bad:
        print(_complaint(source))
    for source in registry.sources():
        if source.note:
            print(f"note: {source.name} from {source.origin}: {source.note}")
    if not entries and not bad:
        print("no plugins found. " + did_you_mean("", []))
    return 0


def _requirements(sources: list[Source]) -> int:
    """Print a requirements file: one pinned distribution a line."""
    found = {(s.distribution, s.version) for s in sources if s.version}
    for distribution, version in sorted(found):
        print(f"{distribution}=={version}")
    for source in sources:
        if not source.version:
            print(f"# a local file, not to be installed: {source.distribution}")
    return 0


def _table(entries: list[Entry]) -> None:
    rows = [("KIND", "NAME", "FROM", "STATUS", "SUMMARY")]
    for entry in entries:
        summary = entry.reason or entry.formula()
        rows.append(
            (
                entry.cls.kind,
                entry.name,
                entry.source.origin,
                entry.status,
                summary.split("\n")[0],
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for row in rows:
        start = "  ".join(text.ljust(w) for text, w in zip(row, widths, strict=False))
        print(f"{start}  {row[4]}".rstrip())


def _complaint(source: Source) -> str:
    return f"{source.status}: {source.name} from {source.origin}: {source.error}"


def _describe(entry: Entry, as_json: bool) -> int:
    description = entry.describe()
    if as_json:
        print(json.dumps(description, indent=2, sort_keys=True))
        return 0
    print(f"{entry.cls.kind} '{entry.name}' from {entry.source.origin}\n")
    print(inspect.cleandoc(entry.cls.__doc__ or "no description"))
    if entry.cls.deprecated:
        print(f"\ndeprecated: {entry.cls.deprecated}")
    if entry.cls.former_names:
        print(f"\nformer names: {', '.join(entry.cls.former_names)}")
    for former, present in entry.cls.renamed.items():
        print(f"\nformer parameter: {former}, now {present}")
    print("\nparameters:" if description["parameters"] else "\nno parameters")
    for row in description["parameters"]:
        default = "required" if row["required"] else f"default {row['default']}"
        limits = "" if row["bounds"] == "any value" else f", {row['bounds']}"
        text = f"  {row['help']}" if row["help"] else ""
        print(f"  {row['name']}: {row['type']}, {default}{limits}{text}")
    return 0
