"""Checks of metrics: rows, streams and errors; distances have more."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.checks import distances
from mfplug.checks.core import Check, CheckFailed, Refused
from mfplug.checks.probes import Bell, Cloud, Spring
from mfplug.contracts.metric import Metric, Row, Sample
from mfplug.errors import ParameterError, PluginError
from mfplug.system import System

Array = NDArray[np.float64]
TIMES = (0.0, 0.6)
PARTICLES = 12
#: More of them where noise must be small at the start.
CROWDS = {"unstable torus": 700}
FEW, MANY = 64, 512


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
        names = vars(type(metric)).get("measures") or (row.metric,)
        if row.metric not in names:
            raise CheckFailed(
                f"a row is called '{row.metric}', which `measures` does not name; got "
                f"{', '.join(names)}. Add it, or leave `measures` out"
            )
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


CHECKS = [
    Check("rows", "rows with names, finite numbers or notes, limits in order", rows),
    Check("repeatable", "the given stream alone decides", repeatable),
    Check("errors", "standard errors fall with the number of replicas", errors),
    *distances.CHECKS,
]
