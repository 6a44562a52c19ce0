"""``mfplug theory``: which statements of the thesis apply to the systems of a study."""

from __future__ import annotations

import argparse
import json
from typing import Any

MARKS = {True: "yes", False: "no", None: "open"}


def main(arguments: argparse.Namespace) -> int:
    """Print the hypotheses for each different system of a study."""
    reports = list(_reports(arguments.study, arguments.profile, arguments.time))
    if arguments.json:
        print(json.dumps(reports, indent=2, allow_nan=False))
        return 0
    for report in reports:
        print(f"{report['study']}: {report['cell']}")
        for statement in report["statements"]:
            _print(statement)
        print()
    return 0


def _reports(name: str, profile: str, time: float | None) -> list[dict[str, Any]]:
    from mfplug.studies.cells import cells_of
    from mfplug.studies.load import load
    from mfplug.theory.hypotheses import check_hypotheses

    study_name, study = load(name, profile)
    found: dict[str, dict[str, Any]] = {}
    for cell in cells_of(study, study_name):
        system = cell.system
        if system.depends_on_N and cell.particles is not None:
            system = system.at(cell.particles)
        until = cell.times[-1] - cell.times[0] if time is None else time
        key = json.dumps([system.to_dict(), until], sort_keys=True, default=str)
        if key in found:
            continue
        statements = check_hypotheses(system, until)
        found[key] = {
            "study": study_name,
            "cell": cell.label,
            "time": until,
            "system": system.to_dict(),
            "statements": [statement.to_dict() for statement in statements],
        }
    return list(found.values())


def _print(statement: dict[str, Any]) -> None:
    print(
        f"  {MARKS[statement['applies']]:>4}  {statement['name']}: {statement['says']}"
    )
    if statement["status"] != "proved":
        print(f"        {statement['status']}")
    for part in statement["hypotheses"]:
        value = "" if part["value"] is None else f" = {part['value']:.6g}"
        note = f" ({part['note']})" if part["note"] else ""
        print(f"        [{MARKS[part['holds']]}] {part['text']}{value}{note}")
    numbers = [
        f"{k} = {v:.6g}" for k, v in statement["numbers"].items() if v is not None
    ]
    if numbers:
        print(f"        {'; '.join(numbers)}")
