"""Reading results back: a study's tables, and what is stored of one of its cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfplug.errors import StoreError, StudyError, did_you_mean, shown
from mfplug.studies.cells import Cell, cells_of
from mfplug.studies.identity import ensemble_key, field_key, rows_key
from mfplug.studies.plan import read_plan, study_of
from mfplug.studies.store import ROW_FIELDS, load_ensemble, load_field
from mfplug.studies.storefolder import Store, field_name, rows_name
from mfplug.studies.units import ranges

if TYPE_CHECKING:
    import pandas as pd

    from mfplug.contracts.meanfield import MeanField
    from mfplug.dynamics.ensemble import Ensemble
    from mfplug.system import System


@dataclass(frozen=True)
class StoredCell:
    """One parameter point of a study with what is stored of it, read when asked for.

    Attributes
    ----------
    columns : dict
        The swept parameters, as in the tables.
    system : System
    """

    columns: dict[str, Any]
    system: System
    _cell: Cell
    _store: Store

    @cached_property
    def field(self) -> MeanField | None:
        """The mean field; None if no metric of the study needs one.

        Raises
        ------
        StoreError
            If it is not stored (any more), or was made by other code.
        """
        if not self._cell.needs("field"):
            return None
        key = field_key(self._cell)
        self._check_there(self._store.place(field_name(key)), "mean field")
        return self._store.load_field(key)

    @cached_property
    def ensemble(self) -> Ensemble | None:
        """All replicas; None if no metric of the study needs particles.

        Raises
        ------
        StoreError
            As :attr:`field`.
        """
        if not self._cell.needs("ensemble"):
            return None
        key = ensemble_key(self._cell)
        parts = ranges(self._cell)
        self._check_there(self._store.find_range(key, *parts[0]), "ensemble")
        return self._store.load_ensemble(key, parts)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """What the metrics gave: metric, time, value, stderr, lower, upper, ...

        Raises
        ------
        StoreError
            As :attr:`field`.
        """
        import pandas as pd

        keys = [rows_key(self._cell, metric) for metric in self._cell.metrics]
        for key in keys:
            self._check_there(self._store.place(rows_name(key)), "rows")
        found = [row for key in keys for row in self._store.load_rows(key)]
        data = [{name: getattr(row, name) for name in ROW_FIELDS} for row in found]
        return pd.DataFrame(data, columns=list(ROW_FIELDS))

    def _check_there(self, found: object, what: str) -> None:
        if found is None:
            raise StoreError(
                f"stored {what} of {self._cell.label}: not in '{self._store.root}'; it "
                "was cleaned away, or made by other plugins or another version. Run "
                "the study again."
            )


@dataclass(frozen=True)
class StudyResults:
    """The results of one study.

    Attributes
    ----------
    name, profile : str
    table, bounds, rates : DataFrame
        The files of these names.
    verdicts : list of dict
        claim, statement, verdict, reason, numbers.
    cells : tuple of StoredCell
        In the order of the sweep.
    """

    name: str
    profile: str
    table: pd.DataFrame
    bounds: pd.DataFrame
    rates: pd.DataFrame
    verdicts: list[dict[str, Any]]
    cells: tuple[StoredCell, ...]

    def cell(self, **columns: Any) -> StoredCell:
        """Return the one cell with the given swept parameters.

        A name with a dot is given in a mapping: ``cell(**{"potential.width": 0.5})``.

        Raises
        ------
        StudyError
            If a name is not swept, or not exactly one cell has the values.
        """
        swept = list(self.cells[0].columns)
        for name in columns:
            if name not in swept:
                raise StudyError(
                    f"results of '{self.name}': '{name}' is not swept; expected one of "
                    f"{', '.join(swept) or 'none'}. {did_you_mean(name, swept)}"
                )
        found = [
            cell
            for cell in self.cells
            if all(cell.columns[name] == value for name, value in columns.items())
        ]
        if len(found) != 1:
            raise StudyError(
                f"results of '{self.name}': {len(found)} cells have {shown(columns)}; "
                f"expected one. Give other values of {', '.join(swept) or 'nothing'}."
            )
        return found[0]


def load(path: str | Path) -> StudyResults | MeanField | Ensemble:
    """Return what a results folder of a study holds, or a file of the store.

    Parameters
    ----------
    path
        ``<out>/<study>``, or an ``.npz`` of ``<out>/store`` or of
        :func:`mfplug.save_field`: a mean field or an ensemble. What lies in
        ``store/packs`` is found by its study.

    Returns
    -------
    StudyResults, MeanField or Ensemble
        Of a study: its tables and verdicts, and its cells, each with its system, field,
        ensemble and rows.

    Raises
    ------
    StoreError
        If it is missing, damaged or nothing of these.

    Examples
    --------
    >>> import mfplug
    >>> results = mfplug.load("results/chaos")        # doctest: +SKIP
    >>> cell = results.cell(N=64)                     # doctest: +SKIP
    >>> cell.ensemble.q.shape, cell.field.times       # doctest: +SKIP
    """
    path = Path(path)
    if path.is_file():
        return _file(path)
    if not (path / "plan.json").is_file():
        raise StoreError(
            f"results '{path}': no study and no stored file; got no plan.json in it, "
            "expected <out>/<study>, or an .npz of <out>/store. Check the path."
        )
    return _study(path)


def _file(path: Path) -> MeanField | Ensemble:
    from mfplug.studies.store import read_meta

    if read_meta(path, "arrays").get("kind") == "ensemble":
        return load_ensemble(path)
    return load_field(path)


def _study(folder: Path) -> StudyResults:
    import pandas as pd

    from mfplug.report.files import read_json, read_text

    plan = read_plan(folder / "plan.json")
    store = Store(folder.parent)

    def table(name: str) -> pd.DataFrame:
        read_text(folder / name)
        return pd.read_csv(folder / name)

    cells = cells_of(study_of(plan), plan["study"])
    return StudyResults(
        name=plan["study"],
        profile=plan["profile"],
        table=table("table.csv"),
        bounds=table("bounds.csv"),
        rates=table("rates.csv"),
        verdicts=read_json(folder / "verdict.json", list),
        cells=tuple(StoredCell(c.columns, c.system, c, store) for c in cells),
    )
