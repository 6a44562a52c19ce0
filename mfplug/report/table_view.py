"""The tables of a study as the page shows them: sortable, with digits that count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mfplug.report.files import Row, Table, number
from mfplug.report.selection import Data

#: More rows than this are not put into the page; the file has them.
MOST_ROWS = 1500


@dataclass(frozen=True)
class Cell:
    """What a cell shows, and what it is sorted by where that says more."""

    text: str
    key: str = ""


@dataclass(frozen=True)
class TableView:
    """A table ready for the template."""

    name: str
    file: str
    columns: list[tuple[str, bool]]
    rows: list[list[Cell]]
    total: int


def short(text: str) -> Cell:
    """Return a number with five digits, sorted by all of them; other text as it is.

    >>> short("0.123456789"), short("gaussian")
    (Cell(text='0.12346', key='0.123456789'), Cell(text='gaussian', key=''))
    """
    if len(text) <= 7:
        return Cell(text)
    try:
        value = number(text)
    except ValueError:
        return Cell(text)
    return Cell(f"{value:.5g}", text)


def view(
    name: str, file: str, columns: Sequence[str], rows: Sequence[Row]
) -> TableView:
    """Return the view of some columns; those without any entry are left out."""
    used = [c for c in columns if any(row.get(c) for row in rows)]
    numeric = [(c, all(_is_number(row.get(c, "")) for row in rows)) for c in used]
    shown = rows[:MOST_ROWS]
    cells = [[short(row.get(c, "")) for c in used] for row in shown]
    return TableView(name, file, numeric, cells, len(rows))


def _is_number(text: str) -> bool:
    try:
        number(text)
    except ValueError:
        return False
    return True


def values(table: Table) -> TableView:
    """Return the measured values, as ``table.csv`` has them."""
    rows = [
        row if row["value"] or row["note"] else {**row, "note": "no value"}
        for row in table.rows
    ]
    return view("Values", "table.csv", table.columns, rows)


def rates(table: Table) -> TableView:
    """Return the fitted exponents, and whether each interval holds its prediction."""
    rows = []
    for row in table.rows:
        lower, upper = number(row["lower"]), number(row["upper"])
        predicted = number(row["predicted"])
        inside = ""
        if predicted is not None and lower is not None and upper is not None:
            inside = "yes" if lower <= predicted <= upper else "no"
        elif not row["exponent"]:
            row = {**row, "note": row.get("note", "") or "no value"}
        rows.append({**row, "prediction inside": inside})
    keys = [*table.swept, "metric", "index", "time", "against"]
    fitted = ["exponent", "predicted", "lower", "upper", "prediction inside"]
    rest = ["points", "stderr", "model", "from", "to", "fit", "note"]
    columns = [*keys, *fitted, *rest]
    return view("Rates", "rates.csv", columns, rows)


def bounds(data: Data) -> TableView:
    """Return bounds and exact values beside what was measured."""
    keys = [*data.table.swept, "time", "metric", "index"]
    measured = {tuple(row[k] for k in keys): row["value"] for row in data.table.rows}
    rows = [
        {**row, "measured": measured.get(tuple(row.get(k, "") for k in keys), "")}
        for row in data.bounds.rows
    ]
    return view("Bounds", "bounds.csv", [*data.bounds.columns, "measured"], rows)
