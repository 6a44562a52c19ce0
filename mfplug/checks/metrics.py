"""Checks of metrics: distances by their axioms, observables by their rows."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.checks.core import Check, CheckFailed, Refused
from mfplug.checks.probes import Bell, Cloud, Spring
from mfplug.contracts.metric import Distance, Metric, Row, Sample
from mfplug.errors import MfplugError, ParameterError, PluginError
from mfplug.system import System

Array = NDArray[np.float64]
TIMES = (0.0, 0.6)
PARTICLES = 12
#: More of them where noise must be small at the start.
CROWDS = {"unstable torus": 700}
FEW, MANY = 64, 512
SIZES = (16, 128)


#: Systems that a metric may be for, the first that it takes serves: of the kit's own
#: plugins, and of those installed.
SYSTEMS: dict[str, dict[str, Any]] = {
    "own harmonic": {"potential": Spring(), "initial": Cloud()},
    "harmonic": {"potential": "harmonic", "initial": "gaussian"},
    "mollified": {"potential": Bell(), "initial": "mollified"},
    "HMF": {
        "potential": {"name": "cosine", "strength": -1.0},
        "initial": {"name": "homogeneous", "momentum": "lorentz", "width": 0.8},
        "box": 2 * math.pi,
    },
    "unstable torus": {
        "potential": {"name": "cosine", "strength": -1.3},
        "initial": {"name": "homogeneous", "width": 0.6},
        "box": 6.0,
    },
}


def _system(name: str) -> System:
    return System(dimension=1, **SYSTEMS[name])


@lru_cache(maxsize=4)
def _ensemble(name: str, replicas: int) -> Any:
    from mfplug.dynamics.simulate import simulate

    particles = CROWDS.get(name, PARTICLES)
    return simulate(_system(name), particles, replicas, TIMES, step=0.1, seed=3)


@lru_cache(maxsize=3)
def _field(name: str) -> Any:
    from mfplug.meanfield.solve import solve_mean_field

    return solve_mean_field(_system(name), TIMES, nodes=400, grid=24)


def _sample(metric: Metric, name: str, replicas: int) -> Sample:
    """Return what a metric is given: mostly a system of 12 particles."""
    ensemble = _ensemble(name, replicas) if "ensemble" in metric.needs else None
    field = _field(name) if "field" in metric.needs else None
    rng = np.random.default_rng(4)
    particles = CROWDS.get(name, PARTICLES)
    return Sample(_system(name), TIMES, rng, field, ensemble, particles)


@lru_cache(maxsize=4)
def _usable(metric: Metric) -> Metric:
    with TemporaryDirectory() as folder:
        return metric.specimen(Path(folder))


@lru_cache(maxsize=16)
def _place(metric: Metric) -> str:
    """Return the first system that a metric takes."""
    refusal = ""
    for name in SYSTEMS:
        try:
            _usable(metric).rows(_sample(metric, name, FEW))
        # A metric refuses a system; a plugin of the system may not be installed.
        except (ParameterError, PluginError) as error:
            refusal = refusal or str(error)
            continue
        return name
    raise Refused(f"it takes none of the systems {', '.join(SYSTEMS)}: {refusal}")


@lru_cache(maxsize=8)
def _rows(metric: Metric, replicas: int) -> list[Row]:
    return list(_usable(metric).rows(_sample(metric, _place(metric), replicas)))


def rows(metric: Metric) -> str:
    """Check the rows: names, finite numbers or a note, limits in order."""
    for name in metric.needs:
        if name not in ("field", "ensemble"):
            raise CheckFailed(
                f"needs names {name!r}; expected 'field', 'ensemble' or nothing"
            )
    found = _rows(metric, FEW)
    if not found:
        raise CheckFailed("rows() is empty; a metric gives at least one row")
    keys = set()
    for row in found:
        if not isinstance(row, Row):
            raise CheckFailed(f"rows() holds {row!r}; expected mfplug.Row")
        key = (row.metric, row.index, row.time)
        if key in keys:
            raise CheckFailed(f"two rows have the same metric, index and time: {key}")
        keys.add(key)
        _check_row(row)
    said = ", ".join(sorted({row.metric for row in found}))
    return f"{_place(metric)} system, {len(found)} rows: {said}"


def _check_row(row: Row) -> None:
    who = f"row '{row.metric}' {row.index}".rstrip()
    numbers: dict[str, Any] = {
        "value": row.value, "stderr": row.stderr, "lower": row.lower,
        "upper": row.upper,
    }  # fmt: skip
    for key, number in numbers.items():
        if number is not None and not math.isfinite(number):
            raise CheckFailed(
                f"{who}: {key} is {number}; a number that cannot be computed is None, "
                "with a note that says why"
            )
    if row.value is None:
        if not row.note:
            raise CheckFailed(f"{who}: no value, and no note that says why")
        return
    if row.stderr is not None and row.stderr < 0:
        raise CheckFailed(f"{who}: stderr is {row.stderr}; expected >= 0")
    slack = 1e-12 * max(1.0, abs(row.value))
    if (row.lower is not None and row.lower > row.value + slack) or (
        row.upper is not None and row.upper < row.value - slack
    ):
        raise CheckFailed(
            f"{who}: the value {row.value:.6g} lies outside of its own limits "
            f"{row.lower} to {row.upper}"
        )


def repeatable(metric: Metric) -> str:
    """Check that the given stream alone decides, and that the sample is left alone."""
    sample = _sample(metric, _place(metric), FEW)
    before = None if sample.ensemble is None else sample.ensemble.q.copy()
    first = list(_usable(metric).rows(replace(sample, rng=np.random.default_rng(9))))
    np.random.seed(11)  # noqa: NPY002
    second = list(_usable(metric).rows(replace(sample, rng=np.random.default_rng(9))))
    if first != second:
        raise CheckFailed(
            "two calls with the same stream give different rows; draw from "
            "sample.rng and from nothing else"
        )
    if before is not None and not np.array_equal(before, sample.the_ensemble().q):
        raise CheckFailed("rows() changes the ensemble")
    return "the same rows from the same stream"


def errors(metric: Metric) -> str:
    """Check that standard errors do not grow with the number of replicas."""
    if "ensemble" not in metric.needs:
        raise Refused("it needs no ensemble")
    few = {(r.metric, r.index, r.time): r for r in _rows(metric, FEW)}
    many = _rows(metric, MANY)
    ratios = []
    for row in many:
        other = few.get((row.metric, row.index, row.time))
        if other is not None and other.stderr and row.stderr:
            ratios.append(row.stderr / other.stderr)
    if not ratios:
        return "no standard errors to compare"
    typical = float(np.median(ratios))
    if typical > 1.0:
        raise CheckFailed(
            f"standard errors grow with the number of replicas: {typical:.2f} times as "
            f"large at {MANY} as at {FEW}, expected about {(FEW / MANY) ** 0.5:.2g}"
        )
    return f"standard errors at {MANY} replicas: {typical:.2f} of those at {FEW}"


def _clouds(size: int = 14, axes: int = 2) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(12)
    x, y, z = rng.standard_normal((3, size, axes)) * 0.4
    return x, y + 0.3, z


def _distance(metric: Metric) -> Distance:
    if not isinstance(metric, Distance):
        raise Refused("it is no mfplug.Distance")
    return metric


def axioms(metric: Metric) -> str:
    """Check the axioms of a metric on random clouds."""
    distance = _distance(metric).distance
    for axes in (2, 4):
        x, y, z = _clouds(axes=axes)
        there, back, self_ = distance(x, y), distance(y, x), distance(x, x)
        if abs(self_) > 1e-9:
            raise CheckFailed(f"the distance of a cloud to itself is {self_:.3g}")
        if not there > 1e-6:
            raise CheckFailed(f"the distance of two different clouds is {there:.3g}")
        if abs(there - back) > 1e-9 * max(1.0, there):
            raise CheckFailed(f"it is not symmetric: {there:.9g} and {back:.9g}")
        detour = distance(x, z) + distance(z, y)
        if there > detour + 1e-9:
            raise CheckFailed(
                f"the triangle inequality fails: {there:.6g} > {detour:.6g}"
            )
    return f"symmetric, 0 on equal clouds only; {there:.4g} <= {detour:.4g} by a detour"


def invariance(metric: Metric) -> str:
    """Check that order and repetition of the points do not matter."""
    distance = _distance(metric).distance
    x, y, _ = _clouds()
    first = distance(x, y)
    order = np.random.default_rng(2).permutation(len(x))
    other = distance(x[order], y)
    if abs(other - first) > 1e-9 * max(1.0, first):
        raise CheckFailed(
            f"the order of the points matters: {first:.9g} and {other:.9g}"
        )
    twice = distance(np.concatenate([x, x]), np.concatenate([y, y]))
    if abs(twice - first) > 1e-7 * max(1.0, first):
        raise CheckFailed(
            f"each point twice is the same measure, but the distance changes from "
            f"{first:.9g} to {twice:.9g}"
        )
    shift = np.array([0.7, -1.3])
    moved = distance(x + shift, y + shift)
    if abs(moved - first) > 1e-9 * max(1.0, first):
        raise CheckFailed(
            f"a common shift matters: {first:.9g} and {moved:.9g}; a distance of "
            "measures on phase space is invariant under it"
        )
    return "invariant under order, repetition and a common shift"


def pairs(metric: Metric) -> str:
    """Check clouds of one point: exact where known, growing with a small distance."""
    exact = _distance(metric).of_points
    distance = _distance(metric).distance
    for r in (0.03, 0.7, 2.5):
        known, value = exact(r), distance(np.zeros((1, 2)), np.array([[r, 0.0]]))
        if known is not None and abs(value - known) > 1e-9 * max(1.0, known):
            raise CheckFailed(
                f"the distance of two points {r:g} apart is {value:.9g}, but "
                f"of_points() says {known:.9g}"
            )
    origin = np.zeros((1, 2))
    steps = np.array([0.01, 0.02, 0.04, 0.08])
    values = [distance(origin, np.array([[r, 0.0]])) for r in steps]
    try:
        exponent = float(np.polyfit(np.log(steps), np.log(values), 1)[0])
    except (ValueError, FloatingPointError, MfplugError):
        exponent = math.nan
    if not np.isfinite(values).all() or np.any(np.diff(values) <= 0):
        raise CheckFailed(
            "the distance of two points does not grow with their separation: "
            + ", ".join(f"{v:.3g} at {r}" for v, r in zip(values, steps, strict=True))
        )
    said = "no exact value declared" if exact(0.7) is None else "exact"
    return (
        f"two points: {said}; at 0.01 to 0.08 from {values[0]:.3g} to "
        f"{values[-1]:.3g}, as r^{exponent:.2f}"
    )


def size(metric: Metric) -> str:
    """Check that clouds of one law come closer as they grow.

    Means over 12 pairs of Gaussian clouds in the plane. The empirical measures converge
    to the law, so a distance that metrises this falls; for distances of transport the
    ratio is near (16/128)^(1/2) = 0.35, and 0.8 is above it by more than ten errors.
    """
    distance = _distance(metric).distance
    rng = np.random.default_rng(15)
    means = [
        float(np.mean([distance(*rng.standard_normal((2, n, 2))) for _ in range(12)]))
        for n in SIZES
    ]
    ratio = means[1] / means[0]
    if not ratio < 0.8:
        raise CheckFailed(
            f"clouds of one law do not come closer as they grow: {means[0]:.3g} for "
            f"{SIZES[0]} points, {means[1]:.3g} for {SIZES[1]}; expected to fall by a "
            "fifth or more"
        )
    return f"clouds of one law: {SIZES[1]} points are {ratio:.2f} as far as {SIZES[0]}"


CHECKS = [
    Check("rows", "rows with names, finite numbers or notes, limits in order", rows),
    Check("repeatable", "the given stream alone decides", repeatable),
    Check("errors", "standard errors fall with the number of replicas", errors),
    Check("axioms", "the axioms of a metric, for a Distance", axioms),
    Check("invariance", "order, repetition and shifts do not matter", invariance),
    Check("pairs", "two points, for a Distance", pairs),
    Check("size", "larger clouds of one law are closer, for a Distance", size),
]
