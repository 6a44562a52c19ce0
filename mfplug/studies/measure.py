"""Measuring metrics on an ensemble and a mean field."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from mfplug.contracts.calls import calling, returned
from mfplug.contracts.metric import Metric, Row, Sample
from mfplug.dynamics.seeding import stream
from mfplug.errors import ParameterError, PluginError, shown
from mfplug.registry import create_from

if TYPE_CHECKING:
    import pandas as pd

    from mfplug.contracts.meanfield import MeanField
    from mfplug.dynamics.ensemble import Ensemble
    from mfplug.system import System

#: Columns of a table, after those of the swept parameters.
ORDER = (
    "time",
    "metric",
    "index",
    "value",
    "stderr",
    "lower",
    "upper",
    "replicas",
    "note",
)
#: The columns that hold numbers; empty ones are NaN in a table and None in a row.
NUMBERS = ("time", "value", "stderr", "lower", "upper")


def measure(
    metrics: Sequence[str | dict[str, Any] | Metric] | str | dict[str, Any] | Metric,
    ensemble: Ensemble | None = None,
    field: MeanField | None = None,
    system: System | None = None,
    seed: int = 0,
    times: Sequence[float] | None = None,
    particles: int | None = None,
) -> pd.DataFrame:
    """Return the rows of some metrics as a table.

    Parameters
    ----------
    metrics
        Plugins, names, or ``{"name": ..., parameter: value}``; one or several.
    ensemble, field
        What the metrics need.
    system
        Needed where neither of them is given.
    seed
        Of the random points that a metric draws.
    times, particles
        Of metrics that need neither field nor ensemble but times, or N; of those that
        need a field alone, times within its interval.

    Returns
    -------
    DataFrame
        Columns ``time, metric, index, value, stderr, lower, upper, replicas, note``.

    Raises
    ------
    ParameterError
        If a metric needs what is not given, the ensemble and the field do not start
        at the same time in the same space, or ``times`` are not the snapshots'.
    PluginError
        If a metric fails or returns something that is no row.
    """
    import pandas as pd

    _check_kinds(ensemble, field)
    rows: list[Row] = []
    for spec in [metrics] if isinstance(metrics, str | dict | Metric) else metrics:
        metric = create_from("metric", spec)
        rows += rows_of(metric, ensemble, field, system, seed, times, particles)
    table = pd.DataFrame([vars(row) for row in rows], columns=list(ORDER))
    return table.astype(dict.fromkeys(NUMBERS, float))


def rows_of(
    metric: Metric,
    ensemble: Ensemble | None,
    field: MeanField | None,
    system: System | None,
    seed: int,
    times: Sequence[float] | None = None,
    particles: int | None = None,
) -> list[Row]:
    """Return the checked rows of one metric.

    ``particles`` is N where there is no ensemble to tell it.
    """
    given = {"ensemble": ensemble, "field": field}
    for need in metric.needs:
        if given.get(need) is None:
            raise ParameterError(
                f"metric '{metric.name}': it needs the {need}; got none, expected one. "
                f"Pass {need}=."
            )
    _check_pair(metric, ensemble, field)
    _check_times(metric, ensemble, times)
    source = ensemble if ensemble is not None else field
    where = source.system if source is not None else system
    if where is None:
        raise ParameterError(
            f"metric '{metric.name}': nothing to measure; got neither ensemble, field "
            "nor system. Pass one."
        )
    known = times if times is not None else (source.times if source is not None else ())
    identity: list[Any] = [metric.to_dict(), where.to_dict(), list(known)]
    if ensemble is not None:
        particles = ensemble.particles
    elif metric.needs:
        # What is measured on a field alone is the same for every N.
        particles = None
    if particles is not None:
        where = where.at(particles) if where.depends_on_N else where
        identity.append(particles)
    sample = Sample(
        system=where,
        times=tuple(known),
        rng=stream(seed, "metric", identity),
        field=field if "field" in metric.needs else None,
        ensemble=ensemble if "ensemble" in metric.needs else None,
        particles=particles,
    )
    # Products of matrices take other sums with another number of BLAS threads.
    with calling(metric, "rows()"), threadpool_limits(limits=1, user_api="blas"):
        rows = metric.rows(sample)
    returned(metric, "rows()", rows, list)
    return [_checked(metric, row) for row in rows]


def _check_kinds(ensemble: object, field: object) -> None:
    """Refuse arguments in the wrong places."""
    from mfplug.contracts.meanfield import MeanField
    from mfplug.dynamics.ensemble import Ensemble

    for name, given, kind in (
        ("ensemble", ensemble, Ensemble),
        ("field", field, MeanField),
    ):
        if given is not None and not isinstance(given, kind):
            raise ParameterError(
                f"measure '{name}': not allowed; got {type(given).__name__}, expected "
                f"{kind.__name__} or none. Write measure(metrics, ensemble, field)."
            )


def _check_times(
    metric: Metric, ensemble: Ensemble | None, times: Sequence[float] | None
) -> None:
    """Refuse times other than those of the snapshots, where these are measured."""
    if times is None or ensemble is None or "ensemble" not in metric.needs:
        return
    if tuple(times) != tuple(ensemble.times):
        raise ParameterError(
            f"metric '{metric.name}': times are not those of the ensemble; got "
            f"{shown(list(times))}, expected {shown(list(ensemble.times))}. Leave "
            "`times` out, or simulate with them."
        )


def _check_pair(
    metric: Metric, ensemble: Ensemble | None, field: MeanField | None
) -> None:
    """Refuse a field that does not start where and when the particles do."""
    if ensemble is None or field is None:
        return
    d = field.system.dimension
    if ensemble.dimension != d:
        raise ParameterError(
            f"metric '{metric.name}': ensemble and field live in different spaces; got "
            f"d = {ensemble.dimension} and {d}, expected one. Solve for its system."
        )
    if ensemble.system.box != field.system.box:
        boxes = [
            "none" if box is None else f"{box:g}"
            for box in (ensemble.system.box, field.system.box)
        ]
        raise ParameterError(
            f"metric '{metric.name}': ensemble and field live in different spaces; got "
            f"box = {boxes[0]} and {boxes[1]}, expected one. Solve for its system."
        )
    start = field.times[0]
    if not math.isclose(ensemble.times[0], start, rel_tol=1e-9, abs_tol=1e-9):
        raise ParameterError(
            f"metric '{metric.name}': ensemble and field start at different times; got "
            f"{ensemble.times[0]:g} and {start:g}, expected one. Solve from the "
            "ensemble's first time."
        )


def _checked(metric: Metric, row: Any) -> Row:
    returned(metric, "rows()", row, Row)
    numbers: dict[str, Any] = {
        key: None if getattr(row, key) is None else _number(metric, key, row)
        for key in NUMBERS
    }
    for key in ("metric", "index", "note"):
        if not isinstance(getattr(row, key), str):
            raise _wrong(metric, key, row, "a string")
    count = row.replicas
    if count is not None and (
        isinstance(count, bool) or not isinstance(count, Integral)
    ):
        raise _wrong(metric, "replicas", row, "an integer")
    bad = [k for k, v in numbers.items() if v is not None and not math.isfinite(v)]
    note = row.note
    if bad:
        # NaN never stands for a number that could not be computed.
        note = note or f"{', '.join(bad)} not finite"
        numbers |= dict.fromkeys(bad)
    if numbers["value"] is None and not note:
        note = "no value, and the metric does not say why"
    return replace(row, **numbers, note=note)


def _number(metric: Metric, key: str, row: Row) -> float:
    try:
        return float(getattr(row, key))
    except (TypeError, ValueError, OverflowError):
        raise _wrong(metric, key, row, "a number") from None


def _wrong(metric: Metric, key: str, row: Row, expected: str) -> PluginError:
    return PluginError(
        f"metric '{metric.name}': a row's {key} is wrong; got "
        f"{shown(getattr(row, key))}, expected {expected}. Mend rows()."
    )
