"""Integrators hold what they declare: order, reversibility, symplecticity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import canonical
import numpy as np
import pytest

from mfplug import Integrator, State

NAMES = canonical.names("integrator")
MASS = 1.7


def force(t, q):
    """Return a nonlinear force with a drive, so that wrong times are seen too."""
    return -2.3 * np.sin(1.3 * q) - 0.4 * q**3 + 0.6 * np.cos(1.9 * t + q)


def start():
    rng = np.random.default_rng(5)
    return State(0.8 * rng.standard_normal((4, 2)), rng.standard_normal((4, 2)), MASS)


def run(integrator, state, t0, t1, steps):
    dt = (t1 - t0) / steps
    for k in range(steps):
        state = integrator.step(state, t0 + k * dt, dt, force)
    return state


def measured_order(integrator):
    """Return the slope of the error over 0.9 time units, 32 to 128 steps."""
    from scipy.integrate import solve_ivp

    first = start()

    def rhs(t, y):
        q, p = y.reshape(2, 4, 2)
        return np.concatenate([p.ravel() / MASS, force(t, q).ravel()])

    y0 = np.concatenate([first.q.ravel(), first.p.ravel()])
    exact = solve_ivp(rhs, (0.2, 1.1), y0, "DOP853", rtol=3e-14, atol=1e-15).y[:, -1]
    steps = np.array([32, 64, 128])
    errors = []
    for n in steps:
        state = run(integrator, first, 0.2, 1.1, n)
        y = np.concatenate([state.q.ravel(), state.p.ravel()])
        errors.append(np.linalg.norm(y - exact))
    return -np.polyfit(np.log(steps), np.log(errors), 1)[0]


def irreversibility(integrator):
    """Return how far a step forwards and one backwards lead from the start."""
    first = start()
    there = integrator.step(first, 0.3, 0.1, force)
    back = integrator.step(there, 0.4, -0.1, force)
    return max(np.max(np.abs(back.q - first.q)), np.max(np.abs(back.p - first.p)))


def asymplecticity(integrator):
    """Return max |J^T Omega J - Omega| of one step in two dimensions."""

    def coupled(t, q):
        # Minus the gradient of cos(q_1) q_2^2 + q_1^4 / 4.
        a, b = q[..., 0], q[..., 1]
        return np.stack([np.sin(a) * b**2 - a**3, -2 * np.cos(a) * b], axis=-1)

    def advance(x):
        state = State(x[:, :2], x[:, 2:], MASS)
        result = integrator.step(state, 0.3, 0.2, coupled)
        return np.concatenate([result.q, result.p], axis=1)

    x, h = np.array([0.4, -0.7, 0.9, 0.3]), 1e-3
    shifted = [advance(x + k * h * np.eye(4)) for k in (-3, -2, -1, 1, 2, 3)]
    weights = np.array([-1 / 60, 3 / 20, -3 / 4, 3 / 4, -3 / 20, 1 / 60]) / h
    jacobian = np.tensordot(weights, shifted, 1).T
    omega = np.block([[np.zeros((2, 2)), np.eye(2)], [-np.eye(2), np.zeros((2, 2))]])
    return np.max(np.abs(jacobian.T @ omega @ jacobian - omega))


@pytest.mark.parametrize("name", NAMES)
def test_declared_order_is_the_measured_one(name):
    integrator = canonical.make("integrator", name)
    assert measured_order(integrator) == pytest.approx(integrator.order, abs=0.1)


@pytest.mark.parametrize("name", NAMES)
def test_reversible_as_declared(name):
    integrator = canonical.make("integrator", name)
    assert integrator.reversible == (irreversibility(integrator) < 1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_symplectic_as_declared(name):
    integrator = canonical.make("integrator", name)
    assert integrator.symplectic == (asymplecticity(integrator) < 1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_leaves_its_argument_alone(name):
    first = start()
    q, p = first.q.copy(), first.p.copy()
    after = canonical.make("integrator", name).step(first, 0.0, 0.1, force)
    assert np.array_equal(first.q, q)
    assert np.array_equal(first.p, p)
    assert after.mass == MASS


@dataclass(frozen=True)
class Planted(Integrator):
    """Symplectic Euler: order 1, neither of second order nor reversible."""

    name: ClassVar[str] = "planted"

    def step(self, state, t, dt, force):
        p = state.p + dt * force(t, state.q)
        return State(state.q + dt / state.mass * p, p, state.mass)


@dataclass(frozen=True)
class WrongTime(Integrator):
    """Leapfrog that asks for the force at the start of the step, both times."""

    name: ClassVar[str] = "wrong-time"

    def step(self, state, t, dt, force):
        p = state.p + 0.5 * dt * force(t, state.q)
        q = state.q + dt / state.mass * p
        return State(q, p + 0.5 * dt * force(t, q), state.mass)


@dataclass(frozen=True)
class Euler(Integrator):
    """Explicit Euler: not symplectic."""

    name: ClassVar[str] = "euler"

    def step(self, state, t, dt, force):
        kick = dt * force(t, state.q)
        return State(state.q + dt / state.mass * state.p, state.p + kick, state.mass)


def test_planted_defects_are_caught():
    assert measured_order(Planted()) < 1.1
    assert measured_order(WrongTime()) < 1.2
    assert irreversibility(Planted()) > 1e-3
    assert asymplecticity(Planted()) < 1e-10
    assert asymplecticity(Euler()) > 1e-3
