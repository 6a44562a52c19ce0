"""Every error that mfplug raises on purpose.

A message is one line: ``KIND 'NAME' [from DISTRIBUTION]: what is wrong; got X,
expected Y. What to do.`` The command line prints it and exits with a status that is
not 0; anything that is not an :class:`MfplugError` is a defect of mfplug itself.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class MfplugError(Exception):
    """Base of all errors with a message meant for the user: one line, always."""

    def __str__(self) -> str:
        return " ".join(" ".join(str(arg) for arg in self.args).split())


class PluginError(MfplugError):
    """A plugin is missing, broken, blocked, defined twice or violates its contract."""


class ParameterError(MfplugError, ValueError):
    """A parameter has the wrong name, type or value."""


class StudyError(MfplugError):
    """A study file is malformed or asks for something impossible."""


class NumericsError(MfplugError, ArithmeticError):
    """A computation left the numbers: NaN, infinity, no convergence."""


class TimeLimitError(MfplugError):
    """A job did not end in the time that it has.

    Raised in the middle of whatever hangs; the first plugin on the way is blamed.
    """

    def __init__(self, story: str) -> None:
        super().__init__(f"job: it does not end; {story}")
        self._story = story
        self._blamed = False

    def blame(self, who: str) -> None:
        """Name what hangs, unless it was named already."""
        if not self._blamed:
            self.args = (f"{who} does not end; {self._story}",)
        self._blamed = True


class StoreError(MfplugError, OSError):
    """Something cannot be written, or what is stored is not what it should be."""


class PluginDeprecation(FutureWarning):
    """Something of a plugin still works and will not for ever; it says what to do."""


def shown(value: Any, width: int = 80) -> str:
    """Return a value for a message: one line, cut where it is long.

    >>> shown([1, 2]), shown("x" * 30, 12)
    ('[1, 2]', "'xxxxxxxx...")
    """
    try:
        text = " ".join(repr(value).split())
    # Python refuses to write out integers of more than 4300 digits.
    except Exception:
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= width else text[: width - 3] + "..."


#: A message with more characters than this is cut in the middle.
_LONG = 1500


def printable(text: str) -> str:
    r"""Return a text in one line that a terminal shows and does not obey.

    Names come from study files: a control character in one is written out, and of a
    text of pages the beginning and the end are shown.

    >>> print(printable("a \x1b[31mred \u202e name"))
    a \x1b[31mred \u202e name
    """
    line = " ".join(text.split())
    if len(line) > _LONG:
        line = f"{line[: _LONG - 400]} ... {line[-300:]}"
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a clause that offers the nearest known name, or lists the known ones.

    >>> did_you_mean("gaus", ["gaussian", "plummer"])
    "Did you mean 'gaussian'?"
    """
    choices = sorted(known)
    near = difflib.get_close_matches(name, choices, n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"Known: {', '.join(choices) or 'none'}."
