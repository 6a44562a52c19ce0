"""Rates and verdicts: computed from the data, and turned by a planted error."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from mfplug.errors import StudyError
from mfplug.studies import verdict_rules
from mfplug.studies.api import run_study
from mfplug.studies.bounds import bound_rows
from mfplug.studies.cells import cells_of
from mfplug.studies.load import parse
from mfplug.studies.model import Bound, Check, Fit, Verdict
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


# Rates


@given(
    exponent=st.floats(-2.0, 2.0),
    amplitude=st.floats(1e-6, 1e6),
    size=st.floats(1e-6, 0.1),
)
def test_a_planted_exponent_is_found(exponent, amplitude, size):
    values = amplitude * N.astype(float) ** exponent
    for errors in (size * values, None):
        (row,) = rates(table(values, errors)).to_dict("records")
        assert row["exponent"] == pytest.approx(exponent, abs=1e-10)
        assert row["points"] == 5
        assert (row["from"], row["to"]) == (16.0, 256.0)


def test_the_standard_error_by_hand():
    # Two-parameter weighted least squares in log N with relative errors e_i:
    # the variance of the slope is 1 / sum w (u - ubar)^2, w = 1/e^2.
    e, u = np.array([0.01, 0.02, 0.03, 0.02, 0.05]), np.log(N)
    w = 1 / e**2
    expected = 1 / math.sqrt(np.sum(w * (u - np.average(u, weights=w)) ** 2))
    values = 3.0 * N**-0.5
    (row,) = rates(table(values, e * values)).to_dict("records")
    assert row["stderr"] == pytest.approx(expected, rel=1e-10)
    assert row["upper"] - row["exponent"] == pytest.approx(
        1.959964 * expected, rel=1e-6
    )
    assert pd.isna(row["dof"])


@pytest.mark.parametrize("known", [True, False])
def test_intervals_cover_the_planted_exponent(known):
    # Seed 5, 400 tables, errors of 5 %: the count of misses is binomial with p = 0.05
    # or less (an inflated error misses less often). P(more than 40) = 2e-5.
    rng = np.random.default_rng(5)
    misses = 0
    for _ in range(400):
        exact = 2.0 * N**-0.7
        values = exact * (1 + 0.05 * rng.standard_normal(N.size))
        (row,) = rates(table(values, 0.05 * exact if known else None)).to_dict(
            "records"
        )
        misses += not row["lower"] <= -0.7 <= row["upper"]
    assert misses <= 40
    # A planted defect, intervals of half the width, misses about 33 % of the time.
    assert misses >= 2


def test_log_over_n():
    values = 0.8 * (np.log(N) / N) ** 0.5
    (row,) = rates(table(values), model="log-over-n").to_dict("records")
    assert row["exponent"] == pytest.approx(0.5, abs=1e-12)
    assert row["against"] == "log(N)/N"


def test_correction_term():
    values = 2.0 * N**-1.0 * (1 + 5.0 / N)
    (row,) = rates(table(values), correction=True).to_dict("records")
    assert row["exponent"] == pytest.approx(-1.0, abs=1e-6)
    (plain,) = rates(table(values)).to_dict("records")
    assert abs(plain["exponent"] + 1.0) > 0.01


def test_second_term_of_another_power():
    values = 0.9 * N**-0.25 * (1 - 0.6 * N**-0.25)
    (row,) = rates(table(values), correction=0.25).to_dict("records")
    assert row["exponent"] == pytest.approx(-0.25, abs=1e-6)
    assert row["model"] == "power with 1/N^0.25 term"
    # Planted: a term in 1/N does not mend it.
    (wrong,) = rates(table(values), correction=True).to_dict("records")
    assert abs(wrong["exponent"] + 0.25) > 0.01


def test_constant_beside_the_logarithm():
    values = 0.8 * ((np.log(N) + 1.7) / N) ** 0.5
    (row,) = rates(table(values), model="log-over-n", correction=True).to_dict(
        "records"
    )
    assert row["exponent"] == pytest.approx(0.5, abs=1e-6)
    # Planted: without the constant the same data give a wrong exponent.
    (wrong,) = rates(table(values), model="log-over-n").to_dict("records")
    assert abs(wrong["exponent"] - 0.5) > 0.01


def test_minimum_maximum_times_and_groups():
    one = pd.concat([table(N**-0.5, time=t, strength=s) for t in (0.0, 1.0)
                     for s in (1.0, -1.0)])  # fmt: skip
    found = rates(one, ("strength", "N"), time="all", minimum=32, maximum=128)
    assert len(found) == 4
    assert set(found["points"]) == {3}
    assert list(rates(one, ("strength", "N"))["time"]) == [1.0, 1.0]
    assert list(rates(one, ("strength", "N"), time=0.0)["strength"]) == [1.0, -1.0]
    with pytest.raises(StudyError, match=r"no rows at time 0\.5; expected one of 0, 1"):
        rates(one, ("strength", "N"), time=0.5)


def test_predictions_by_case():
    data = pd.concat([table(N**-0.5, dimension=d) for d in (1, 2, 3)])
    by = {"dimension": {1: -0.5, 2: -0.25}}
    found = rates(data, ("dimension", "N"), predicted_by=by, predicted=-9.0)
    assert list(found["predicted"]) == [-0.5, -0.25, -9.0]
    # The keys are strings, "2" or "2.0", once the study went through JSON.
    for keys in ("1", "2"), ("1.0", "2.0"):
        text = {"dimension": dict(zip(keys, (-0.5, -0.25), strict=True))}
        again = rates(data, ("dimension", "N"), predicted_by=text, predicted=-9.0)
        assert list(again["predicted"]) == [-0.5, -0.25, -9.0]


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ([1.0, 0.5], "2 points are too few, 3 are needed"),
        ([np.nan, 1.0, np.nan, 0.5, np.nan], "2 points are too few"),
        ([np.nan] * 5, "0 points are too few"),
        ([1.0, 0.5, 0.0, 0.2, 0.1], "1 values are not positive"),
        ([1.0, 0.5, -0.3, 0.2, -0.1], "2 values are not positive"),
    ],
)
def test_what_cannot_be_fitted_is_empty_and_says_why(values, note):
    (row,) = rates(table(values)).to_dict("records")
    assert pd.isna(row["exponent"])
    assert note in row["note"]
    assert verdict_of(table(values)) == "undecided"


def test_a_fit_that_this_sweep_leaves_empty_says_so():
    data = table(N**-0.5, dimension=1)
    found = rates(data, ("dimension", "N"), where={"dimension": [2, 3]})
    (row,) = found.to_dict("records")
    assert row["note"] == "no rows in this sweep"
    (judged,) = judge(
        [Verdict(claim="c", checks=[Check(rule="exponent", fit="gap")])],
        data, no_bounds(data), found,
    )  # fmt: skip
    assert judged["verdict"] == "undecided"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"metric": "gapp"}, "Did you mean 'gap'?"),
        ({"index": "rms"}, "no rows of metric 'gap' with index 'rms'"),
        ({"against": "step"}, "'step' is not swept"),
        ({"against": "case"}, "no numbers"),
        ({"where": {"dimention": 1}}, "no column 'dimention'"),
    ],
)
def test_fits_that_name_what_is_not_there(options, word):
    data = table(N**-0.5, case="A")
    with pytest.raises(StudyError, match=word.replace("?", r"\?")):
        rates(data, ("N", "case"), **options)


def test_an_abscissa_that_is_not_positive_is_a_note():
    data = table(N**-0.5).assign(strength=[-2.0, -1.0, 0.0, 1.0, 2.0])
    (row,) = rates(data, ("strength",), against="strength").to_dict("records")
    assert pd.isna(row["exponent"])
    assert row["note"]


# Exponents


def precise(exponent, size=0.002):
    exact = 3.0 * N.astype(float) ** exponent
    return table(exact, size * exact)


def test_a_right_prediction_holds_and_a_wrong_one_fails():
    assert verdict_of(precise(-0.5)) == "holds"
    for wrong in (-0.65, -0.35):
        assert verdict_of(precise(-0.5), predicted=wrong) == "fails"
        assert verdict_of(precise(wrong)) == "fails"


def test_a_wide_interval_is_undecided_and_never_holds():
    for size in (0.06, 0.1, 0.5, 3.0):
        assert verdict_of(precise(-0.5, size)) == "undecided"
        assert verdict_of(precise(-0.5, size), partial=True) == "undecided"


def test_no_prediction_is_undecided():
    assert verdict_of(precise(-0.5), predicted=None) == "undecided"


def test_numbers_without_noise_that_are_a_power_hold():
    for exponent in (-1.0, -0.5, -1 / 3, 2.0):
        assert verdict_of(table(N.astype(float) ** exponent), exponent) == "holds"
        assert (
            verdict_of(table(N.astype(float) ** exponent), exponent + 0.15) == "fails"
        )


@settings(max_examples=300)
@given(
    truth=st.floats(-1.5, 1.5),
    shift=st.floats(-1.0, 1.0),
    error=st.floats(1e-4, 1.0),
    wrong=st.sampled_from([-0.15, 0.15, 0.3, -1.0]),
    dof=st.sampled_from([None, 2, 3, 8]),
)
def test_a_prediction_off_by_015_never_holds(truth, shift, error, wrong, dof):
    # Whatever the data, as long as the family's interval holds the right exponent.
    half = float(stats.t.isf(verdict_rules.FAMILY / 2, dof or math.inf)) * error
    estimate = truth + shift * half
    assume(abs(estimate - truth) <= half)
    fitted = pd.DataFrame(
        [{"fit": "gap", "exponent": estimate, "stderr": error, "lower": -9.0,
          "upper": 9.0, "predicted": truth + wrong, "dof": dof}]
    )  # fmt: skip
    (found,) = judge(
        [Verdict(claim="c", checks=[Check(rule="exponent", fit="gap")])],
        table(N**-0.5), no_bounds(None), fitted,
    )  # fmt: skip
    assert found["verdict"] in ("fails", "undecided")


@pytest.mark.parametrize(
    ("limit", "side", "wanted"),
    [
        (-0.40, "below", "holds"),
        (-0.60, "above", "holds"),
        # Planted: the exponent lies on the other side, or too near to tell.
        (-0.40, "above", "fails"),
        (-0.60, "below", "fails"),
        (-0.495, "below", "undecided"),
        (-0.495, "above", "undecided"),
    ],
)
def test_an_exponent_on_one_side_of_a_number(limit, side, wanted):
    """N^-1/2 with errors of 1 % a point: the family's half width is 0.012."""
    fitted = rates(table(3.0 * N**-0.5, 0.03 * N**-0.5), predicted=limit)
    check = Check(rule="exponent", fit="gap", side=side)
    (found,) = judge(
        [Verdict(claim="c", checks=[check])], table(N**-0.5), no_bounds(None), fitted
    )
    assert found["verdict"] == wanted, found["reason"]


