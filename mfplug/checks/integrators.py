"""Checks of integrators: order, reversibility, symplecticity, energy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfplug.checks.core import Check, CheckFailed
from mfplug.contracts.integrator import Integrator, State

Array = NDArray[np.float64]
MASS = 1.7


def force(t: float, q: Array) -> Array:
    """Return a non-linear force with a drive, so that wrong times are seen too."""
    return -2.3 * np.sin(1.3 * q) - 0.4 * q**3 + 0.6 * np.cos(1.9 * t + q)


def still(t: float, q: Array) -> Array:
    """Return the force of the energy -(2.3/1.3) cos(1.3 q) + 0.1 q^4."""
    return -2.3 * np.sin(1.3 * q) - 0.4 * q**3


def _start() -> State:
    rng = np.random.default_rng(5)
    return State(
        0.8 * rng.standard_normal((3, 2, 4)), rng.standard_normal((3, 2, 4)), MASS
    )


def _distance(a: State, b: State) -> float:
    return float(max(np.abs(a.q - b.q).max(), np.abs(a.p - b.p).max()))


def _run(method: Integrator, state: State, t0: float, t1: float, steps: int) -> State:
    dt = (t1 - t0) / steps
    for k in range(steps):
        state = method.step(state, t0 + k * dt, dt, force)
    return state


def steps(method: Integrator) -> str:
    """Check that a step returns a new state and leaves the old one alone."""
    first = _start()
    q, p = first.q.copy(), first.p.copy()
    after = method.step(first, 0.2, 0.1, force)
    if not isinstance(after, State):
        raise CheckFailed(f"step() returned {type(after).__name__}; expected a State")
    if not (np.array_equal(first.q, q) and np.array_equal(first.p, p)):
        raise CheckFailed("step() changes the state that it was given")
    if after.q.shape != q.shape or after.p.shape != p.shape or after.mass != MASS:
        raise CheckFailed("step() changes the shape of the arrays, or the mass")
    alone = method.step(State(first.q[:1], first.p[:1], MASS), 0.2, 0.1, force)
    if not np.array_equal(alone.q, after.q[:1]):
        raise CheckFailed(
            "a replica's result depends on the replicas beside it; results would "
            "depend on the size of a block. Control the step for each replica alone"
        )
    return "a new state of the same shapes, each replica for itself"


def order(method: Integrator) -> str:
    """Check the declared order against the slope of the error."""
    from scipy.integrate import solve_ivp

    if method.order < 1:
        raise CheckFailed(f"order is {method.order}; expected an integer >= 1")
    first = _start()
    shape = first.q.shape

    def rhs(t: float, y: Array) -> Array:
        q, p = y.reshape(2, *shape)
        return np.concatenate([p.ravel() / MASS, force(t, q).ravel()])

    y0 = np.concatenate([first.q.ravel(), first.p.ravel()])
    y = solve_ivp(rhs, (0.2, 1.1), y0, "DOP853", rtol=3e-14, atol=1e-15).y[:, -1]
    exact = State(
        y[: y.size // 2].reshape(shape), y[y.size // 2 :].reshape(shape), MASS
    )
    counts = [8, 16, 32, 64, 128, 256]
    errors = [_distance(_run(method, first, 0.2, 1.1, n), exact) for n in counts]
    seen = [(n, e) for n, e in zip(counts, errors, strict=True) if e > 2e-12][-3:]
    if len(seen) < 3:
        return f"errors down to {errors[-1]:.1g}: no slope can be told"
    slope = -float(
        np.polyfit(np.log([n for n, _ in seen]), np.log([e for _, e in seen]), 1)[0]
    )
    if abs(slope - method.order) > 0.2:
        raise CheckFailed(
            f"the order is {method.order}, but the error falls with slope {slope:.2f} "
            f"({', '.join(f'{e:.1e}' for _, e in seen)} for "
            f"{', '.join(str(n) for n, _ in seen)} steps); check coefficients and "
            "the times at which the force is asked for"
        )
    return f"order {method.order}, measured slope {slope:.2f}"


def reversible(method: Integrator) -> str:
    """Check that a step back undoes a step, where that is declared."""
    first = _start()
    there = method.step(first, 0.3, 0.1, force)
    lost = _distance(method.step(there, 0.4, -0.1, force), first)
    if method.reversible and lost > 1e-13:
        raise CheckFailed(
            f"reversible is True, but a step and its reverse lead {lost:.2g} away"
        )
    return f"reversible = {method.reversible}; a step and its reverse: {lost:.1g}"


def symplectic(method: Integrator) -> str:
    """Check J^T Omega J = Omega of one step, where that is declared."""

    def coupled(t: float, q: Array) -> Array:
        # Minus the gradient of cos(q_1) q_2^2 + q_1^4 / 4.
        a, b = q[..., 0, :], q[..., 1, :]
        return np.stack([np.sin(a) * b**2 - a**3, -2 * np.cos(a) * b], axis=-2)

    def advance(x: Array) -> Array:
        state = State(x[:2].reshape(1, 2, 1), x[2:].reshape(1, 2, 1), MASS)
        after = method.step(state, 0.3, 0.2, coupled)
        return np.concatenate([after.q.ravel(), after.p.ravel()])

    x, h = np.array([0.4, -0.7, 0.9, 0.3]), 1e-3
    weights = np.array([-1 / 60, 3 / 20, -3 / 4, 3 / 4, -3 / 20, 1 / 60]) / h
    columns = [
        weights @ np.array([advance(x + k * h * e) for k in (-3, -2, -1, 1, 2, 3)])
        for e in np.eye(4)
    ]
    jacobian = np.array(columns).T
    omega = np.block([[np.zeros((2, 2)), np.eye(2)], [-np.eye(2), np.zeros((2, 2))]])
    defect = float(np.abs(jacobian.T @ omega @ jacobian - omega).max())
    if method.symplectic and defect > 1e-9:
        raise CheckFailed(
            f"symplectic is True, but J^T Omega J differs from Omega by {defect:.2g}"
        )
    return f"symplectic = {method.symplectic}; defect of one step {defect:.1g}"


def energy(method: Integrator) -> str:
    """Check that the energy error of a symplectic method stays bounded."""

    def of(state: State) -> Array:
        potential = -(2.3 / 1.3) * np.cos(1.3 * state.q) + 0.1 * state.q**4
        return np.asarray(state.p**2 / (2 * MASS) + potential)

    state = _start()
    begin, worst = of(state), []
    for k in range(2400):
        state = method.step(state, 0.1 * k, 0.1, still)
        worst.append(float(np.abs(of(state) - begin).max()))
    early, late = max(worst[:600]), max(worst[1800:])
    if method.symplectic and late > 2.0 * early + 1e-12:
        raise CheckFailed(
            f"symplectic is True, but the energy error grows: {early:.2g} in the first "
            f"600 steps, {late:.2g} in the last"
        )
    return f"energy error {early:.1g} in the first 600 steps, {late:.1g} in the last"


CHECKS = [
    Check("steps", "a step is a new state; replicas do not act on each other", steps),
    Check("order", "the error falls with the declared order", order),
    Check("reversible", "a step back undoes a step, if declared", reversible),
    Check("symplectic", "a step is symplectic, if declared", symplectic),
    Check("energy", "the energy error stays bounded, if symplectic", energy),
]
