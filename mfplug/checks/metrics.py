"""Checks of metrics: distances by their axioms, observables by their rows."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.checks.core import Check, CheckFailed, Refused
from mfplug.checks.probes import Cloud, Spring
from mfplug.contracts.metric import Distance, Metric, Row, Sample
from mfplug.errors import MfplugError, ParameterError
from mfplug.system import System

Array = NDArray[np.float64]
TIMES = (0.0, 0.6)
PARTICLES = 12


def _system() -> System:
    return System(dimension=1, potential=Spring(), initial=Cloud())


@lru_cache(maxsize=4)
def _ensemble(replicas: int) -> Any:
    from mfplug.dynamics.simulate import simulate

    return simulate(_system(), PARTICLES, replicas, TIMES, step=0.1, seed=3)


@lru_cache(maxsize=1)
def _field() -> Any:
    from mfplug.meanfield.solve import solve_mean_field

    return solve_mean_field(_system(), TIMES)


def _sample(metric: Metric, replicas: int) -> Sample:
    """Return what a metric is given: a harmonic system of 12 particles."""
    ensemble = _ensemble(replicas) if "ensemble" in metric.needs else None
    field = _field() if "field" in metric.needs else None
    return Sample(_system(), TIMES, np.random.default_rng(4), field, ensemble)


def _rows(metric: Metric, sample: Sample) -> list[Row]:
    try:
        return list(metric.rows(sample))
    except ParameterError as error:
        raise Refused(f"it does not take the harmonic probe: {error}") from None


def rows(metric: Metric) -> str:
    """Check the rows: names, finite numbers or a note, limits in order."""
    for name in metric.needs:
        if name not in ("field", "ensemble"):
            raise CheckFailed(
                f"needs names {name!r}; expected 'field', 'ensemble' or nothing"
            )
    found = _rows(metric, _sample(metric, 24))
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
    return f"{len(found)} rows: {', '.join(sorted({row.metric for row in found}))}"


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
    sample = _sample(metric, 16)
    before = None if sample.ensemble is None else sample.ensemble.q.copy()
    first = _rows(metric, replace(sample, rng=np.random.default_rng(9)))
    np.random.seed(11)  # noqa: NPY002
    second = _rows(metric, replace(sample, rng=np.random.default_rng(9)))
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
    few = {(r.metric, r.index, r.time): r for r in _rows(metric, _sample(metric, 16))}
    many = _rows(metric, _sample(metric, 256))
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
            "large at 256 as at 16, expected about 0.25"
        )
    return f"standard errors at 256 replicas: {typical:.2f} of those at 16"


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
    """Check clouds of one point: continuous, and growing with a small distance."""
    distance = _distance(metric).distance
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
    return f"two points at 0.01 to 0.08: {values[0]:.3g} to {values[-1]:.3g}, " + (
        f"as r^{exponent:.2f}"
    )


CHECKS = [
    Check("rows", "rows with names, finite numbers or notes, limits in order", rows),
    Check("repeatable", "the given stream alone decides", repeatable),
    Check("errors", "standard errors fall with the number of replicas", errors),
    Check("axioms", "the axioms of a metric, for a Distance", axioms),
    Check("invariance", "order, repetition and shifts do not matter", invariance),
    Check("pairs", "two points, for a Distance", pairs),
]
