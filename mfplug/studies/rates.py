"""Fitted rates: exponents with intervals, from the table of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import NumericsError, ParameterError, StudyError
from mfplug.studies import select
from mfplug.studies.model import Fit

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "metric",
    "index",
    "time",
    "against",
    "exponent",
    "stderr",
    "lower",
    "upper",
    "predicted",
    "points",
    "from",
    "to",
    "fit",
    "model",
    "dof",
    "note",
)
LOG = "log({0})/{0}"


def fit_rates(table: pd.DataFrame, fits: list[Fit], swept: list[str]) -> pd.DataFrame:
    """Return ``rates.csv``: one row per fit, group of cells and time.

    Parameters
    ----------
    table
        The study's table.
    fits
        What to fit.
    swept
        The names of the swept parameters.

    Raises
    ------
    StudyError
        If a fit names a metric or a parameter that is not in the table.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    against = {fit.against for fit in fits}
    groups_of_all = [c for c in swept if c not in against]
    for fit in fits:
        who = f"fit '{fit.name or fit.metric}'"
        if fit.against not in swept:
            raise StudyError(
                f"{who}: '{fit.against}' is not swept; expected one of "
                f"{', '.join(swept) or 'nothing: there is no sweep'}. Change `against`."
            )
        chosen = select.where(
            select.of_metric(table, fit.metric, fit.index, who), fit.where, who
        )
        if chosen.empty:
            rows.append(_head(fit, {}, None) | {"note": "no rows in this sweep"})
            continue
        groups = [c for c in swept if c != fit.against]
        for time in _times(chosen, fit):
            at_time = chosen[chosen["time"] == time] if time is not None else chosen
            if groups:
                parts = [
                    (dict(zip(groups, key, strict=True)), part)
                    for key, part in at_time.groupby(groups, sort=False)
                ]
            else:
                parts = [({}, at_time)]
            rows += [_fit_group(fit, key, part, time) for key, part in parts]
    columns = [*groups_of_all, *COLUMNS]
    extra = sorted({k for r in rows for k in r} - set(columns))
    return pd.DataFrame(rows, columns=[*extra, *columns])


def _times(table: pd.DataFrame, fit: Fit) -> list[Any]:
    times = sorted(set(table["time"].dropna()))
    if not times:
        return [None]
    if fit.time == "last":
        return [times[-1]]
    if fit.time == "all":
        return list(times)
    near = [t for t in times if np.isclose(t, fit.time, rtol=0, atol=1e-12)]
    if not near:
        raise StudyError(
            f"fit '{fit.name or fit.metric}': no rows at time {fit.time}; expected one "
            f"of {', '.join(f'{t:g}' for t in times)}. Change `time`."
        )
    return near


def _head(fit: Fit, key: dict[str, Any], time: Any) -> dict[str, Any]:
    """Return a row of the rates that has no exponent yet."""
    return key | {
        "metric": fit.metric,
        "index": fit.index,
        "time": time,
        "against": fit.against if fit.model == "power" else LOG.format(fit.against),
        "predicted": _predicted(fit, key),
        "fit": fit.name or fit.metric,
        "model": _model(fit),
        "points": 0,
        "note": "",
    }


def _model(fit: Fit) -> str:
    """Return the words for a fitted model; "term" marks what is no pure power."""
    if fit.correction is False:
        return fit.model
    if fit.model == "log-over-n":
        return f"{fit.model} with a constant term in the logarithm"
    power = "" if fit.correction in (True, 1) else f"^{fit.correction:g}"
    return f"{fit.model} with 1/N{power} term"


def _abscissa(fit: Fit, part: pd.DataFrame) -> NDArray[np.float64]:
    try:
        return part[fit.against].to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        raise StudyError(
            f"fit '{fit.name or fit.metric}': '{fit.against}' has values that are no "
            f"numbers; got {part[fit.against].iloc[0]!r}, expected numbers. Change "
            "`against`."
        ) from error


def _fit_group(
    fit: Fit, key: dict[str, Any], part: pd.DataFrame, time: Any
) -> dict[str, Any]:
    from mfplug.theory.intervals import student_quantile
    from mfplug.theory.log_power import fit_shifted_log
    from mfplug.theory.power_fit import fit_power, log_over

    row = _head(fit, key, time)
    x = _abscissa(fit, part)
    y = part["value"].to_numpy(dtype=float)
    error = part["stderr"].to_numpy(dtype=float)
    keep = np.isfinite(y)
    if fit.minimum is not None:
        keep &= x >= fit.minimum
    if fit.maximum is not None:
        keep &= x <= fit.maximum
    lost = int(np.count_nonzero(~(y > 0) & keep))
    keep &= y > 0
    x, y, error = x[keep], y[keep], error[keep]
    row["points"] = int(x.size)
    if x.size:
        row |= {"from": float(x.min()), "to": float(x.max())}
    needed = 4 if fit.correction is not False else 3
    if x.size < needed or lost:
        row["note"] = (
            f"{lost} values are not positive"
            if lost
            else f"{x.size} points are too few, {needed} are needed"
        )
        return row
    order = np.argsort(x)
    x, y, error = x[order], y[order], error[order]
    known = np.isfinite(error).all() and bool((error > 0).all())
    errors = error if known else None
    try:
        if fit.model == "power":
            result = fit_power(x, y, errors, correction=fit.correction)
        elif fit.correction is not False:
            result = fit_shifted_log(x, y, errors)
        else:
            result = fit_power(log_over(x), y, errors)
    except (NumericsError, ParameterError) as problem:
        return row | {"note": str(problem)}
    # With known errors the estimate is normal, and a scatter beyond them (a law that is
    # not quite a power) has widened the standard error by the Birge ratio already;
    # without them Student's quantile counts the degrees of freedom of the scatter.
    half = student_quantile(0.95, np.inf if known else result.dof) * result.stderr
    return row | {
        "exponent": result.exponent,
        "stderr": result.stderr,
        "lower": result.exponent - half,
        "upper": result.exponent + half,
        "dof": None if known else result.dof,
    }


def _predicted(fit: Fit, key: dict[str, Any]) -> float | None:
    for column, values in fit.predicted_by.items():
        for value, predicted in values.items():
            if column in key and _is_key(key[column], value):
                return predicted
    return fit.predicted


def _is_key(value: Any, key: float | str) -> bool:
    """Whether a key of ``predicted_by`` means a column's value.

    Keys are strings once the study went through JSON: "2.0" means 2 there.
    """
    if isinstance(key, str) and not isinstance(value, str):
        try:
            return select.same(value, float(key))
        except ValueError:
            return False
    return select.same(value, key)
