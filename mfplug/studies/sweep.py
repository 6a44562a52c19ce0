"""The points of a sweep: what stands in the tables, and what is set for it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from mfplug.contracts.metric import Row
from mfplug.errors import StudyError, shown
from mfplug.studies.model import Case, StudyFile
from mfplug.studies.rates import COLUMNS

MAX_CELLS = 100_000

#: Columns of the tables that a swept name would hide.
RESERVED = frozenset({*Row.__dataclass_fields__, *COLUMNS, "bound", "limit"})


def points_of(
    study: StudyFile, name: str
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield (columns of the tables, settings by key) of each point, in order.

    A plugin comes before its parameters in the settings, whatever the order in which
    they are swept.

    Raises
    ------
    StudyError
        If a sweep is empty, too long, named like a column, or sets a key twice, if a
        case stands only with what is not swept, or if a point stands twice.
    """
    _check_sweep(study, name)
    _check_only(study, name)
    values = [[_labelled(k, v) for v in options] for k, options in study.sweep.items()]
    chosen = [
        [v.only if isinstance(v, Case) else {} for v in options]
        for options in study.sweep.values()
    ]
    allowed = itertools.product(*chosen)
    seen: set[str] = set()
    for point in itertools.product(*values):
        columns = {k: label for k, (label, _) in zip(study.sweep, point, strict=True)}
        conditions = [item for only in next(allowed) for item in only.items()]
        if any(columns[key] not in wanted for key, wanted in conditions):
            continue
        key = repr([_comparable(v) for v in columns.values()])
        if key in seen:
            where = ", ".join(f"{k}={v}" for k, v in columns.items())
            raise StudyError(
                f"study '{name}': the cell {where} stands twice; expected each value "
                "once. Remove the copy from the sweep."
            )
        seen.add(key)
        settings: dict[str, Any] = {}
        for _, changes in point:
            for changed in changes.keys() & settings.keys():
                raise StudyError(
                    f"study '{name}': '{changed}' is set twice, by two swept names; "
                    "expected one value. Remove it from the sweep or from the case."
                )
            settings |= changes
        yield columns, dict(sorted(settings.items(), key=lambda item: "." in item[0]))


def _check_sweep(study: StudyFile, name: str) -> None:
    for key, options in study.sweep.items():
        if not options:
            raise StudyError(
                f"study '{name}': sweep of '{key}' is empty; expected at least one "
                "value. Add one."
            )
        if key in RESERVED:
            raise StudyError(
                f"study '{name}': '{key}' cannot be swept, because the tables have a "
                "column of this name; expected another name. Rename it, or sweep "
                "labelled cases that set it."
            )
    count = math.prod(len(options) for options in study.sweep.values())
    if count > MAX_CELLS:
        raise StudyError(
            f"study '{name}': the sweep is too long; got {count} cells, expected at "
            f"most {MAX_CELLS}. Split the study."
        )


def _check_only(study: StudyFile, name: str) -> None:
    """Refuse conditions on names and values that are not swept beside the case."""
    for key, options in study.sweep.items():
        for case in (option for option in options if isinstance(option, Case)):
            for other, wanted in case.only.items():
                swept = study.sweep.get(other, []) if other != key else []
                there = [_labelled(other, value)[0] for value in swept]
                if not wanted or any(value not in there for value in wanted):
                    raise StudyError(
                        f"study '{name}': case '{case.label}' stands only with values "
                        f"that are not swept; got {other}: {shown(wanted)}, expected "
                        f"some of {shown(there)}. Change `only`."
                    )


def _labelled(key: str, value: Any) -> tuple[Any, dict[str, Any]]:
    """Return (label in the tables, settings) of one value of a sweep."""
    if isinstance(value, Case):
        return value.label, dict(value.set)
    if isinstance(value, Mapping):
        rest = ", ".join(f"{k}={v}" for k, v in value.items() if k != "name")
        label = f"{value['name']}({rest})" if rest else str(value["name"])
        return label, {key: dict(value)}
    return value, {key: value}


def _comparable(value: Any) -> Any:
    """Return a value such that 1 and 1.0, one number in the tables, are equal."""
    whole = isinstance(value, float) and value.is_integer()
    return int(value) if whole else value
