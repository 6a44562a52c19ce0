"""The collective mode and the dual test: the audit's digits, exact moments."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats

import mfplug
from mfplug.theory.dual_test import (
    PHASES,
    dual_test,
    half_circle_sums,
    sign_test_limit,
    walk_mean,
)
from mfplug.theory.line_laws import LAWS, line_law
from mfplug.theory.linear_response import ModeResponse, modes
from mfplug.theory.projection import hoeffding_coefficients

TWO_PI = 2.0 * math.pi


def system(**more):
    given = {
        "dimension": 1,
        "potential": {"name": "cosine", "strength": -1.0},
        "initial": {"name": "homogeneous", "momentum": "lorentz", "width": 0.8},
        "box": TWO_PI,
    }
    return mfplug.System(**(given | more))


@pytest.mark.parametrize("name", LAWS)
def test_characteristic_functions_by_quadrature(name):
    law = line_law(name, 0.7, df=4.5, speed=1.2)
    tau = np.array([0.0, 1e-14, 0.3, 1.1, 2.7])
    end = 0.7 if name == "waterbag" else np.inf
    for t, value in zip(tau[2:], law.transform(tau)[2:], strict=True):
        if math.isinf(end):
            exact, _ = integrate.quad(law.density, 0.0, end, weight="cos", wvar=t)
        else:
            exact, _ = integrate.quad(lambda p, t=t: math.cos(p * t) / 1.4, 0.0, end)
        assert value == pytest.approx(2.0 * exact, abs=1e-8)
    assert law.transform(tau)[:2] == pytest.approx([1.0, 1.0], abs=1e-12)


def test_transforms_in_closed_form():
    tau = np.linspace(-3.0, 3.0, 13)
    lorentz = line_law("lorentz", 0.7).transform(tau)
    assert lorentz == pytest.approx(np.exp(-0.7 * np.abs(tau)), rel=1e-13)
    z = math.sqrt(3.0) * 0.7 * np.abs(tau)
    student = line_law("student", 0.7, df=3.0).transform(tau)
    assert student == pytest.approx((1.0 + z) * np.exp(-z), rel=1e-13)


# Audit 4.3: law, width, strength, time, C(t).
VARIANCES = [
    ("lorentz", 1.0, -1.0, 0.5, 1.06847125761),
    ("lorentz", 1.0, 1.0, 5.0, 0.833346255887),
    ("lorentz", 1.5, -1.0, 2.0, 1.13351883219),
    ("lorentz", 2.0, 1.0, 1.0, 0.947445937767),
    ("student", 1.0, -1.0, 2.0, 1.53038205349),
    ("student", 1.0, 1.0, 1.0, 0.791739031626),
    ("gaussian", 1.0, -1.0, 4.0, 1.96945859910),
    ("gaussian", math.sqrt(2.0), 1.0, 1.0, 0.811964293341),
]


@pytest.mark.parametrize("row", VARIANCES)
def test_variance_of_the_audit(row):
    name, width, strength, time, listed = row
    response = ModeResponse(line_law(name, width, df=3.0).transform, 1.0, strength)
    assert response.limit(time) == pytest.approx(listed, abs=1e-8)
    # Units: k q, p t / M and s / M come in these combinations only.
    law = line_law(name, width * 1.7 * 0.6 / 2.5, df=3.0)
    scaled = ModeResponse(law.transform, 2.5, strength * 0.6 * 1.7, 1.7)
    # Velocities are 0.6 / 2.5 of before: times 1 / 0.6.
    factor = 0.6 * 1.7 * 2.5**2 / 1.7 / 0.6**2
    wanted = ModeResponse(line_law(name, width, df=3.0).transform, 1.0,
                          strength * factor)  # fmt: skip
    assert scaled.limit(time / 0.6) == pytest.approx(wanted.limit(time), rel=1e-9)


def test_sums_over_half_circles_by_hand():
    angle = np.random.default_rng(3).uniform(-9.0, 9.0, (5, 11))
    phases = math.pi / PHASES * np.arange(PHASES)
    signs = np.sign(np.sin(angle[..., None] - phases))
    expected = signs.sum(axis=1) / math.sqrt(11)
    assert half_circle_sums(angle) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("N", [1, 2, 5, 8])
def test_mean_of_a_walk_over_all_signs(N):
    walks = [abs(sum(s)) for s in itertools.product((-1, 1), repeat=N)]
    assert walk_mean(N) == pytest.approx(np.mean(walks), rel=1e-15)


def test_a_long_walk_is_gaussian():
    assert walk_mean(4000) == pytest.approx(math.sqrt(8000 / math.pi), rel=1e-4)
    assert sign_test_limit(1.0) == 0.0
    with pytest.raises(mfplug.ParameterError, match="expected a variance"):
        sign_test_limit(-1.0)


def independent(N, count, seed):
    rng = np.random.default_rng(seed)
    law = line_law("student", 0.8, df=3.0)
    return TWO_PI / 1.5 * rng.random((count, N)), law.sample(rng, (count, N))


def test_control_variates_have_mean_zero_at_every_number_of_particles():
    """N = 1, 2, 5; 40 000 replicas, seed 11; 21 means, false alarms 21 * 7e-6."""
    law = line_law("student", 0.8, df=3.0)
    response = ModeResponse(law.transform, 1.5, -1.3, 1.7)
    wrong = ModeResponse(law.transform, 1.5, -1.3, 1.2)
    for N in (1, 2, 5):
        q, p = independent(N, 40_000, 11 + N)
        pulls = {}
        for name, known in (("right", response), ("wrong", wrong)):
            # The right phases with the moments of another mass: a planted defect.
            found = dual_test(response, q, (q, p), 2.0).controls
            if name == "wrong":
                found = found + _shift(response, known, 2.0, N)
            spread = found.std(axis=0, ddof=1) / math.sqrt(len(q))
            # For one particle some controls are constants.
            moving = spread > 1e-12
            assert np.abs(found.mean(axis=0)[~moving]).max(initial=0.0) < 1e-12
            pulls[name] = np.abs(found.mean(axis=0)[moving] / spread[moving])
        assert pulls["right"].max() < 4.5
        assert pulls["wrong"].max() > 6.0


def _shift(right, wrong, time, N):
    """Return by how much the moments of two responses differ, in the controls."""
    variance = right.variance(time, 16) - wrong.variance(time, 16)
    fourth = right.fourth(time, 16, N) - wrong.fourth(time, 16, N)
    return np.array([0, 0, 8 / math.pi**2 * variance, 0, 0, variance, fourth])


def test_modes_by_hand():
    q, p = independent(4, 3, 5)
    found = modes(q, p, 1.5, 0.4, 3)
    expected = np.exp(-1.5j * (q + 1.2 * p)).sum(axis=1) / 2.0
    assert found[3] == pytest.approx(expected, abs=1e-13)


def test_free_flight_is_no_evidence():
    """Without forces the test is its own control variate: 0 to rounding."""
    q, p = independent(30, 400, 6)
    response = ModeResponse(line_law("student", 0.8).transform, 1.5, -1.0)
    made = dual_test(response, q + 2.0 * p, (q, p), 2.0)
    scale = made.controls.std(axis=0)
    found = hoeffding_coefficients(made.signs[:, None], 1, made.controls / scale)
    assert abs(found.value[0]) < 1e-12
    assert found.stderr[0] < 1e-12


def test_metric_on_hmf():
    """N = 200, M = 1500, seed 4: near linear theory; errors a half of a plain mean's.

    C_N - C is of order 1/N, -0.02 at N = 100 (gamma = 0.8, t = 2) in longer runs.
    """
    s = system()
    ensemble = mfplug.simulate(s, 200, 1500, [0.0, 2.0], 0.1, "leapfrog", seed=4)
    table = mfplug.measure(["collective-mode"], ensemble).set_index("metric")
    C, limit = table.loc["mode-variance"], table.loc["mode-variance-limit"]
    assert abs(C["value"] - limit["value"]) < 4.5 * C["stderr"] + 0.02
    assert limit["value"] > 1.4
    mode = np.abs(np.exp(-1j * ensemble.q[1, ..., 0]).sum(axis=1)) ** 2 / 200
    assert C["stderr"] < 0.25 * stats.sem(mode)
    test, clt = table.loc["dual-test"], table.loc["dual-test-limit"]
    assert (
        abs(test["value"] - clt["value"]) < 4.5 * test["stderr"] + 0.03 * clt["value"]
    )
    signs = np.abs(half_circle_sums(ensemble.q[1, ..., 0])).mean(axis=1)
    assert test["stderr"] < 0.5 * stats.sem(signs) / math.sqrt(200)
    assert test["lower"] > 0.0


@pytest.mark.parametrize(
    "more",
    [
        {"initial": {"name": "homogeneous", "amplitude": 0.2}},
        {"external": {"name": "drive", "strength": 0.3}},
        {"potential": {"name": "free"}},
        {"dimension": 2},
    ],
)
def test_what_linear_theory_does_not_know_is_refused(more):
    # Refused by what the system is, so particles of the known one will do.
    ensemble = mfplug.simulate(system(), 4, 120, [0.0, 0.1], 0.1, seed=1)
    ensemble = replace(ensemble, system=system(**more))
    with pytest.raises(mfplug.ParameterError, match="does not know this system"):
        mfplug.measure(["collective-mode"], ensemble)


def test_too_few_replicas_are_said():
    ensemble = mfplug.simulate(system(), 4, 60, [0.0, 0.1], 0.1, seed=1)
    with pytest.raises(mfplug.ParameterError, match=r"too few replicas .* got 60"):
        mfplug.measure(["collective-mode"], ensemble)


def test_no_linear_program_beyond_the_largest_number_of_particles():
    s = system()
    ensemble = mfplug.simulate(s, 12, 120, [0.0, 0.1], 0.1, seed=1)
    solver = {"name": "characteristics", "step": 0.1, "nodes": 900, "grid": 32}
    field = mfplug.solve_mean_field(s, [0.0, 0.1], solver=solver)
    spec = {"name": "counting-measure", "observable": "cos", "nodes": 1024}
    table = mfplug.measure([spec | {"largest": 11}], ensemble, field)
    assert table["value"].isna().all()
    assert table["note"].str.contains("beyond N = 11").all()
    assert (
        mfplug.measure([spec | {"largest": 12}], ensemble, field)["value"].notna().all()
    )
