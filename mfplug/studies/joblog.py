"""The log of a job: what it notes while it works, and why it failed."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mfplug.errors import printable
from mfplug.inputs import check_regular
from mfplug.studies.guard import PARENT
from mfplug.studies.outlook import spoken

if TYPE_CHECKING:
    from mfplug.registry.entries import Entry

TAIL = 8
#: How a line begins that says what the job is at, and one that is no message.
AT_WORK = "mfplug: note: at work on "
_NOTE = "mfplug: note: "
# How the command line marks a line meant for the user.
_OWN = "mfplug: error: "
_SILENT = "it ended without a message; it may have been killed for memory"
# What faulthandler writes when it ends a job, and when Python crashes.
_TIMEOUT = re.compile(r"Timeout \((\d+):(\d\d):(\d\d)(?:\.\d+)?\)!")
_CRASH = re.compile(r"Fatal Python error: (.+)")
_FRAME = re.compile(r'  File "(.+)", line (\d+) in (.+)')


@dataclass(frozen=True)
class Frame:
    """One call of a traceback."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{Path(self.file).name}, line {self.line}"


def note(what: str) -> None:
    """Write a line to the log of a job of a run; elsewhere do nothing."""
    if os.environ.get(PARENT):
        sys.stderr.write(f"{_NOTE}{printable(what)}\n")
        sys.stderr.flush()


def read_failure(log: Path) -> tuple[str, list[str]]:
    """Return the line that says what went wrong, and the other last lines of a log."""
    try:
        check_regular(log, "log")
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _SILENT, []
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    own = [line for line in lines if line.startswith(_OWN)]
    notes = [line for line in lines if line.startswith(AT_WORK)]
    others = [line for line in lines if not line.startswith(_NOTE)]
    last = f" ({notes[-1].removeprefix(AT_WORK)})" if notes else ""
    if own:
        return own[-1].removeprefix(_OWN), []
    for number, line in enumerate(others):
        if ended := _TIMEOUT.fullmatch(line):
            return _hung(ended, others[number + 1 :]) + last, []
        if crashed := _CRASH.fullmatch(line):
            return _crashed(crashed[1], others[number + 1 :]) + last, []
    if any(line.startswith("Traceback ") for line in others):
        return others[-1], others[:-1][-TAIL:]
    return _SILENT + last, others[-TAIL:]


def _hung(ended: re.Match[str], lines: Sequence[str]) -> str:
    hours, minutes, seconds = (int(part) for part in ended.groups())
    who, where = _blamed(lines)
    return (
        f"{who} does not end; got no end in "
        f"{spoken(3600 * hours + 60 * minutes + seconds)}{where}, expected one. Mend "
        "it, or raise the limit (--time-limit)."
    )


def _crashed(what: str, lines: Sequence[str]) -> str:
    who, where = _blamed(lines)
    return (
        f"{who} crashed Python; got '{what}'{where}, expected a result. Report it to "
        "its author."
    )


def _blamed(lines: Sequence[str]) -> tuple[str, str]:
    """Return who is at work in the traceback of the main thread, and where."""
    frames = _frames(lines)
    known = [(frame, entry) for frame in frames for entry in _plugins_in(frame.file)]
    if not known:
        return "job: it", f" (at {frames[0]})" if frames else ""
    # What mfplug called, if it is there: a helper's name says less.
    methods = [pair for pair in known if hasattr(pair[1].cls, pair[0].function)]
    frame, entry = (methods or known)[0]
    who = f"{entry.cls.kind} '{entry.name}': {frame.function}()"
    return who, f" (at {known[0][0]})"


def _frames(lines: Sequence[str]) -> list[Frame]:
    """Return the calls of the thread that matters, the innermost first.

    That is the one that crashed, and else the main thread, which is written last.
    """
    threads: list[list[Frame]] = []
    current = -1
    for line in lines:
        if "(most recent call first)" in line:
            if line.startswith("Current thread"):
                current = len(threads)
            threads.append([])
        elif threads and (found := _FRAME.fullmatch(line)):
            threads[-1].append(Frame(found[1], int(found[2]), found[3]))
    return threads[current] if threads else []


def _plugins_in(file: str) -> list[Entry]:
    """Return the plugins that a file defines."""
    from mfplug.registry import current

    found = []
    for entry in current().entries():
        try:
            if Path(inspect.getfile(entry.cls)) == Path(file):
                found.append(entry)
        except (OSError, TypeError):
            continue
    return found
