"""Defects planted in plugins of each kind: the kit names the cause of every one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

import mfplug
from mfplug import State
from mfplug.checks import run_checks
from mfplug.checks.probes import Bell, Cloud

# --- potentials -----------------------------------------------------------------


@dataclass(frozen=True)
class Phi(mfplug.Potential):
    """A Gaussian bell, right in all it does."""

    name: ClassVar[str] = "planted"
    regularity: ClassVar[str] = "C_b^2"
    strength: float = mfplug.param(1.3)
    width: float = mfplug.param(0.7, above=0.0)

    def energy(self, dx):
        return self.strength * np.exp(-np.sum(dx**2, -1) / (2 * self.width**2))

    def gradient(self, dx):
        return -dx / self.width**2 * self.energy(dx)[..., None]

    @property
    def gradient_bound(self):
        return abs(self.strength) / self.width * np.exp(-0.5)

    @property
    def gradient_lipschitz(self):
        return abs(self.strength) / self.width**2


class WrongSign(Phi):
    def gradient(self, dx):
        return dx / self.width**2 * self.energy(dx)[..., None]


class WidthForItsSquare(Phi):
    def gradient(self, dx):
        return -dx / self.width * self.energy(dx)[..., None]


class NotEven(Phi):
    def energy(self, dx):
        return self.strength * np.exp(-np.sum((dx - 0.1) ** 2, -1) / 2)

    def gradient(self, dx):
        return -(dx - 0.1) * self.energy(dx)[..., None]


class KeepsTheAxis(Phi):
    def energy(self, dx):
        return self.strength * np.exp(-(dx**2) / (2 * self.width**2))


class NotFinite(Phi):
    def energy(self, dx):
        return np.where(np.sum(dx**2, -1) > 1.0, np.nan, super().energy(dx))


class BoundTooSmall(Phi):
    @property
    def gradient_bound(self):
        return 0.9 * super().gradient_bound


class LipschitzTooSmall(Phi):
    @property
    def gradient_lipschitz(self):
        return 0.5 * super().gradient_lipschitz


class WrongClass(Phi):
    regularity: ClassVar[str] = "singular"


class ChangesItsArgument(Phi):
    def energy(self, dx):
        result = super().energy(dx)
        dx *= 2.0
        return result


class Raises(Phi):
    def gradient(self, dx):
        raise ZeroDivisionError("no gradient today")


class NeedlessException(Phi):
    check_exceptions: ClassVar[Mapping[str, str]] = {"even": "it is odd"}


class TakesAnything(Phi):
    def __post_init__(self):
        pass


# --- externals ------------------------------------------------------------------


@dataclass(frozen=True)
class V(mfplug.External):
    """A wave, right in all it does."""

    name: ClassVar[str] = "planted"
    time_dependent: ClassVar[bool] = True
    k: float = mfplug.param(1.4)

    def energy(self, q, t):
        return np.cos(self.k * q - 2.2 * t).sum(-1)

    def gradient(self, q, t):
        return -self.k * np.sin(self.k * q - 2.2 * t)


class LostFactor(V):
    def gradient(self, q, t):
        return -np.sin(self.k * q - 2.2 * t)


class TimeForgotten(V):
    time_dependent: ClassVar[bool] = False


class OneNumber(V):
    def energy(self, q, t):
        return np.cos(self.k * q - 2.2 * t).sum()


# --- distributions --------------------------------------------------------------


@dataclass(frozen=True)
class WrongWidth(Cloud):
    """Samples are wider than the density says."""

    name: ClassVar[str] = "planted"

    def sample(self, rng, n):
        q, p = super().sample(rng, n)
        return 1.03 * q, p


class NotNormalised(WrongWidth):
    def sample(self, rng, n):
        return Cloud.sample(self, rng, n)

    def density(self, q, p):
        return 1.01 * super().density(q, p)


class ScoreOfTheWidth(NotNormalised):
    def density(self, q, p):
        return Cloud.density(self, q, p)

    def score(self, q, p):
        return -q / self.width, -p / self.speed**2


class BoundedScore(ScoreOfTheWidth):
    score_bound = 4.0

    def score(self, q, p):
        return Cloud.score(self, q, p)


class OwnStream(BoundedScore):
    score_bound = float("inf")

    def sample(self, rng, n):
        return Cloud.sample(self, np.random.default_rng(), n)


class NodesOfAnother(BoundedScore):
    score_bound = float("inf")

    def nodes(self, size):
        return replace(self, width=1.3 * self.width).on(self.dimension)._plain(size)

    def _plain(self, size):
        return Cloud.nodes(self, size)


class WrongCentre(NodesOfAnother):
    def nodes(self, size):
        return Cloud.nodes(self, size)

    def symmetry_centre(self):
        return np.full(self.dimension, 0.2), np.zeros(self.dimension)


class Transposed(NodesOfAnother):
    def nodes(self, size):
        return Cloud.nodes(self, size)

    def sample(self, rng, n):
        q, p = Cloud.sample(self, rng, n)
        return q.T, p.T


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


# --- metrics --------------------------------------------------------------------


@dataclass(frozen=True)
class Mean(mfplug.Observable):
    """The mean position, right in all it does."""

    name: ClassVar[str] = "planted"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)

    def values(self, sample):
        return sample.the_ensemble().q[-1].mean(axis=(1, 2))

    def rows(self, sample):
        return [mfplug.mean_row(self.name, sample.times[-1], self.values(sample))]


class NaNValue(Mean):
    def rows(self, sample):
        return [mfplug.Row(self.name, 0.6, float("nan"))]


class LimitsSwapped(Mean):
    def rows(self, sample):
        (row,) = super().rows(sample)
        return [replace(row, lower=row.upper, upper=row.lower)]


class NoRows(Mean):
    def rows(self, sample):
        return []


class OwnRandomness(Mean):
    def rows(self, sample):
        return [mfplug.Row(self.name, 0.6, float(np.random.default_rng().normal()))]


class SumOfErrors(Mean):
    def rows(self, sample):
        (row,) = super().rows(sample)
        error = row.stderr * row.replicas
        return [replace(row, stderr=error, lower=None, upper=None)]


class TwiceTheSame(Mean):
    def rows(self, sample):
        return 2 * super().rows(sample)


@dataclass(frozen=True)
class Gap(mfplug.Distance):
    """Twice-averaged distance of points: no metric, as X = Y gives more than 0."""

    name: ClassVar[str] = "planted"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)

    def distance(self, x, y):
        return float(np.linalg.norm(x[:, None] - y[None], axis=-1).mean())

    def rows(self, sample):
        x = sample.the_ensemble().q[-1]
        return [mfplug.mean_row(self.name, 0.6, x.mean(axis=(1, 2)))]


class OneSided(Gap):
    def distance(self, x, y):
        away = np.linalg.norm(x[:, None] - y[None], axis=-1)
        return float(away.min(axis=1).mean())


class InOrder(Gap):
    def distance(self, x, y):
        return float(np.linalg.norm(x - y, axis=-1).mean())


class Squared(Gap):
    def distance(self, x, y):
        return float(np.sum((x.mean(0) - y.mean(0)) ** 2)) + float(
            np.sum((x.std(0) - y.std(0)) ** 2)
        )


DEFECTS = [
    (WrongSign, "gradient", "check signs and factors"),
    (WidthForItsSquare, "gradient", "not that of energy"),
    (NotEven, "even", "phi\\(-dx\\) is not phi\\(dx\\)"),
    (KeepsTheAxis, "shapes", "energy\\(\\) has the wrong shape"),
    (NotFinite, "shapes", "not finite"),
    (BoundTooSmall, "bounds", "gradient_bound is too small"),
    (LipschitzTooSmall, "bounds", "gradient_lipschitz is too small"),
    (WrongClass, "regularity", "regularity is 'singular', but"),
    (ChangesItsArgument, "shapes", "changes its argument"),
    (Raises, "gradient", "ZeroDivisionError: no gradient today"),
    (NeedlessException, "even", "drop it"),
    (TakesAnything, "limits", "outside of its own limits"),
    (LostFactor, "gradient", "not that of energy"),
    (TimeForgotten, "time", "time_dependent is False"),
    (OneNumber, "shapes", "wrong shape"),
    (WrongWidth, "density", "not that of the samples"),
    (NotNormalised, "density", "not normalised"),
    (ScoreOfTheWidth, "score", "not the gradient of log density"),
    (BoundedScore, "score-bound", "score_bound is too small"),
    (OwnStream, "shapes", "two streams of one seed"),
    (NodesOfAnother, "nodes", "do not integrate"),
    (WrongCentre, "centre", "not symmetric about symmetry_centre"),
    (Transposed, "shapes", "wrong shape"),
    (FirstOrder, "order", "slope 1.0"),
    (WrongTime, "order", "the times at which the force is asked for"),
    (NotReversible, "reversible", "reversible is True"),
    (NotSymplectic, "symplectic", "symplectic is True"),
    (InPlace, "steps", "changes the state"),
    (SharedStep, "steps", "depends on the replicas beside it"),
    (Attracts, "exact", "Check its sign"),
    (Forgets, "stored", "another field"),
    (Endless, "times", "outside of"),
    (MassIgnored, "mass", "velocity is p/m"),
    (NaNValue, "rows", "cannot be computed is None"),
    (LimitsSwapped, "rows", "outside of its own limits"),
    (NoRows, "rows", "empty"),
    (OwnRandomness, "repeatable", "sample.rng"),
    (SumOfErrors, "errors", "grow with the number of replicas"),
    (TwiceTheSame, "rows", "two rows have the same"),
    (Gap, "axioms", "of a cloud to itself"),
    (OneSided, "axioms", "not symmetric"),
    (InOrder, "invariance", "order of the points"),
    (Squared, "axioms", "triangle inequality"),
]


@pytest.mark.parametrize(
    ("cls", "check", "said"), DEFECTS, ids=[cls.__name__ for cls, _, _ in DEFECTS]
)
def test_a_planted_defect_is_caught_and_named(cls, check, said):
    (outcome,) = run_checks(cls(), [check])
    assert outcome.status == "failed", outcome
    assert re.search(said, outcome.message), outcome


@pytest.mark.parametrize("cls", [Phi, V, Bell, Cloud, Leap, Exact, Mean])
def test_what_is_right_passes(cls):
    bad = [o for o in run_checks(cls()) if not o.good]
    assert not bad, bad


def test_a_declared_exception_has_a_reason():
    class Excused(WrongSign):
        check_exceptions: ClassVar[Mapping[str, str]] = {"gradient": "by convention"}

    (outcome,) = run_checks(Excused(), ["gradient"])
    assert outcome.status == "excepted"
    assert outcome.message.startswith("by convention (")
