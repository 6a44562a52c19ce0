"""The drift of the energy: by hand, with the step, with a drive."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from harmonic_cloud import (
    system,
)

import mfplug
from mfplug.dynamics.ensemble import Ensemble


def made(system, times, q, p):
    """Return an ensemble from points of shape (times, replicas, particles, d)."""
    q, p = (np.swapaxes(np.asarray(x, dtype=float), 2, 3).copy() for x in (q, p))
    leapfrog = mfplug.create("integrator", "leapfrog")
    return Ensemble(system, q.shape[3], times, q, p, 0, 0, 0.1, leapfrog)


def drift(e):
    """Return the one row of energy-drift."""
    (row,) = mfplug.measure(["energy-drift"], e).itertuples()
    return row


def test_energy_drift_by_hand():
    """Two replicas of two particles with mass 2, strength 0.6 and a trap of 0.5.

    Replica 0: T = (1 + 4)/4 = 1.25, pair .6 * 4/4 = .6, trap .25 (1 + 9) = 2.5; scale
    4.35. Then p = (2, 2): T = 2, drift .75; then p = (1, 1), q = (0, 2): T = .5,
    pair .6, trap 1, E = 2.1, drift 2.25. Replica 1 stands still: drift 0.
    """
    pair, trap = (
        {"name": "harmonic", "strength": 0.6},
        {"name": "trap", "strength": 0.5},
    )
    s = mfplug.System(potential=pair, external=trap, mass=2.0)
    q = np.array([[[1, 3], [1, 2]], [[1, 3], [1, 2]], [[0, 2], [1, 2]]])[..., None]
    p = np.array([[[1, 2], [0, 1]], [[2, 2], [0, 1]], [[1, 1], [0, 1]]])[..., None]
    row = drift(made(s, (0.0, 0.5, 1.0), q, p))
    assert row.value == pytest.approx(0.5 * 2.25 / 4.35, rel=1e-14)
    assert row.stderr == pytest.approx(0.5 * 2.25 / 4.35, rel=1e-14)
    assert (row.time, row.replicas, row.note) == (1.0, 2, "")
    # Planted: a potential energy without the 1/N would give 2.25 / 4.95.
    assert abs(row.value - 0.5 * 2.25 / 4.95) > 0.02


def test_energy_drift_falls_with_the_step():
    """Leapfrog: the error of the energy is of order 2, measured over 20 replicas."""
    values = [
        drift(mfplug.simulate(system(), 5, 20, (0.0, 0.37, 1.1), h, seed=4)).value
        for h in (0.02, 0.01)
    ]
    assert math.log2(values[0] / values[1]) == pytest.approx(2.0, abs=0.1)


def test_energy_drift_with_a_drive():
    """The work of dV_t/dt is accounted for, by the trapezoid rule."""
    wave = {"name": "drive", "strength": 0.8, "wavenumber": 1.4, "frequency": 2.2}
    s = replace(system(), external=mfplug.System(external=wave).external)

    def value(snapshots):
        times = np.linspace(0.5, 1.7, snapshots)
        return drift(mfplug.simulate(s, 4, 20, times, 0.01, "yoshida4", seed=4))

    rough, fine = value(13), value(25)
    assert fine.value < 0.01
    assert rough.value / fine.value == pytest.approx(4.0, rel=0.1)
    assert "trapezoid" in fine.note
    # Planted: without the work the energy changes by much more.
    e = mfplug.simulate(s, 4, 20, np.linspace(0.5, 1.7, 25), 0.01, "yoshida4", seed=4)
    still = type(s.external)(0.8, 1.4, 2.2)
    object.__setattr__(still, "time_dependent", False)
    assert drift(replace(e, system=replace(s, external=still))).value > 5 * fine.value


def test_energy_drift_without_energy():
    """Free particles at rest: no scale, so no number, and the note says why."""
    zero = np.zeros((2, 1, 3, 1))
    row = drift(made(mfplug.System(), (0.0, 1.0), zero, zero))
    assert math.isnan(row.value)
    assert row.note == "the energy at the first time is 0 in a replica"
