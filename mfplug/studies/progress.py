"""What a person sees of a run: a logger plugin of Snakemake that draws with rich."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column
from rich.text import Text
from snakemake.shell import shell
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

from mfplug.errors import printable
from mfplug.studies.joblog import read_failure
from mfplug.studies.jobs import LOCAL_STEPS, Block
from mfplug.studies.outlook import Outlook, spoken
from mfplug.studies.queued import note_job

# What Snakemake says in passing when it is told to stop.
_SUBMITTED = re.compile(r"external jobid '([^']+)'")
_ON_INTERRUPT = "Terminating processes on user request"


class Board:
    """The state of a run, shared by the driver and the handler of the log."""

    def __init__(
        self, outlook: Outlook, out: Path, console: Console, retries: int = 0
    ) -> None:
        self.outlook = outlook
        self.out = out
        self.console = console
        self.retries = retries
        self.failures: dict[str, int] = {}
        self.stopped = False
        self.complaints: list[str] = []

    def block(self, files: list[str]) -> Block | None:
        """Return the job that makes the given files."""
        for file in files:
            found = self.outlook.blocks.get(Path(str(file).split(" (")[0]).stem)
            if found is not None:
                return found
        return None

    def name(self, block: Block) -> str:
        """Return how a job is called before the reader."""
        return printable(f"{block.step} {block.label}" if block.study else block.label)

    def begin(self) -> None:
        """Say what is ahead."""
        jobs, left = len(self.outlook.blocks), spoken(self.outlook.left())
        self.say(f"{jobs} job{'s' * (jobs != 1)} to do, about {left}")

    def say(self, text: str) -> None:
        """Print one plain line."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def report_done(self, block: Block, seconds: float) -> None:
        """Print one line for a finished job."""
        total = len(self.outlook.blocks)
        count = f"{len(self.outlook.finished):>{len(str(total))}}/{total}"
        ahead = self.outlook.waiting or self.outlook.running
        left = f", about {spoken(self.outlook.left())} left" if ahead else ""
        self.say(f"[{count}] {self.name(block)} ({spoken(seconds)}{left})")

    def note_failure(self, block: Block) -> None:
        """Say that a job is tried again, or why it failed for good."""
        count = self.failures[block.id] = self.failures.get(block.id, 0) + 1
        if count > self.retries or block.step in LOCAL_STEPS:
            self.outlook.fail(block.id)
            self.report_failed(block)
            return
        self.outlook.retry(block.id)
        first, _ = read_failure(self.out / "logs" / f"{block.id}.log")
        again = f"again, {count} of {self.retries}, with more memory and time"
        self.say(f"failed: {self.name(block)}: {first}; {again}")

    def report_failed(self, block: Block) -> None:
        """Show why a job failed: its own line first, then the end of its log."""
        log = self.out / "logs" / f"{block.id}.log"
        first, tail = read_failure(log)
        title = f"failed: {self.name(block)}"
        if self.console.is_terminal:
            body = [Text(first, style="bold")]
            body += [Text(line, style="dim") for line in tail]
            where = Text(f"log: {log}")
            panel = Panel(
                Group(*body), title=Text(title), subtitle=where, border_style="red"
            )
            self.console.print(panel)
        else:
            self.say(f"{title}: {first}")
            for line in tail:
                self.say(f"    {line}")
            self.say(f"    log: {log}")


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):  # type: ignore[misc, unused-ignore]
    """What the driver hands to the handler."""

    board: Board | None = field(default=None, metadata={"help": "state of the run"})


class _Bar(Progress):
    """Jobs, part of the cost, time left and what runs, anew at each refresh."""

    def __init__(self, board: Board) -> None:
        self.board = board
        fixed, rest = Column(no_wrap=True), Column(no_wrap=True, overflow="ellipsis")
        super().__init__(
            TextColumn("{task.fields[count]}", table_column=fixed),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:3.0f} %", table_column=fixed),
            TextColumn("{task.fields[left]}", table_column=fixed),
            TextColumn("{task.fields[now]}", markup=False, table_column=rest),
            console=board.console,
            transient=True,
            refresh_per_second=4,
        )
        self.add_task("jobs", total=1.0, count="", left="", now="")

    def get_renderables(self) -> Iterable[RenderableType]:
        """Bring the bar up to date before it is drawn."""
        outlook = self.board.outlook
        names = [self.board.name(outlook.blocks[b]) for b in list(outlook.running)]
        for task in self.tasks:
            self.update(
                task.id,
                completed=outlook.fraction(),
                count=f"{len(outlook.finished)}/{len(outlook.blocks)} jobs",
                left=f"about {spoken(outlook.left())} left",
                now=" | ".join(names),
            )
        yield from super().get_renderables()


class LogHandler(LogHandlerBase):  # type: ignore[misc, unused-ignore]
    """Follows Snakemake's events; it works in a thread of its own."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False
    bar: _Bar | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.settings, LogHandlerSettings) or not self.settings.board:
            raise TypeError("the handler is set up by mfplug.studies.drive alone")
        self.board = self.settings.board
        self.jobids: dict[int, Block] = {}
        if self.board.console.is_terminal:
            self.bar = _Bar(self.board)
            self.bar.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record of Snakemake's log."""
        try:
            self._take(record)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.stop()
        super().close()

    def _take(self, record: Any) -> None:
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO:
            block = self.board.block(record.output)
            if block is not None:
                self.jobids[record.jobid] = block
                self.board.outlook.start(block.id, record.created)
        elif event == LogEvent.JOB_FINISHED and record.job_id in self.jobids:
            block = self.jobids.pop(record.job_id)
            seconds = self.board.outlook.finish(block.id, record.created)
            if self.bar is None:
                self.board.report_done(block, seconds)
        elif event == LogEvent.JOB_ERROR:
            self._failed(record)
        elif event is None:
            self._remark(record)

    def _failed(self, record: Any) -> None:
        block = self.jobids.pop(record.jobid, None)
        if block is not None and not self.board.stopped:
            self.board.note_failure(block)

    def _remark(self, record: Any) -> None:
        text = record.getMessage()
        if sent := _SUBMITTED.search(text):
            note_job(self.board.out, sent[1])
        if text.startswith(_ON_INTERRUPT):
            # A signal to the run alone has not reached its jobs.
            for jobid in self.jobids:
                shell.terminate(jobid)
        elif record.levelno >= logging.ERROR:
            self.board.complaints.append(text)
