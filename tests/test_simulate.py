"""Newton's equations: exact solutions, conservation laws, steps and snapshots."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from given_points import GAUSSIAN, placed
from scipy.integrate import solve_ivp

import mfplug
from mfplug import ParameterError
from mfplug.contracts.integrator import State
from mfplug.dynamics.forces import Forces
from mfplug.dynamics.simulate import simulate, step_lengths
from mfplug.theory.harmonic import harmonic_law


def run(system, N, **keys):
    """Simulate one replica with small steps of order 4."""
    keys = {"times": [0.0, 1.0], "step": 2e-3, "integrator": "yoshida4"} | keys
    return simulate(system, N, **keys)


# ---------------------------------------------------------------- exact solutions


@pytest.mark.parametrize("eta", [0.7, -0.4])
@pytest.mark.parametrize("trap", [0.0, 0.55])
@pytest.mark.parametrize("N", [2, 7])
def test_harmonic_particles_follow_the_linear_flow(eta, trap, N):
    """Exact N-body propagator of audit 4.1, both signs, with and without a trap."""
    system = mfplug.System(
        potential={"name": "harmonic", "strength": eta},
        initial=GAUSSIAN,
        external={"name": "trap", "strength": trap} if trap else None,
    )
    times = [0.0, 0.8, 2.3]
    e = run(system, N, times=times, replicas=3, step=0.01, seed=5)
    start = np.concatenate([e.q[0], e.p[0]], axis=-1)
    for k, t in enumerate(times):
        exact = harmonic_law(t, eta, trap).nbody_map(start)
        assert e.q[k, ..., 0] == pytest.approx(exact[..., 0], abs=1e-8)
        assert e.p[k, ..., 0] == pytest.approx(exact[..., 1], abs=1e-8)
    # Planted: a pair force without 1/N, or with the sum over N - 1, is far off.
    wrong = harmonic_law(2.3, eta * N / (N - 1), trap).nbody_map(start)
    assert np.abs(e.q[2, ..., 0] - wrong[..., 0]).max() > 1e-3


def test_mass_enters_as_in_the_hamiltonian():
    """With m: m q'' = -V' - (phi' * mu), so strengths act as strength / m, p = m q'."""
    m, eta, trap, t = 2.7, 0.9, 0.4, 1.9
    system = mfplug.System(
        potential={"name": "harmonic", "strength": eta},
        initial=GAUSSIAN,
        external={"name": "trap", "strength": trap},
        mass=m,
    )
    e = run(system, 5, times=[0.0, t], step=0.01, seed=8)
    start = np.concatenate([e.q[0], e.p[0] / m], axis=-1)
    exact = harmonic_law(t, eta / m, trap / m).nbody_map(start)
    assert e.q[1, ..., 0] == pytest.approx(exact[..., 0], abs=1e-9)
    assert e.p[1, ..., 0] == pytest.approx(m * exact[..., 1], abs=1e-9)


def test_two_hmf_particles_are_a_pendulum():
    """Audit 4.4: r'' = -sin r, r(0) = 1, r'(0) = .5; r(3), r'(3) to 14 digits."""
    box = 2 * math.pi
    system = mfplug.System(
        potential={"name": "cosine", "strength": -1.0},
        initial=placed([3.5, 2.5], [0.45, -0.05]),
        box=box,
    )
    e = run(system, 2, times=[0.0, 3.0])
    r, speed = e.q[1, 0, 0, 0] - e.q[1, 0, 1, 0], e.p[1, 0, 0, 0] - e.p[1, 0, 1, 0]
    assert r == pytest.approx(-0.72098681473345, abs=1e-10)
    assert speed == pytest.approx(-0.81957594744310, abs=1e-10)
    centre = e.q[1, 0].mean()
    assert centre == pytest.approx(3.0 + 3.0 * 0.2, abs=1e-13)


