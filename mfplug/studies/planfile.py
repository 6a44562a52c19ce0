"""The file of a plan: written whole, read back checked."""

from __future__ import annotations

import contextlib
import json
import os
import re
from pathlib import Path
from typing import Any

from mfplug.errors import StoreError
from mfplug.inputs import check_regular
from mfplug.studies.guard import atomic_write_text
from mfplug.studies.model import StudyFile

VERSION = 1
_SOURCE = re.compile(r'^ "source": (".*"),$', re.MULTILINE)
_HEAD = 10_000
KEYS = {
    "version", "study", "source", "profile", "resolved", "blocks", "plugin_files"
}  # fmt: skip
BLOCK: dict[str, Any] = {
    "id": str, "step": str, "needs": list, "marker": str, "cost": int | float,
    "label": str, "outputs": list, "units": list,
}  # fmt: skip
UNIT: dict[str, Any] = {
    "key": str,
    "cell": int,
    "metric": int,
    "start": int,
    "stop": int,
}


def write_plan(plan: dict[str, Any], out: Path | str) -> Path:
    """Write the plan to ``<out>/<study>/plan.json`` and return the path."""
    path = Path(out) / plan["study"] / "plan.json"
    # The order of the sweep is the order of the cells: keys are not sorted here.
    rest = {key: value for key, value in plan.items() if key != "blocks"}
    head = json.dumps(rest, indent=1, allow_nan=False).removesuffix("\n}")
    # A block a line: short, and written in seconds where there are 10^5 cells.
    blocks = ",\n  ".join(json.dumps(b, allow_nan=False) for b in plan["blocks"])
    text = f'{head},\n "blocks": [\n  {blocks}\n ]\n}}\n'
    # An equal plan keeps its time stamp, so that nothing runs again because of it.
    if not path.is_file() or path.read_bytes() != text.encode():
        atomic_write_text(path, text)
    return path


def replaced(plan: dict[str, Any], out: Path | str) -> str:
    """Return the file whose results a plan will replace: another of the same name.

    Empty where there is none, or where that file is gone: then it was moved.
    """
    path = Path(out) / plan["study"] / "plan.json"
    if not path.is_file():
        return ""
    with contextlib.suppress(OSError, ValueError, TypeError):
        with open(path, encoding="utf-8") as file:
            # The first lines: a plan of many cells has megabytes after them.
            head = "".join(file.readline(_HEAD) for _ in range(4))
        found = _SOURCE.search(head)
        old = str(json.loads(found[1])) if found else ""
        if old and old != plan["source"] and (os.sep not in old or Path(old).is_file()):
            return old
    return ""


def read_plan(path: Path) -> dict[str, Any]:
    """Return a plan that :func:`write_plan` wrote."""
    check_regular(path, "plan")
    try:
        plan = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(
            f"plan '{path}': cannot be read; got {type(error).__name__}, expected a "
            "file that `mfplug run` wrote. Run the study again."
        ) from error
    whole = (
        isinstance(plan, dict) and plan.keys() >= KEYS and plan["version"] == VERSION
    )
    if not whole or not _types_fit(plan):
        raise StoreError(
            f"plan '{path}': another format; expected version {VERSION}. Run the study "
            "again."
        )
    return plan


def _types_fit(plan: dict[str, Any]) -> bool:
    """Whether what a plan holds is of the kinds that :func:`make_plan` gives."""
    texts = all(isinstance(plan[k], str) for k in ("study", "source", "profile"))
    files, blocks = plan["plugin_files"], plan["blocks"]
    return (
        texts
        and isinstance(plan["resolved"], dict)
        and isinstance(files, list)
        and all(isinstance(file, str) for file in files)
        and isinstance(blocks, list)
        and all(isinstance(block, dict) and _has(block, BLOCK) for block in blocks)
    )


def _whole_unit(unit: Any) -> bool:
    return isinstance(unit, dict) and _has(unit, UNIT) and unit["start"] >= 0


def _has(data: dict[str, Any], kinds: dict[str, type]) -> bool:
    # JSON knows true and false; they are no numbers here.
    return all(
        isinstance(data.get(key), kind) and not isinstance(data[key], bool)
        for key, kind in kinds.items()
    )


def _altered(study: str, what: str) -> StoreError:
    return StoreError(
        f"plan of '{study}': altered or foreign; got {what}, expected what `mfplug "
        "run` wrote. Run the study again."
    )


def study_of(plan: dict[str, Any]) -> StudyFile:
    """Return the study that a plan was made of."""
    from pydantic import ValidationError

    try:
        return StudyFile.model_validate(plan["resolved"])
    except ValidationError as error:
        raise _altered(plan["study"], f"{error.error_count()} wrong keys") from error


def block_of(plan: dict[str, Any], block: str) -> dict[str, Any]:
    """Return one block of a plan."""
    for candidate in plan["blocks"]:
        if candidate["id"] == block:
            found: dict[str, Any] = candidate
            if not all(_whole_unit(unit) for unit in found["units"]):
                raise _altered(plan["study"], f"wrong units in block '{block}'")
            return found
    raise StoreError(
        f"plan of '{plan['study']}': no block '{block}'; the plan is another one. Run "
        "the study again."
    )
