"""``mfplug check``: the conformance kit from the command line."""

from __future__ import annotations

import argparse
import json
from typing import Any

from mfplug.checks import Outcome, instances, run_checks
from mfplug.contracts.plugin import Plugin, canonical_json
from mfplug.errors import MfplugError, ParameterError
from mfplug.registry import current


def main(arguments: argparse.Namespace) -> int:
    """Check one plugin, or all; status 1 if one does not keep what it declares."""
    registry = current()
    failures = 0
    records: list[dict[str, Any]] = []
    for kind, name in _wanted(arguments):
        try:
            made = registry.create(kind, name, **_parameters(arguments.set))
            plugins = [made] if arguments.set else instances(made)
        except MfplugError as error:
            if not arguments.all:
                raise
            failures += 1
            records.append({"kind": kind, "name": name, "error": str(error)})
            if not arguments.json:
                print(f"{kind} '{name}': cannot be made: {error}")
            continue
        for plugin in plugins:
            outcomes = run_checks(plugin, arguments.only)
            failures += sum(not outcome.good for outcome in outcomes)
            records += [_record(plugin, outcome) for outcome in outcomes]
            if not arguments.json:
                _show(plugin, outcomes)
    if arguments.json:
        print(json.dumps(records, indent=2, sort_keys=True))
    else:
        count = sum("status" in record for record in records)
        print(f"{count} checks, {failures} failed")
    return 1 if failures else 0


def _wanted(arguments: argparse.Namespace) -> list[tuple[str, str]]:
    """Return (kind, name) of what is to be checked."""
    if arguments.all:
        if arguments.name or arguments.set:
            raise ParameterError(
                "check: --all goes with KIND alone; got a name or --set too. "
                "Leave them out."
            )
        entries = current().entries(arguments.kind)
        return [(entry.cls.kind, entry.name) for entry in entries if not entry.clashes]
    if not arguments.name:
        raise ParameterError(
            "check: nothing to check; got no name, expected KIND NAME, or --all. "
            "'mfplug plugins' lists them."
        )
    return [(arguments.kind, arguments.name)]


def _parameters(given: list[str]) -> dict[str, Any]:
    """Return the parameters of ``--set name=value``; values are read as YAML."""
    from mfplug.studies.yamlfile import read_value

    found: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise ParameterError(
                f"check: --set is malformed; got {text!r}, expected PARAMETER=VALUE. "
                "Write for instance --set width=0.7."
            )
        found[name] = read_value(value, f"check: --set {name}")
    return found


def _show(plugin: Plugin, outcomes: list[Outcome]) -> None:
    print(f"{plugin.kind} {canonical_json(plugin.to_dict())}")
    width = max(len(outcome.check) for outcome in outcomes)
    for outcome in outcomes:
        print(f"  {outcome.check:<{width}}  {outcome.status}: {outcome.message}")


def _record(plugin: Plugin, outcome: Outcome) -> dict[str, Any]:
    return {
        "kind": plugin.kind,
        "name": plugin.name,
        "parameters": plugin.to_dict(),
        "check": outcome.check,
        "status": outcome.status,
        "message": outcome.message,
    }
