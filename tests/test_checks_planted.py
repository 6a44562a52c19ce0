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
from mfplug.checks import checks_of, run_checks
from mfplug.checks.common import CHECKS as COMMON
from mfplug.checks.probes import Bell, Cloud
from mfplug.contracts.plugin import KINDS

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


class Unequal(Phi):
    def __eq__(self, other):
        return self is other

    __hash__ = object.__hash__


class PeriodicByHalf(Phi):
    """In a box its energy gets the box's period, its slope that of half the box."""

    side: ClassVar[float | None] = None

    def on(self, dimension, box=None):
        placed = replace(self)
        object.__setattr__(placed, "side", box)
        return placed

    def energy(self, dx):
        if self.side is None:
            return super().energy(dx)
        return np.cos(2 * np.pi / self.side * dx).sum(-1)

    def gradient(self, dx):
        if self.side is None:
            return super().gradient(dx)
        return -np.sin(2 * np.pi / self.side * dx)


@dataclass(frozen=True)
class Spike(Bell):
    """A bell with a spike between the distances at which a kernel is looked at."""

    name: ClassVar[str] = "planted"

    def profile(self, s):
        return super().profile(s) + 1e-3 * np.exp(-(((s - 2.7) / 2e-3) ** 2))


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


class JointTransposed(BoundedScore):
    score_bound = float("inf")

    def joint(self, rng, N):
        q, p = self.sample(rng, N)
        return q.T, p.T


class JointOfItsOwn(JointTransposed):
    def joint(self, rng, N):
        return self.sample(np.random.default_rng(), N)


class JointNeedsAFile(JointTransposed):
    def joint(self, rng, N):
        raise mfplug.ParameterError("distribution 'planted': there is no file.")


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


class Discrete(Gap):
    """1 for all clouds that are not the same: a metric, and of no use."""

    def distance(self, x, y):
        same = np.array_equal(np.unique(x, axis=0), np.unique(y, axis=0))
        return 0.0 if same else 1.0


@dataclass(frozen=True)
class MeanGap(mfplug.Distance):
    """The distance of the centres, which is not that of the points it declares."""

    name: ClassVar[str] = "planted"
    needs: ClassVar[tuple[str, ...]] = ()

    def of_points(self, r):
        return min(r, 1.0)

    def distance(self, x, y):
        return float(np.linalg.norm(x.mean(axis=0) - y.mean(axis=0)))

    def rows(self, sample):
        return [mfplug.Row(self.name, 0.6, 1.0)]


DEFECTS = [
    (Raises, "documented", "no docstring"),
    (Unequal, "round-trip", "not equal"),
    (NotEven, "third-law", "do not add up to 0"),
    (Spike, "methods", "differs from all pairs"),
    (PeriodicByHalf, "torus", "not that of energy"),
    (JointTransposed, "joint", "wrong shape"),
    (JointOfItsOwn, "joint", "two streams of one seed"),
    (JointNeedsAFile, "joint", "Override specimen"),
    (Damped, "energy", "energy error grows"),
    (NotOne, "density", "density of the harmonic probe is off"),
    (Euler, "order", "slope 2"),
    (SaysMass, "conserves", "'mass', but it changes"),
    (SaysMomentum, "conserves", "'momentum', but it changes"),
    (SaysEnergy, "conserves", "'energy', but it changes"),
    (SaysCharge, "conserves", "conserves names 'charge'"),
    (MeanGap, "pairs", "of_points\\(\\) says 1"),
    (Discrete, "pairs", "does not grow"),
    (Discrete, "size", "do not come closer"),
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
    ("cls", "check", "said"),
    DEFECTS,
    ids=[f"{cls.__name__}-{check}" for cls, check, _ in DEFECTS],
)
def test_a_planted_defect_is_caught_and_named(cls, check, said):
    (outcome,) = run_checks(cls(), [check])
    assert outcome.status == "failed", outcome
    assert re.search(said, outcome.message), outcome


def test_every_check_has_a_planted_defect():
    caught = {(cls.kind, check) for cls, check, _ in DEFECTS}
    caught.add(("potential", "compiled"))  # below: it takes a defect of the framework
    common = {check.name for check in COMMON}
    for check in common:
        assert any(name == check for _, name in caught), check
    missing = [
        (kind, check.name)
        for kind in KINDS
        for check in checks_of(kind)
        if check.name not in common and (kind, check.name) not in caught
    ]
    assert not missing, "plant a defect that the check must catch"


def test_a_kernel_that_is_not_the_potential_is_caught(monkeypatch):
    from mfplug.dynamics import pairs

    right = pairs.pair_forces

    def wrong(c, x, out, **options):
        right(c, x, out, **options)
        out *= 1.0 + 1e-9

    monkeypatch.setattr(pairs, "pair_forces", wrong)
    (outcome,) = run_checks(Bell(), ["compiled"])
    assert outcome.status == "failed"
    assert "compiled and plain forces differ by 1e-09" in outcome.message


def test_thirty_defects_over_the_six_kinds():
    assert len(DEFECTS) >= 30
    assert {cls.kind for cls, _, _ in DEFECTS} == set(KINDS)


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
