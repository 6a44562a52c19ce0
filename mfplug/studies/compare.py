"""Comparing two results folders: which numbers differ, and by how much.

Numbers with a standard error are compared by it: they agree if their difference lies
within the quantile that a whole table exceeds with probability 1e-3, were both right
and independent. Numbers without one are deterministic and agree to a relative 1e-9.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfplug.errors import StoreError
from mfplug.inputs import check_regular

if TYPE_CHECKING:
    import pandas as pd

#: Relative difference of two numbers that no sampling error excuses.
TIGHT = 1e-9
#: Chance that one table of right numbers shows a difference.
FALSE_ALARM = 1e-3
#: The compared columns of each file, and the one with the standard error.
FILES = {
    "table.csv": ("value", "stderr"),
    "bounds.csv": ("value", None),
    "rates.csv": ("exponent", "stderr"),
}
#: Columns that describe a number and are not part of its key.
BESIDE = {
    "value", "stderr", "lower", "upper", "replicas", "note", "exponent", "predicted",
    "points", "from", "to", "prefactor", "correction",
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """One number that differs, or stands on one side only."""

    study: str
    file: str
    key: str
    first: Any
    second: Any
    allowed: float | None = None

    def __str__(self) -> str:
        text = f"{self.study}/{self.file}: {self.key}: {self.first} and {self.second}"
        if self.allowed is None:
            return text
        off = abs(float(self.first) - float(self.second))
        return f"{text}; they differ by {off:.3g}, allowed {self.allowed:.3g}"


def studies_in(folder: Path) -> list[str]:
    """Return the names of the studies with results in a folder.

    Raises
    ------
    StoreError
        If there is no such folder, or none of it is a study's.
    """
    found = sorted(path.parent.name for path in folder.glob("*/verdict.json"))
    if not found:
        raise StoreError(
            f"results folder '{folder}': no results; got no study with a verdict.json, "
            "expected a folder that `mfplug run --out` wrote. Check the path."
        )
    return found


def compare(first: Path, second: Path) -> tuple[list[Difference], int]:
    """Return the differences of two results folders, and how many numbers agree.

    Raises
    ------
    StoreError
        If a folder has no results or a file cannot be read.
    """
    one, two = studies_in(first), studies_in(second)
    differences = [
        Difference(name, "", "study", *(name in side for side in (one, two)))
        for name in sorted(set(one) ^ set(two))
    ]
    same = 0
    for name in sorted(set(one) & set(two)):
        found, count = compare_study(name, first / name, second / name)
        differences += found
        same += count
    return differences, same


def compare_study(
    study: str, one: Path, two: Path, exact: bool = False
) -> tuple[list[Difference], int]:
    """Return the differences of two folders of one study, and how many numbers agree.

    ``exact`` allows numbers no difference at all, neither error nor rounding.

    Raises
    ------
    StoreError
        If a file is missing or cannot be read.
    """
    differences, same = [], 0
    for file, (value, error) in FILES.items():
        sides = [_read(folder / file) for folder in (one, two)]
        found, count = _tables(study, file, sides, value, error, exact)
        differences += found
        same += count
    return differences + _verdicts(study, one, two), same


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_csv(path, keep_default_na=True)
    except FileNotFoundError:
        raise StoreError(
            f"result file '{path}': missing; expected a table. Run the study again."
        ) from None
    except (OSError, ValueError) as error:
        said = " ".join(str(error).split())
        raise StoreError(
            f"result file '{path}': unreadable; got {said}, expected CSV. Run the "
            "study again."
        ) from error


def _tables(
    study: str,
    file: str,
    sides: list[pd.DataFrame],
    value: str,
    error: str | None,
    exact: bool,
) -> tuple[list[Difference], int]:
    from scipy import stats

    if any(value not in side.columns for side in sides):
        raise StoreError(
            f"result file '{study}/{file}': the column '{value}' is missing; expected "
            "a table of mfplug. Run the study again."
        )
    left, right = (_keyed(side) for side in sides)
    differences = [
        Difference(study, file, key, key in left, key in right)
        for key in sorted(set(left) ^ set(right))
    ]
    shared = sorted(set(left) & set(right))
    quantile = float(stats.norm.isf(FALSE_ALARM / 2 / max(len(shared), 1)))
    same = 0
    for key in shared:
        a, b = (_number(side[key], value) for side in (left, right))
        if a is None or b is None:
            if a is not b:
                differences.append(Difference(study, file, key, a, b))
            continue
        errors = [_number(side[key], error) or 0.0 for side in (left, right)]
        allowed = quantile * math.hypot(*errors) + TIGHT * max(abs(a), abs(b))
        allowed = 0.0 if exact else allowed
        if abs(a - b) > allowed:
            differences.append(Difference(study, file, key, a, b, allowed))
        else:
            same += 1
    return differences, same


def _keyed(table: pd.DataFrame) -> dict[str, dict[Any, Any]]:
    keys = [column for column in table.columns if column not in BESIDE]
    return {
        ", ".join(f"{k}={row[k]}" for k in keys if not _empty(row[k])): dict(row)
        for row in table.to_dict("records")
    }


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _number(row: dict[Any, Any], column: str | None) -> float | None:
    value = None if column is None else row.get(column)
    return None if _empty(value) else float(value)  # type: ignore[arg-type]


def _verdicts(study: str, one: Path, two: Path) -> list[Difference]:
    left, right = (_words(folder / "verdict.json") for folder in (one, two))
    return [
        Difference(study, "verdict.json", claim, left.get(claim), right.get(claim))
        for claim in sorted(set(left) | set(right))
        if left.get(claim) != right.get(claim)
    ]


def _words(path: Path) -> dict[str, str]:
    """Return the verdicts of each claim, which may have more than one."""
    found: dict[str, list[str]] = {}
    check_regular(path, "result file")
    try:
        for item in json.loads(path.read_text(encoding="utf-8")):
            found.setdefault(item["claim"], []).append(item["verdict"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"result file '{path}': unreadable; got {type(error).__name__}, expected a "
            "list of verdicts. Run the study again."
        ) from error
    return {claim: ", ".join(words) for claim, words in found.items()}
