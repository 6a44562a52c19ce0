"""Verdicts of bounds and exact values: turned by a planted error."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from verdict_tables import N, table

from mfplug.errors import StudyError
from mfplug.studies import verdict_rules
from mfplug.studies.bounds import bound_rows
from mfplug.studies.cells import cells_of
from mfplug.studies.load import parse
from mfplug.studies.model import Bound, Check, Verdict
from mfplug.studies.verdicts import judge

# Bounds and exact values


def bounded(values, limits, errors=None, rule="below", replicas=1000, **options):
    data = table(values, errors).assign(replicas=replicas).astype({"replicas": "Int64"})
    bounds = data[["N", "time", "metric", "index"]].assign(bound="b", value=limits)
    check = Check(rule=rule, metric="gap", bound="b", **options)
    (found,) = judge([Verdict(claim="c", checks=[check])], data, bounds, pd.DataFrame())
    json.dumps(found, allow_nan=False)
    return found["verdict"]


def test_below():
    value = 2.0 * N**-0.5
    assert bounded(value, 3.0 * value) == "holds"
    assert bounded(value, 3.0 * value / 10) == "fails"
    assert bounded(value, value) == "holds"
    one_above = np.where(N == 64, 0.5, 3.0) * value
    assert bounded(value, one_above) == "fails"
    # Above, but by less than its error: not refuted, not supported.
    assert bounded(value, 0.999 * value, 0.01 * value) == "undecided"
    assert bounded(value, 0.5 * value, 0.01 * value) == "fails"


def test_below_a_bound_of_nothing():
    value = 2.0 * N**-0.5
    assert bounded(value, 0.0 * value) == "fails"
    assert bounded(0.0 * value, 0.0 * value) == "holds"


def test_below_with_what_is_missing():
    value = 2.0 * N**-0.5
    assert bounded(np.where(N == 64, np.nan, value), 3 * value) == "undecided"
    assert bounded(value, np.where(N == 64, np.nan, 3 * value)) == "undecided"


def test_neunzert_divided_by_ten_turns_the_verdict(clean):
    # Bounds are computed for the cell of their row: here the real constant of (44).
    spec = {
        "title": "t",
        "system": {"potential": {"name": "gaussian", "strength": 1.3, "width": 0.7}},
        "sweep": {"N": [int(n) for n in N]},
        "metrics": ["energy-drift"],
    }
    cells = cells_of(parse(spec, "t", "quick"), "t")
    growth = table(np.full(5, math.e), time=1.0)

    def judged(**options):
        bound = Bound(name="neunzert", metric="gap", options=options)
        found = bound_rows(growth, [bound], cells)
        check = Check(rule="below", metric="gap", bound="neunzert")
        verdict = Verdict(claim="c", checks=[check])
        (result,) = judge([verdict], growth, found, pd.DataFrame())
        return result["verdict"], found["value"].iloc[0]

    # L = |A|/w^2, B = |A| e^(-1/2)/w, c = (1 + L)/2 + max(L, 2B) (audit, row (44)).
    lipschitz, slope = 1.3 / 0.49, 1.3 * math.exp(-0.5) / 0.7
    c = (1 + lipschitz) / 2 + max(lipschitz, 2 * slope)
    verdict, value = judged()
    assert verdict == "holds"
    assert value == pytest.approx(math.exp(c), rel=1e-6)
    assert judged(divide=10.0)[0] == "fails"


def test_a_multiple_of_other_rows_is_a_bound():
    gap, room = table(2.0 * N**-0.5, time=1.0), table(1.5 * N**-0.5, time=1.0)
    rows = pd.concat([gap, room.assign(metric="room")], ignore_index=True)
    spec = {"title": "t", "sweep": {"N": [int(n) for n in N]}, "metrics": ["coupling"]}
    cells = cells_of(parse(spec, "t", "quick"), "t")

    def limits(**options):
        bound = Bound(name="b", source="rows:room", metric="gap", options=options)
        return bound_rows(rows, [bound], cells)["value"].to_numpy()

    assert limits() == pytest.approx(1.5 * N**-0.5)
    assert limits(times=2.0) == pytest.approx(3.0 * N**-0.5)
    with pytest.raises(StudyError, match=r"option 'time'; expected one of times"):
        limits(time=2.0)


def test_agrees():
    exact = 2.0 * N**-0.5
    error = 0.01 * exact
    assert bounded(exact + error, exact, error, "agrees") == "holds"
    assert bounded(exact + 8 * error, exact, error, "agrees") == "fails"
    assert bounded(exact, exact, None, "agrees") == "undecided"
    assert bounded(exact, exact, 0 * error, "agrees") == "undecided"
    off = np.where(N == 64, np.nan, exact)
    assert bounded(off, exact, error, "agrees") == "undecided"
    # An error too large to tell anything is no agreement.
    assert bounded(exact, exact, error, "agrees", precision=0.02) == "holds"
    assert bounded(exact, exact, error, "agrees", precision=0.005) == "undecided"
    close = exact + 1e-10
    assert bounded(close, exact, None, "agrees", tolerance=1e-9) == "holds"
    assert bounded(exact + 2e-9, exact, None, "agrees", tolerance=1e-9) == "fails"


def test_few_replicas_have_wide_intervals():
    exact = np.full(5, 2.0)
    error = np.full(5, 0.1)
    shifted = exact + 6 * error
    assert bounded(shifted, exact, error, "agrees", replicas=1000) == "fails"
    assert bounded(shifted, exact, error, "agrees", replicas=4) == "holds"


def family_of_means(rng, rows, replicas, shift=0.0):
    """Return the verdict on `rows` means of normal samples whose exact value is 1."""
    samples = 1.0 + rng.standard_normal((rows, replicas))
    samples[0] += shift
    values = samples.mean(axis=1)
    errors = samples.std(axis=1, ddof=1) / math.sqrt(replicas)
    data = pd.DataFrame(
        {"N": np.arange(rows), "time": 0.0, "metric": "gap", "index": "",
         "value": values, "stderr": errors, "replicas": replicas}
    )  # fmt: skip
    bounds = data[["N", "time", "metric", "index"]].assign(bound="b", value=1.0)
    check = Check(rule="agrees", metric="gap", bound="b")
    (found,) = judge([Verdict(claim="c", checks=[check])], data, bounds, pd.DataFrame())
    return found["verdict"]


def test_the_level_of_a_family():
    # Seed 3; 800 families of 30 true statements from 8 replicas each, at 1e-3 a family:
    # 0.8 false alarms are expected, P(6 or more) = 2e-4. With normal instead of
    # Student quantiles about 10 % of the families would raise one.
    rng = np.random.default_rng(3)
    alarms = sum(family_of_means(rng, 30, 8) == "fails" for _ in range(800))
    assert alarms <= 5


def test_a_planted_normal_quantile_is_found(monkeypatch):
    def normal(rows, family):
        return np.full(len(rows), stats.norm.isf(verdict_rules.FAMILY / family / 2))

    monkeypatch.setattr(verdict_rules, "_quantile", normal)
    rng = np.random.default_rng(3)
    alarms = sum(family_of_means(rng, 30, 8) == "fails" for _ in range(200))
    assert alarms > 5


def test_a_family_sees_one_wrong_value_among_thirty():
    # Seed 4; a mean of 100 replicas that is off by ten standard errors.
    rng = np.random.default_rng(4)
    found = [family_of_means(rng, 30, 100, shift=1.0) for _ in range(20)]
    assert found == ["fails"] * 20
