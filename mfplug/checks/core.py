"""What a check is, running them, and their outcomes."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from mfplug.contracts.plugin import KINDS, Plugin
from mfplug.errors import MfplugError, ParameterError, did_you_mean

#: The module with the checks of each kind; `common` serves all of them.
MODULES = {
    "potential": "potentials",
    "external": "externals",
    "distribution": "distributions",
    "integrator": "integrators",
    "solver": "solvers",
    "metric": "metrics",
}


class CheckFailed(AssertionError):
    """A plugin does not keep what it declares; the message says what was measured."""


class Refused(Exception):
    """A check has nothing to say about this plugin; the message says why."""


@dataclass(frozen=True)
class Check:
    """One thing that a plugin has to keep.

    Attributes
    ----------
    name : str
        Short, with hyphens; what ``check_exceptions`` refers to.
    claim : str
        What is checked, as a sentence.
    function : callable
        Takes the plugin; returns what was measured, raises :class:`CheckFailed` or
        :class:`Refused`.
    """

    name: str
    claim: str
    function: Callable[[Any], str]

    def __call__(self, plugin: Plugin) -> Outcome:
        """Check a plugin; raise CheckFailed unless the outcome is good.

        Raises
        ------
        CheckFailed
            With the name of the plugin and what was measured.
        """
        outcome = run(self, plugin)
        if not outcome.good:
            raise CheckFailed(f"{plugin.kind} '{plugin.name}': {outcome}")
        return outcome


@dataclass(frozen=True)
class Outcome:
    """What came of a check: ``ok``, ``failed``, ``excepted`` or ``not applicable``."""

    check: str
    status: str
    message: str
    parameters: Mapping[str, Any]

    @property
    def good(self) -> bool:
        """Whether the plugin may be used as far as this check goes."""
        return self.status != "failed"

    def __str__(self) -> str:
        return f"{self.check}: {self.status}; {self.message}"


def checks_of(kind: str) -> list[Check]:
    """Return the checks for a kind of plugin, those for all kinds first.

    Raises
    ------
    ParameterError
        If there is no such kind.
    """
    if kind not in MODULES:
        raise ParameterError(
            f"checks: unknown kind of plugin; got {kind!r}, expected one of "
            f"{', '.join(KINDS)}. " + did_you_mean(kind, KINDS)
        )
    found: list[Check] = []
    for name in ("common", MODULES[kind]):
        found += import_module(f"mfplug.checks.{name}").CHECKS
    return found


def run(check: Check, plugin: Plugin) -> Outcome:
    """Return the outcome of one check; whatever the plugin raises is a failure."""
    exceptions: Mapping[str, str] = getattr(plugin, "check_exceptions", {})
    reason = exceptions.get(check.name)
    made = partial(Outcome, check.name, parameters=plugin.parameters())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            message = check.function(plugin)
    except Refused as refused:
        return made("not applicable", str(refused))
    except CheckFailed as failed:
        status, message = "failed", str(failed)
    except MfplugError as error:
        status, message = "failed", f"mfplug refused it: {error}"
    except (Exception, SystemExit) as error:
        status, message = "failed", _crash(error)
    else:
        if reason is not None:
            return made(
                "failed", f"{message}; but an exception is declared ({reason}): drop it"
            )
        return made("ok", message)
    if reason is not None:
        return made("excepted", f"{reason} ({message})")
    return made(status, message)


def run_checks(plugin: Plugin, only: Iterable[str] = ()) -> list[Outcome]:
    """Run the checks of a plugin's kind.

    Parameters
    ----------
    plugin
        An instance, best with parameters that are not 1.
    only
        Names of checks; all if empty.

    Raises
    ------
    ParameterError
        If ``only`` or the plugin's ``check_exceptions`` names an unknown check.
    """
    checks = checks_of(plugin.kind)
    known = [check.name for check in checks]
    wanted = list(only)
    for name in (*wanted, *getattr(plugin, "check_exceptions", {})):
        if name not in known:
            raise ParameterError(
                f"{plugin.kind} '{plugin.name}': unknown check; got {name!r}, expected "
                f"one of {', '.join(known)}. " + did_you_mean(name, known)
            )
    return [run(c, plugin) for c in checks if not wanted or c.name in wanted]


def parametrize(plugins: Iterable[Plugin]) -> Any:
    """Return a pytest mark that runs a test with every (check, plugin).

    The test takes the arguments ``check`` and ``plugin`` and calls ``check(plugin)``.
    """
    import pytest

    return pytest.mark.parametrize(
        ("check", "plugin"),
        [
            pytest.param(check, plugin, id=f"{plugin.name}-{check.name}")
            for plugin in plugins
            for check in checks_of(plugin.kind)
        ],
    )


def _crash(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    said = " ".join(str(error).split()) or "no message"
    file = last.filename.rsplit("/", 1)[-1]
    return f"it raised {type(error).__name__}: {said} ({file}, line {last.lineno})"
