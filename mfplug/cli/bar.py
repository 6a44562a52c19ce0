"""A bar that shows how far a step has come, where someone may be looking."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

#: Seconds between two moves of the bar: a short time step must not wait for it.
_PAUSE = 0.1


@contextlib.contextmanager
def bar(step: str) -> Iterator[tuple[Callable[[str], None], Callable[[float], None]]]:
    """Yield what prints a line and what is told the part that is done, 0 to 1.

    On a terminal a bar with the time left stands below the lines; elsewhere there are
    the lines alone. Everything goes to standard error.

    Parameters
    ----------
    step
        What is being done.
    """
    if not sys.stderr.isatty():
        yield _print, _ignore
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task, last = progress.add_task(step, total=1.0), [0.0]

        def tell(part: float) -> None:
            now = time.monotonic()
            if part >= 1.0 or now - last[0] >= _PAUSE:
                last[0] = now
                progress.update(task, completed=part)

        def say(line: str) -> None:
            console.print(line, markup=False, highlight=False, soft_wrap=True)

        yield say, tell


def _print(line: str) -> None:
    print(line, file=sys.stderr)


def _ignore(part: float) -> None:
    """Do nothing: nobody is looking."""
