"""The rules of a verdict's checks: what rows of numbers say about one statement.

All comparisons of a verdict are one family, whose false-alarm rate is ``FAMILY``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mfplug.studies.model import Check

if TYPE_CHECKING:
    import pandas as pd

#: Chance that a family of comparisons raises a false alarm.
FAMILY = 1e-3

#: An exponent supports a claim only if its family-wise half width is at most this:
#: then an exponent wrong by 0.15 lies outside every interval that holds the right one.
RESOLUTION = 0.075
ROUNDING = 1e-9


@dataclass
class Outcome:
    """The outcome of one check: passed, failed, or None for undecided."""

    passed: bool | None
    reason: str
    numbers: dict[str, Any] = field(default_factory=dict)


def exponent(check: Check, rows: pd.DataFrame, family: int) -> Outcome:
    """Judge fitted exponents by their predictions: in the interval of the family."""
    from scipy import stats

    missing = rows["exponent"].isna() | rows["predicted"].isna()
    if missing.any():
        return Outcome(
            None,
            f"{int(missing.sum())} of {len(rows)} exponents of {check.fit} are "
            "missing or have no prediction.",
        )
    freedom = rows["dof"].astype(float).fillna(np.inf).to_numpy()
    half = stats.t.isf(FAMILY / family / 2, freedom) * rows["stderr"]
    off = (rows["exponent"] - rows["predicted"]).abs()
    inside = (rows["lower"] <= rows["predicted"]) & (rows["predicted"] <= rows["upper"])
    numbers: dict[str, Any] = {
        "fit": check.fit,
        "exponents": [round(v, 4) for v in rows["exponent"]],
        "stderr": [round(v, 4) for v in rows["stderr"]],
        "predicted": [round(v, 4) for v in rows["predicted"]],
        "inside_95": int(inside.sum()),
        "family_half_width": [round(v, 4) for v in half],
    }
    if check.side is not None:
        return _one_sided(check, rows, half, numbers)
    text = (
        f"{check.fit}: {int(inside.sum())} of {len(rows)} exponents have their "
        f"prediction in the 95 % interval"
    )
    if check.tolerance is not None:
        # Numbers without noise have no interval: a law that is not quite a power bends.
        numbers["largest_difference"] = float(off.max())
        return Outcome(
            bool((off <= check.tolerance).all()),
            f"{check.fit}: {len(rows)} exponents of numbers without noise, the "
            f"farthest {off.max():.2g} from its prediction (allowed "
            f"{check.tolerance:g}).",
            numbers,
        )
    # Data without noise that are a power fit to rounding, not to the last bit.
    if (off > half + ROUNDING).any():
        worst = rows.iloc[int(np.argmax((off - half).to_numpy()))]
        return Outcome(
            False,
            f"{text}; {worst['exponent']:.3f} against {worst['predicted']:g} is "
            "outside even the interval of the whole family.",
            numbers,
        )
    if (half > RESOLUTION).any():
        return Outcome(
            None,
            f"{text}; the widest family-wise half width, {half.max():.3f}, cannot "
            f"tell exponents {2 * RESOLUTION:g} apart.",
            numbers,
        )
    expected = ""
    if not inside.all():
        expected = f" ({0.05 * len(rows):.2g} outside are expected by chance)"
    return Outcome(
        True, f"{text}{expected}, all {len(rows)} in that of the family.", numbers
    )


def _one_sided(
    check: Check, rows: pd.DataFrame, half: pd.Series, numbers: dict[str, Any]
) -> Outcome:
    """Judge exponents that have to lie on one side of a number."""
    excess = rows["exponent"] - rows["predicted"]
    if check.side == "below":
        excess = -excess
    worst = float((excess - half).min())
    numbers |= {"side": check.side, "smallest_excess": round(float(excess.min()), 4)}
    text = (
        f"{check.fit}: {int((excess > half).sum())} of {len(rows)} exponents lie "
        f"{check.side} {rows['predicted'].iloc[0]:.4g} with certainty, the nearest by "
        f"{excess.min():.3f}"
    )
    if (excess < -half).any():
        return Outcome(False, f"{text}, on the other side.", numbers)
    return Outcome(True if worst > 0.0 else None, f"{text}.", numbers)


def _number(value: float) -> float | str:
    """Return a number that JSON can hold."""
    return float(value) if np.isfinite(value) else "infinite"


def _quantile(rows: pd.DataFrame, family: int) -> np.ndarray:
    """Return the family-wise two-sided quantile of each row, by its replicas."""
    from scipy import stats

    freedom = rows["replicas"].astype(float).fillna(np.inf).to_numpy() - 1
    return np.asarray(stats.t.isf(FAMILY / family / 2, np.maximum(freedom, 1)))


def below(check: Check, rows: pd.DataFrame, family: int) -> Outcome:
    """Judge values that lie below a bound, up to their errors."""
    value = rows["value"].to_numpy(dtype=float)
    limit = rows["limit"].to_numpy(dtype=float)
    error = rows["stderr"].astype(float).fillna(0.0).to_numpy()
    if not (np.isfinite(value) & np.isfinite(limit)).all():
        return Outcome(None, f"{check.metric}: a value or the bound is missing.")
    above = value - _quantile(rows, family) * error > limit * (1 + 1e-12)
    # A bound of 0 has no ratio; the printed step of (47) is one.
    ratios = value[limit > 0] / limit[limit > 0]
    ratio = float(ratios.max()) if ratios.size else None
    numbers = {
        "metric": check.metric,
        "bound": check.bound,
        "rows": len(rows),
        "above": int(above.sum()),
        "largest_ratio": None if ratio is None else round(ratio, 6),
        "smallest_bound": float(limit.min()),
    }
    text = f"{check.metric} against {check.bound}: "
    text += f"largest ratio {ratio:.3g}" if ratio is not None else "the bound is 0"
    if above.any():
        return Outcome(
            False, f"{text}; {int(above.sum())} of {len(rows)} rows lie above.", numbers
        )
    if (value > limit).any():
        return Outcome(None, f"{text}; above, but within its error.", numbers)
    return Outcome(True, f"{text}; all {len(rows)} rows lie below.", numbers)


def above(check: Check, rows: pd.DataFrame, family: int) -> Outcome:
    """Judge values that lie above a bound, with their errors."""
    value = rows["value"].to_numpy(dtype=float)
    limit = rows["limit"].to_numpy(dtype=float)
    error = rows["stderr"].astype(float).fillna(0.0).to_numpy()
    if not (np.isfinite(value) & np.isfinite(limit)).all():
        return Outcome(None, f"{check.metric}: a value or the bound is missing.")
    allowed = _quantile(rows, family) * error
    under = value + allowed < limit - 1e-12 * np.abs(limit)
    gap = value - limit
    numbers = {
        "metric": check.metric,
        "bound": check.bound,
        "rows": len(rows),
        "below": int(under.sum()),
        "smallest_excess": float(gap.min()),
    }
    text = f"{check.metric} against {check.bound}: smallest excess {gap.min():.3g}"
    if under.any():
        return Outcome(
            False, f"{text}; {int(under.sum())} of {len(rows)} rows lie below.", numbers
        )
    if (value - allowed < limit - 1e-12 * np.abs(limit)).any():
        return Outcome(None, f"{text}; above, but within its error.", numbers)
    return Outcome(True, f"{text}; all {len(rows)} rows lie above.", numbers)


def agrees(check: Check, rows: pd.DataFrame, family: int) -> Outcome:
    """Judge values that equal exact ones, within a tolerance or their errors."""
    value = rows["value"].to_numpy(dtype=float)
    limit = rows["limit"].to_numpy(dtype=float)
    error = rows["stderr"].to_numpy(dtype=float)
    numbers: dict[str, Any] = {
        "metric": check.metric,
        "bound": check.bound,
        "rows": len(rows),
    }
    if not (np.isfinite(value) & np.isfinite(limit)).all():
        return Outcome(None, f"{check.metric}: a value is missing.", numbers)
    off = np.abs(value - limit)
    if check.tolerance is not None:
        numbers["largest_difference"] = float(off.max())
        good = bool((off <= check.tolerance).all())
        text = (
            f"{check.metric}: largest difference {off.max():.2g} from the exact value"
        )
        return Outcome(good, f"{text} (tolerance {check.tolerance:g}).", numbers)
    if check.relative is not None:
        # An exact value of 0 has no relative difference: only 0 agrees with it.
        part = np.divide(
            off, np.abs(limit), out=np.where(off > 0, np.inf, 0.0), where=limit != 0
        )
        numbers["largest_relative_difference"] = _number(part.max())
        text = f"{check.metric}: largest relative difference {part.max():.2g}"
        good = bool((part <= check.relative).all())
        return Outcome(good, f"{text} (allowed {check.relative:g}).", numbers)
    if not (np.isfinite(error) & (error > 0)).all():
        return Outcome(None, f"{check.metric}: a standard error is missing.", numbers)
    allowed = _quantile(rows, family) * error
    pulls = off / error
    numbers["largest_pull"] = round(float(pulls.max()), 3)
    text = (
        f"{check.metric}: {len(rows)} values, the farthest {pulls.max():.2f} standard "
        "errors from the exact one"
    )
    if (off > allowed).any():
        return Outcome(False, f"{text}, outside the family's interval.", numbers)
    scale = np.maximum(np.abs(limit), 1e-300)
    if check.precision is not None and (error > check.precision * scale).any():
        worst = float((error / scale).max())
        return Outcome(
            None,
            f"{text}, but the error of {worst:.1%} is above {check.precision:.1%}.",
            numbers,
        )
    return Outcome(True, f"{text}.", numbers)
