"""``mfplug run``: studies through the workflow, from plugin to page."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfplug.errors import ParameterError, printable

if TYPE_CHECKING:
    from mfplug.studies.executors import Executor


def main(arguments: argparse.Namespace) -> int:
    """Plan the studies, let Snakemake run what is missing, say where to look."""
    from mfplug.studies.executors import executor_of
    from mfplug.studies.load import shipped
    from mfplug.studies.timelimit import duration

    names = list(dict.fromkeys(arguments.studies))
    if arguments.all:
        names = list(dict.fromkeys([*names, *shipped()]))
    if not names:
        raise ParameterError(
            f"run: no study; expected names or YAML files. Known: "
            f"{', '.join(shipped())}. Give one, or --all."
        )
    executor = executor_of(arguments.executor, arguments.set)
    if arguments.time_limit:
        limit = duration(arguments.time_limit)
        executor = replace(executor, time_limit=limit)
    memory = _memory(arguments, executor)
    # A study that is wrong or does not fit is refused before anything is written.
    plans = _planned(names, arguments.profile, executor, memory)
    if arguments.plan:
        return _forecast(plans, arguments, executor)
    status = _run(plans, arguments, executor, memory)
    if status == 0 and not arguments.dry_run:
        out = Path(arguments.out).resolve()
        print(f"results: {out}\npage:    {out / 'report.html'}", file=sys.stderr)
    return status


def _memory(arguments: argparse.Namespace, executor: Executor) -> int | None:
    """Return what jobs may use in MB: on a cluster its queue decides, if not said."""
    from mfplug.studies.limits import available_mb, megabytes

    if arguments.memory:
        return megabytes(arguments.memory)
    return available_mb() if executor.local else None


def _planned(
    names: list[str], profile: str, executor: Executor, memory: int | None
) -> list[dict[str, Any]]:
    """Return the plans of the studies; nothing is written."""
    from mfplug.studies.plan import make_plan

    target = executor.minutes * 60
    plans = [make_plan(name, profile, None, target, memory) for name in names]
    found = [plan["study"] for plan in plans]
    for name in found:
        if found.count(name) > 1:
            raise ParameterError(
                f"run: two studies are called '{name}'; expected different file names, "
                "because each has a folder of its name. Rename one."
            )
    return plans


def _forecast(
    plans: list[dict[str, Any]], arguments: argparse.Namespace, executor: Executor
) -> int:
    """Say what all that there is to do costs, whatever is done already."""
    from mfplug.studies.forecast import forecast

    slots = arguments.cores if executor.local else executor.jobs
    print(forecast(plans, slots, 0.0 if executor.local else executor.interval))
    return 0


def _run(
    plans: list[dict[str, Any]],
    arguments: argparse.Namespace,
    executor: Executor,
    memory: int | None,
) -> int:
    from mfplug.studies.drive import run
    from mfplug.studies.hold import hold
    from mfplug.studies.plan import drop_stale_markers, replaced, write_plan

    out, paths = Path(arguments.out), []
    # Written and run under one lock: a second run must not change a live one's plans.
    with hold(out):
        # Taken from the list one by one: a plan of 10^5 cells is not kept in memory.
        while plans:
            plan = plans.pop(0)
            if old := replaced(plan, out):
                text = (
                    f"study '{plan['study']}': '{out}' has results of another file of "
                    f"that name, '{old}'; tables and figures are replaced"
                )
                print(f"mfplug: warning: {printable(text)}", file=sys.stderr)
            drop_stale_markers(out, plan["blocks"])
            paths.append(write_plan(plan, out))
        del plan
        return run(
            paths,
            out,
            arguments.cores,
            dry_run=arguments.dry_run,
            executor=executor,
            memory_mb=memory,
        )