def newton(t, y, strength, width, m, drive):
    """Return the right-hand side for Gaussian pair forces in 2-d, written plainly."""
    q, p = y[: y.size // 2].reshape(-1, 2), y[y.size // 2 :].reshape(-1, 2)
    force = np.zeros_like(q)
    for i in range(len(q)):
        for j in range(len(q)):
            x = q[i] - q[j]
            bell = strength * math.exp(-(x @ x) / (2 * width**2))
            force[i] += bell * x / width**2 / len(q)
    a, k, w = drive
    force += a * k * np.sin(k * q - w * t)
    return np.concatenate([p.ravel() / m, force.ravel()])


def test_external_drive_against_another_integrator():
    """Five particles in 2-d, time-dependent force, mass 1.6; DOP853 at 1e-12."""
    strength, width, m, drive = 1.7, 0.6, 1.6, (0.8, 1.4, 2.2)
    system = mfplug.System(
        dimension=2,
        potential={"name": "gaussian", "strength": strength, "width": width},
        initial=GAUSSIAN,
        external=dict(
            zip(("strength", "wavenumber", "frequency"), drive, strict=True),
            name="drive",
        ),
        mass=m,
    )
    # The snapshots begin at 0.7: the phase of the drive is that of the clock.
    times = [0.7, 1.5, 2.0]
    e = run(system, 5, times=times, step=5e-3, seed=3)
    y = np.concatenate([e.q[0, 0].ravel(), e.p[0, 0].ravel()])
    parameters = (strength, width, m, drive)
    keys = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-12, "args": parameters}
    exact = solve_ivp(newton, (0.7, 2.0), y, t_eval=times, **keys).y.T
    for k in range(3):
        found = np.concatenate([e.q[k, 0].ravel(), e.p[k, 0].ravel()])
        assert found == pytest.approx(exact[k], abs=2e-8)
    # Planted: the same with the clock at 0 is visibly another motion.
    other = solve_ivp(newton, (0.0, 1.3), y, **keys).y[:, -1]
    assert np.abs(other - exact[-1]).max() > 0.05


def test_scaling_of_the_force_in_N():
    """Equation (5) at beta = 0.3 for three particles in d = 1."""
    beta, N, strength, width = 0.3, 3, 1.7, 0.6
    q = np.array([0.1, 0.5, -0.4])
    system = mfplug.System(
        potential={"name": "gaussian", "strength": strength, "width": width},
        beta=beta,
    )
    x = (q[:, None] - q) * N**beta
    gradient = -strength * x / width**2 * np.exp(-(x**2) / (2 * width**2))
    exact = -(N ** (-1 + 2 * beta)) * gradient.sum(axis=1)
    force = Forces(system, N)(0.0, q[None, None, :])[0, 0]
    assert force == pytest.approx(exact, rel=1e-12)


# ------------------------------------------------------------------ conservation


@pytest.fixture(scope="module")
def crowd():
    """Eleven particles in 2-d with Gaussian repulsion, mass 1.6, long enough to mix."""
    system = mfplug.System(
        dimension=2,
        potential={"name": "gaussian", "strength": 1.7, "width": 0.6},
        initial=GAUSSIAN,
        mass=1.6,
    )
    return run(system, 11, replicas=4, times=[0.0, 1.5, 3.0], step=0.05, seed=2)


def test_momentum_is_conserved_to_rounding(crowd):
    total = crowd.p.sum(axis=2)
    assert np.abs(total - total[0]).max() < 1e-12
    assert np.abs(crowd.p[2] - crowd.p[0]).max() > 0.1


def test_motion_runs_backwards(crowd):
    """Reversed momenta carry every particle home, to rounding."""
    keys = {"times": [0.0, 3.0], "step": 0.05, "integrator": "yoshida4"}
    for r in range(2):
        home = replace(crowd.system, initial=placed(crowd.q[2, r], -crowd.p[2, r]))
        e = simulate(home, 11, **keys)
        assert e.q[1, 0] == pytest.approx(crowd.q[0, r], abs=1e-10)
        assert e.p[1, 0] == pytest.approx(-crowd.p[0, r], abs=1e-10)


