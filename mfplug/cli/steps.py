"""The first five steps as commands: files in, files out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from mfplug.errors import ParameterError

ORDER = ("solve", "simulate", "measure", "tabulate", "plot")


def main(arguments: argparse.Namespace) -> int:
    """Do one block of a plan, or every block of one step of a study."""
    from mfplug.studies.guard import die_with_parent
    from mfplug.studies.plan import make_plan, read_plan, write_plan

    out = Path(arguments.out)
    if arguments.block:
        die_with_parent()
        if not arguments.plan:
            raise ParameterError(
                "block: a block belongs to a plan; got no plan, expected --plan FILE. "
                "Add it, or leave --block out."
            )
        plan = read_plan(Path(arguments.plan))
        _use_files(plan)
        _do(plan, arguments.block, out)
        return 0
    if arguments.plan:
        plan = read_plan(Path(arguments.plan))
        _use_files(plan)
    else:
        plan = make_plan(arguments.study, arguments.profile, out)
        write_plan(plan, out)
    _check_before(plan, arguments.command, out)
    for block in plan["blocks"]:
        if block["step"] == arguments.command and not (out / block["marker"]).is_file():
            print(f"{arguments.command}: {block['label']}", file=sys.stderr)
            _do(plan, block["id"], out)
    for path in _outputs(plan, arguments.command):
        print(out / path)
    return 0


def _do(plan: dict[str, Any], block: str, out: Path) -> None:
    from mfplug.studies.steps import run_block

    run_block(plan, block, out)


def _use_files(plan: dict[str, Any]) -> None:
    from mfplug.registry import current

    for path in plan["plugin_files"]:
        current().add_file(path)


def _check_before(plan: dict[str, Any], step: str, out: Path) -> None:
    """Say which step has to come first, instead of failing on its files."""
    markers = {b["id"]: (b["step"], out / b["marker"]) for b in plan["blocks"]}
    for block in plan["blocks"]:
        if block["step"] != step or (out / block["marker"]).is_file():
            continue
        for need in block["needs"]:
            before, marker = markers[need]
            if not marker.is_file():
                raise ParameterError(
                    f"step '{step}': it comes too early; got no results of '{before}' in "
                    f"'{out}', expected them. Run `mfplug {before} {plan['source']} "
                    f"--profile {plan['profile']} --out {out}` first, or `mfplug run`."
                )


def _outputs(plan: dict[str, Any], step: str) -> list[str]:
    return [p for b in plan["blocks"] if b["step"] == step for p in b["outputs"]]
