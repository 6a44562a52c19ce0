"""The rows that a figure asks for: by metric, time and fixed values, never by guess."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mfplug.errors import StoreError
from mfplug.report import files
from mfplug.report.files import Row, Table, number, same


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


def check_names(data: Data, figure: dict[str, Any]) -> None:
    """Refuse a figure that names what the tables do not hold."""
    table, path = data.table, data.table.path
    columns = ("time", "index", *table.swept)
    metrics = tuple(dict.fromkeys(row["metric"] for row in table.rows))
    named = [*figure.get("series", ()), *figure.get("where", ())]
    if figure["x"] not in metrics:
        named.append(figure["x"])
    if figure.get("panel", "metric") != "metric":
        named.append(figure["panel"])
    for column in named:
        files.pick(path, f"column of figure '{figure['name']}':", column, columns)
    wanted = [row["metric"] for row in figure["rows"]]
    for metric in [*wanted, *([figure["floor"]] if "floor" in figure else ())]:
        files.pick(path, f"metric of figure '{figure['name']}':", metric, metrics)
    bounds = tuple(dict.fromkeys(row["bound"] for row in data.bounds.rows))
    for bound in figure.get("bounds", ()):
        files.pick(
            data.bounds.path, f"bound of figure '{figure['name']}':", bound, bounds
        )


def is_metric(data: Data, name: str) -> bool:
    """Return whether an abscissa is a measured number instead of a column."""
    return name not in ("time", "index", *data.table.swept)


def against_metric(data: Data, name: str) -> Data:
    """Return the data with a metric's values as a column, to draw others against.

    A row takes the value that the metric has in the same cell at the same time, and an
    empty cell where there is none.

    Raises
    ------
    StoreError
        If the metric has several values there.
    """
    table = data.table

    def place(row: Row) -> tuple[str, ...]:
        return tuple(row.get(column, "") for column in (*table.swept, "time"))

    known: dict[tuple[str, ...], str] = {}
    for row in table.rows:
        if (
            row["metric"] == name
            and known.setdefault(place(row), row["value"]) != (row["value"])
        ):
            raise StoreError(
                f"result file '{table.path}': '{name}' has several values in one cell, "
                "at one time; expected one to stand on an abscissa. Choose another 'x'."
            )

    def widened(one: Table) -> Table:
        rows = tuple({**row, name: known.get(place(row), "")} for row in one.rows)
        return replace(one, rows=rows)

    return replace(data, table=widened(table), bounds=widened(data.bounds))


def rows_of(table: Table, figure: dict[str, Any], wanted: dict[str, Any]) -> list[Row]:
    """Return the rows of one metric at the figure's fixed values and times."""
    rows = [
        row
        for row in table.rows
        if row["metric"] == wanted["metric"]
        and ("index" not in wanted or same(row["index"], wanted["index"]))
    ]
    return _at_times(table, figure, having(rows, figure.get("where", {})))


def _at_times(table: Table, figure: dict[str, Any], rows: list[Row]) -> list[Row]:
    """Return the rows at the snapshots that the figure asks for."""
    spread = "time" in (figure["x"], figure.get("panel"), *figure.get("series", ()))
    wanted = figure.get("time", "all" if spread else "last")
    if wanted == "all":
        return rows
    if wanted in ("last", "first"):
        return _at_end(table, rows, last=wanted == "last")
    times = sorted({float(row["time"]) for row in rows if row["time"]})
    chosen = wanted if isinstance(wanted, list) else [wanted]
    for time in chosen:
        if times and not any(same(str(have), time) for have in times):
            raise StoreError(
                f"result file '{table.path}': figure '{figure['name']}' asks for time "
                f"{time!r}; got {', '.join(f'{t:g}' for t in times)}. "
                "Correct the study."
            )
    return [r for r in rows if not r["time"] or any(same(r["time"], t) for t in chosen)]


def _at_end(table: Table, rows: list[Row], last: bool) -> list[Row]:
    """Return the rows at the last (or first) time of each cell, which may differ."""
    ends: dict[tuple[str, ...], float] = {}
    for row in rows:
        if row["time"]:
            cell = tuple(row.get(c, "") for c in table.swept)
            time = float(row["time"])
            ends[cell] = (max if last else min)(ends.get(cell, time), time)
    return [
        row
        for row in rows
        if not row["time"]
        or float(row["time"]) == ends[tuple(row.get(c, "") for c in table.swept)]
    ]


def values_of(rows: Iterable[Row], column: str) -> list[str]:
    """Return the different values of a column, numbers in their order, then words."""

    def key(text: str) -> tuple[int, float, str]:
        try:
            return 0, float(text), text
        except ValueError:
            return 1, 0.0, text

    return sorted(dict.fromkeys(row[column] for row in rows), key=key)


def having(rows: list[Row], fixed: Mapping[str, object]) -> list[Row]:
    """Return the rows with the given values; a list allows each of its values.

    A column that a row lacks, or an empty cell, says nothing.
    """
    options = {c: v if isinstance(v, list) else [v] for c, v in fixed.items()}
    return [
        row
        for row in rows
        if all(
            not row.get(c) or any(same(row[c], wanted) for wanted in allowed)
            for c, allowed in options.items()
        )
    ]


def categories_of(rows: Iterable[Row], column: str) -> tuple[str, ...]:
    """Return the words of a column in their order; nothing if all are numbers."""
    words = values_of(rows, column)
    try:
        numbers = [number(word) for word in words]
    except ValueError:
        return tuple(words)
    return () if None not in numbers else tuple(words)


def abscissa_of(path: Path, figure: dict[str, Any], row: Row) -> float:
    """Return a row's abscissa: its number, or the place of its word among the words.

    Raises
    ------
    StoreError
        If the cell is empty, or a word where all others are numbers.
    """
    text = row.get(figure["x"], "")
    if text in figure["categories"]:
        return float(figure["categories"].index(text))
    try:
        x = None if figure["categories"] else number(text)
    except ValueError:
        x = None
    if x is None:
        raise StoreError(
            f"result file '{path}': figure '{figure['name']}' needs an abscissa in "
            f"column '{figure['x']}'; got {text!r}. Choose another 'x'."
        )
    return x
