"""Integrators hold what they declare: order, reversibility, symplecticity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import canonical
import numpy as np
import pytest

from mfplug import Integrator, State

NAMES = canonical.names("integrator")
MASS = 1.7
#: Where the error is that of the formulas: end of the interval and numbers of steps.
WINDOWS = {2: (1.1, (32, 64, 128)), 4: (1.1, (32, 64, 128)), 8: (2.5, (12, 16, 20, 24))}


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


def fixed(name):
    """Return the canonical integrator; an adaptive one with steps that it never halves.

    What is declared is about the formulas; the step control has tests of its own.
    """
    integrator = canonical.make("integrator", name)
    return replace(integrator, rtol=1e6) if integrator.adaptive else integrator


def measured_order(integrator, window=WINDOWS[2]):
    """Return the slope of the error over a time interval against the step."""
    from scipy.integrate import solve_ivp

    first = start()

    def rhs(t, y):
        q, p = y.reshape(2, 4, 2)
        return np.concatenate([p.ravel() / MASS, force(t, q).ravel()])

    y0 = np.concatenate([first.q.ravel(), first.p.ravel()])
    end, steps = window
    exact = solve_ivp(rhs, (0.2, end), y0, "DOP853", rtol=3e-14, atol=1e-15).y[:, -1]
    errors = []
    for n in steps:
        state = run(integrator, first, 0.2, end, n)
        y = np.concatenate([state.q.ravel(), state.p.ravel()])
        errors.append(np.linalg.norm(y - exact))
    return -np.polyfit(np.log(steps), np.log(errors), 1)[0]


def irreversibility(integrator, dt=0.1):
    """Return how far a step forwards and one backwards lead from the start."""
    first = start()
    there = integrator.step(first, 0.3, dt, force)
    back = integrator.step(there, 0.3 + dt, -dt, force)
    return max(np.max(np.abs(back.q - first.q)), np.max(np.abs(back.p - first.p)))


def asymplecticity(integrator, dt=0.2):
    """Return max |J^T Omega J - Omega| of one step in two dimensions."""

    def coupled(t, q):
        # Minus the gradient of cos(q_1) q_2^2 + q_1^4 / 4.
        a, b = q[..., 0], q[..., 1]
        return np.stack([np.sin(a) * b**2 - a**3, -2 * np.cos(a) * b], axis=-1)

    def advance(x):
        state = State(x[:, :2], x[:, 2:], MASS)
        result = integrator.step(state, 0.3, dt, coupled)
        return np.concatenate([result.q, result.p], axis=1)

    x, h = np.array([0.4, -0.7, 0.9, 0.3]), 1e-3
    shifted = [advance(x + k * h * np.eye(4)) for k in (-3, -2, -1, 1, 2, 3)]
    weights = np.array([-1 / 60, 3 / 20, -3 / 4, 3 / 4, -3 / 20, 1 / 60]) / h
    jacobian = np.tensordot(weights, shifted, 1).T
    omega = np.block([[np.zeros((2, 2)), np.eye(2)], [-np.eye(2), np.zeros((2, 2))]])
    return np.max(np.abs(jacobian.T @ omega @ jacobian - omega))


@pytest.mark.parametrize("name", NAMES)
def test_declared_order_is_the_measured_one(name):
    integrator = fixed(name)
    measured = measured_order(integrator, WINDOWS[integrator.order])
    assert measured == pytest.approx(integrator.order, abs=0.1)


@pytest.mark.parametrize("name", NAMES)
def test_reversible_as_declared(name):
    integrator = fixed(name)
    # The eighth order needs a long step to be seen to fail.
    dt = 0.8 if integrator.order == 8 else 0.1
    assert integrator.reversible == (irreversibility(integrator, dt) < 1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_symplectic_as_declared(name):
    integrator = fixed(name)
    dt = 0.8 if integrator.order == 8 else 0.2
    assert integrator.symplectic == (asymplecticity(integrator, dt) < 1e-10)


def energy_growth(integrator, steps=4000, dt=0.1):
    """Return the largest energy error in the last quarter over that in the first."""

    def pull(t, q):
        return -2.3 * np.sin(1.3 * q) - 0.4 * q**3

    def energy(s):
        well = -2.3 / 1.3 * np.cos(1.3 * s.q) + 0.1 * s.q**4
        return np.sum(s.p**2 / (2 * MASS) + well)

    state = start()
    error = np.empty(steps)
    begin = energy(state)
    for k in range(steps):
        state = integrator.step(state, k * dt, dt, pull)
        error[k] = abs(energy(state) - begin)
    return error[-steps // 4 :].max() / error[: steps // 4].max()


@pytest.mark.parametrize("name", NAMES)
def test_energy_error_is_bounded_if_symplectic(name):
    # An oscillating error keeps its size over 400 time units; a drift of constant rate
    # is four times as large in the last quarter as in the first.
    growth = energy_growth(fixed(name))
    assert growth < 1.3 if fixed(name).symplectic else growth > 2.5


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
    assert energy_growth(Euler(), dt=1e-4) > 2.5


@dataclass(frozen=True)
class WrongWeight(Integrator):
    """Forest and Ruth's splitting with the third digit of theta wrong: order 2."""

    name: ClassVar[str] = "wrong-weight"

    def step(self, state, t, dt, force):
        q, p, mass = state
        for weight in (1.352, 1.0 - 2 * 1.352, 1.352):
            h = weight * dt
            q = q + (0.5 * h / mass) * p
            p = p + h * force(t + 0.5 * h, q)
            q, t = q + (0.5 * h / mass) * p, t + h
        return State(q, p, mass)


def test_a_wrong_digit_of_a_weight_is_caught():
    assert measured_order(WrongWeight()) < 3.0
