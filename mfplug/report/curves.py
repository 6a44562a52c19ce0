"""From a declared figure and the result tables to panels of curves: no drawing yet."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from mfplug.errors import StoreError
from mfplug.report import labels
from mfplug.report.files import Row, number
from mfplug.report.rates import Rate, find_rate
from mfplug.report.selection import (
    Data,
    abscissa_of,
    against_metric,
    categories_of,
    check_names,
    having,
    is_metric,
    rows_of,
    values_of,
)

#: Part of the distance of two words that the values above them take.
WIDTH_OF_WORD = 0.7


@dataclass(frozen=True)
class Point:
    """One measured value at one abscissa; limits where the table has them."""

    x: float
    y: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Curve:
    """Points that belong together, with the fit through them.

    ``hue`` numbers its colour, ``mark`` its marker and line pattern, ``hollow`` says
    that the marker is not filled: the same for the same curve in every panel.
    """

    label: str
    hue: int
    mark: int
    hollow: bool
    points: tuple[Point, ...]
    rate: Rate | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A named line beneath the data: a bound, or the band of the floor.

    ``hue`` is the colour of the curve that it belongs to, None where it belongs to all.
    """

    label: str
    hue: int | None
    points: tuple[Point, ...]


@dataclass
class Panel:
    """What one pair of axes shows; ``categories`` where the abscissae are words."""

    title: str
    ylabel: str
    categories: tuple[str, ...] = ()
    curves: list[Curve] = field(default_factory=list)
    floors: list[Line] = field(default_factory=list)
    bounds: list[tuple[str, list[Line]]] = field(default_factory=list)


def panels(data: Data, figure: dict[str, Any]) -> list[Panel]:
    """Return the panels of a declared figure.

    Raises
    ------
    StoreError
        If the figure names a column, metric or bound that the tables do not have, or
        leaves several rows for one point of a curve.
    """
    check_names(data, figure)
    measured = is_metric(data, figure["x"])
    if measured:
        data = against_metric(data, figure["x"])
    split = figure.get("panel")
    figure = {**figure, "rows": [_labelled(data, row) for row in figure["rows"]]}
    chosen = [r for row in figure["rows"] for r in rows_of(data.table, figure, row)]
    figure["categories"] = () if measured else categories_of(chosen, figure["x"])
    rows = list(enumerate(figure["rows"]))
    if split == "metric":
        # Each panel starts again with the first marker: they share no legend.
        return [_panel(data, figure, [(0, row)], None, place) for place, row in rows]
    if split is None:
        return [_panel(data, figure, rows, None, 0)]
    # A value of which the figure's metrics have no row gives no panel.
    return [
        _panel(data, figure, rows, value, n)
        for n, value in enumerate(values_of(chosen, split))
    ]


def _labelled(data: Data, row: dict[str, Any]) -> dict[str, Any]:
    """Return a declared row with a label; its metric's own where none is given."""
    if "label" in row:
        return row
    metric = row["metric"]
    found = {r["index"] for r in data.table.rows if r["metric"] == metric}
    only = found.pop() if len(found) == 1 else ""
    index = str(row.get("index", only))
    return {**row, "label": labels.metric_label(metric, index)}


def _combinations(
    data: Data, figure: dict[str, Any], columns: list[str]
) -> list[tuple[str, ...]]:
    """Return the combinations of series that occur anywhere in the figure."""
    found = [r for row in figure["rows"] for r in rows_of(data.table, figure, row)]
    order = [values_of(found, column) for column in columns]
    return sorted(
        {tuple(row[c] for c in columns) for row in found},
        key=lambda combo: [o.index(v) for o, v in zip(order, combo, strict=True)],
    )


def _panel(
    data: Data,
    figure: dict[str, Any],
    rows: list[tuple[int, dict[str, Any]]],
    value: str | None,
    place: int,
) -> Panel:
    """Build one panel: the rows given, at one value of the splitting column."""
    split = figure.get("panel") if value is not None else None
    columns = [c for c in figure.get("series", ()) if c != split]
    title = "" if value is None else _title(figure, value)
    panel = Panel(title, _ylabel(figure, rows, place), figure["categories"])
    combos = _combinations(data, figure, columns)
    found: dict[str, list[Line]] = {name: [] for name in figure.get("bounds", ())}
    by_series = len(combos) > 1 or len(figure["rows"]) == 1
    for row, wanted in rows:
        for slot, combo in enumerate(combos):
            fixed = dict(zip(columns, combo, strict=True))
            if split is not None and value is not None:
                fixed[split] = value
            chosen = having(rows_of(data.table, figure, wanted), fixed)
            if not chosen:
                continue
            label = _label(columns, combo, rows, wanted)
            points, notes = _points(data, figure, chosen)
            fit = wanted.get("fit", "")
            rate = find_rate(data.rates, figure["x"], fit, chosen[0], points)
            hue, mark = slot if by_series else row, row * len(combos) + slot
            curve = Curve(label, hue, mark, row % 2 == 1, points, rate, notes)
            panel.curves.append(curve)
            _lines(data, figure, wanted, fixed, hue, panel.floors, found)
    if panel.categories:
        return _side_by_side(panel, found)
    panel.floors = _merged(panel.floors)
    panel.bounds = [(name, _merged(lines)) for name, lines in found.items()]
    return panel


