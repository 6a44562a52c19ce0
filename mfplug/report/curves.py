"""From a declared figure and the result tables to panels of curves: no drawing yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mfplug.errors import StoreError
from mfplug.report import files, labels
from mfplug.report.files import Row, Table, number, same
from mfplug.report.rates import Rate, find_rate

#: How many metrics the figure of a study without declared figures shows.
DEFAULT_PANELS = 4


@dataclass(frozen=True)
class Data:
    """The three tables of a results folder."""

    table: Table
    bounds: Table
    rates: Table

    @classmethod
    def read(cls, folder: Path) -> Data:
        """Read ``table.csv``, ``bounds.csv`` and ``rates.csv`` of a results folder."""
        return cls(
            files.read_table(folder / "table.csv", files.TABLE_COLUMNS),
            files.read_table(folder / "bounds.csv", files.BOUND_COLUMNS),
            files.read_rates(folder),
        )


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

    ``slot`` numbers the combination of series among ``slots``, ``row`` the row of the
    figure: colour and marker follow from them, the same in every panel.
    """

    label: str
    slot: int
    slots: int
    row: int
    points: tuple[Point, ...]
    rate: Rate | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A named line beneath the data: a bound, or the band of the floor."""

    label: str
    slot: int | None
    points: tuple[Point, ...]


@dataclass
class Panel:
    """What one pair of axes shows."""

    title: str
    ylabel: str
    curves: list[Curve] = field(default_factory=list)
    floors: list[Line] = field(default_factory=list)
    bounds: list[tuple[str, list[Line]]] = field(default_factory=list)


def default_figure(data: Data) -> dict[str, Any]:
    """Return the figure of a study that declares none, see :mod:`.figures`.

    Raises
    ------
    StoreError
        If no column has numbers to put on the abscissa.
    """
    table = data.table
    several = [c for c in table.swept if len({row[c] for row in table.rows}) > 1]
    candidates = ["N", "time", *several, *table.swept]
    numeric = [c for c in candidates if _is_numeric(table, c)]
    if not numeric:
        raise StoreError(
            f"result file '{table.path}': no column has numbers for an abscissa. "
            "Declare a figure in the study."
        )
    x = next((c for c in numeric if c in several), numeric[0])
    if (
        x != "N"
        and _is_numeric(table, "time")
        and len(values_of(table.rows, "time")) > 1
    ):
        x = "time"
    keys = dict.fromkeys((row["metric"], row["index"]) for row in table.rows)
    rows = [{"metric": m, **({"index": i} if i else {})} for m, i in keys]
    return {
        "name": "main",
        "x": x,
        "rows": rows[:DEFAULT_PANELS],
        "series": [c for c in several if c != x],
        "panel": "metric",
        "scale": "linear" if x == "time" else "loglog",
    }


def _is_numeric(table: Table, column: str) -> bool:
    """Return whether a column holds a number in every row, and there are rows."""
    try:
        return bool(table.rows) and all(
            number(row.get(column, "")) is not None for row in table.rows
        )
    except ValueError:
        return False


def panels(data: Data, figure: dict[str, Any]) -> list[Panel]:
    """Return the panels of a declared figure.

    Raises
    ------
    StoreError
        If the figure names a column, metric or bound that the tables do not have, or
        leaves several rows for one point of a curve.
    """
    _check_names(data, figure)
    split = figure.get("panel")
    figure = {**figure, "rows": [_labelled(data, row) for row in figure["rows"]]}
    rows = list(enumerate(figure["rows"]))
    if split == "metric":
        # Each panel starts again with the first marker: they share no legend.
        return [_panel(data, figure, [(0, row)], None, place) for place, row in rows]
    if split is None:
        return [_panel(data, figure, rows, None, 0)]
    # A value of which the figure's metrics have no row gives no panel.
    chosen = [r for _, row in rows for r in _rows(data.table, figure, row)]
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


def _check_names(data: Data, figure: dict[str, Any]) -> None:
    """Refuse a figure that names what the tables do not hold."""
    table, path = data.table, data.table.path
    columns = ("time", *table.swept)
    named = [figure["x"], *figure.get("series", ()), *figure.get("where", ())]
    if figure.get("panel", "metric") != "metric":
        named.append(figure["panel"])
    for column in named:
        files.pick(path, f"column of figure '{figure['name']}':", column, columns)
    metrics = tuple(dict.fromkeys(row["metric"] for row in table.rows))
    wanted = [row["metric"] for row in figure["rows"]]
    for metric in [*wanted, *([figure["floor"]] if "floor" in figure else ())]:
        files.pick(path, f"metric of figure '{figure['name']}':", metric, metrics)
    bounds = tuple(dict.fromkeys(row["bound"] for row in data.bounds.rows))
    for bound in figure.get("bounds", ()):
        files.pick(
            data.bounds.path, f"bound of figure '{figure['name']}':", bound, bounds
        )


def _rows(table: Table, figure: dict[str, Any], wanted: dict[str, Any]) -> list[Row]:
    """Return the rows of one metric at the figure's fixed values and times."""
    rows = [
        row
        for row in table.rows
        if row["metric"] == wanted["metric"]
        and ("index" not in wanted or same(row["index"], wanted["index"]))
    ]
    return _at_times(table.path, figure, having(rows, figure.get("where", {})))


