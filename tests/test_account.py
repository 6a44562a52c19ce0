"""What every run says of itself: errors of what is conserved, and its progress."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pytest

import mfplug
from mfplug import Integrator, State
from mfplug.dynamics.account import Account, together
from mfplug.dynamics.ensemble import Ensemble
from mfplug.dynamics.sums import PairSum
from mfplug.studies.api import run_step

MASS = 1.7
NAMES = ("energy", "momentum", "angular momentum")


def fluid(N=9, replicas=5, dimension=2, integrator="leapfrog", **changes):
    """Return an ensemble of a few particles with Gaussian forces."""
    keys = {
        "potential": {"name": "gaussian", "strength": 4.0, "width": 0.7},
        "initial": {"name": "gaussian", "qq": 0.49, "qp": -0.2, "pp": 0.81},
        "mass": MASS,
    }
    run = {"times": [0.0, 0.5, 1.0], "step": 0.1, "first_replica": 0}
    run |= {k: changes.pop(k) for k in tuple(changes) if k in (*run, "progress")}
    system = mfplug.System(dimension=dimension, **keys | changes)
    return mfplug.simulate(system, N, replicas=replicas, integrator=integrator, **run)


@dataclass(frozen=True)
class Crooked(Integrator):
    """Leapfrog whose last kick is a thousandth too long on the last axis."""

    name: ClassVar[str] = "crooked"
    order: ClassVar[int] = 2

    def step(self, state, t, dt, force):
        p = state.p + 0.5 * dt * force(t, state.q)
        q = state.q + dt / state.mass * p
        kick = 0.5 * dt * force(t + dt, q)
        kick[..., -1] *= 1.001
        return State(q, p + kick, state.mass)


def test_the_account_by_hand():
    """Sums over pairs written plainly; the integrator keeps none of the three."""
    e = fluid(7, 1, times=[0.0, 5.0], step=0.1, integrator=Crooked())
    q, p = e.q, e.p
    angular = np.sum(q[..., 0] * p[..., 1] - q[..., 1] * p[..., 0], axis=-1)
    scale = np.sum(np.linalg.norm(q[0], axis=-1) * np.linalg.norm(p[0], axis=-1), -1)
    apart = q[:, :, :, None] - q[:, :, None, :]
    phi = 4.0 * np.exp(-np.sum(apart**2, axis=-1) / (2 * 0.7**2))
    potential = (phi.sum((2, 3)) - 7 * 4.0) / 2 / 7
    kinetic = np.sum(p**2, axis=(2, 3)) / (2 * MASS)
    energy = np.abs(np.diff(kinetic + potential, axis=0) / (kinetic + potential)[0])
    total = np.linalg.norm(np.diff(p.sum(axis=2), axis=0), axis=-1)
    speeds = np.linalg.norm(p[0], axis=-1).sum(axis=-1)
    found = e.info["conserved"]
    assert found["energy"] == pytest.approx(energy.max(), rel=1e-9)
    assert found["momentum"] == pytest.approx((total / speeds).max(), rel=1e-9)
    exact = (np.abs(np.diff(angular, axis=0)) / scale).max()
    assert found["angular momentum"] == pytest.approx(exact, rel=1e-9)
    assert all(1e-6 < found[name] < 1e-1 for name in NAMES)
    assert found["why"] == {}


@pytest.mark.parametrize("N", [9, 80])
def test_a_defect_is_seen_and_a_good_integrator_is_not_blamed(N):
    kept = fluid(N).info["conserved"]
    assert kept["momentum"] < 1e-14
    assert kept["angular momentum"] < 1e-14
    broken = fluid(N, integrator=Crooked()).info["conserved"]
    assert broken["momentum"] > 1e-7
    assert broken["angular momentum"] > 1e-7
    # Ten times the step: a hundred times the error of the energy, about.
    wide = fluid(N, times=[0.0, 4.0], step=0.2).info["conserved"]
    fine = fluid(N, times=[0.0, 4.0], step=0.02).info["conserved"]
    assert 30 < wide["energy"] / fine["energy"] < 300


@pytest.mark.parametrize("N", [9, 80])
def test_the_trajectory_does_not_feel_the_account(monkeypatch, N):
    with_account = fluid(N)
    monkeypatch.setattr(Account, "add", lambda self, q, p, first: None)
    without = fluid(N)
    assert without.info["conserved"]["momentum"] is None
    assert np.array_equal(with_account.q, without.q)
    assert np.array_equal(with_account.p, without.p)


def test_energies_take_a_small_part_of_the_forces(monkeypatch):
    """Counted: replicas whose energy is summed, beside 400 replicas x 40 forces."""
    counted = []
    real = PairSum.cloud_energies

    def count(self, x):
        counted.append(len(x))
        return real(self, x)

    monkeypatch.setattr(PairSum, "cloud_energies", count)
    e = fluid(N=64, replicas=400, times=np.linspace(0.0, 2.0, 21), step=0.05)
    assert 0 < sum(counted) <= 0.02 * 400 * 40
    assert sum(counted) == 2 * e.info["conserved"]["energy_replicas"]


def test_parts_of_an_ensemble_give_the_account_of_the_whole():
    whole = fluid(replicas=20)
    cuts = (0, 3, 4, 11, 20)
    parts = [fluid(replicas=b - a, first_replica=a) for a, b in pairwise(cuts)]
    assert Ensemble.join(parts).info == whole.info
    # A part without one of the replicas that are looked at takes its first.
    assert all(part.info["conserved"]["energy"] > 0 for part in parts)
    assert whole.info["conserved"]["energy_replicas"] < 20
    assert together([whole.info["conserved"]]) == whole.info["conserved"]


def test_what_need_not_be_conserved_is_not_counted():
    trapped = fluid(external={"name": "trap", "strength": 0.8}).info["conserved"]
    assert trapped["momentum"] is None
    assert "external force" in trapped["why"]["momentum"]
    assert trapped["angular momentum"] < 1e-14  # the trap is central
    driven = fluid(external={"name": "drive", "strength": 0.6}).info["conserved"]
    assert [driven[name] for name in NAMES] == [None] * 3
    assert "turns" in driven["why"]["angular momentum"]
    # More than 64 particles: the kernels of fewer take ten seconds to compile.
    torus = fluid(70, box=12.0).info["conserved"]
    assert "torus" in torus["why"]["angular momentum"]
    assert torus["energy"] > 0
    still = fluid(times=[0.3]).info["conserved"]
    assert "one time" in still["why"]["energy"]
    line = fluid(dimension=1).info["conserved"]
    assert "line" in line["why"]["angular momentum"]


def test_progress_goes_from_nothing_to_everything():
    for N in (9, 80):
        told = []
        fluid(N, replicas=3, progress=told.append)
        assert len(told) >= 2
        assert all(a <= b for a, b in pairwise(told))
        assert told[-1] == pytest.approx(1.0)


STUDY = """
title: small
system: {potential: {name: gaussian, width: 0.7}, initial: gaussian, dimension: 2}
sweep: {N: [6, 12]}
times: [0.0, 1.0]
replicas: 3
metrics: [energy-drift]
"""


def test_the_command_says_what_was_kept_and_shows_a_bar(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(STUDY)
    command = [sys.executable, "-m", "mfplug", "simulate", str(path), "--out"]
    plain = subprocess.run(
        [*command, str(tmp_path / "a")], capture_output=True, text=True, check=True
    )
    lines = [x for x in plain.stderr.splitlines() if "largest relative errors" in x]
    assert [line.split(":")[0] for line in lines] == ["N=6", "N=12"]
    assert "angular momentum" in lines[0]
    assert "%" not in plain.stderr
    here, there = pty.openpty()
    with subprocess.Popen(
        [*command, str(tmp_path / "b")], stdout=subprocess.DEVNULL, stderr=there,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
    ) as process:  # fmt: skip
        os.close(there)
        shown = b""
        try:
            while chunk := os.read(here, 4096):
                shown += chunk
        except OSError:
            pass  # the other end of a terminal that is closed reads as an error
        assert process.wait() == 0
    os.close(here)
    assert b"%" in shown
    assert b"simulate" in shown
    for step in ("measure", "tabulate"):
        run_step(
            step,
            json.loads((tmp_path / "a" / "small" / "plan.json").read_text()),
            tmp_path / "a",
        )
    stored = json.loads((tmp_path / "a" / "small" / "provenance.json").read_text())
    assert stored["conserved"]["cells"] == 2
    assert 0 < stored["conserved"]["energy"]["error"] < 1e-2
    assert stored["conserved"]["momentum"]["error"] < 1e-14
