"""The picture of a metric: its rows for a small system, against N or time."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from mfplug.checks.metrics import SYSTEMS
from mfplug.contracts.metric import Metric, Row, Sample
from mfplug.errors import ParameterError, PluginError
from mfplug.gallery.common import title
from mfplug.report import style
from mfplug.system import System

TIMES = (0.0, 0.5, 1.0)
SIZES = (8, 16, 32)
REPLICAS = 128
#: As many curves as can be told apart.
MOST = 6

Series = dict[str, list[tuple[float, Row]]]


@lru_cache(maxsize=3)
def _ensemble(name: str, particles: int) -> Any:
    from mfplug.dynamics.simulate import simulate

    return simulate(_system(name), particles, REPLICAS, TIMES, step=0.1, seed=3)


@lru_cache(maxsize=6)
def _field(name: str) -> Any:
    from mfplug.meanfield.solve import solve_mean_field

    return solve_mean_field(_system(name), TIMES, nodes=400, grid=24)


def _system(name: str) -> System:
    return System(dimension=1, **SYSTEMS[name])


def _rows(metric: Metric, name: str, particles: int) -> list[Row]:
    ensemble = _ensemble(name, particles) if "ensemble" in metric.needs else None
    field = _field(name) if "field" in metric.needs else None
    rng = np.random.default_rng(4)
    sample = Sample(_system(name), TIMES, rng, field, ensemble, particles)
    return list(metric.rows(sample))


def _measured(metric: Metric) -> tuple[str, dict[int, list[Row]]]:
    """Return the rows for each N, of the first system that the metric takes."""
    sizes = SIZES if "ensemble" in metric.needs else SIZES[1:2]
    refusal = ""
    for name in SYSTEMS:
        try:
            return name, {N: _rows(metric, name, N) for N in sizes}
        except (ParameterError, PluginError) as error:
            refusal = refusal or str(error)
    raise ParameterError(
        f"metric '{metric.name}': no picture; it takes none of the systems drawn "
        f"({refusal}). Leave out --plot."
    )


def _label(row: Row) -> str:
    return f"{row.metric} {row.index}".strip()


def _collected(found: Iterable[tuple[float | None, Row]]) -> Series:
    series: Series = {}
    for x, row in found:
        if row.value is not None and x is not None:
            series.setdefault(_label(row), []).append((x, row))
    return series


def draw(metric: Metric) -> Figure:
    """Draw what the metric measures: against N, against time, or as a list."""
    name, rows = _measured(metric)
    if all(row.value is None for found in rows.values() for row in found):
        note = next((r.note for found in rows.values() for r in found if r.note), "")
        raise ParameterError(
            f"metric '{metric.name}': no picture; none of its rows has a value in the "
            f"{name} system ({note or 'it says no reason'}). Leave out --plot."
        )
    last = {N: _last(found) for N, found in rows.items()}
    if len(rows) > 1:
        series = _collected(
            (float(N), row) for N, found in last.items() for row in found
        )
        return _curves(
            metric, series, "number of particles $N$", f"{name} system", True
        )
    (only,) = rows.values()
    series = _collected((row.time, row) for row in only)
    if max((len(line) for line in series.values()), default=0) > 1:
        return _curves(metric, series, "time $t$", f"{name} system", False)
    return _list(metric, [row for row in only if row.value is not None], name)


def _last(rows: list[Row]) -> list[Row]:
    """Return the rows of the last time, and those of none."""
    times = [row.time for row in rows if row.time is not None]
    return [row for row in rows if row.time is None or row.time == max(times)]


def _curves(
    metric: Metric, series: Series, xlabel: str, said: str, log: bool
) -> Figure:
    drawing = Figure(figsize=(style.SINGLE_WIDTH, 3.0), layout="constrained")
    axes = drawing.subplots()
    values = []
    for k, (label, line) in enumerate(list(series.items())[:MOST]):
        x = np.array([at for at, _ in line])
        y = np.array([row.value for _, row in line], dtype=float)
        values.append(y)
        error = np.array([1.96 * (row.stderr or 0.0) for _, row in line])
        axes.errorbar(
            x, y, error, color=style.COLOURS[k], marker=style.MARKERS[k],
            linestyle=style.PATTERNS[k % len(style.PATTERNS)], markerfacecolor="white",
            capsize=2, label=label,
        )  # fmt: skip
    left_out = len(series) - MOST
    everything = np.concatenate(values) if values else np.array([1.0])
    positive = bool(np.all(everything > 0))
    if log:
        axes.set_xscale("log", base=2)
        axes.set_xticks(SIZES, [str(N) for N in SIZES])
        axes.minorticks_off()
    if positive and everything.max() > 5 * everything.min():
        axes.set_yscale("log")
    axes.set_xlabel(xlabel)
    axes.set_ylabel("value, with 95 % errors")
    drawing.legend(loc="outside right center")
    more = f"; {left_out} more rows" if left_out > 0 else ""
    axes.set_title(f"{title(metric, 60)}\n{said}{more}", fontsize=8)
    return drawing


def _list(metric: Metric, rows: list[Row], name: str) -> Figure:
    """Draw single numbers, one a line."""
    rows = rows[: 3 * MOST]
    height = 1.1 + 0.2 * len(rows)
    drawing = Figure(figsize=(style.SINGLE_WIDTH, height), layout="constrained")
    axes = drawing.subplots()
    y = np.arange(len(rows))[::-1]
    values = np.array([row.value for row in rows], dtype=float)
    axes.plot(values, y, linestyle="", marker="o", color=style.COLOURS[0])
    axes.set_yticks(y, [_label(row) for row in rows])
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.minorticks_off()
    if np.all(values > 0) and values.max() > 20 * values.min():
        axes.set_xscale("log")
    axes.set_xlabel("value")
    axes.grid(axis="y", color=style.BAND, linewidth=0.5)
    axes.set_title(f"{title(metric, 60)}\n{name} system", fontsize=8)
    return drawing
