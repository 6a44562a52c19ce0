"""Verdicts of exponents: a right prediction holds, a wrong one fails."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from verdict_tables import N, no_bounds, rates, table, verdict_of

from mfplug.studies import verdict_rules
from mfplug.studies.model import Check, Verdict
from mfplug.studies.verdicts import judge

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
