"""The fitted power that belongs to a curve, read from ``rates.csv``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mfplug.report.files import Row, Table, number


class _HasXY(Protocol):
    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...


@dataclass(frozen=True)
class Rate:
    """A fit ``y = prefactor * base(x)**exponent`` over the points from ``first`` on.

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
        Of the line through the centre of the fitted points in logarithmic axes.
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
    rates: Table,
    abscissa: str,
    row: Row,
    points: Sequence[_HasXY],
    same: Callable[[str, object], bool],
) -> Rate | None:
    """Return the fit for the curve that a table row belongs to, if there is one.

    An empty cell of ``rates.csv`` matches every value, so a fit common to all times or
    to all values of a parameter is found for each of them.
    """
    keys = [c for c in ("metric", "index", "time", *rates.swept) if c in row]
    for candidate in rates.rows:
        against = candidate["against"].replace(" ", "")
        if against not in (abscissa, f"log({abscissa})/{abscissa}"):
            continue
        if all(
            c == abscissa or not candidate[c] or same(candidate[c], row[c])
            for c in keys
        ):
            return _rate(candidate, points, against != abscissa)
    return None


def _rate(row: Row, points: Sequence[_HasXY], logarithmic: bool) -> Rate:
    """Lay the fitted power through the centre of the points it was fitted to."""
    exponent = number(row["exponent"])
    usable = [p for p in points if p.x > (1.0 if logarithmic else 0.0) and p.y > 0.0]
    count = int(number(row["points"]) or 0)
    falling = (exponent or 0.0) < 0.0 or logarithmic
    used = (usable[-count:] if falling else usable[:count]) if count else []
    span = (used[0].x, used[-1].x) if used else (math.nan, math.nan)
    prefactor = None
    if exponent is not None and used:
        power = (math.log(p.x) for p in used)
        if logarithmic:
            power = (math.log(math.log(p.x) / p.x) for p in used)
        logs = [
            math.log(p.y) - exponent * e for p, e in zip(used, power, strict=True)
        ]
        prefactor = math.exp(math.fsum(logs) / len(logs))
    return Rate(
        exponent,
        number(row["lower"]),
        number(row["upper"]),
        number(row["predicted"]),
        logarithmic,
        span,
        prefactor,
    )
