"""``mfplug run``: studies through the workflow, from plugin to page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mfplug.errors import ParameterError


def main(arguments: argparse.Namespace) -> int:
    """Plan the studies, let Snakemake run what is missing, say where to look."""
    from mfplug.studies.load import shipped
    from mfplug.studies.plan import check_study

    names = list(dict.fromkeys(arguments.studies))
    if arguments.all:
        names = list(dict.fromkeys([*names, *shipped()]))
    if not names:
        raise ParameterError(
            f"run: no study; expected names or YAML files. Known: "
            f"{', '.join(shipped())}. Give one, or --all."
        )
    # A study that is wrong is refused before anything is written.
    found = [check_study(name, arguments.profile) for name in names]
    for name in found:
        if found.count(name) > 1:
            raise ParameterError(
                f"run: two studies are called '{name}'; expected different file names, "
                "because each has a folder of its name. Rename one."
            )
    out = Path(arguments.out)
    status = _run(names, arguments, out)
    if status == 0 and not arguments.dry_run:
        page = (out / "report.html").resolve()
        print(f"results: {out.resolve()}\npage:    {page}", file=sys.stderr)
    return status


def _run(names: list[str], arguments: argparse.Namespace, out: Path) -> int:
    from mfplug.studies.drive import run
    from mfplug.studies.hold import hold
    from mfplug.studies.plan import make_plan, write_plan

    # Planned and run under one lock: a second run must not change a live one's plans.
    with hold(out):
        plans = [make_plan(name, arguments.profile, out) for name in names]
        paths = [write_plan(plan, out) for plan in plans]
        return run(paths, out, arguments.cores, dry_run=arguments.dry_run)
