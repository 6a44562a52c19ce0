"""Choosing rows of a table by the values of its columns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

from mfplug.errors import StudyError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd


def same(a: Any, b: Any) -> bool:
    """Return whether two values of a column are equal; numbers to rounding."""
    # NumPy's integers are numbers.Real, and no instances of int.
    if isinstance(a, Real) and isinstance(b, Real):
        return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)
    return str(a) == str(b)


def where(table: pd.DataFrame, conditions: Mapping[str, Any], who: str) -> pd.DataFrame:
    """Return the rows that meet all conditions; a list allows each of its values."""
    for column, wanted in conditions.items():
        if column not in table.columns:
            raise StudyError(
                f"{who}: no column '{column}'; expected one of "
                f"{', '.join(map(str, table.columns))}. "
                + did_you_mean(column, map(str, table.columns))
            )
        options = wanted if isinstance(wanted, list) else [wanted]
        keep = [any(same(v, o) for o in options) for v in table[column]]
        table = table.loc[keep]
    return table


def of_metric(
    table: pd.DataFrame, metric: str, index: str | None, who: str
) -> pd.DataFrame:
    """Return the rows of a metric, and of one index of it if one is named."""
    known = sorted(set(table["metric"]))
    if metric not in known:
        raise StudyError(
            f"{who}: no rows of metric '{metric}'; expected one of {', '.join(known)}. "
            + did_you_mean(metric, known)
        )
    table = table[table["metric"] == metric]
    if index is None:
        return table
    chosen = table[table["index"] == index]
    if chosen.empty:
        indices = ", ".join(repr(i) for i in sorted(set(table["index"])))
        raise StudyError(
            f"{who}: no rows of metric '{metric}' with index '{index}'; expected one "
            f"of {indices}. Change `index`."
        )
    return chosen
