"""The rows and columns that a study asks of its tables, before there are tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mfplug.contracts.metric import Row
from mfplug.errors import StudyError, did_you_mean
from mfplug.registry import current
from mfplug.studies.model import StudyFile
from mfplug.studies.rates import COLUMNS


def check_rows(study: StudyFile, name: str) -> None:
    """Refuse a study that asks for rows that none of its metrics gives, or a column.

    What a metric gives it says itself (``Metric.measures``); where one of the study's
    does not, any name of rows is let pass. The ``index`` of a row is not known before.

    Raises
    ------
    StudyError
        With who asks, the name, and the names that there are.
    """
    known = row_names(study)
    for who, metric in _asked_rows(study):
        if known and metric not in known:
            raise StudyError(
                f"study '{name}': {who} names the rows '{metric}', which none of its "
                f"metrics gives; expected one of {', '.join(known)}. "
                + did_you_mean(metric, known)
            )
    for who, conditions, columns in _asked_columns(study):
        there = [*study.sweep, *columns]
        for column in conditions:
            if column not in there:
                raise StudyError(
                    f"study '{name}': {who} names the column '{column}'; expected one "
                    f"of {', '.join(there)}. " + did_you_mean(column, there)
                )


def row_names(study: StudyFile) -> list[str]:
    """Return the names of the rows of a study, or [] if a metric does not tell its own.

    A class inherits no names: those of its base may be made of the base's name.
    """
    found: set[str] = set()
    for spec in study.metrics:
        name = spec if isinstance(spec, str) else spec.get("name")
        if name not in current().names("metric"):
            # Whoever makes the plugins says so.
            return []
        names = vars(current().entry("metric", name).cls).get("measures", ())
        if not names:
            return []
        found |= set(names)
    return sorted(found)


def _asked_rows(study: StudyFile) -> Iterator[tuple[str, str]]:
    """Yield (who asks, name of the rows)."""
    for fit in study.fits:
        yield f"fit '{fit.name or fit.metric}'", fit.metric
    for bound in study.bounds:
        yield f"bound '{bound.name}'", bound.metric
        kind, _, metric = (bound.source or bound.name).partition(":")
        if kind == "rows":
            yield f"bound '{bound.name}'", metric.partition(":")[0]
    for verdict in study.verdicts:
        for check in verdict.checks:
            if check.metric is not None:
                yield f"verdict of '{verdict.claim}'", check.metric


def _asked_columns(
    study: StudyFile,
) -> Iterator[tuple[str, Mapping[str, Any], tuple[str, ...]]]:
    """Yield (who asks, conditions by column, columns beside those of the sweep)."""
    rows = tuple(Row.__dataclass_fields__)
    for bound in study.bounds:
        yield f"bound '{bound.name}'", bound.where, rows
    for verdict in study.verdicts:
        for check in verdict.checks:
            columns = COLUMNS if check.rule == "exponent" else rows
            yield f"verdict of '{verdict.claim}'", check.where, columns