def test_one_wrong_exponent_among_many_fails():
    data = pd.concat([table(3.0 * N**-b, 0.002 * N**-b, case=c)
                      for c, b in (("A", 0.5), ("B", 0.5), ("C", 0.65))])  # fmt: skip
    fitted = rates(data, ("case", "N"), predicted=-0.5)
    verdict = Verdict(claim="c", checks=[Check(rule="exponent", fit="gap")])
    (found,) = judge([verdict], data, no_bounds(data), fitted)
    assert found["verdict"] == "fails"
    assert "-0.650 against -0.5" in found["reason"]
    right = Check(rule="exponent", fit="gap", where={"case": ["A", "B"]})
    (found,) = judge(
        [Verdict(claim="c", checks=[right])], data, no_bounds(data), fitted
    )
    assert found["verdict"] == "holds"


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


# How checks combine


@pytest.mark.parametrize(
    ("outcomes", "partial", "expected"),
    [
        ([], False, "undecided"),
        ([("claim", True)], False, "holds"),
        ([("claim", True)], True, "consistent"),
        ([("claim", False)], True, "fails"),
        ([("claim", None)], True, "undecided"),
        ([("claim", True), ("claim", False)], False, "fails"),
        ([("claim", None), ("claim", False)], False, "fails"),
        ([("claim", True), ("claim", None)], False, "undecided"),
        ([("printed", True), ("corrected", True)], False, "holds"),
        ([("printed", False), ("corrected", True)], False, "holds corrected"),
        ([("printed", False), ("corrected", True)], True, "holds corrected"),
        ([("printed", False), ("corrected", False)], False, "fails"),
        ([("printed", False), ("corrected", None)], False, "undecided"),
        ([("printed", None), ("corrected", True)], False, "undecided"),
        ([("printed", True), ("corrected", False)], False, "fails"),
        ([("printed", False), ("claim", True)], False, "holds corrected"),
        ([("printed", False)], False, "fails"),
        ([("printed", True)], False, "holds"),
        ([("printed", None), ("printed", False), ("corrected", True)], False,
         "holds corrected"),
    ],
)  # fmt: skip
def test_combination(outcomes, partial, expected):
    value = 2.0 * N**-0.5
    limits = {True: 3 * value, False: 0.1 * value, None: np.nan * value}
    data = table(value)
    keys = data[["N", "time", "metric", "index"]]
    bounds = pd.concat(
        [
            keys.assign(bound=str(passed), value=limit)
            for passed, limit in limits.items()
        ]
    )
    checks = [
        Check(rule="below", metric="gap", bound=str(passed), of=of)
        for of, passed in outcomes
    ]
    verdict = Verdict(claim="c", statement="s", checks=checks, partial=partial)
    (found,) = judge([verdict], data, bounds, pd.DataFrame())
    assert found["verdict"] == expected
    assert [n["passed"] for n in found["numbers"]] == [p for _, p in outcomes]
    assert (found["claim"], found["statement"]) == ("c", "s")


