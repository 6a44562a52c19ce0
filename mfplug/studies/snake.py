"""One call of Snakemake, with its settings as a run of mfplug needs them."""

from __future__ import annotations

import contextlib
import getpass
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfplug.studies.executors import Executor

if TYPE_CHECKING:
    from mfplug.studies.jobs import Jobs
    from mfplug.studies.progress import Board


def execute(
    jobs: Jobs,
    board: Board,
    executor: Executor,
    cores: int,
    memory_mb: int,
    keep_going: bool,
) -> None:
    """Let Snakemake do the open jobs; the working folder changes to the results'.

    Parameters
    ----------
    jobs, board
        What is done, and where it is told.
    executor
        Where the jobs go. Tables, figures and the page, a matter of seconds, are made
        on this machine in any case.
    cores, memory_mb
        What the jobs on this machine may use together.
    keep_going
        Go on with the other jobs when one fails.

    Raises
    ------
    Exception
        Whatever Snakemake raises; a job that failed is one.
    """
    _name_the_user()
    date_back(jobs.out)
    from snakemake.api import SnakemakeApi
    from snakemake.scheduling.greedy import SchedulerSettings as Greedy
    from snakemake.settings import types

    with SnakemakeApi(
        types.OutputSettings(log_handler_settings=_handler(board))
    ) as api:
        workflow = api.workflow(
            resource_settings=_resources(executor, cores, memory_mb),
            config_settings=types.ConfigSettings(config=_config(jobs, executor)),
            snakefile=snakefile(),
            workdir=jobs.out.resolve(),
        )
        # The ids say what is up to date; Snakemake only asks which files are there,
        # and its own records (which take a second or two a run) are not kept.
        dag = workflow.dag(
            types.DAGSettings(force_incomplete=True, rerun_triggers=frozenset())
        )
        dag.execute_workflow(
            executor=executor.name,
            executor_settings=_settings(executor),
            execution_settings=types.ExecutionSettings(
                keep_going=keep_going,
                keep_metadata=False,
                latency_wait=executor.latency,
                retries=executor.retries,
            ),
            remote_execution_settings=types.RemoteExecutionSettings(
                seconds_between_status_checks=executor.interval
            ),
            scheduling_settings=types.SchedulingSettings(scheduler="greedy"),
            scheduler_settings=Greedy(),
        )


def date_back(out: Path) -> None:
    """Date markers of finished jobs from the future, of a clock that was ahead, now.

    Snakemake takes an output that is older than its input for one of a failed job.
    """
    now = time.time()
    for marker in (out / "store" / "done").glob("*.json"):
        with contextlib.suppress(OSError):
            if marker.stat().st_mtime > now:
                os.utime(marker, (now, now))


def _name_the_user() -> None:
    """Name whom the system knows by a number alone, as in a container.

    Snakemake asks for the name and would end without one.
    """
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ["LOGNAME"] = f"user-{os.getuid()}"


def snakefile() -> Path:
    """Return the Snakefile that travels with mfplug."""
    from importlib.resources import files

    return Path(str(files("mfplug_workflows"))) / "Snakefile"


def _handler(board: Board) -> dict[str, Any]:
    from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

    from mfplug.studies import progress

    registry = LoggerPluginRegistry()
    if not registry.is_installed("mfplug"):
        registry.register_plugin("snakemake_logger_plugin_mfplug", progress)
    return {"mfplug": progress.LogHandlerSettings(board=board)}


def _config(jobs: Jobs, executor: Executor) -> dict[str, Any]:
    plans = {block.plan: None for block in jobs.values() if block.plan}
    config: dict[str, Any] = {"plans": list(plans), "out": "."}
    if not executor.local:
        config["minutes"] = executor.minutes
    if executor.time_limit is not None:
        config["time_limit"] = f"{executor.time_limit}s"
    return config


def _resources(executor: Executor, cores: int, memory_mb: int) -> Any:
    from snakemake.settings.types import ResourceSettings

    if executor.local:
        return ResourceSettings(cores=cores, resources={"mem_mb": memory_mb})
    # What a cluster has is for its queue to know.
    return ResourceSettings(
        nodes=executor.jobs,
        local_cores=cores,
        default_resources=dict(executor.resources),
    )


def _settings(executor: Executor) -> Any:
    if executor.local:
        return None
    from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

    plugin = ExecutorPluginRegistry().get_plugin(executor.name)
    made = plugin.settings_cls
    return None if made is None else made(**executor.settings)
