"""Metrics of the studies `lln` and `fluctuations` against exact cases; verdicts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tabulated import Tabulated

import mfplug
from mfplug.dynamics.independent import pair_moments


def field_of(potential, d=1, **more):
    system = mfplug.System(
        dimension=d,
        potential=potential,
        initial={"name": "gaussian", "qq": 0.49, "qp": 0.1, "pp": 0.36},
        **more,
    )
    solver = {"name": "characteristics", "step": 0.2, "nodes": 1500, "grid": 64}
    return mfplug.solve_mean_field(system, [0.0, 0.6], solver=solver)


def test_moments_of_a_spring_are_those_of_the_positions():
    # grad phi = 0.7 (q - Q): variance 0.49 var(Q), mean square the same.
    field = field_of({"name": "harmonic", "strength": 0.7})
    moments = pair_moments(field, 0.0, 900)
    assert moments.sigma_squared == pytest.approx(0.49 * 0.49, rel=1e-12)
    assert moments.mean_squared == pytest.approx(0.49 * 0.49, rel=1e-12)
    assert moments.rms(8) == pytest.approx(0.49 * math.sqrt(7) / 8, rel=1e-12)
    assert moments.rms_with_self(8) == pytest.approx(0.49 / math.sqrt(8), rel=1e-12)


@pytest.mark.parametrize("d", [1, 2])
def test_moments_of_a_gaussian_force(d):
    # With phi = A exp(-r^2/2w^2) and Q ~ N(0, v): both are Gaussian integrals. For the
    # square, grad phi^2 = A^2 r^2/w^4 exp(-r^2/w^2), and r = q - Q ~ N(0, 2v) on each
    # axis; for the mean, phi * rho is Gaussian of variance w^2 + v.
    A, w, v = 1.3, 0.8, 0.49
    field = field_of({"name": "gaussian", "strength": A, "width": w}, d)
    s = 1 / (1 / (2 * v) + 2 / w**2)
    square = A**2 / w**4 * d * s * (s / (2 * v)) ** (d / 2)
    u = w**2 + v
    s = 1 / (1 / v + 2 / u)
    mean = (A * (w**2 / u) ** (d / 2)) ** 2 / u**2 * d * s * (s / v) ** (d / 2)
    moments = pair_moments(field, 0.0, 900 if d == 1 else 4096)
    accuracy = 1e-9 if d == 1 else 5e-3
    assert moments.mean_squared == pytest.approx(mean, rel=accuracy)
    assert moments.sigma_squared == pytest.approx(square - mean, rel=accuracy)


def test_histogram_is_a_density_with_the_limit_of_independent_points():
    field = field_of({"name": "gaussian", "strength": 1.3, "width": 0.8})
    ensemble = mfplug.simulate(field.system, 150, 300, [0.0, 0.6], step=0.2, seed=5)
    table = mfplug.measure([{"name": "delta-k", "bins": 16}], ensemble, field)
    table = table[table["time"] == 0.0]
    density = table[table["metric"] == "fluctuation-density"]
    limit = table[table["metric"] == "fluctuation-limit"]
    centres = density["index"].astype(float).to_numpy()
    width = centres[1] - centres[0]
    assert width * limit["value"].sum() == pytest.approx(1.0, abs=2e-3)
    assert width * density["value"].sum() == pytest.approx(1.0, abs=5e-3)
    # N = 150, 300 replicas: Berry-Esseen errors of some 1 % and 5 standard errors.
    off = np.abs(density["value"].to_numpy() - limit["value"].to_numpy())
    allowed = 5 * density["stderr"].to_numpy() + 0.02 * limit["value"].max()
    assert np.all(off < allowed)
    # Planted: the same with the force of the mean field 10 % off.
    wrong = field_of({"name": "gaussian", "strength": 1.17, "width": 0.8})
    shifted = mfplug.measure([{"name": "delta-k", "bins": 16}], ensemble, wrong)
    shifted = shifted[(shifted["time"] == 0.0)]
    spread = shifted[shifted["metric"] == "fluctuation-density"]["value"].to_numpy()
    exact = shifted[shifted["metric"] == "fluctuation-limit"]["value"].to_numpy()
    assert np.abs(spread - exact).max() > 0.05 * exact.max()


def test_transport_has_the_sign_of_the_taylor_series():
    system = mfplug.System(
        dimension=2,
        potential={"name": "gaussian", "strength": 1.3, "width": 0.8},
        mass=1.7,
    )
    ensemble = mfplug.simulate(system, 6, 200, [0.0], integrator="yoshida4")
    values = {}
    for h in (0.02, 0.01):
        metric = {"name": "transport-remainder", "h": h}
        table = mfplug.measure([metric], ensemble)
        values[h] = dict(zip(table["index"], table["value"], strict=True))
    # First order in h with the right sign, 2 with the wrong one.
    ratio = values[0.02]["corrected"] / values[0.01]["corrected"]
    assert ratio == pytest.approx(2.0, abs=0.1)
    assert values[0.01]["printed"] == pytest.approx(2.0, abs=0.1)


CHANGES = {
    "sweep": {"N": [16, 32, 64, 128]},
    "replicas": 6000,
    "solver": {"nodes": 900},
    "metrics": ["force-fluctuation", {"name": "delta-k", "bins": 4, "nodes": 900}],
    "times": [0.0],
}


@pytest.fixture(scope="module")
def lln():
    return Tabulated(
        "lln", {**CHANGES, "sweep": {"N": [16, 32, 64, 128], "dimension": [1]}}
    )


@pytest.fixture(scope="module")
def fluctuations():
    changes = {
        **CHANGES,
        "sweep": {"N": [4, 8, 16, 32, 64], "potential.strength": [0.7]},
    }
    changes["replicas"] = 12000
    metrics = [*CHANGES["metrics"], "transport-remainder"]
    return Tabulated("fluctuations", {**changes, "metrics": metrics})


def test_lln_holds(lln):
    assert lln.words() == ["holds"]


@pytest.mark.parametrize("by", [0.15, -0.15])
def test_wrong_predictions_of_lln(lln, by):
    assert lln.words(lln.wrong("rms", by)) == ["fails"]


def test_fluctuations_hold_corrected(fluctuations):
    judged = fluctuations.judged()
    assert [v["verdict"] for v in judged] == ["holds corrected"]
    printed = [n for n in judged[0]["numbers"] if n["of"] == "printed"]
    assert [n["passed"] for n in printed] == [False, False]


@pytest.mark.parametrize("by", [0.15, -0.15])
def test_wrong_predictions_of_fluctuations(fluctuations, by):
    assert fluctuations.words(fluctuations.wrong("rms", by)) == ["fails"]