# In a whole study


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def judged(path, out):
    (found,) = json.loads((out / path.stem / "verdict.json").read_text())
    return found["verdict"]


def test_a_wrong_prediction_in_a_study_turns_its_verdict(clean, tmp_path, write_study):
    # Seed 0; the exponent of 2000 replicas has a standard error of about 0.005.
    found = {}
    for predicted in (-0.5, -0.65, -0.35):
        fit = {"name": "coupling", "metric": "coupling-mean", "predicted": predicted,
               "minimum": 8}  # fmt: skip
        path = write_study(replicas=2000, fits=[fit], sweep={"N": [8, 16, 32, 64]})
        run_study(str(path), out=tmp_path / "out")
        found[predicted] = judged(path, tmp_path / "out")
    assert found == {-0.5: "holds", -0.65: "fails", -0.35: "fails"}
    # With a handful of replicas the same study says that it cannot tell.
    path = write_study(replicas=6)
    run_study(str(path), out=tmp_path / "out")
    assert judged(path, tmp_path / "out") == "undecided"


def test_nan_stands_in_no_file(clean, tmp_path, write_study):
    # Two points are too few for a fit, and one replica has no standard error.
    path = write_study(sweep={"N": [4, 8]}, replicas=1)
    out = tmp_path / "out"
    run_study(str(path), out=out)
    for file in (out / "micro").iterdir():
        if file.suffix in (".csv", ".json", ".md", ".tex"):
            words = file.read_text().lower().replace(",", " ").split()
            assert not {"nan", "inf", "-inf", "none", "<na>"} & set(words), file.name
    (rate,) = read(out / "micro" / "rates.csv")
    assert (rate["exponent"], rate["stderr"], rate["lower"]) == ("", "", "")
    assert "too few" in rate["note"]
    for row in read(out / "micro" / "table.csv"):
        assert row["value"] or row["note"]
        assert row["stderr"] or row["note"]
    assert judged(path, out) == "undecided"


