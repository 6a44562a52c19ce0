"""Driving Snakemake: one run at a time in a folder, going on where the last stopped."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfplug.errors import MfplugError, printable
from mfplug.studies.executors import LOCAL, Executor
from mfplug.studies.guard import writing
from mfplug.studies.hold import hold
from mfplug.studies.jobs import Jobs, drop_stale_page
from mfplug.studies.limits import available_mb
from mfplug.studies.outlook import Outlook, spoken
from mfplug.studies.queued import cancel_left, enlist, forget
from mfplug.studies.snake import execute

if TYPE_CHECKING:
    from rich.console import Console

    from mfplug.studies.progress import Board

OK, FAILED = 0, 1
#: What Snakemake says where a job left no result, whatever its status was.
_INCOMPLETE = "job did not complete successfully"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_running: list[_Snakemake] = []


def run(
    plans: Sequence[Path],
    out: Path,
    cores: int,
    dry_run: bool = False,
    keep_going: bool = True,
    console: Console | None = None,
    executor: Executor = LOCAL,
    memory_mb: int | None = None,
) -> int:
    """Do the jobs of the plans that are not done, and the page.

    Parameters
    ----------
    plans
        Files ``<out>/<study>/plan.json``.
    out
        The results folder; Snakemake's own files go to ``<out>/.snakemake``, the jobs'
        messages to ``<out>/logs``.
    cores
        How many threads the jobs of this machine may use together, at least 1.
    dry_run
        Print the jobs and their estimated cost, and do nothing.
    keep_going
        Go on with the other jobs when one fails.
    console
        Where to write; standard error if not given.
    executor
        Where the jobs go; to this machine if not given.
    memory_mb
        What the jobs of this machine may use together, in MB; what it has if not given.

    Returns
    -------
    int
        The exit status: 0, 1 if a job failed, 130 after Ctrl-C, 143 after SIGTERM.

    Raises
    ------
    StoreError
        If another run is at work in the folder, or the folder cannot be written.
    MfplugError
        If Snakemake is not installed.
    """
    from rich.console import Console

    console = console or Console(stderr=True)
    slots = cores if executor.local else executor.jobs
    if dry_run:
        _list(Jobs(plans, out), slots, console)
        return OK
    with hold(out):
        cancel_left(out, executor, partial(_say, console))
        jobs = Jobs(plans, out)
        drop_stale_page(jobs)
        if not jobs.open():
            _say_nothing_to_do(jobs, console)
            return OK
        _require_snakemake()
        with writing(out):
            return _Snakemake(
                jobs, cores, keep_going, console, enlist(executor, out), memory_mb
            ).run()


def _say(console: Console, text: str) -> None:
    console.print(printable(text), markup=False, highlight=False, soft_wrap=True)


def _require_snakemake() -> None:
    if importlib.util.find_spec("snakemake") is None:
        raise MfplugError(
            "command 'run': Snakemake is not installed. Install it with: "
            'pip install "mfplug[workflow]"'
        )


def _say_nothing_to_do(jobs: Jobs, console: Console) -> None:
    _say(console, f"nothing to do: all {len(jobs)} jobs are done")


def _list(jobs: Jobs, cores: int, console: Console) -> None:
    """Print what a run would do."""
    todo = jobs.open()
    if not todo:
        _say_nothing_to_do(jobs, console)
        return
    for block in todo:
        who = f"{block.step:<9} {block.study:<20} {block.label}"
        _say(console, f"{spoken(block.cost):>10}  {who}")
    left = spoken(Outlook(todo, cores).left())
    plural = "s" * (len(todo) != 1)
    where = f"{len(todo)} job{plural} of {len(jobs)}, about {left} on {cores} cores"
    _say(console, f"{where}, at most {max(b.memory_mb for b in todo)} MB each")


class _Snakemake:
    """One run of Snakemake in this process."""

    def __init__(
        self,
        jobs: Jobs,
        cores: int,
        keep_going: bool,
        console: Console,
        executor: Executor,
        memory_mb: int | None,
    ) -> None:
        from mfplug.studies.progress import Board

        self.jobs = jobs
        self.cores = cores
        self.keep_going = keep_going
        self.executor = executor
        # A job that is too large for the machine runs alone.
        needed = max(block.memory_mb for block in jobs.values())
        self.memory_mb = max(memory_mb or available_mb(), needed)
        self.out = jobs.out.resolve()
        outlook = Outlook(jobs.open(), cores if executor.local else executor.jobs)
        self.board: Board = Board(outlook, self.out, console, executor.retries)
        self.signal = int(signal.SIGINT)
        self.began = time.monotonic()

    def run(self) -> int:
        """Run, and say how it ended."""
        self._clear_locks()
        self.board.begin()
        here = Path.cwd()
        error: Exception | None = None
        with self._stoppable(), _quiet_logging():
            try:
                execute(
                    self.jobs,
                    self.board,
                    self.executor,
                    self.cores,
                    self.memory_mb,
                    self.keep_going,
                )
            except KeyboardInterrupt:
                pass
            except Exception as problem:
                error = problem
            finally:
                os.chdir(here)
        return self._verdict(error)

    @contextlib.contextmanager
    def _stoppable(self) -> Iterator[None]:
        """Let Ctrl-C and SIGTERM stop the jobs and the run."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        _running.append(self)
        self.listen()
        try:
            yield
        finally:
            _running.remove(self)
            for number, handler in before.items():
                signal.signal(number, handler)

    def listen(self) -> None:
        """Take the signals that end a run."""
        for number in _SIGNALS:
            signal.signal(number, self._stop)

    def _stop(self, number: int, frame: Any) -> None:
        if self.board.stopped:
            # The second time: at once. The jobs die with us.
            os._exit(128 + number)
        self.board.stopped, self.signal = True, number
        raise KeyboardInterrupt

    def _clear_locks(self) -> None:
        """Remove what a killed run left: we hold the folder, so nobody else is here."""
        stale = list((self.out / ".snakemake" / "locks").glob("*.lock"))
        for file in stale:
            file.unlink(missing_ok=True)
        if stale:
            self.board.say("the last run was cut short; going on from where it stopped")

    def _verdict(self, error: Exception | None) -> int:
        board, outlook = self.board, self.board.outlook
        if board.stopped:
            board.say("stopped; run the same command again to go on")
            return 128 + self.signal
        self._note_silent(error)
        if outlook.failed:
            failed, kept = len(outlook.failed), len(outlook.finished)
            rest = f", {len(outlook.dropped)} not started" if outlook.dropped else ""
            board.say(
                f"{failed} job{'s' * (failed != 1)} failed{rest}; {kept} finished and "
                "kept. Run the same command again after the fix."
            )
            return FAILED
        # Read again: the page has another name if its code was edited meanwhile.
        missing = Jobs(self.jobs.plans, self.jobs.out).open()
        if error is not None or missing:
            raise MfplugError(_explain(error, board.complaints, missing)) from error
        forget(self.out)
        count, took = len(outlook.finished), spoken(time.monotonic() - self.began)
        board.say(f"{count} job{'s' * (count != 1)} done in {took}")
        return OK

    def _note_silent(self, error: Exception | None) -> None:
        """Count jobs as failed that ended well by their status and left no result."""
        if _INCOMPLETE not in str(error):
            return
        for name in list(self.board.outlook.running):
            if not self.jobs.done(self.jobs[name]):
                self.board.outlook.fail(name)
                self.board.report_failed(self.jobs[name])


def listen() -> None:
    """Take the signals back that Snakemake's scheduler has just taken.

    Its own handler of SIGTERM waits for a lock which the interrupted code may hold, and
    then for ever. The Snakefile calls this when the jobs start; without a run of ours
    it does nothing.
    """
    for snakemake in _running:
        snakemake.listen()


def _explain(error: Exception | None, complaints: list[str], missing: list[Any]) -> str:
    if isinstance(error, OSError) and not isinstance(error, MfplugError):
        raise error
    said = [str(error).strip()] if error is not None else []
    lines = [line for text in (*said, *complaints) for line in text.splitlines()]
    what = next((line.strip() for line in lines if line.strip()), "no reason given")
    count = f"{len(missing)} jobs are not done"
    return f"workflow 'run': Snakemake stopped, {count}; it says: {what}"


@contextlib.contextmanager
def _quiet_logging() -> Iterator[None]:
    """Keep tracebacks of logging itself away, such as of a log file on a full disk."""
    before = logging.raiseExceptions
    logging.raiseExceptions = False
    try:
        yield
    finally:
        logging.raiseExceptions = before
