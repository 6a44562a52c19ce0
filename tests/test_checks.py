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
#: The check of all ways to sum compiles 30 s of kernels for a potential; so here for
#: one of each shape: flat, polynomial, periodic, smooth, compact, sharp. The others are
#: of these shapes, Gaussian or softened; `mfplug check --all` takes all of them.
SHAPES = ("free", "harmonic", "cosine", "gaussian", "bump", "plummer")


def quick_checks():
    """Return a parameter for each check of a quick kind of plugin that runs here."""
    for kind in QUICK:
        for name in canonical.names(kind):
            for check in checks_of(kind):
                if check.name != "methods" or name in SHAPES:
                    plugin = canonical.make(kind, name)
                    slow = check.name in ("methods", "compiled")
                    marks = [pytest.mark.slow] if slow else []
                    yield pytest.param(
                        check, plugin, id=f"{name}-{check.name}", marks=marks
                    )


@pytest.mark.parametrize(("check", "plugin"), list(quick_checks()))
def test_shipped_plugins_conform(check, plugin):
    check(plugin)


def test_each_shape_has_its_ways_to_sum():
    assert set(SHAPES) < set(canonical.names("potential"))
    ids = [case.id for case in quick_checks()]
    assert [i for i in ids if "methods" in i] == [
        f"{name}-methods" for name in canonical.names("potential") if name in SHAPES
    ]
    assert len(ids) == len(set(ids)) > 90


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
