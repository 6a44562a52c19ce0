"""How long a job may take, and the end of one that hangs.

A job ends itself. First a timer raises :class:`TimeLimitError` in the code that runs,
which says whose it is. Compiled code that never comes back to Python notices no timer;
a thread of ``faulthandler``, which waits for no lock of Python, writes down where the
job is and ends it a little later.
"""

from __future__ import annotations

import contextlib
import faulthandler
import math
import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from mfplug.errors import ParameterError, TimeLimitError, shown

if TYPE_CHECKING:
    from mfplug.studies.jobs import Block

#: Environment variable with the seconds that a job has.
LIMIT = "MFPLUG_TIME_LIMIT"
#: What every job has on this machine, in seconds, and its estimate so many times over.
LEAST, FACTOR = 3600.0, 20.0
#: A job that a queue ends says nothing, so it ends itself so many seconds before.
MARGIN = 60.0
_GRACE = 15.0
_UNITS = {"s": 1.0, "m": 60.0, "": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([smhd]?)", re.IGNORECASE)


def duration(text: str) -> float:
    """Return a time such as ``2h``, ``30m`` or ``45s`` in seconds; minutes if bare.

    Raises
    ------
    ParameterError
        If it is none, or not from 1 second to 1000 days.

    Examples
    --------
    >>> [duration(x) for x in ("2h", "1.5", "45 s", "1d")]
    [7200.0, 90.0, 45.0, 86400.0]
    """
    found = _DURATION.fullmatch(text.strip())
    seconds = float(found[1]) * _UNITS[found[2].lower()] if found else 0.0
    if not 1.0 <= seconds <= 1000 * 86400.0:
        raise ParameterError(
            f"time limit: not allowed; got {shown(text)}, expected a time from 1s to "
            "1000d, such as 90m or 2h. Change it."
        )
    return seconds


def asked_minutes(cost: float, attempt: int = 1) -> int:
    """Return for how many minutes a job asks a queue, from its estimate in seconds.

    Three times the estimate and five minutes, for slower processors and for a start
    that compiles; in the k-th attempt 2^(k-1) times as long.
    """
    return math.ceil(5 + 3 * cost / 60) * 2 ** (attempt - 1)


@dataclass(frozen=True)
class Allowance:
    """What the jobs of a run may take.

    Parameters
    ----------
    queue
        Whether they go to a queue, which gives the time it is asked for and no more.
    given
        Seconds that every job has; from its estimate if not given.
    """

    queue: bool = False
    given: float | None = None

    def seconds(self, block: Block, attempt: int = 1) -> int:
        """Return what a job has in its k-th attempt: 2^(k-1) times the first.

        Without a queue it is an hour and 20 times the estimate: what hangs takes one
        core for that long, and what is only slow goes on.
        """
        from mfplug.studies.jobs import LOCAL_STEPS

        if self.given is not None:
            first = self.given
        elif self.queue and block.step not in LOCAL_STEPS:
            return int(60 * asked_minutes(block.cost, attempt) - MARGIN)
        else:
            first = LEAST + FACTOR * block.cost
        return math.ceil(first) * 2 ** (attempt - 1)

    def minutes(self, block: Block, attempt: int = 1) -> int:
        """Return for how many minutes a queue is asked."""
        return math.ceil((self.seconds(block, attempt) + MARGIN) / 60)


def from_config(config: Mapping[str, Any]) -> Allowance:
    """Return the allowance that a Snakemake configuration asks for.

    ``time_limit``: of every job, as :func:`duration` reads it. ``minutes`` is there
    where jobs go to a queue.
    """
    given = config.get("time_limit")
    seconds = None if given is None else duration(str(given))
    return Allowance("minutes" in config, seconds)


def obey(cost: float, limit: float | None = None) -> None:
    """End this process when its time is over; also write down where it crashes.

    Parameters
    ----------
    cost
        What it is expected to take, in seconds.
    limit
        What it has, in seconds; if not given, ``MFPLUG_TIME_LIMIT``, or no end.
    """
    if limit is None:
        with contextlib.suppress(ValueError):
            limit = float(os.environ.get(LIMIT, ""))
    # Where standard error is no file, as in some tests, there is nowhere to write.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        faulthandler.enable()
    if limit is None or not 0 < limit < math.inf:
        return
    seconds = limit

    def over(number: int, frame: FrameType | None) -> None:
        _end_children()
        raise TimeLimitError(_story(seconds, cost, frame))

    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, over)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    grace = min(_GRACE, max(1.0, seconds / 4))
    faulthandler.dump_traceback_later(seconds + grace, exit=True)


def _story(limit: float, cost: float, frame: FrameType | None) -> str:
    from mfplug.studies.outlook import spoken

    where = ""
    if frame is not None:
        where = f" (at {Path(frame.f_code.co_filename).name}, line {frame.f_lineno})"
    return (
        f"got no end in {spoken(limit)}{where}, expected one in about {spoken(cost)}. "
        "Mend it, or raise the limit (--time-limit)."
    )


def _end_children() -> None:
    """Kill what this process has started, and what that has; Linux only."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(fields[1])
    known = {os.getpid()}
    while more := {pid for pid, above in parents.items() if above in known} - known:
        known |= more
    for pid in known - {os.getpid()}:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
