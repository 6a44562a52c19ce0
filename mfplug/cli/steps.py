"""The first five steps as commands: files in, files out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from mfplug.errors import ParameterError


def main(arguments: argparse.Namespace) -> int:
    """Do one block of a plan, or every block of one step of a study."""
    from mfplug.studies.api import run_step
    from mfplug.studies.guard import die_with_parent
    from mfplug.studies.plan import make_plan, read_plan, write_plan
    from mfplug.studies.steps import run_block

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
        _use_files(plan)
        run_block(plan, arguments.block, out)
        return 0
    if arguments.plan:
        plan = read_plan(Path(arguments.plan))
        _use_files(plan)
    else:
        plan = make_plan(arguments.study, arguments.profile, out)
        write_plan(plan, out)
    for path in run_step(arguments.command, plan, out, _say):
        print(path)
    return 0


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


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _use_files(plan: dict[str, Any]) -> None:
    from mfplug.registry import current

    for path in plan["plugin_files"]:
        current().add_file(path)
