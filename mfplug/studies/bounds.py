"""Bounds and exact values beside measured rows: ``bounds.csv``."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mfplug.contracts.metric import Row
from mfplug.errors import ParameterError, StudyError, did_you_mean, shown
from mfplug.studies import select
from mfplug.studies.cells import Cell
from mfplug.studies.model import Bound

if TYPE_CHECKING:
    import pandas as pd

Source = Callable[[Cell, Row, dict[str, Any]], float | None]
KEYS = ("time", "metric", "index")


def neunzert(cell: Cell, row: Row, options: dict[str, Any]) -> float:
    """Return e^(c t) with c = (1/m + L)/2 + max(L, 2B), (44) (audit, row (44)).

    Options: ``external_lipschitz``, the Lipschitz constant of grad V, needed where
    there is an external potential; ``divide`` divides c, a planted error for tests.
    """
    from mfplug.theory.stability import neunzert_bound, neunzert_constant

    system = cell.system
    if system.external is not None and "external_lipschitz" not in options:
        raise ParameterError(
            f"neunzert: the external '{system.external.name}' changes the constant; "
            "got no external_lipschitz, expected sup |D^2 V|. Add it to `options`."
        )
    rate = neunzert_constant(
        system.potential.gradient_bound,
        system.potential.gradient_lipschitz,
        float(options.get("external_lipschitz", 0.0)),
        system.mass,
    ) / float(options.get("divide", 1.0))
    elapsed = (row.time or 0.0) - cell.times[0]
    return float(neunzert_bound(1.0, rate, elapsed))


def harmonic_exact(cell: Cell, row: Row, options: dict[str, Any]) -> float | None:
    """Return the closed form of audit 4.1 for a row, or None if there is none."""
    from mfplug.studies.exact import closed_form

    return closed_form(cell, row)


def constant(cell: Cell, row: Row, options: dict[str, Any]) -> float:
    """Return the number given as option ``value``."""
    return float(options["value"])


SOURCES: dict[str, Source] = {
    "neunzert": neunzert,
    "harmonic-exact": harmonic_exact,
    "constant": constant,
}

#: The options of each source; all of them are numbers, and all but those of
#: ``constant`` may be left out.
OPTIONS: dict[str, tuple[str, ...]] = {
    "neunzert": ("divide", "external_lipschitz"),
    "harmonic-exact": (),
    "constant": ("value",),
}


def check_bound(bound: Bound, who: str) -> None:
    """Refuse a bound of unknown source, or with options that the source does not have.

    Raises
    ------
    StudyError
        If the source or an option is unknown, or an option is no number.
    """
    source = bound.source or bound.name
    if source.startswith("rows:"):
        known: tuple[str, ...] = ("times",)
    elif source in SOURCES:
        known = OPTIONS[source]
    else:
        raise StudyError(
            f"{who}: unknown source '{source}'; expected one of "
            f"{', '.join(SOURCES)}, rows:METRIC, rows:METRIC:INDEX. "
            + did_you_mean(source, SOURCES)
        )
    for key, value in bound.options.items():
        if key not in known:
            raise StudyError(
                f"{who}: unknown option '{key}'; expected one of "
                f"{', '.join(known) or 'none'}. " + did_you_mean(key, known)
            )
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and abs(value) <= sys.float_info.max):
            raise StudyError(
                f"{who}: option '{key}' is wrong; got {shown(value)}, expected a "
                "number. Change it."
            )
    if source == "constant" and "value" not in bound.options:
        raise StudyError(
            f"{who}: the option 'value' is missing; expected a number. Add "
            "`options: {value: ...}`."
        )
    if bound.options.get("divide") == 0:
        raise StudyError(f"{who}: option 'divide' is 0; expected a divisor. Change it.")


def bound_rows(
    table: pd.DataFrame, bounds: list[Bound], cells: list[Cell]
) -> pd.DataFrame:
    """Return ``bounds.csv``: the table's keys, then ``bound`` and ``value``.

    Raises
    ------
    StudyError
        If a bound or a metric is unknown, or a closed form is missing for a row.
    """
    import pandas as pd

    swept = list(cells[0].columns)
    rows: list[dict[str, Any]] = []
    for bound in bounds:
        who = f"bound '{bound.name}'"
        check_bound(bound, who)
        chosen = select.where(
            select.of_metric(table, bound.metric, bound.index, who), bound.where, who
        )
        source = bound.source or bound.name
        if source.startswith("rows:"):
            factor = float(bound.options.get("times", 1.0))
            values = _from_rows(table, chosen, source[5:], swept, who, factor)
        else:
            values = _computed(chosen, source, bound.options, cells, swept, who)
        for record, value in values:
            if value is not None:
                keys = {k: record[k] for k in (*swept, *KEYS)}
                rows.append(keys | {"bound": bound.name, "value": value})
    return pd.DataFrame(rows, columns=[*swept, *KEYS, "bound", "value"])


def _from_rows(
    table: pd.DataFrame,
    chosen: pd.DataFrame,
    metric: str,
    swept: list[str],
    who: str,
    factor: float,
) -> list[tuple[dict[Any, Any], float | None]]:
    metric, colon, index = metric.partition(":")
    # One row for all: an index of the source says which, and the row's own is free.
    keys = [*swept, "time"] if colon else [*swept, "time", "index"]
    other = select.of_metric(table, metric, index if colon else None, who)
    other = other[[*keys, "value"]]
    joined = chosen.merge(other.rename(columns={"value": "limit"}), on=keys, how="left")
    return [
        (record, None if math.isnan(record["limit"]) else factor * record["limit"])
        for record in joined.to_dict("records")
    ]


def _computed(
    chosen: pd.DataFrame,
    source: str,
    options: dict[str, Any],
    cells: list[Cell],
    swept: list[str],
    who: str,
) -> list[tuple[dict[Any, Any], float | None]]:
    function = SOURCES[source]
    by_columns = {_key(cell.columns, swept): cell for cell in cells}
    values: list[tuple[dict[Any, Any], float | None]] = []
    for record in chosen.to_dict("records"):
        time = record["time"]
        row = Row(
            record["metric"],
            None if time is None or math.isnan(time) else time,
            record["value"],
            index=record["index"],
            replicas=None,
        )
        cell = by_columns[_key(record, swept)]
        try:
            values.append((record, function(cell, row, options)))
        except (KeyError, ParameterError) as error:
            raise StudyError(f"{who}: {error} (cell {cell.label})") from error
    return values


def _key(columns: dict[Any, Any], swept: list[str]) -> str:
    # A column of mixed numbers may come back as floats.
    parts = []
    for name in swept:
        value = columns[name]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        parts.append(repr(float(value)) if number else str(value))
    return "|".join(parts)
