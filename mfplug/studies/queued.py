"""Jobs of an earlier run that a cluster may still have: found by name, and cancelled.

The process that submits may be killed; its jobs live on in the queue. They would do no
harm, for two processes at one result take turns and write the same bytes, but they
would do the work twice. What they finished is kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mfplug.inputs import check_regular, irregular
from mfplug.studies.executors import Executor
from mfplug.studies.guard import atomic_write_text

RECORD = ".mfplug-cluster.json"
#: The ids of the jobs of this run, one a line; Slurm's are found by their names.
SENT = ".mfplug-cluster.ids"
#: How long cancelled jobs get to go, in seconds.
PATIENCE = 90.0
_ASK = 60.0
# What stands in a results folder is data: a name of another form, which could be the
# beginning of any job's name, or an id that is an option, is not taken from it.
_NAME = re.compile(r"mfplug-[0-9a-f]{12}")
_JOB = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@\[\]-]*")


def enlist(executor: Executor, out: Path) -> Executor:
    """Return the executor with a name for its jobs, and note it in the folder.

    The name is that of the results folder, the same for each run in it: Slurm shows it
    as the beginning of the jobs' names.
    """
    if executor.local:
        return executor
    name = _noted(out).get("name") or f"mfplug-{secrets.token_hex(6)}"
    record = {
        "executor": executor.name,
        "name": name,
        "cancel": _commands(executor)[0],
    }
    atomic_write_text(out / RECORD, json.dumps(record, indent=1) + "\n")
    if executor.name != "slurm" or "jobname_prefix" in executor.settings:
        return executor
    return replace(executor, settings={**executor.settings, "jobname_prefix": name})


def cancel_left(out: Path, executor: Executor, say: Callable[[str], None]) -> None:
    """Cancel the jobs that an earlier run of this folder left in a queue.

    Parameters
    ----------
    out
        The results folder; the caller holds it, so that no other run is alive.
    executor
        That of this run. A command that cancels is taken from it alone: the folder
        may come from anywhere, and what it says is never run.
    say
        Takes a line for the reader.
    """
    record = _noted(out)
    if not record:
        return
    if record.get("executor") == "slurm":
        _cancel_slurm(record["name"], say)
    elif record.get("cancel"):
        cancel, status = _commands(executor)
        if record["cancel"] != cancel:
            say(
                "jobs of an earlier run may still be in a queue; the --executor and "
                "the settings of that run would cancel them. This run and they take "
                "turns"
            )
            return
        _cancel_by_id(out, cancel, status, say)
    with contextlib.suppress(FileNotFoundError):
        (out / SENT).unlink()


def note_job(out: Path, job: str) -> None:
    """Note the id of a job that was sent to the queue.

    Snakemake's own note of it is overwritten when the job starts.
    """
    with open(out / SENT, "a", encoding="utf-8") as file:
        file.write(f"{job}\n")


def forget(out: Path) -> None:
    """Note that no job of this folder is in a queue any more."""
    for name in (RECORD, SENT):
        with contextlib.suppress(FileNotFoundError):
            (out / name).unlink()


def _commands(executor: Executor) -> tuple[str, str]:
    """Return the commands that cancel a job and that ask after one, or nothing."""
    found = (executor.settings.get(f"{what}_cmd") for what in ("cancel", "status"))
    cancel, status = (str(command or "") for command in found)
    return cancel, status


def _noted(out: Path) -> dict[str, str]:
    """Return what an earlier run noted; nothing where it is not of that form."""
    if irregular(out / RECORD):
        return {}
    try:
        data = json.loads((out / RECORD).read_text(encoding="utf-8"))
        noted = {str(key): str(value) for key, value in data.items()}
        return noted if _NAME.fullmatch(noted.get("name", "")) else {}
    except (OSError, ValueError, AttributeError):
        return {}


def _cancel_slurm(name: str, say: Callable[[str], None]) -> None:
    if shutil.which("squeue") is None or shutil.which("scancel") is None:
        say(
            f"jobs of an earlier run, named {name}, may still be in a queue that this "
            "machine does not reach; this run and they take turns"
        )
        return
    left = _slurm_jobs(name)
    if not left:
        return
    _call(["scancel", *left])
    end = time.monotonic() + PATIENCE
    while _slurm_jobs(name) and time.monotonic() < end:
        time.sleep(1.0)
    _say_cancelled(len(left), say)


def _slurm_jobs(name: str) -> list[str]:
    """Return the ids of the jobs whose names begin with ``name``."""
    told = _call(
        ["squeue", "--noheader", "--user", str(os.getuid()), "--format", "%A %j"]
    )
    pairs = [line.split(maxsplit=1) for line in told.splitlines()]
    return [p[0] for p in pairs if len(p) == 2 and p[1].startswith(name)]


def _cancel_by_id(
    out: Path, command: str, status: str, say: Callable[[str], None]
) -> None:
    """Cancel the jobs whose ids were noted and that are not known to have ended."""
    sent: list[str] = []
    with contextlib.suppress(OSError, ValueError):
        check_regular(out / SENT, "file")
        sent = (out / SENT).read_text(encoding="utf-8").split()
    ask = shlex.split(status)
    known = filter(_JOB.fullmatch, sent)
    left = [job for job in known if not ask or "running" in _call([*ask, job])]
    for job in left:
        _call([command, job])
    for file in sorted((out / ".snakemake" / "incomplete").rglob("*")):
        with contextlib.suppress(OSError):
            # Or Snakemake would wait for the job that was cancelled.
            file.unlink()
    if left:
        _say_cancelled(len(left), say)


def _say_cancelled(count: int, say: Callable[[str], None]) -> None:
    say(f"cancelled {count} job{'s' * (count != 1)} of the run that was cut short")


def _call(command: list[str]) -> str:
    """Return what a command says; a queue that does not answer says nothing."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_ASK, check=False
        )
        return done.stdout
    return ""
