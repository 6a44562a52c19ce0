"""The step in which characteristics are traced, from a tolerance."""

from __future__ import annotations

import numpy as np
import pytest

import mfplug
from mfplug.meanfield.flow_step import settled_flow_step

BELL = {"name": "gaussian", "strength": 1.7, "width": 0.8}
LAW = {"name": "gaussian", "qq": 0.9, "qp": -0.2, "pp": 0.81}


def harmonic(d):
    return mfplug.System(
        d,
        {"name": "harmonic", "strength": 0.7},
        LAW | {"mean_q": 0.4, "mean_p": -0.3},
        external={"name": "trap", "strength": 0.55},
        mass=1.6,
    )


def wrong(field, exact, t):
    """Return the largest relative errors of density and score at 60 points of f_t."""
    q, p = exact.sample(t, np.random.default_rng(3), 60)
    pairs = [
        (field.density(t, q, p), exact.density(t, q, p)),
        *zip(field.score(t, q, p), exact.score(t, q, p), strict=True),
    ]
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_tolerance_holds_for_density_and_score(d):
    """The harmonic Gaussian case to 1e-9: its force has no error, only the tracing."""
    times = (0.0, 2.0)
    exact = mfplug.solve_mean_field(harmonic(d), times, "harmonic-exact")
    field = mfplug.solve_mean_field(harmonic(d), times, tolerance=1e-9, grid=32)
    assert field.info["flow_error"] <= 1e-9 / 3
    assert wrong(field, exact, 2.0) < 1e-9
    # Planted: the step of the solver itself, which is right for the force, is not.
    if d > 1:
        field.flow_step = 0.25
        assert wrong(field, exact, 2.0) > 1e-8


def test_the_stated_error_of_tracing():
    """It bounds the change from a step eight times as fine, and is of order six."""
    system = mfplug.System(1, BELL, LAW, mass=1.3)
    field = mfplug.solve_mean_field(system, (0.0, 2.0), nodes=800, grid=200, step=0.5)
    q, p, _ = system.initial.nodes(200)
    q, p = field.flow(q, p, 0.0, 2.0)
    kept = field.flow_step
    step, error = settled_flow_step(field, 1.0)
    assert (step, field.flow_step) == (kept, kept)
    found = field.tangent_flow(q, p, 2.0, 0.0)
    field.flow_step = kept / 8
    exact = field.tangent_flow(q, p, 2.0, 0.0)
    true = max(
        np.abs(a - b).max() / np.abs(b).max() for a, b in zip(found, exact, strict=True)
    )
    assert 0.3 * true < error < 3 * true
    field.flow_step = kept
    finer, less = settled_flow_step(field, 0.1 * error)
    assert finer == kept / 2
    assert 32 * less < error


def test_the_step_is_stored(tmp_path):
    field = mfplug.solve_mean_field(harmonic(2), (0.0, 0.5), tolerance=1e-8, grid=32)
    mfplug.save_field(tmp_path / "field", field)
    again = mfplug.load_field(tmp_path / "field")
    assert again.flow_step == field.flow_step < 0.2
