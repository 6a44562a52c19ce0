"""What does not fit the torus: said in Python and before any job starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from test_bad_input import FREE

import mfplug
from mfplug.contracts.periodic import check_periodic

BOX = 6.283185307179586
WAVE = {"name": "cosine", "strength": -1.0}
STATE = {"name": "homogeneous", "amplitude": 0.1}
BELL = {"name": "gaussian", "strength": 1.2}


def drive(wavenumber, **keys):
    return {"name": "drive", "wavenumber": wavenumber, **keys}


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize(
    ("external", "said"),
    [
        ({"name": "trap", "strength": 0.3}, "external 'trap'"),
        (drive(1.02), "external 'drive'"),
        (drive(0.5), "external 'drive'"),
    ],
)
def test_an_external_potential_that_does_not_fit(d, external, said):
    with pytest.raises(mfplug.ParameterError, match=said) as caught:
        mfplug.System(d, WAVE, STATE, external=external, box=BOX)
    text = str(caught.value)
    assert "\n" not in text
    assert "has not the period of the torus; got a force that changes by" in text
    assert "box = 6.28319, expected the same force at every image" in text


@pytest.mark.parametrize(
    "external",
    [drive(1.0), drive(-3.0, frequency=0.7), {"name": "trap", "strength": 0.0}],
)
def test_what_fits(external):
    for d in (1, 2, 3):
        mfplug.System(d, WAVE, STATE, external=external, box=BOX)
    # A wave number of eight digits, as a file has it.
    check_periodic(mfplug.create("external", "drive", wavenumber=0.41887902), 1, 15.0)
    # In free space everything fits.
    mfplug.System(1, BELL, "gaussian", external=drive(1.02))


@dataclass(frozen=True)
class Slope(mfplug.External):
    """A trap whose strength may depend on N."""

    name: ClassVar[str] = "slope"
    strength: float = mfplug.param(1.0, may_depend_on_N=True)

    def energy(self, q, t):
        """Return A q^2 / 2."""
        return 0.5 * self.strength * np.sum(q**2, axis=-1)

    def gradient(self, q, t):
        """Return A q."""
        return self.strength * q


def test_a_strength_in_N_is_looked_at_with_its_number():
    external = Slope(strength={"times": 1.0, "N": -1.0})
    system = mfplug.System(1, WAVE, STATE, external=external, box=BOX)
    with pytest.raises(mfplug.ParameterError, match="has not the period"):
        system.at(16)


@dataclass(frozen=True)
class Faulty(mfplug.External):
    """An external potential that fails."""

    name: ClassVar[str] = "faulty"

    def energy(self, q, t):
        """Return nothing."""
        raise ZeroDivisionError("by zero")

    gradient = energy


def test_one_that_fails_is_named():
    with pytest.raises(mfplug.PluginError, match=r"'faulty': gradient\(\) failed"):
        mfplug.System(1, WAVE, STATE, external=Faulty(), box=BOX)


SYSTEM = {"potential": WAVE, "initial": STATE, "box": BOX, "external": None}
#: Changes of the small study, and what the line has to say.
REFUSED = {
    "a trap": ({"external": {"name": "trap"}}, "'trap': it has not the period"),
    "a wave": ({"external": drive(1.02)}, "'drive': it has not the period"),
    "a long range": ({"potential": BELL}, "torus is shorter than its range; got box"),
    "one that never decays": ({"potential": {"name": "harmonic"}}, "it never decays"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("metric", ["coupling", "field"])
def test_before_any_job_starts(mfplug_cli, write_study, tmp_path, case, metric):
    changes, said = REFUSED[case]
    metrics = ["coupling"]
    if metric == "field":
        reference = {"name": "characteristics"}
        metrics = [{"name": "field-error", "reference": reference}]
    path = write_study(**FREE, metrics=metrics, system=SYSTEM | changes)
    out = tmp_path / "out"
    mfplug_cli("run", path, "--out", out, "--dry-run").refused(said)
    assert not out.exists()


def test_the_range_at_N(mfplug_cli, write_study, tmp_path):
    """With beta = 1/2 a range of 8 times N^(-1/2) fits a box of 6.3 from N = 64 on."""
    system = SYSTEM | {"potential": BELL, "beta": 0.5}
    keys = FREE | {"metrics": ["coupling"], "system": system}
    few = write_study(**keys, sweep={"N": [2, 64]})
    mfplug_cli("run", few, "--out", tmp_path / "out", "--dry-run").refused("shorter")
    many = write_study(**keys, sweep={"N": [64, 128]})
    assert mfplug_cli("run", many, "--out", tmp_path / "out", "--dry-run").status == 0


@pytest.mark.parametrize("method", ["force", "force_gradient"])
@pytest.mark.parametrize("points", ["text", [["a"]], [[1.0], [1.0, 2.0]], {"q": 1}])
def test_points_that_are_no_numbers(method, points):
    system = mfplug.System(1, "harmonic", "gaussian")
    for solver in ("harmonic-exact", {"name": "characteristics", "nodes": 200}):
        field = mfplug.solve_mean_field(system, (0.0, 0.2), solver)
        with pytest.raises(mfplug.ParameterError, match="points are no numbers") as one:
            getattr(field, method)(0.1, points)
        assert "\n" not in str(one.value)


@pytest.mark.parametrize("time", ["0.1", None, [0.1], np.array([0.1, 0.2]), 1j])
def test_times_that_are_no_numbers(time):
    system = mfplug.System(1, "harmonic", "gaussian")
    field = mfplug.solve_mean_field(system, (0.0, 0.2), "harmonic-exact")
    with pytest.raises(mfplug.ParameterError, match="time is outside the solved"):
        field.force(time, [[0.0]])
    assert field.force(np.float64(0.1), [[0.0]]) == field.force(np.array(0.1), [[0.0]])
