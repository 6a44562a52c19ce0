"""The conformance kit: a plugin declares facts, the kit tries to refute them.

From the command line ``mfplug check KIND NAME``; in the tests of a package::

    from mfplug.checks import parametrize

    @parametrize([MyPotential(width=0.7)])
    def test_conformance(check, plugin):
        check(plugin)

Each check says what it measured. A plugin that has a good reason to fail one names it
in ``check_exceptions``; an exception that is not needed is a failure too.
"""

from __future__ import annotations

from mfplug.checks.core import (
    Check,
    CheckFailed,
    Outcome,
    Refused,
    checks_of,
    parametrize,
    run_checks,
)
from mfplug.checks.instances import instances

__all__ = [
    "Check",
    "CheckFailed",
    "Outcome",
    "Refused",
    "checks_of",
    "instances",
    "parametrize",
    "run_checks",
]
