"""Tables whose exponents and errors are known, for the tests of rates and verdicts."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from mfplug.studies.model import Check, Fit, Verdict
from mfplug.studies.rates import fit_rates
from mfplug.studies.verdicts import judge

N = np.array([16, 32, 64, 128, 256])
COLUMNS = ["N", "time", "metric", "index", "value", "stderr", "lower", "upper"]
COLUMNS += ["replicas", "note"]


def table(values, errors=None, *, metric="gap", index="", time=1.0, **fixed):
    """Return the rows of one metric against N."""
    values = np.asarray(values, dtype=float)
    errors = np.full(values.size, np.nan) if errors is None else np.asarray(errors)
    data = pd.DataFrame(
        {
            "N": N[: values.size], "time": time, "metric": metric, "index": index,
            "value": values, "stderr": errors, "lower": values - 2 * errors,
            "upper": values + 2 * errors, "replicas": 1000, "note": "",
        }
    )  # fmt: skip
    for key, value in fixed.items():
        data[key] = value
    return data.astype({"replicas": "Int64"})


def rates(data, swept=("N",), **options):
    return fit_rates(data, [Fit(**{"metric": "gap"} | options)], list(swept))


def verdict_of(data, predicted=-0.5, partial=False, **options):
    fitted = rates(data, predicted=predicted, **options)
    check = Check(rule="exponent", fit="gap")
    (found,) = judge(
        [Verdict(claim="c", checks=[check], partial=partial)], data,
        no_bounds(data), fitted,
    )  # fmt: skip
    json.dumps(found, allow_nan=False)
    return found["verdict"]


def no_bounds(data):
    return pd.DataFrame(columns=["N", "time", "metric", "index", "bound", "value"])
