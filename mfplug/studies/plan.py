"""The plan of a study: its jobs, what each needs, and what is already done."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from mfplug.errors import StudyError
from mfplug.registry import current
from mfplug.registry.fingerprint import digest, fingerprints, source_hash
from mfplug.studies import cost
from mfplug.studies.cells import Cell, cells_of, resolved
from mfplug.studies.guard import atomic_write_text, sha256_file
from mfplug.studies.limits import check_fits
from mfplug.studies.load import load
from mfplug.studies.model import StudyFile
from mfplug.studies.planfile import VERSION as VERSION
from mfplug.studies.planfile import block_of as block_of
from mfplug.studies.planfile import read_plan as read_plan
from mfplug.studies.planfile import replaced as replaced
from mfplug.studies.planfile import study_of as study_of
from mfplug.studies.planfile import write_plan as write_plan
from mfplug.studies.references import check_references
from mfplug.studies.rownames import check_rows
from mfplug.studies.storefolder import Store, field_name, rows_name
from mfplug.studies.units import Unit, grouped, units_of

TABLES = (
    "table.csv",
    "bounds.csv",
    "rates.csv",
    "verdict.json",
    "study.json",
    "table.md",
    "table.tex",
    "numbers.tex",
)
SUMMARY_CODE = ("studies", "theory", "report")
PLOT_CODE = ("report",)


def make_plan(
    study: str,
    profile: str,
    out: Path | str | None,
    target: float | None = None,
    memory_mb: int | None = None,
) -> dict[str, Any]:
    """Return the plan of a study, and delete the markers whose outputs are not there.

    Parameters
    ----------
    study
        Name of a shipped study, or path of a file.
    profile
        ``quick``, ``paper`` or another that the study declares.
    out
        The results folder; none for a plan on paper, with which nothing is touched.
    target
        What a job should take, in seconds (``cost.TARGET``). It decides which work is
        done together, and no result.
    memory_mb
        What a job may need at most; without it there is no limit.

    Raises
    ------
    MfplugError
        If the study, a plugin or a value is wrong, or a job needs too much memory.
    """
    name, data = load(study, profile)
    check_name(name)
    check_references(data, name)
    cells = cells_of(data, name)
    check_rows(data, name)
    if memory_mb is not None:
        check_fits(name, cells, memory_mb)
    blocks = _unit_blocks(cells, cost.TARGET if target is None else target)
    blocks += _summary_blocks(name, data, cells, blocks)
    if out is not None:
        drop_stale_markers(Path(out), blocks)
    return {
        "version": VERSION,
        "study": name,
        "source": study if study == name else str(Path(study).resolve()),
        "profile": profile,
        "resolved": resolved(data),
        "blocks": blocks,
        "plugin_files": [str(f) for f in current().files],
    }


def check_name(name: str) -> None:
    """Refuse a study name that is not a plain folder name."""
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    if not plain.isalnum() or name.startswith(".") or name in ("store", "logs"):
        raise StudyError(
            f"study '{name}': its name becomes a folder; expected letters, digits, '-' "
            "and '_'. Rename the file."
        )


def _unit_blocks(cells: list[Cell], target: float) -> list[dict[str, Any]]:
    units = units_of(cells)
    blocks: list[dict[str, Any]] = []
    owner: dict[str, str] = {}
    for step in ("solve", "simulate", "measure"):
        chosen = [u for u in units if u.step == step]
        for group in grouped(chosen, lambda u: u.step, target):
            identity = f"{step}-{digest([u.name for u in group], 16)}"
            needs = sorted({owner[n] for u in group for n in u.needs})
            for unit in group:
                owner[unit.name] = identity
            blocks.append(_block(identity, step, group, needs, cells))
    return blocks


def _block(
    identity: str, step: str, group: list[Unit], needs: list[str], cells: list[Cell]
) -> dict[str, Any]:
    first = group[0].label
    label = first if len(group) == 1 else f"{first} and {len(group) - 1} more"
    return {
        "id": identity,
        "step": step,
        "needs": needs,
        "marker": f"store/done/{identity}.json",
        "cost": round(cost.STARTUP + sum(u.cost for u in group), 3),
        "threads": 1,
        "memory_mb": max(_memory_mb(u, cells[u.cell]) for u in group),
        "label": label,
        "outputs": [],
        "units": [
            {
                "key": u.key,
                "cell": u.cell,
                "metric": u.metric,
                "start": u.start,
                "stop": u.stop,
            }
            for u in group
        ],
    }


def _memory_mb(unit: Unit, cell: Cell) -> int:
    """Return the memory that a unit needs: one that reads no ensemble is small."""
    if unit.step == "simulate":
        return cost.ensemble_memory_mb(cell, unit.stop - unit.start)
    if unit.metric >= 0 and "ensemble" in cell.metrics[unit.metric].needs:
        return cost.ensemble_memory_mb(cell, cell.replicas)
    return cost.BASE_MB


def _summary_blocks(
    name: str, data: StudyFile, cells: list[Cell], blocks: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    measured = [b["id"] for b in blocks if b["step"] == "measure"]
    # Of what is measured, not of the jobs that do it: tables made on a cluster, where
    # jobs are larger, are those of this machine.
    rows = [u["key"] for b in blocks if b["step"] == "measure" for u in b["units"]]
    # Cells share plugins: each is looked at once.
    plugins = {
        id(p): p
        for cell in cells
        for p in (
            cell.system.potential,
            cell.system.initial,
            cell.system.external,
            cell.integrator,
            cell.solver,
            *cell.metrics,
        )
    }.values()
    content = {
        "name": name,
        "study": resolved(data),
        "measured": rows,
        "plugins": fingerprints(plugins, current()),
        "code": source_hash(*SUMMARY_CODE),
    }
    tables = f"tabulate-{digest(content, 16)}"
    plot = f"plot-{digest([tables, source_hash(*PLOT_CODE)], 16)}"
    names = [f.get("name", "main") for f in data.figures] or ["main"]
    stems = ["figure" if n in ("main", "figure") else f"figure-{n}" for n in names]
    figures = [f"{name}/{s}.{e}" for s in stems for e in ("svg", "pdf", "png")]
    shared: dict[str, Any] = {"threads": 1, "memory_mb": 600, "units": []}
    return [
        {
            "id": tables,
            "step": "tabulate",
            "needs": measured,
            "marker": f"store/done/{tables}.json",
            "cost": 2.0,
            "label": f"tables of {name}",
            "outputs": [f"{name}/{t}" for t in (*TABLES, "provenance.json")],
            **shared,
        },
        {
            "id": plot,
            "step": "plot",
            "needs": [tables],
            "marker": f"store/done/{plot}.json",
            "cost": 2.5,
            "label": f"figures of {name}",
            "outputs": figures,
            **shared,
        },
    ]


def write_marker(out: Path, block: dict[str, Any], stored: list[str]) -> None:
    """Say that a block is done: the last thing that a job does."""
    outputs = {path: sha256_file(out / path) for path in block["outputs"]}
    text = json.dumps(
        {"id": block["id"], "outputs": outputs, "stored": sorted(stored)},
        indent=1,
        sort_keys=True,
    )
    atomic_write_text(out / block["marker"], text + "\n")


def drop_stale_markers(out: Path, blocks: list[dict[str, Any]]) -> None:
    """Delete the markers of blocks whose outputs are missing or were altered.

    A block that nobody needs any more (everything after it is done) keeps its marker
    even if its files were cleaned away.
    """
    store = Store(out)
    for block in blocks:
        marker = out / block["marker"]
        if marker.is_file() and not _intact(out, store, block, marker):
            with contextlib.suppress(FileNotFoundError):
                marker.unlink()


def _intact(out: Path, store: Store, block: dict[str, Any], marker: Path) -> bool:
    try:
        outputs = json.loads(marker.read_text(encoding="utf-8"))["outputs"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    for path, checksum in outputs.items():
        if not (out / path).is_file() or sha256_file(out / path) != checksum:
            return False
    for unit in block["units"]:
        if block["step"] == "solve" and not store.place(field_name(unit["key"])):
            return False
        if block["step"] == "measure" and not store.place(rows_name(unit["key"])):
            return False
        if block["step"] == "simulate" and not store.find_range(
            unit["key"], unit["start"], unit["stop"]
        ):
            return False
    return True
