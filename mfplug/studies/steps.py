"""The first three steps: solve, simulate, measure. Each does the units of one block."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mfplug.dynamics.ensemble import Ensemble
from mfplug.dynamics.simulate import simulate
from mfplug.errors import MfplugError, StudyError
from mfplug.meanfield.solve import solve_mean_field
from mfplug.studies.cells import Cell, cells_at
from mfplug.studies.guard import exclusive
from mfplug.studies.identity import ensemble_key, field_key, rows_key
from mfplug.studies.joblog import note
from mfplug.studies.measure import rows_of
from mfplug.studies.plan import block_of, study_of, write_marker
from mfplug.studies.storefolder import Store, field_name, rows_name
from mfplug.studies.units import ranges

Tell = Callable[[float], None]


def run_block(
    plan: dict[str, Any],
    block_id: str,
    out: Path,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Do one block of a plan and write its marker.

    Parameters
    ----------
    plan, block_id, out
        The plan, the block in it, and the results folder.
    progress
        Called now and then with the part that is done, from 0 to 1.

    Raises
    ------
    MfplugError
        If something is wrong with a unit; the message names the cell.
    """
    block = block_of(plan, block_id)
    if block["step"] in UNIT_STEPS:
        stored = _run_units(plan, block, out, progress)
    else:
        from mfplug.studies.summary import plot, tabulate

        {"tabulate": tabulate, "plot": plot}[block["step"]](plan, out)
        stored = []
    write_marker(out, block, stored)


def _run_units(
    plan: dict[str, Any],
    block: dict[str, Any],
    out: Path,
    progress: Callable[[float], None] | None,
) -> list[str]:
    numbers = [unit["cell"] for unit in block["units"]]
    cells = cells_at(study_of(plan), plan["study"], numbers)
    store = Store(out, [block["id"], *block["needs"]])
    names = []
    for number, unit in enumerate(block["units"]):
        cell = cells[unit["cell"]]

        def tell(part: float, before: int = number) -> None:
            if progress is not None:
                progress((before + part) / len(numbers))

        note(f"at work on study {plan['study']}, {cell.label}")
        try:
            # Another study, or the orphan of a killed run, may be at the same unit.
            with exclusive(store.root / "locks" / f"{unit['key']}-{unit['start']}"):
                names.append(UNIT_STEPS[block["step"]](cell, unit, store, tell))
        except MfplugError as error:
            # An error may be of a class with a constructor of its own.
            error.args = (f"{error} (study {plan['study']}, {cell.label})",)
            raise
    return store.finish(block["id"], names)


def _check_key(unit: dict[str, Any], key: str) -> None:
    if unit["key"] != key:
        raise StudyError(
            "plan: it does not fit the plugins or the code any more; got key "
            f"{key}, expected {unit['key']}. Run the study again."
        )


def solve_unit(cell: Cell, unit: dict[str, Any], store: Store, tell: Tell) -> str:
    """Solve for the mean field of a cell and store it."""
    _check_key(unit, field_key(cell))
    if store.place(name := field_name(unit["key"])):
        return name
    system = cell.system
    if system.depends_on_N and cell.particles is not None:
        system = system.smoothed(cell.particles)
    return store.save_field(
        unit["key"], solve_mean_field(system, cell.times, cell.solver)
    )


def simulate_unit(cell: Cell, unit: dict[str, Any], store: Store, tell: Tell) -> str:
    """Simulate a range of replicas, extending a shorter range that is stored."""
    _check_key(unit, ensemble_key(cell))
    key, start, stop = unit["key"], unit["start"], unit["stop"]
    found = store.find_range(key, start, stop)
    if found is not None:
        return found
    parts: list[Ensemble] = []
    known = store.longest_range(key, start)
    if known is not None:
        parts.append(store.load_range(known[1]))
    done = known[0] if known is not None else start
    parts.append(
        simulate(
            cell.system,
            cell.particles or 1,
            stop - done,
            cell.times,
            cell.step,
            cell.integrator,
            cell.forces,
            cell.seed,
            first_replica=done,
            progress=tell,
        )
    )
    return store.save_ensemble(key, Ensemble.join(parts))


def measure_unit(cell: Cell, unit: dict[str, Any], store: Store, tell: Tell) -> str:
    """Measure one metric in a cell and store its rows."""
    metric = cell.metrics[unit["metric"]]
    _check_key(unit, rows_key(cell, metric))
    if store.place(name := rows_name(unit["key"])):
        return name
    ensemble = field = None
    if "ensemble" in metric.needs:
        ensemble = store.load_ensemble(ensemble_key(cell), ranges(cell))
    if "field" in metric.needs:
        field = store.load_field(field_key(cell))
    rows = rows_of(
        metric,
        ensemble,
        field,
        cell.system,
        cell.seed,
        cell.times,
        cell.particles,
    )
    return store.save_rows(unit["key"], rows)


UNIT_STEPS: dict[str, Callable[[Cell, dict[str, Any], Store, Tell], str]] = {
    "solve": solve_unit,
    "simulate": simulate_unit,
    "measure": measure_unit,
}
