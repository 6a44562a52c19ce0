"""Shipped studies computed once for all tests of a run: for tests of their verdicts."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace

import pandas as pd

from mfplug.cli.main import STEPS
from mfplug.studies.api import run_step
from mfplug.studies.bounds import bound_rows
from mfplug.studies.cells import cells_of
from mfplug.studies.guard import exclusive
from mfplug.studies.load import load
from mfplug.studies.plan import make_plan
from mfplug.studies.rates import fit_rates
from mfplug.studies.storefolder import Store
from mfplug.studies.summary import table_of
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


def smoke(name, folder):
    """Run profile smoke of a shipped study, unless another test has done so.

    In ``folder / name``: the results, the table to the last bit (``table.pickle``) and
    the seconds of the processor that the run took (``seconds``).
    """
    out = folder / name
    with exclusive(out):
        if (out / "seconds").is_file():
            return out
        start = time.process_time()
        plan = make_plan(name, "smoke", out)
        for step in STEPS:
            run_step(step, plan, out)
        spent = time.process_time() - start
        _, study = load(name, "smoke")
        table_of(cells_of(study, name), Store(out)).to_pickle(out / "table.pickle")
        shutil.rmtree(out / "store")
        (out / "seconds").write_text(str(spent))
    return out


def computed(name, folder):
    """Return a shipped study, computed in profile smoke; ``folder`` as in ``smoke``."""
    table = pd.read_pickle(smoke(name, folder) / "table.pickle")
    _, study = load(name, "smoke")
    cells = cells_of(study, name)
    numbers = ["time", "value", "stderr", "lower", "upper"]
    table = table.astype(dict.fromkeys(numbers, float))
    rates = fit_rates(table, study.fits, list(cells[0].columns))
    return Computed(study, table, bound_rows(table, study.bounds, cells), rates)
