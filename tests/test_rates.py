"""Fitted exponents: found where planted, their intervals cover."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verdict_tables import N, no_bounds, rates, table, verdict_of

from mfplug.errors import StudyError
from mfplug.studies.model import Check, Verdict
from mfplug.studies.verdicts import judge

# Rates


# No deadline: how long a fit takes depends on what else the machine does.
@settings(deadline=None)
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