def _title(figure: dict[str, Any], value: str) -> str:
    """Return the title of the panel at one value of the splitting column."""
    if "panel_label" in figure:
        shown = labels.literal(value)
        return f"{figure['panel_label']} = {shown}" if figure["panel_label"] else shown
    return labels.value_label(figure["panel"], value)


def _side_by_side(panel: Panel, bounds: dict[str, list[Line]]) -> Panel:
    """Return a panel over words with its curves and bounds beside each other."""
    count = len(panel.curves)

    def moved(points: tuple[Point, ...], n: int) -> tuple[Point, ...]:
        shift = WIDTH_OF_WORD * ((n + 0.5) / count - 0.5)
        return tuple(replace(point, x=point.x + shift) for point in points)

    def all_moved(lines: list[Line]) -> list[Line]:
        return [
            replace(line, points=moved(line.points, n)) for n, line in enumerate(lines)
        ]

    return replace(
        panel,
        curves=[
            replace(c, points=moved(c.points, n)) for n, c in enumerate(panel.curves)
        ],
        floors=all_moved(panel.floors),
        bounds=[(name, all_moved(lines)) for name, lines in bounds.items()],
    )


def _points(
    data: Data, figure: dict[str, Any], rows: list[Row]
) -> tuple[tuple[Point, ...], tuple[str, ...]]:
    """Return a curve's points by abscissa, and why values are missing."""
    points: list[Point] = []
    notes: dict[str, None] = {}
    # Two cells may well have measured one cost; a column tells them apart or is wrong.
    alike = is_metric(data, figure["x"])
    for row in rows:
        x, y = abscissa_of(data.table.path, figure, row), number(row["value"])
        if y is None:
            notes[row["note"] or "no value"] = None
            continue
        if not alike and any(x == point.x for point in points):
            raise StoreError(_ambiguous(data, figure, rows, x))
        points.append(Point(x, y, number(row["lower"]), number(row["upper"])))
    return tuple(sorted(points, key=lambda point: point.x)), tuple(notes)


def _ambiguous(data: Data, figure: dict[str, Any], rows: list[Row], x: float) -> str:
    """Return the message that names the column that the figure leaves open."""
    path = data.table.path
    at_x = [row for row in rows if abscissa_of(path, figure, row) == x]
    columns = ("time", "index", *data.table.swept)
    several = [c for c in columns if len({row[c] for row in at_x}) > 1]
    return (
        f"result file '{path}': figure '{figure['name']}' has {len(at_x)} rows of "
        f"'{rows[0]['metric']}' at {figure['x']} = {at_x[0][figure['x']]}; they "
        f"differ in {', '.join(several) or 'nothing'}. Name that in 'series', "
        "'panel' or 'where'."
    )


def _ylabel(
    figure: dict[str, Any], rows: list[tuple[int, dict[str, Any]]], place: int
) -> str:
    given = figure.get("ylabel")
    if isinstance(given, list):
        return str(given[place]) if place < len(given) else ""
    if given is not None:
        return str(given)
    names = list(dict.fromkeys(str(row["label"]) for _, row in rows))
    return names[0] if len(names) == 1 else "value"


def _label(
    columns: list[str],
    combo: tuple[str, ...],
    rows: list[tuple[int, dict[str, Any]]],
    wanted: dict[str, Any],
) -> str:
    """Return what tells a curve from the others of its panel."""
    parts = [labels.value_label(c, v) for c, v in zip(columns, combo, strict=True)]
    if len(rows) > 1 or not parts:
        parts.insert(0, str(wanted["label"]))
    return ", ".join(parts)


def _lines(
    data: Data,
    figure: dict[str, Any],
    wanted: dict[str, Any],
    fixed: dict[str, str],
    hue: int,
    floors: list[Line],
    bounds: dict[str, list[Line]],
) -> None:
    """Add the floor and the bounds that belong to one curve."""
    if "floor" in figure:
        name = figure["floor"]
        label = str(figure.get("floor_label", labels.metric_label(name, "")))
        rows = having(rows_of(data.table, figure, {"metric": name}), fixed)
        floors.append(Line(label, hue, _points(data, figure, rows)[0]))
    for name, lines in bounds.items():
        rows = [r for r in data.bounds.rows if r["bound"] == name]
        table = replace(data.bounds, rows=tuple(rows))
        rows = having(rows_of(table, figure, wanted), fixed)
        points = {}
        for row in rows:
            x, y = abscissa_of(table.path, figure, row), number(row["value"])
            if y is not None:
                points[x] = Point(x, y)
        default = "exact value" if name == "exact" else f"bound: {name}"
        label = str(figure.get("bound_labels", {}).get(name, default))
        lines.append(Line(label, hue, tuple(points[x] for x in sorted(points))))


def _merged(lines: list[Line]) -> list[Line]:
    """Drop empty lines; a line that is the same for every curve belongs to none."""
    lines = [line for line in lines if line.points]
    different = {line.points: line for line in lines}
    if len(different) == 1:
        return [replace(lines[0], hue=None)]
    return list(different.values())
