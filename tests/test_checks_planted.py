"""Defects planted in plugins of each kind: the kit names the cause of every one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

import pytest
from planted_distributions import (
    BoundedScore,
    JointNeedsAFile,
    JointOfItsOwn,
    JointTransposed,
    NodesOfAnother,
    NotNormalised,
    OwnStream,
    ScoreOfTheWidth,
    Transposed,
    WrongCentre,
    WrongWidth,
)
from planted_forces import (
    BoundTooSmall,
    ChangesItsArgument,
    KeepsTheAxis,
    LipschitzTooSmall,
    LostFactor,
    NeedlessException,
    NotEven,
    NotFinite,
    OneNumber,
    PeriodicByHalf,
    Phi,
    Raises,
    Spike,
    TakesAnything,
    TimeForgotten,
    Unequal,
    V,
    WidthForItsSquare,
    WrongClass,
    WrongSign,
)
from planted_metrics import (
    Discrete,
    Gap,
    InOrder,
    LimitsSwapped,
    Mean,
    MeanGap,
    NaNValue,
    NoRows,
    OneSided,
    OtherName,
    OwnRandomness,
    Squared,
    SumOfErrors,
    TwiceTheSame,
)
from planted_motion import (
    Attracts,
    Damped,
    Endless,
    Euler,
    Exact,
    FirstOrder,
    Forgets,
    InPlace,
    Leap,
    MassIgnored,
    NotOne,
    NotReversible,
    NotSymplectic,
    SaysCharge,
    SaysEnergy,
    SaysMass,
    SaysMomentum,
    SharedStep,
    WrongTime,
)

from mfplug.checks import checks_of, run_checks
from mfplug.checks.common import CHECKS as COMMON
from mfplug.checks.probes import Bell, Cloud
from mfplug.contracts.plugin import KINDS

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
    (OtherName, "rows", "'planted', which `measures` does not name; got planned"),
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


@pytest.mark.slow
@pytest.mark.parametrize("cls", [Phi, V, Bell, Cloud, Leap, Exact, Mean])
def test_what_is_right_passes(cls):
    # One bell is enough for the check that compiles 20 s of kernels.
    names = [check.name for check in checks_of(cls.kind)]
    if cls is Phi:
        names.remove("methods")
    bad = [o for o in run_checks(cls(), names) if not o.good]
    assert not bad, bad


def test_a_declared_exception_has_a_reason():
    class Excused(WrongSign):
        check_exceptions: ClassVar[Mapping[str, str]] = {"gradient": "by convention"}

    (outcome,) = run_checks(Excused(), ["gradient"])
    assert outcome.status == "excepted"
    assert outcome.message.startswith("by convention (")
