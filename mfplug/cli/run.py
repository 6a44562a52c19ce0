"""``mfplug run``: studies through the workflow, from plugin to page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mfplug.errors import ParameterError


def main(arguments: argparse.Namespace) -> int:
    """Plan the studies, let Snakemake run what is missing, say where to look."""
    from mfplug.studies.guard import check_writable
    from mfplug.studies.load import shipped
    from mfplug.studies.plan import make_plan, write_plan

    names = list(dict.fromkeys(arguments.studies))
    if arguments.all:
        names = list(dict.fromkeys([*names, *shipped()]))
    if not names:
        raise ParameterError(
            f"run: no study; expected names or YAML files. Known: "
            f"{', '.join(shipped())}. Give one, or --all."
        )
    out = Path(arguments.out)
    plans = [make_plan(name, arguments.profile, out) for name in names]
    twice = [p["study"] for p in plans]
    for name in twice:
        if twice.count(name) > 1:
            raise ParameterError(
                f"run: two studies are called '{name}'; expected different file names, "
                "because each has a folder of its name. Rename one."
            )
    check_writable(out)
    paths = [write_plan(plan, out) for plan in plans]

    from mfplug.studies.drive import run

    status = run(paths, out, arguments.cores, dry_run=arguments.dry_run)
    if status == 0 and not arguments.dry_run:
        page = (out / "report.html").resolve()
        print(f"results: {out.resolve()}\npage:    {page}", file=sys.stderr)
    return status
