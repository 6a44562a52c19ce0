"""The first five steps as commands: files in, files out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from mfplug.cli.bar import bar
from mfplug.errors import ParameterError

#: Cells of which a line is printed, at most.
MOST_LINES = 40


def main(arguments: argparse.Namespace) -> int:
    """Do one block of a plan, or every block of one step of a study."""
    from mfplug.studies.api import run_step
    from mfplug.studies.guard import die_with_parent
    from mfplug.studies.plan import block_of, make_plan, read_plan, write_plan
    from mfplug.studies.steps import run_block
    from mfplug.studies.timelimit import obey

    out = Path(arguments.out)
    if getattr(arguments, "snapshots", None):
        return _measure_snapshots(arguments)
    if arguments.block:
        die_with_parent()
        if not arguments.plan:
            raise ParameterError(
                "block: a block belongs to a plan; got no plan, expected --plan FILE. "
                "Add it, or leave --block out."
            )
        plan = read_plan(Path(arguments.plan))
        obey(block_of(plan, arguments.block)["cost"])
        _use_files(plan)
        run_block(plan, arguments.block, out)
        return 0
    if arguments.plan:
        plan = read_plan(Path(arguments.plan))
        _use_files(plan)
    else:
        plan = make_plan(arguments.study, arguments.profile, out)
        write_plan(plan, out)
    with bar(arguments.command) as (say, progress):
        paths = run_step(arguments.command, plan, out, say, progress)
    if arguments.command == "simulate":
        _say_what_is_kept(plan, out)
    for path in paths:
        print(path)
    return 0


def _say_what_is_kept(plan: dict[str, Any], out: Path) -> None:
    """Say how far energy, momentum and angular momentum moved, by cell."""
    from mfplug.dynamics.account import spoken
    from mfplug.studies.cells import cells_of
    from mfplug.studies.conserved import accounts
    from mfplug.studies.plan import study_of

    found = accounts(cells_of(study_of(plan), plan["study"]), out)
    for label, account in list(found.items())[:MOST_LINES]:
        print(f"{label}: {spoken(account)}", file=sys.stderr)
    if len(found) > MOST_LINES:
        more = len(found) - MOST_LINES
        print(f"and {more} more; provenance.json has the worst", file=sys.stderr)


def _measure_snapshots(arguments: argparse.Namespace) -> int:
    from mfplug.studies.foreign import measure_snapshots
    from mfplug.studies.guard import atomic_write_text

    table = measure_snapshots(
        arguments.study, arguments.profile, Path(arguments.snapshots)
    )
    text = table.to_csv(index=False, lineterminator="\n")
    if arguments.table:
        atomic_write_text(Path(arguments.table), text)
        print(arguments.table)
    else:
        sys.stdout.write(text)
    return 0


def _use_files(plan: dict[str, Any]) -> None:
    from mfplug.registry import current

    for path in plan["plugin_files"]:
        current().add_file(path)
