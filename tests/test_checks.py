"""The conformance kit passes what ships and catches what is planted."""

from __future__ import annotations

import json

import canonical
import pytest

import mfplug
from mfplug.checks import CheckFailed, checks_of, instances, parametrize, run_checks
from mfplug.errors import ParameterError

#: Kinds whose checks are quick enough for every plugin, here.
QUICK = ("potential", "external", "integrator")


@parametrize([canonical.make(kind, name) for kind in QUICK
              for name in canonical.names(kind)])  # fmt: skip
def test_shipped_plugins_conform(check, plugin):
    check(plugin)


@parametrize(
    [
        canonical.make("distribution", "gaussian"),
        canonical.make("distribution", "lorentz"),
        canonical.make("distribution", "mollified"),
        canonical.make("solver", "harmonic-exact"),
        canonical.make("metric", "coupling"),
        canonical.make("metric", "bounded-lipschitz"),
    ]
)
def test_some_of_the_slower_kinds_conform(check, plugin):
    check(plugin)


def test_instances_have_parameters_that_are_not_one():
    first, moved = instances(mfplug.create("potential", "gaussian"))
    assert (first.strength, first.width) == (1.0, 1.0)
    assert 1.0 not in (moved.strength, moved.width)
    assert moved.strength != moved.width
    assert len(instances(mfplug.create("potential", "free"))) == 1


def test_unknown_names_are_refused():
    phi = canonical.make("potential", "gaussian")
    with pytest.raises(ParameterError, match="Did you mean 'gradient'"):
        run_checks(phi, ["gradiant"])
    with pytest.raises(ParameterError, match="Did you mean 'potential'"):
        checks_of("potentail")


def test_a_failed_check_raises_with_the_name():
    from planted_forces import WrongSign

    (check,) = [c for c in checks_of("potential") if c.name == "gradient"]
    with pytest.raises(CheckFailed, match="potential 'planted': gradient: failed"):
        check(WrongSign())


def test_command_line(mfplug_cli):
    done = mfplug_cli("check", "potential", "plummer", "--set", "softening=0.4")
    assert done.status == 0, done.err
    assert "0 failed" in done.out
    assert '"softening":0.4' in done.out
    done = mfplug_cli("check", "potential", "gaussian", "--only", "even", "--json")
    records = json.loads(done.out)
    assert {r["check"] for r in records} == {"even"}
    assert {r["status"] for r in records} == {"ok"}
    assert len(records) == 2
    done = mfplug_cli("check")
    assert done.status == 1
    assert "nothing to check" in done.err
    done = mfplug_cli("check", "potential", "gausian")
    assert done.status == 1
    assert "Did you mean 'gaussian'?" in done.err
