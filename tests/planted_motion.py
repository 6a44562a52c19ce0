"""Integrators and solvers, right and with planted defects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

import mfplug
from mfplug import State

# --- integrators ----------------------------------------------------------------


@dataclass(frozen=True)
class Leap(mfplug.Integrator):
    """Leapfrog, right in all it does."""

    name: ClassVar[str] = "planted"
    order: ClassVar[int] = 2
    symplectic: ClassVar[bool] = True
    reversible: ClassVar[bool] = True

    def step(self, state, t, dt, force):
        p = state.p + 0.5 * dt * force(t, state.q)
        q = state.q + dt / state.mass * p
        return State(q, p + 0.5 * dt * force(t + dt, q), state.mass)


class FirstOrder(Leap):
    reversible: ClassVar[bool] = False

    def step(self, state, t, dt, force):
        p = state.p + dt * force(t, state.q)
        return State(state.q + dt / state.mass * p, p, state.mass)


class WrongTime(Leap):
    def step(self, state, t, dt, force):
        p = state.p + 0.5 * dt * force(t, state.q)
        q = state.q + dt / state.mass * p
        return State(q, p + 0.5 * dt * force(t, q), state.mass)


class NotReversible(FirstOrder):
    order: ClassVar[int] = 1
    reversible: ClassVar[bool] = True


class NotSymplectic(FirstOrder):
    order: ClassVar[int] = 1

    def step(self, state, t, dt, force):
        kick = dt * force(t, state.q)
        return State(state.q + dt / state.mass * state.p, state.p + kick, state.mass)


class InPlace(Leap):
    def step(self, state, t, dt, force):
        state.p[...] += 0.5 * dt * force(t, state.q)
        state.q[...] += dt / state.mass * state.p
        state.p[...] += 0.5 * dt * force(t + dt, state.q)
        return state


class SharedStep(Leap):
    """A step that the largest force of all replicas decides."""

    def step(self, state, t, dt, force):
        p = state.p + 0.5 * dt * force(t, state.q)
        q = state.q + dt / state.mass * p
        p = p + 0.5 * dt * force(t + dt, q)
        return State(q + 1e-9 * dt**3 * np.abs(p).max(), p, state.mass)


class Damped(Leap):
    """A loss of energy far below the error of a step."""

    def step(self, state, t, dt, force):
        after = super().step(state, t, dt, force)
        return State(after.q, (1.0 - 2e-4 * dt) * after.p, state.mass)


# --- solvers --------------------------------------------------------------------


class Linear(mfplug.MeanField):
    """The force -k q of the harmonic probe."""

    def __init__(self, system, times, k, solver):
        super().__init__(system, times, solver=solver)
        self.k = k

    def force(self, t, q):
        self.check_time(t)
        return -self.k * self.points(q)

    def force_gradient(self, t, q):
        return np.full((*np.shape(q), 1), -self.k)

    def arrays(self):
        return {"k": np.array([self.k])}


@dataclass(frozen=True)
class Exact(mfplug.Solver):
    """The exact force of the harmonic probe, right in all it does."""

    name: ClassVar[str] = "planted"
    order: ClassVar[int] = 8
    factor: ClassVar[float] = 1.0
    field: ClassVar[type] = Linear

    def solve(self, system, times):
        return self.field(system, times, self.factor * system.potential.strength, self)

    def restore(self, system, times, arrays, info):
        return self.field(system, times, float(arrays["k"][0]), self)


class Attracts(Exact):
    factor: ClassVar[float] = -1.0


class Forgets(Exact):
    def restore(self, system, times, arrays, info):
        return self.field(system, times, 1.01 * float(arrays["k"][0]), self)


class AnyTime(Linear):
    def force(self, t, q):
        return -self.k * self.points(q)


class Endless(Exact):
    field: ClassVar[type] = AnyTime


class UnitMass(Linear):
    def __init__(self, system, times, k, solver):
        super().__init__(replace(system, mass=1.0), times, k, solver)


class MassIgnored(Exact):
    field: ClassVar[type] = UnitMass


class Doubled(Linear):
    def density(self, t, q, p):
        return 1.05 * super().density(t, q, p)


class NotOne(Exact):
    field: ClassVar[type] = Doubled


class SaysMass(NotOne):
    conserves: ClassVar[tuple[str, ...]] = ("mass",)


class SaysMomentum(Exact):
    """Its force is towards the origin, also when the cloud has moved away."""

    conserves: ClassVar[tuple[str, ...]] = ("momentum",)


class SaysEnergy(Attracts):
    conserves: ClassVar[tuple[str, ...]] = ("energy",)


class SaysCharge(Exact):
    conserves: ClassVar[tuple[str, ...]] = ("charge",)


@dataclass(frozen=True)
class Euler(Exact):
    """The harmonic probe with a frequency that is off by the square of the step."""

    step: float = mfplug.param(0.1, above=0.0)

    def solve(self, system, times):
        strength = getattr(system.potential, "strength", 1.0)
        k = strength * (1.0 + 0.1 * self.step**2)
        return self.field(system, times, k, self)
