"""Measuring the snapshots of another code with the metrics of a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mfplug.dynamics.snapshots import read_snapshots
from mfplug.errors import StudyError
from mfplug.studies.cells import Cell, cells_of
from mfplug.studies.load import load

if TYPE_CHECKING:
    import pandas as pd


def measure_snapshots(study: str, profile: str, path: str | Path) -> pd.DataFrame:
    """Return the rows of a study's metrics on snapshots from a file.

    The study says what the particles are (``system``), how the mean field is solved for
    and what is measured; number of particles, replicas and times come from the file.

    Parameters
    ----------
    study
        Name or file of a study that sweeps nothing but N.
    profile
        Of the study.
    path
        See :mod:`mfplug.dynamics.snapshots`.

    Raises
    ------
    StudyError
        If the study sweeps more than N.
    StoreError, ParameterError
        If the file is not what it should be.
    """
    from mfplug.meanfield.solve import solve_mean_field
    from mfplug.studies.measure import measure

    cell = _cell(study, profile)
    ensemble = read_snapshots(path, cell.system)
    field = None
    if cell.needs("field"):
        field = solve_mean_field(ensemble.system, ensemble.times, cell.solver)
    return measure(cell.metrics, ensemble, field, seed=cell.seed)


def _cell(study: str, profile: str) -> Cell:
    name, loaded = load(study, profile)
    cells = cells_of(loaded, name)
    swept = {key for cell in cells for key in cell.columns} - {"N"}
    if swept:
        raise StudyError(
            f"study '{name}': it sweeps {', '.join(sorted(swept))}; snapshots are of "
            "one system, expected a sweep of N alone, or none. Write a study for them."
        )
    return cells[0]
