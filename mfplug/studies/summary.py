"""The last steps: tables with rates, bounds and verdicts, figures, the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mfplug.studies.bounds import bound_rows
from mfplug.studies.cells import Cell, cells_of
from mfplug.studies.guard import atomic_write_text
from mfplug.studies.identity import rows_key
from mfplug.studies.measure import ORDER
from mfplug.studies.plan import study_of
from mfplug.studies.provenance import command, provenance
from mfplug.studies.rates import fit_rates
from mfplug.studies.store import ROW_FIELDS
from mfplug.studies.storefolder import Store
from mfplug.studies.verdicts import judge


def table_of(cells: list[Cell], store: Store) -> Any:
    """Return the tidy table of all cells: swept parameters, then the measured rows."""
    import pandas as pd

    rows = [
        cell.columns | {k: getattr(row, k) for k in ROW_FIELDS}
        for cell in cells
        for metric in cell.metrics
        for row in store.load_rows(rows_key(cell, metric))
    ]
    swept = list(cells[0].columns)
    table = pd.DataFrame(rows, columns=[*swept, *ORDER])
    table["replicas"] = table["replicas"].astype("Int64")
    return table


def tabulate(plan: dict[str, Any], out: Path) -> None:
    """Write table, bounds, rates, verdict and provenance of a study."""
    study, name = study_of(plan), plan["study"]
    cells = cells_of(study, name)
    folder = out / name
    table = table_of(cells, Store(out))
    swept = list(cells[0].columns)
    rates = fit_rates(table, study.fits, swept)
    bounds = bound_rows(table, study.bounds, cells)
    verdicts = judge(study.verdicts, table, bounds, rates)
    _csv(table, folder / "table.csv")
    _csv(rates, folder / "rates.csv")
    _csv(bounds, folder / "bounds.csv")
    _json(verdicts, folder / "verdict.json")
    _json(provenance(plan, cells, out), folder / "provenance.json")
    _json(_description(plan, cells), folder / "study.json")

    from mfplug.report import write_numbers, write_tables

    write_tables(folder)
    write_numbers(folder)


def _description(plan: dict[str, Any], cells: list[Cell]) -> dict[str, Any]:
    data = plan["resolved"]
    return {
        "name": plan["study"],
        "title": data["title"],
        "description": data["description"],
        "claims": data["claims"],
        "profile": plan["profile"],
        "command": command(plan),
        "swept": list(cells[0].columns),
        "figures": data["figures"],
        "plugin_files": plan["plugin_files"],
    }


def plot(plan: dict[str, Any], out: Path) -> None:
    """Write the figures of a study from its tables."""
    from mfplug.report import write_figures

    write_figures(out / plan["study"])


def _csv(table: Any, path: Path) -> None:
    atomic_write_text(path, table.to_csv(index=False, lineterminator="\n"))


def _json(value: Any, path: Path) -> None:
    text = json.dumps(value, indent=2, sort_keys=False, allow_nan=False)
    atomic_write_text(path, text + "\n")
