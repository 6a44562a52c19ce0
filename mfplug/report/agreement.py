"""Measured numbers against exact ones: a figure of deviations in standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mfplug.errors import StoreError
from mfplug.report import labels, layout, style
from mfplug.report.files import Row, number, pick
from mfplug.report.selection import Data, having, values_of

#: Chance that all comparisons of a figure raise one false alarm.
FAMILY = 1e-3
#: Height in inches of one metric's line.
LINE = 0.24
#: Differences below this are shown at it: they are rounding.
ROUNDING = 1e-17


@dataclass(frozen=True)
class Deviation:
    """One comparison: which metric and series, how far off in which unit."""

    metric: str
    slot: int
    standard_errors: float | None
    relative: float


def deviations(data: Data, figure: dict[str, Any]) -> tuple[list[Deviation], list[str]]:
    """Return all comparisons of a declared figure, and the labels of its series.

    A row of ``table.csv`` is compared with the row of ``bounds.csv`` that has the same
    keys and the figure's bound; without a standard error by its relative difference
    (absolute where the exact value is zero).

    Raises
    ------
    StoreError
        If the figure names a bound, metric or column that the tables do not have, or
        nothing can be compared.
    """
    table, path = data.table, data.bounds.path
    bound = pick(
        path,
        f"bound of figure '{figure['name']}':",
        figure["bounds"][0] if figure.get("bounds") else "",
        tuple(dict.fromkeys(row["bound"] for row in data.bounds.rows)),
    )
    for column in [*figure.get("series", ()), *figure.get("where", ())]:
        pick(table.path, "column of a figure:", column, ("time", *table.swept))
    wanted = [row["metric"] for row in figure["rows"]]
    rows = having(list(table.rows), figure.get("where", {}))
    rows = [r for r in rows if not wanted or r["metric"] in wanted]
    combos = _combinations(rows, figure.get("series", []))
    exact = _exact(data, bound)
    found = []
    for row in rows:
        value, error = number(row["value"]), number(row["stderr"])
        against = exact.get(_key(data, row))
        if value is None or against is None:
            continue
        slot = combos.index(tuple(row[c] for c in figure.get("series", [])))
        off = value - against
        scores = off / error if error else None
        found.append(Deviation(row["metric"], slot, scores, off / (against or 1.0)))
    if not found:
        raise StoreError(
            f"result file '{path}': figure '{figure['name']}' finds no value to "
            f"compare with '{bound}'. Correct the study."
        )
    return found, [_label(figure.get("series", []), combo) for combo in combos]


def _key(data: Data, row: Row) -> tuple[str, ...]:
    columns = (*data.table.swept, "time", "metric", "index")
    return tuple(_canonical(row.get(c, "")) for c in columns)


def _canonical(text: str) -> str:
    try:
        return repr(float(text))
    except ValueError:
        return text


def _exact(data: Data, bound: str) -> dict[tuple[str, ...], float]:
    found = {}
    for row in data.bounds.rows:
        value = number(row["value"])
        if row["bound"] == bound and value is not None:
            found[_key(data, row)] = value
    return found


def _combinations(rows: Sequence[Row], columns: list[str]) -> list[tuple[str, ...]]:
    orders = [values_of(rows, column) for column in columns]
    return sorted(
        {tuple(row[c] for c in columns) for row in rows},
        key=lambda combo: [o.index(v) for o, v in zip(orders, combo, strict=True)],
    )


def _label(columns: list[str], combo: tuple[str, ...]) -> str:
    parts = [labels.value_label(c, v) for c, v in zip(columns, combo, strict=True)]
    return ", ".join(parts) or "all"


def draw_agreement(data: Data, figure: dict[str, Any]) -> Figure:
    """Return the drawing: one line a metric, deviations across it.

    Left, deviations in standard errors between the two limits that all of them keep
    with chance 1 - 1e-3 if every exact value is right (Bonferroni, normal); right,
    relative differences of the numbers without a standard error.
    """
    found, series = deviations(data, figure)
    scored = [d for d in found if d.standard_errors is not None]
    fixed = [d for d in found if d.standard_errors is None]
    parts = [part for part in (scored, fixed) if part]
    metrics = list(dict.fromkeys(d.metric for d in found))
    names = {row["metric"]: row["label"] for row in figure["rows"] if "label" in row}
    with style.styled():
        height = LINE * len(metrics) + 0.76 + layout.LINE * -(-len(series) // 3)
        drawing = Figure(figsize=(2 * style.PANEL_WIDTH, height))
        widths = [0.78] if len(parts) == 1 else [0.47, 0.28]
        left = 0.2
        beneath = (layout.BOTTOM + 0.06 + layout.LINE * -(-len(series) // 3)) / height
        for part, width in zip(parts, widths, strict=True):
            box = (left, beneath, width, LINE * len(metrics) / height)
            axes = drawing.add_axes(box)
            _draw_part(axes, part, metrics, len(series))
            axes.set_yticks(range(len(metrics)))
            axes.set_yticklabels(
                [names.get(m, labels.literal(m)) for m in metrics]
                if part is parts[0]
                else []
            )
            left += width + 0.03
        _legend(drawing, series)
    return drawing


def _draw_part(
    axes: Axes, found: list[Deviation], metrics: list[str], slots: int
) -> None:
    """Draw the deviations of one unit."""
    scored = found[0].standard_errors is not None
    for n in range(slots):
        mine = [d for d in found if d.slot == n]
        shift = 0.5 * ((n + 0.5) / slots - 0.5)
        axes.plot(
            [_across(d) for d in mine],
            [metrics.index(d.metric) + shift for d in mine],
            linestyle="none",
            marker=style.MARKERS[n % len(style.MARKERS)],
            color=style.COLOURS[n % len(style.COLOURS)],
            markersize=3.4,
            markerfacecolor="none",
            zorder=3,
        )
    axes.set_ylim(len(metrics) - 0.5, -0.5)
    axes.tick_params(axis="y", which="both", length=0)
    for line in range(1, len(metrics)):
        axes.axhline(line - 0.5, color="#e3e5e8", linewidth=0.5, zorder=0)
    if not scored:
        axes.set_xscale("log")
        axes.set_xlabel("relative difference")
        return
    limit = -NormalDist().inv_cdf(FAMILY / len(found) / 2.0)
    axes.axvspan(-limit, limit, color=style.BAND, alpha=0.45, linewidth=0, zorder=0)
    axes.axvline(0.0, color=style.GREY, linewidth=0.6, zorder=1)
    reach = 1.08 * max(limit, *(abs(d.standard_errors or 0.0) for d in found))
    axes.set_xlim(-reach, reach)
    axes.set_xlabel("(measured \N{MINUS SIGN} exact) / standard error")
    axes.set_title(
        f"{len(found)} comparisons; chance that all lie in grey: {1.0 - FAMILY:g}",
        fontsize=8.0,
        pad=4.0,
    )


def _across(deviation: Deviation) -> float:
    if deviation.standard_errors is not None:
        return deviation.standard_errors
    return max(abs(deviation.relative), ROUNDING)


def _legend(drawing: Figure, series: list[str]) -> None:
    if len(series) < 2:
        return
    handles = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=style.MARKERS[n % len(style.MARKERS)],
            color=style.COLOURS[n % len(style.COLOURS)],
            markerfacecolor="none",
        )
        for n in range(len(series))
    ]
    drawing.legend(handles, series, loc="lower center", ncols=3, borderaxespad=0.2)