def _at_times(path: Path, figure: dict[str, Any], rows: list[Row]) -> list[Row]:
    """Return the rows at the snapshots that the figure asks for."""
    spread = "time" in (figure["x"], figure.get("panel"), *figure.get("series", ()))
    wanted = figure.get("time", "all" if spread else "last")
    times = sorted({float(row["time"]) for row in rows if row["time"]})
    if wanted == "all" or not times:
        return rows
    if wanted in ("last", "first"):
        wanted = times[-1] if wanted == "last" else times[0]
    chosen = wanted if isinstance(wanted, list) else [wanted]
    for time in chosen:
        if not any(same(str(have), time) for have in times):
            raise StoreError(
                f"result file '{path}': figure '{figure['name']}' asks for time "
                f"{time!r}; got {', '.join(f'{t:g}' for t in times)}. "
                "Correct the study."
            )
    return [row for row in rows if any(same(row["time"], t) for t in chosen)]


def values_of(rows: Iterable[Row], column: str) -> list[str]:
    """Return the different values of a column, numbers in their order, then words."""

    def key(text: str) -> tuple[int, float, str]:
        try:
            return 0, float(text), text
        except ValueError:
            return 1, 0.0, text

    return sorted(dict.fromkeys(row[column] for row in rows), key=key)


def _combinations(
    data: Data, figure: dict[str, Any], columns: list[str]
) -> list[tuple[str, ...]]:
    """Return the combinations of series that occur anywhere in the figure."""
    found = [r for row in figure["rows"] for r in _rows(data.table, figure, row)]
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
    title = "" if value is None else labels.value_label(figure["panel"], value)
    panel = Panel(title, _ylabel(figure, rows, place))
    combos = _combinations(data, figure, columns)
    found: dict[str, list[Line]] = {name: [] for name in figure.get("bounds", ())}
    for number_of_row, wanted in rows:
        for slot, combo in enumerate(combos):
            fixed = dict(zip(columns, combo, strict=True))
            if split is not None and value is not None:
                fixed[split] = value
            chosen = having(_rows(data.table, figure, wanted), fixed)
            if not chosen:
                continue
            label = _label(columns, combo, rows, wanted)
            points, notes = _points(data, figure, chosen)
            fit = wanted.get("fit", "")
            rate = find_rate(data.rates, figure["x"], fit, chosen[0], points)
            curve = Curve(label, slot, len(combos), number_of_row, points, rate, notes)
            panel.curves.append(curve)
            _lines(data, figure, wanted, fixed, slot, panel.floors, found)
    panel.floors = _merged(panel.floors)
    panel.bounds = [(name, _merged(lines)) for name, lines in found.items()]
    return panel


def having(rows: list[Row], fixed: Mapping[str, object]) -> list[Row]:
    """Return the rows with the given values; a column a row lacks says nothing."""
    return [
        row
        for row in rows
        if all(c not in row or row[c] == "" or same(row[c], fixed[c]) for c in fixed)
    ]


def _points(
    data: Data, figure: dict[str, Any], rows: list[Row]
) -> tuple[tuple[Point, ...], tuple[str, ...]]:
    """Return a curve's points by abscissa, and why values are missing."""
    points: dict[float, Point] = {}
    notes: dict[str, None] = {}
    for row in rows:
        x, y = _abscissa(data.table.path, figure, row), number(row["value"])
        if y is None:
            notes[row["note"] or "no value"] = None
            continue
        if x in points:
            raise StoreError(_ambiguous(data, figure, rows, x))
        points[x] = Point(x, y, number(row["lower"]), number(row["upper"]))
    return tuple(points[x] for x in sorted(points)), tuple(notes)


def _abscissa(path: Path, figure: dict[str, Any], row: Row) -> float:
    try:
        x = number(row.get(figure["x"], ""))
    except ValueError:
        x = None
    if x is None:
        raise StoreError(
            f"result file '{path}': figure '{figure['name']}' needs a number in "
            f"column '{figure['x']}'; got {row.get(figure['x'])!r}. Choose another 'x'."
        )
    return x


def _ambiguous(data: Data, figure: dict[str, Any], rows: list[Row], x: float) -> str:
    """Return the message that names the column that the figure leaves open."""
    at_x = [row for row in rows if same(row[figure["x"]], x)]
    columns = ("time", "index", *data.table.swept)
    several = [c for c in columns if len({row[c] for row in at_x}) > 1]
    return (
        f"result file '{data.table.path}': figure '{figure['name']}' has "
        f"{len(at_x)} rows of '{rows[0]['metric']}' at {figure['x']} = {x:g}; they "
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
    slot: int,
    floors: list[Line],
    bounds: dict[str, list[Line]],
) -> None:
    """Add the floor and the bounds that belong to one curve."""
    if "floor" in figure:
        name = figure["floor"]
        label = str(figure.get("floor_label", labels.metric_label(name, "")))
        rows = having(_rows(data.table, figure, {"metric": name}), fixed)
        floors.append(Line(label, slot, _points(data, figure, rows)[0]))
    for name, lines in bounds.items():
        rows = [r for r in data.bounds.rows if r["bound"] == name]
        table = replace(data.bounds, rows=tuple(rows))
        rows = having(_rows(table, figure, wanted), fixed)
        points = {}
        for row in rows:
            x, y = _abscissa(table.path, figure, row), number(row["value"])
            if y is not None:
                points[x] = Point(x, y)
        label = str(figure.get("bound_labels", {}).get(name, f"bound: {name}"))
        lines.append(Line(label, slot, tuple(points[x] for x in sorted(points))))


def _merged(lines: list[Line]) -> list[Line]:
    """Drop empty lines; a line that is the same for every curve belongs to none."""
    lines = [line for line in lines if line.points]
    different = {line.points: line for line in lines}
    if len(different) == 1:
        return [replace(lines[0], slot=None)]
    return list(different.values())
