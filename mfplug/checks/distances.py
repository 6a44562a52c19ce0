"""Checks of distances of measures, by the axioms and by what is known of points."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mfplug.checks.core import Check, CheckFailed, Refused
from mfplug.contracts.metric import Distance, Metric
from mfplug.errors import MfplugError

Array = NDArray[np.float64]
#: Points of the clouds whose distances are compared.
SIZES = (16, 128)


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
    Check("axioms", "the axioms of a metric", axioms),
    Check("invariance", "order, repetition and shifts do not matter", invariance),
    Check("pairs", "two points", pairs),
    Check("size", "larger clouds of one law are closer", size),
]
