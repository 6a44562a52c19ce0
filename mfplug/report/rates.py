"""The fitted power that belongs to a curve, read from ``rates.csv``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mfplug.report.files import Row, Table, number, same


class _HasXY(Protocol):
    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...


@dataclass(frozen=True)
class Rate:
    """A fit ``y = prefactor * base(x)**exponent`` over a span of abscissae.

    Attributes
    ----------
    exponent, lower, upper : float or None
        Fitted exponent with its 95 % interval; None where the table has no number.
    predicted : float or None
        Predicted exponent.
    logarithmic : bool
        Whether the base is log(x)/x instead of x.
    span : tuple of float
        Least and largest abscissa of the fitted points.
    prefactor : float or None
        Of the line through the centre of the fitted points in logarithmic axes; None
        where there is no exponent or the model has a correction term, for then the
        fitted curve is not a power.
    """

    exponent: float | None
    lower: float | None
    upper: float | None
    predicted: float | None
    logarithmic: bool
    span: tuple[float, float]
    prefactor: float | None

    def base(self, x: float) -> float:
        """Return the quantity whose power is fitted."""
        return math.log(x) / x if self.logarithmic else x


def find_rate(
    rates: Table, abscissa: str, fit: str, row: Row, points: Sequence[_HasXY]
) -> Rate | None:
    """Return the fit for the curve that a table row belongs to, if there is one.

    An empty cell of ``rates.csv`` matches every value, so a fit common to all times or
    to all values of a parameter is found for each of them. Of several fits the first
    is taken, or the one with the given name.
    """
    keys = [c for c in ("metric", "index", "time", *rates.swept) if c in row]
    for candidate in rates.rows:
        if candidate["against"] not in _names(abscissa) or fit not in (
            "",
            candidate.get("fit"),
        ):
            continue
        if all(
            c == abscissa or not candidate[c] or same(candidate[c], row[c])
            for c in keys
        ):
            return _rate(candidate, points)
    return None


def _names(abscissa: str) -> tuple[str, str]:
    """Return what ``against`` may say of a fit whose curve has this abscissa."""
    return abscissa, f"log({abscissa})/{abscissa}"


def _rate(row: Row, points: Sequence[_HasXY]) -> Rate:
    """Lay the fitted power through the centre of the points it was fitted to."""
    exponent = number(row["exponent"])
    model = row.get("model", "")
    logarithmic = model.startswith("log-over-n")
    used = _used(row, points, logarithmic)
    span = (used[0].x, used[-1].x) if used else (math.nan, math.nan)
    prefactor = None
    if exponent is not None and used and "term" not in model:
        power = [math.log(p.x) for p in used]
        if logarithmic:
            power = [math.log(math.log(p.x) / p.x) for p in used]
        logs = [math.log(p.y) - exponent * e for p, e in zip(used, power, strict=True)]
        prefactor = math.exp(math.fsum(logs) / len(logs))
    lower, upper = number(row["lower"]), number(row["upper"])
    predicted = number(row["predicted"])
    return Rate(exponent, lower, upper, predicted, logarithmic, span, prefactor)


def _used(row: Row, points: Sequence[_HasXY], logarithmic: bool) -> Sequence[_HasXY]:
    """Return the points of a fit: within its limits, else those nearest the limit.

    Without limits in the table these are the last ``points`` of a quantity that falls
    with the abscissa, and the first ones of one that grows with it.
    """
    usable = [p for p in points if p.x > (1.0 if logarithmic else 0.0) and p.y > 0.0]
    low, high = number(row.get("from", "")), number(row.get("to", ""))
    if low is not None and high is not None:
        return [p for p in usable if low <= p.x <= high]
    count = int(number(row["points"]) or 0)
    falling = (number(row["exponent"]) or 0.0) < 0.0 or logarithmic
    return (usable[-count:] if falling else usable[:count]) if count else []
