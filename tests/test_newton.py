"""Metrics of the study `newton` against exact cases, and its verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from tabulated import Tabulated

import mfplug
from mfplug import Integrator, State

STIFFNESS, MASS, STEP, END = 2.25, 1.7, 0.1, 1.5


def oscillator(integrator, step=STEP):
    """Return an ensemble of free particles in a trap: a linear oscillator each."""
    system = mfplug.System(
        dimension=1,
        potential="free",
        initial={"name": "gaussian", "qq": 0.49, "pp": 0.81},
        external={"name": "trap", "strength": STIFFNESS},
        mass=MASS,
    )
    return mfplug.simulate(
        system, 2, replicas=3, times=[0.0, END], step=step, integrator=integrator
    )


def fluid(integrator, dimension=3):
    system = mfplug.System(
        dimension=dimension,
        potential={"name": "gaussian", "strength": 4.0, "width": 0.7},
        initial={"name": "gaussian", "qq": 0.49, "qp": -0.2, "pp": 0.81},
        mass=MASS,
    )
    return mfplug.simulate(
        system, 5, replicas=3, times=[0.0, 0.5, 1.0], step=0.1, integrator=integrator
    )


def values(metric, ensemble):
    table = mfplug.measure([metric], ensemble)
    return dict(zip(table["index"], table["value"], strict=True))


def rkn4_matrix(h):
    """Return one step of rkn4 for q'' = -w^2 q as a matrix of (q, q'), by hand."""
    w = STIFFNESS / MASS
    k1 = np.array([-w, 0.0])
    k2 = -w * (np.array([1.0, h / 2]) + h**2 / 8 * k1)
    k3 = -w * (np.array([1.0, h]) + h**2 / 2 * k2)
    return np.stack(
        [
            np.array([1.0, h]) + h**2 / 6 * (k1 + 2 * k2),
            np.array([0.0, 1.0]) + h / 6 * (k1 + 4 * k2 + k3),
        ]
    )


def test_phase_volume_of_a_linear_oscillator():
    # det J = det(M)^(steps N): p = m q' leaves the determinant alone.
    exact = np.linalg.det(rkn4_matrix(STEP)) ** (15 * 2) - 1
    measured = values("phase-volume", oscillator("rkn4"))["volume"]
    assert abs(exact) > 1e-7
    assert measured == pytest.approx(abs(exact), rel=1e-3)
    for name in ("leapfrog", "yoshida4", "forest-ruth"):
        kept = values("phase-volume", oscillator(name))
        assert kept["volume"] < 1e-11
        assert kept["symplectic"] < 1e-11


def test_reversibility_of_a_linear_oscillator():
    ensemble = oscillator("rkn4")
    forth, back = rkn4_matrix(STEP), rkn4_matrix(-STEP)
    x = np.stack([ensemble.q_storage[0], ensemble.p_storage[0] / MASS], axis=-1)
    total = np.linalg.matrix_power(back, 15) @ np.linalg.matrix_power(forth, 15)
    away = (x @ (total - np.eye(2)).T) * [1.0, MASS]
    exact = np.linalg.norm(away, axis=-1).max()
    measured = values("reversibility", ensemble)[""]
    assert exact > 1e-7
    assert measured == pytest.approx(exact, rel=1e-6)
    assert values("reversibility", oscillator("leapfrog"))[""] < 1e-14


@pytest.mark.parametrize("reference", [None, {"name": "dop853", "rtol": 1e-12}])
def test_trajectory_error_of_a_linear_oscillator(reference):
    ensemble = oscillator("leapfrog")
    w = math.sqrt(STIFFNESS / MASS)
    q, p = ensemble.q[0], ensemble.p[0]
    exact_q = q * math.cos(w * END) + p / (MASS * w) * math.sin(w * END)
    exact_p = p * math.cos(w * END) - MASS * w * q * math.sin(w * END)
    square = (ensemble.q[1] - exact_q) ** 2 + (ensemble.p[1] - exact_p) ** 2
    exact = math.sqrt(square.mean())
    metric = {"name": "trajectory-error", "reference": reference}
    # Without a reference the finer solution still has 1/256 of the error.
    share = 1 - 1 / 256 if reference is None else 1.0
    assert values(metric, ensemble)[""] == pytest.approx(share * exact, rel=1e-3)


@dataclass(frozen=True)
class Crooked(Integrator):
    """Leapfrog whose last particle is kicked too hard: the planted defect."""

    name: ClassVar[str] = "crooked"

    def step(self, state, t, dt, force):
        p = state.p + 0.5 * dt * force(t, state.q)
        q = state.q + dt / state.mass * p
        kick = 0.5 * dt * force(t + dt, q)
        kick[..., -1] *= 1.001
        return State(q, p + kick, state.mass)


@pytest.mark.slow
def test_invariants_are_kept_and_a_defect_is_seen():
    for dimension in (2, 3):
        kept = values("invariants", fluid("leapfrog", dimension))
        assert kept["momentum"] < 1e-14
        assert kept["angular"] < 1e-14
        assert 1e-5 < kept["energy"] < 1e-2
    broken = values("invariants", fluid(Crooked()))
    assert broken["momentum"] > 1e-5
    assert broken["angular"] > 1e-5


def test_invariants_by_hand():
    ensemble = fluid("leapfrog")
    q, p = ensemble.q, ensemble.p
    total = np.sum(np.cross(q, p), axis=2)
    scale = np.sum(np.linalg.norm(q[0], axis=-1) * np.linalg.norm(p[0], axis=-1), 1)
    exact = np.max(np.linalg.norm(total - total[0], axis=-1) / scale)
    assert values("invariants", ensemble)["angular"] == pytest.approx(exact, abs=1e-16)
    pairs = q[:, :, :, None] - q[:, :, None, :]
    phi = 4.0 * np.exp(-np.sum(pairs**2, axis=-1) / (2 * 0.7**2))
    potential = (phi.sum((2, 3)) - 5 * 4.0) / 2 / 5
    kinetic = np.sum(p**2, axis=(2, 3)) / (2 * MASS)
    energy = kinetic + potential
    exact = np.max(np.abs(energy - energy[0]) / (kinetic[0] + potential[0]))
    assert values("invariants", ensemble)["energy"] == pytest.approx(exact, rel=1e-9)


def test_what_is_not_conserved_says_so():
    system = mfplug.System(
        dimension=2,
        potential="free",
        initial={"name": "homogeneous", "width": 0.7},
        external={"name": "drive", "strength": 0.6, "wavenumber": 2 * math.pi / 2.7},
        box=2.7,
    )
    ensemble = mfplug.simulate(system, 4, times=[0.0, 0.2])
    table = mfplug.measure(["invariants"], ensemble)
    assert table["value"].isna().all()
    notes = dict(zip(table["index"], table["note"], strict=True))
    assert "depends on time" in notes["energy"]
    assert "external force" in notes["momentum"]
    assert "no rotations" in notes["angular"]


@pytest.fixture(scope="module")
def study():
    """Return the study with three integrators, trajectories and the way back only."""
    data = Tabulated.shipped("newton")
    kept = ("trajectory", "return")
    reference = {"name": "dop853", "rtol": 1e-13, "atol": 1e-14}
    return Tabulated(
        "newton",
        {
            "sweep": {"integrator": ["leapfrog", "forest-ruth", "rkn4"]},
            "replicas": 1,
            "metrics": [
                {"name": "trajectory-error", "reference": reference},
                "reversibility",
            ],
            "fits": [f for f in data["fits"] if f["name"] in kept],
            "bounds": [],
            "verdicts": [
                {
                    "claim": "newton",
                    "checks": [{"rule": "exponent", "fit": name} for name in kept],
                }
            ],
        },
    )


def test_study_holds(study):
    assert study.words() == ["holds"]


@pytest.mark.parametrize("fit", ["trajectory", "return"])
@pytest.mark.parametrize("by", [0.15, -0.15])
def test_a_wrong_prediction_turns_the_verdict(study, fit, by):
    assert study.words(study.wrong(fit, by)) == ["fails"]