def test_a_metric_that_computes_nan_gives_an_empty_cell_with_a_note(
    site, tmp_path, write_study
):
    site.plugin(
        "holes",
        """
        from dataclasses import dataclass
        from typing import ClassVar
        from mfplug import Observable, Row, hookimpl

        @dataclass(frozen=True)
        class Holes(Observable):
            '''Some values that are no numbers.'''
            name: ClassVar[str] = "holes"
            needs: ClassVar[tuple[str, ...]] = ()

            def rows(self, sample):
                nan, inf = float("nan"), float("inf")
                return [Row("holes", 0.0, nan), Row("holes", 0.5, 1.0, inf),
                        Row("holes", 1.0, None), Row("holes", 1.5, nan, note="mine")]

        @hookimpl
        def mfplug_metrics():
            return [Holes]
        """,
    )
    path = write_study(metrics=["holes"], fits=[], verdicts=[], sweep={"N": [4]},
                       figures=[])  # fmt: skip
    out = tmp_path / "out"
    from mfplug.studies.api import run_step
    from mfplug.studies.plan import make_plan

    plan = make_plan(str(path), "quick", out)
    for step in ("solve", "simulate", "measure", "tabulate"):
        run_step(step, plan, out)
    rows = read(out / "micro" / "table.csv")
    assert [(r["value"], r["stderr"]) for r in rows] == [
        ("", ""), ("1.0", ""), ("", ""), ("", ""),
    ]  # fmt: skip
    assert [r["note"] for r in rows] == [
        "value not finite",
        "stderr not finite",
        "no value, and the metric does not say why",
        "mine",
    ]
    assert {f.name for f in (out / "store").iterdir()} == {"done", "locks", "rows"}