@pytest.mark.parametrize(("integrator", "order"), [("leapfrog", 2), ("yoshida4", 4)])
def test_measured_order(crowd, integrator, order):
    """Error at steps h and h/2 against a fine solution; slope within 0.15 of it."""
    keys = {"times": [0.0, 1.0], "replicas": 2, "seed": 2}
    exact = run(crowd.system, 11, step=2.5e-3, **keys).q[1]
    errors = [
        np.abs(
            run(crowd.system, 11, step=h, integrator=integrator, **keys).q[1] - exact
        )
        for h in (0.1, 0.05)
    ]
    slope = math.log2(errors[0].max() / errors[1].max())
    assert slope == pytest.approx(order, abs=0.15)


# ----------------------------------------------------------- steps and snapshots


@pytest.mark.parametrize(
    ("start", "end", "step", "count"),
    [
        (0, 1, 0.25, 4),
        (0, 1, 0.3, 4),
        (0.5, 0.6, 3.0, 1),
        (0, 0.3, 0.1, 3),
        (2, 9, 0.7, 10),
    ],
)
def test_step_lengths(start, end, step, count):
    lengths = step_lengths(start, end, step)
    assert len(lengths) == count
    assert sum(lengths) == pytest.approx(end - start, rel=1e-14)
    assert all(0 < h <= step * (1 + 1e-9) for h in lengths)
    assert lengths[:-1] == [lengths[0]] * (count - 1)


def test_snapshot_that_is_no_multiple_is_met_by_a_short_last_step():
    """Two full steps of 0.1 and one of 0.05, then 0.1 and 0.03 from there."""
    system = mfplug.System(
        potential={"name": "gaussian", "strength": 1.7, "width": 0.6}, initial=GAUSSIAN
    )
    e = simulate(system, 6, 2, [0.0, 0.25, 0.38], 0.1, seed=4)
    method, force = e.integrator, Forces(system, 6)
    state, t, path = State(e.q_storage[0], e.p_storage[0], 1.0), 0.0, []
    for h in (0.1, 0.1, 0.05, 0.1, 0.03):
        state = method.step(state, t, h, force)
        t += h
        path.append(state)
    for k, at in ((1, 2), (2, 4)):
        assert e.q_storage[k] == pytest.approx(path[at].q, abs=1e-14)
        assert e.p_storage[k] == pytest.approx(path[at].p, abs=1e-14)
    # One full step more or less would be seen.
    assert np.abs(e.q_storage[1] - path[1].q).max() > 1e-3


def test_the_ensemble_says_what_it_is():
    system = mfplug.System(
        dimension=2, potential={"name": "gaussian", "width": 0.6}, initial=GAUSSIAN
    )
    e = simulate(system, 6, 3, [0.0, 0.2], 0.1, seed=4, first_replica=10)
    assert e.q.shape == e.p.shape == (2, 3, 6, 2)
    assert e.q.base is e.q_storage
    assert (e.replicas, e.particles, e.dimension) == (3, 6, 2)
    assert (e.seed, e.first_replica, e.step) == (4, 10, 0.1)
    assert e.info["forces"] == "direct"
    assert e.info["compiled"]
    assert e.time_index(0.2) == 1
    with pytest.raises(ParameterError, match=r"no snapshot at this time; got 0\.1"):
        e.time_index(0.1)


def test_one_particle_is_free():
    e = simulate(mfplug.System(potential="harmonic"), 1, times=[0.0, 2.0], seed=1)
    assert e.p[1] == pytest.approx(e.p[0], abs=0)
    assert e.q[1] == pytest.approx(e.q[0] + 2.0 * e.p[0], abs=1e-13)
