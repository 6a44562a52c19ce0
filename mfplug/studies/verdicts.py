"""Verdicts: what the data say of a claim. Computed, never typed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mfplug.errors import StudyError
from mfplug.studies import select, verdict_rules
from mfplug.studies.model import Check, Verdict
from mfplug.studies.verdict_rules import Outcome

if TYPE_CHECKING:
    import pandas as pd


def judge(
    verdicts: list[Verdict],
    table: pd.DataFrame,
    bounds: pd.DataFrame,
    rates: pd.DataFrame,
) -> list[dict[str, Any]]:
    """Return ``verdict.json``: claim, verdict, reason and numbers for each claim.

    ``fails`` if a check of the claim fails; ``undecided`` if one cannot be decided;
    ``holds corrected`` if the claim as printed fails and the corrected one passes;
    ``consistent`` if the study says that its data reach only part of the claim.
    """
    results = []
    for verdict in verdicts:
        who = f"verdict of '{verdict.claim}'"
        chosen = [
            _rows_of(check, who, table, bounds, rates) for check in verdict.checks
        ]
        # All comparisons of a verdict are one family.
        family = max(1, sum(len(rows) for rows in chosen))
        outcomes = [
            (check, _apply(check, rows, family))
            for check, rows in zip(verdict.checks, chosen, strict=True)
        ]
        results.append(
            {
                "claim": verdict.claim,
                "statement": verdict.statement,
                "verdict": _combine(verdict, outcomes),
                "reason": " ".join(o.reason for _, o in outcomes),
                "numbers": [
                    {"rule": c.rule, "of": c.of, "passed": o.passed, **o.numbers}
                    for c, o in outcomes
                ],
            }
        )
    return results


def _combine(verdict: Verdict, outcomes: list[tuple[Check, Outcome]]) -> str:
    printed = [o.passed for c, o in outcomes if c.of == "printed"]
    rest = [o.passed for c, o in outcomes if c.of != "printed"]
    if not outcomes or not (rest or printed):
        return "undecided"
    if False in rest:
        return "fails"
    if None in rest or (None in printed and False not in printed):
        return "undecided"
    if False in printed:
        return "holds corrected" if rest else "fails"
    return "consistent" if verdict.partial else "holds"


def _rows_of(
    check: Check,
    who: str,
    table: pd.DataFrame,
    bounds: pd.DataFrame,
    rates: pd.DataFrame,
) -> pd.DataFrame:
    if check.rule == "exponent":
        return _fitted(check, who, rates)
    return _paired(check, who, table, bounds)


def _apply(check: Check, rows: pd.DataFrame, family: int) -> Outcome:
    if rows.empty:
        return Outcome(None, f"No rows of {check.fit or check.metric} to judge by.")
    rules: dict[str, Callable[[Check, pd.DataFrame, int], Outcome]] = {
        "exponent": verdict_rules.exponent,
        "below": verdict_rules.below,
        "above": verdict_rules.above,
        "agrees": verdict_rules.agrees,
    }
    return rules[check.rule](check, rows, family)


def _fitted(check: Check, who: str, rates: pd.DataFrame) -> pd.DataFrame:
    known = sorted(set(rates["fit"]))
    if check.fit not in known:
        raise StudyError(
            f"{who}: no fit '{check.fit}'; expected one of {', '.join(known)}. "
            "Change `fit`."
        )
    rows = select.where(rates[rates["fit"] == check.fit], check.where, who)
    return rows.astype({"predicted": float, "exponent": float, "stderr": float})


def _paired(
    check: Check, who: str, table: pd.DataFrame, bounds: pd.DataFrame
) -> pd.DataFrame:
    """Return the metric's rows with the bound's value beside them."""
    if check.metric is None or check.bound is None:
        raise StudyError(
            f"{who}: rule '{check.rule}' needs `metric` and `bound`; expected both. "
            "Add them."
        )
    rows = select.of_metric(table, check.metric, check.index, who)
    rows = select.where(rows, check.where, who)
    named = bounds[bounds["bound"] == check.bound]
    if named.empty:
        raise StudyError(
            f"{who}: no bound '{check.bound}'; expected one of "
            f"{', '.join(sorted(set(bounds['bound'])))}. Change `bound`."
        )
    keys = [c for c in named.columns if c not in ("bound", "value")]
    named = named.rename(columns={"value": "limit"})
    return rows.merge(named[[*keys, "limit"]], on=keys, how="inner")
