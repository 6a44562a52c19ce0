"""The figure of a study that declares none."""

from __future__ import annotations

from typing import Any

from mfplug.errors import StoreError
from mfplug.report.files import Table, number
from mfplug.report.selection import Data, values_of

#: How many metrics it shows.
DEFAULT_PANELS = 4


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
