"""A study computed in this process, without files: for tests of its verdicts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from mfplug.dynamics.simulate import simulate
from mfplug.meanfield.solve import solve_mean_field
from mfplug.studies.bounds import bound_rows
from mfplug.studies.cells import cells_of
from mfplug.studies.load import load
from mfplug.studies.measure import rows_of
from mfplug.studies.rates import fit_rates
from mfplug.studies.summary import ORDER
from mfplug.studies.verdicts import judge


@dataclass(frozen=True)
class Computed:
    """A study with its table, bounds and rates."""

    study: object
    table: pd.DataFrame
    bounds: pd.DataFrame
    rates: pd.DataFrame

    def verdicts(self):
        found = judge(self.study.verdicts, self.table, self.bounds, self.rates)
        return {f["claim"]: f["verdict"] for f in found}

    def verdict(self):
        (found,) = self.verdicts().values()
        return found

    def reason(self):
        found = judge(self.study.verdicts, self.table, self.bounds, self.rates)
        return " ".join(f["reason"] for f in found)

    def with_bounds(self, name, factor=1.0, add=0.0):
        """Return the study with one bound made wrong."""
        wrong = self.bounds["bound"] == name
        assert wrong.any(), name
        value = self.bounds["value"].where(~wrong, self.bounds["value"] * factor + add)
        return replace(self, bounds=self.bounds.assign(value=value))

    def with_exponent(self, fit, off):
        """Return the study with a prediction that is off."""
        wrong = self.rates["fit"] == fit
        assert wrong.any(), fit
        predicted = self.rates["predicted"].astype(float)
        predicted = predicted.where(~wrong, predicted + off)
        return replace(self, rates=self.rates.assign(predicted=predicted))

    def without(self, metric):
        """Return the study with one metric's values missing."""
        gone = self.table["metric"] == metric
        assert gone.any(), metric
        value = self.table["value"].astype(float).where(~gone)
        return replace(self, table=self.table.assign(value=value))

    def values(self, metric, index=None, **where):
        rows = self.table[self.table["metric"] == metric]
        if index is not None:
            rows = rows[rows["index"] == index]
        for column, wanted in where.items():
            rows = rows[rows[column] == wanted]
        return rows


def computed(name, profile="smoke"):
    """Return a shipped study, computed."""
    _, study = load(name, profile)
    cells = cells_of(study, name)
    records = []
    for cell in cells:
        field = ensemble = None
        if cell.needs("field"):
            field = solve_mean_field(cell.system, cell.times, solver=cell.solver)
        if cell.needs("ensemble"):
            ensemble = simulate(
                cell.system, cell.particles, cell.replicas, cell.times, cell.step,
                integrator=cell.integrator, forces=cell.forces, seed=cell.seed,
            )  # fmt: skip
        for metric in cell.metrics:
            rows = rows_of(
                metric, ensemble, field, cell.system, cell.seed, cell.times,
                cell.particles,
            )  # fmt: skip
            records += [cell.columns | vars(row) for row in rows]
    swept = list(cells[0].columns)
    table = pd.DataFrame(records, columns=[*swept, *ORDER])
    numbers = ["time", "value", "stderr", "lower", "upper"]
    table = table.astype(dict.fromkeys(numbers, float) | {"replicas": "Int64"})
    rates = fit_rates(table, study.fits, swept)
    return Computed(study, table, bound_rows(table, study.bounds, cells), rates)
