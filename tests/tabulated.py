"""Shipped studies at a reduced size, tabulated in this process, for tests.

The tables are computed once; a test then changes a prediction and judges again.
"""

from __future__ import annotations

import pandas as pd
import yaml

import mfplug
from mfplug.studies.bounds import bound_rows
from mfplug.studies.cells import cells_of
from mfplug.studies.load import merge, parse, shipped_folder
from mfplug.studies.measure import rows_of
from mfplug.studies.rates import fit_rates
from mfplug.studies.summary import ORDER
from mfplug.studies.verdicts import judge

#: Wrong by so much, a prediction has to turn the verdict.
PLANTED = 0.15


class Tabulated:
    """The table of a study whose sizes were changed, and what is judged from it."""

    def __init__(self, name, changes):
        self.data = merge(self.shipped(name), changes)
        self.cells = cells_of(self.study(), name)
        self.swept = list(self.cells[0].columns)
        rows = [
            cell.columns | {k: getattr(row, k) for k in ORDER}
            for cell in self.cells
            for row in measured(cell)
        ]
        self.table = pd.DataFrame(rows, columns=[*self.swept, *ORDER])
        numbers = ("time", "value", "stderr", "lower", "upper")
        self.table = self.table.astype(dict.fromkeys(numbers, float))
        self.table["replicas"] = self.table["replicas"].astype("Int64")

    @staticmethod
    def shipped(name):
        """Return a shipped study as it is written, without its profiles."""
        data = yaml.safe_load((shipped_folder() / f"{name}.yaml").read_text())
        data.pop("profiles")
        return data

    def study(self, fits=None):
        data = self.data if fits is None else self.data | {"fits": fits}
        return parse(data, "reduced", "quick")

    def rates(self, fits=None):
        return fit_rates(self.table, self.study(fits).fits, self.swept)

    def judged(self, fits=None):
        """Return the verdicts, with other fits if they are given."""
        bounds = bound_rows(self.table, self.study().bounds, self.cells)
        return judge(self.study().verdicts, self.table, bounds, self.rates(fits))

    def words(self, fits=None):
        return [v["verdict"] for v in self.judged(fits)]

    def wrong(self, name, by=PLANTED):
        """Return the fits with the prediction of one of them wrong by so much."""
        fits = []
        for fit in self.data["fits"]:
            fit = dict(fit)
            if fit.get("name", fit["metric"]) == name:
                if "predicted" in fit:
                    fit["predicted"] += by
                fit["predicted_by"] = {
                    column: {k: v + by for k, v in values.items()}
                    for column, values in fit.get("predicted_by", {}).items()
                }
            fits.append(fit)
        return fits


def measured(cell):
    """Yield the rows of all metrics of a cell."""
    field = ensemble = None
    if cell.needs("field"):
        field = mfplug.solve_mean_field(cell.system, cell.times, solver=cell.solver)
    if cell.needs("ensemble"):
        ensemble = mfplug.simulate(
            cell.system,
            particles=cell.particles,
            replicas=cell.replicas,
            times=cell.times,
            step=cell.step,
            integrator=cell.integrator,
            forces=cell.forces,
            seed=cell.seed,
        )
    for metric in cell.metrics:
        yield from rows_of(
            metric, ensemble, field, cell.system, cell.seed, times=cell.times
        )
