"""``mfplug run``: studies through the workflow, from plugin to page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mfplug.errors import ParameterError

if TYPE_CHECKING:
    from mfplug.studies.executors import Executor


def main(arguments: argparse.Namespace) -> int:
    """Plan the studies, let Snakemake run what is missing, say where to look."""
    from mfplug.studies.executors import executor_of
    from mfplug.studies.load import shipped

    names = list(dict.fromkeys(arguments.studies))
    if arguments.all:
        names = list(dict.fromkeys([*names, *shipped()]))
    if not names:
        raise ParameterError(
            f"run: no study; expected names or YAML files. Known: "
            f"{', '.join(shipped())}. Give one, or --all."
        )
    executor = executor_of(arguments.executor, arguments.set)
    memory = _memory(arguments, executor)
    _check(names, arguments.profile, memory)
    out = Path(arguments.out)
    if arguments.plan:
        return _forecast(names, arguments, executor)
    status = _run(names, arguments, executor, memory)
    if status == 0 and not arguments.dry_run:
        page = (out / "report.html").resolve()
        print(f"results: {out.resolve()}\npage:    {page}", file=sys.stderr)
    return status


def _memory(arguments: argparse.Namespace, executor: Executor) -> int | None:
    """Return what jobs may use in MB: on a cluster its queue decides, if not said."""
    from mfplug.studies.limits import available_mb, megabytes

    if arguments.memory:
        return megabytes(arguments.memory)
    return available_mb() if executor.local else None


def _check(names: list[str], profile: str, memory: int | None) -> None:
    """Refuse a study that is wrong or does not fit before anything is written."""
    from mfplug.studies.plan import check_study

    found = [check_study(name, profile, memory) for name in names]
    for name in found:
        if found.count(name) > 1:
            raise ParameterError(
                f"run: two studies are called '{name}'; expected different file names, "
                "because each has a folder of its name. Rename one."
            )


def _forecast(
    names: list[str], arguments: argparse.Namespace, executor: Executor
) -> int:
    from mfplug.studies.forecast import forecast
    from mfplug.studies.plan import make_plan

    # Without a folder: all that there is to do, whatever is done already.
    plans = [
        make_plan(name, arguments.profile, None, executor.minutes * 60)
        for name in names
    ]
    slots = arguments.cores if executor.local else executor.jobs
    print(forecast(plans, slots, 0.0 if executor.local else executor.interval))
    return 0


def _run(
    names: list[str],
    arguments: argparse.Namespace,
    executor: Executor,
    memory: int | None,
) -> int:
    from mfplug.studies.drive import run
    from mfplug.studies.hold import hold
    from mfplug.studies.plan import make_plan, write_plan

    out, target = Path(arguments.out), executor.minutes * 60
    # Planned and run under one lock: a second run must not change a live one's plans.
    with hold(out):
        plans = [make_plan(name, arguments.profile, out, target) for name in names]
        paths = [write_plan(plan, out) for plan in plans]
        return run(
            paths,
            out,
            arguments.cores,
            dry_run=arguments.dry_run,
            executor=executor,
            memory_mb=memory,
        )
