"""The studies of bounds: their verdicts, and planted errors that turn them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from mfplug import System, create, measure, solve_mean_field
from mfplug.errors import ParameterError, StudyError
from mfplug.studies.cells import cells_of
from mfplug.studies.identity import rows_key
from mfplug.studies.load import parse
from mfplug.studies.model import Check, Verdict
from mfplug.studies.references import check_references
from mfplug.studies.verdicts import judge
from mfplug.theory import momentum_laws

VERDICTS = {
    "gronwall": "holds corrected",
    "mollifier": "holds corrected",
    "density": "holds corrected",
    "score-needed": "holds",
    "infection": "consistent",
    "growth": "fails",
    "growth-product": "consistent",
    "rate": "consistent",
    "entropy": "holds",
    "corollary": "holds corrected",
    "score-flow": "holds",
}


@pytest.mark.parametrize(("name", "wanted"), VERDICTS.items())
def test_verdict(studies, name, wanted):
    assert studies(name).verdict() == wanted, studies(name).reason()


@pytest.mark.parametrize(
    ("name", "bound", "factor"),
    [
        ("gronwall", "corrected", 0.1),
        ("gronwall", "corrected", 1.001),
        ("mollifier", "sharp", 0.1),
        ("mollifier", "sharp", 10.0),
        ("mollifier", "printed", 0.1),
        ("mollifier", "corrected-slope", 1.001),
        ("density", "second-moment", 0.1),
        ("density", "second-moment", 1.01),
        ("score-needed", "supremum", 0.1),
        ("infection", "process", 0.1),
        ("infection", "logistic", 0.1),
        ("infection", "gronwall", 0.1),
        ("infection", "some", 101.0),
        ("growth", "limit", 0.9),
        ("rate", "gronwall", 1e-4),
        ("rate", "logistic", 1e-4),
        ("rate", "entropy", 0.1),
        ("entropy", "marton", 0.1),
        ("entropy", "chain", 0.1),
        ("entropy", "leading", 1.05),
        ("corollary", "corrected", 1e-4),
        ("growth-product", "gronwall", 1e-3),
        ("growth-product", "mode-limit", 1.02),
        ("growth-product", "test-limit", 1.2),
        ("score-flow", "operator", 0.1),
        ("score-flow", "symmetric", 0.1),
        ("score-flow", "logarithmic", 0.1),
        ("score-flow", "printed", 0.1),
        ("score-flow", "exact", 1.01),
    ],
)
def test_a_wrong_bound_turns_the_verdict(studies, name, bound, factor):
    assert studies(name).with_bounds(bound, factor).verdict() == "fails"


@pytest.mark.parametrize(
    ("name", "fit"),
    [
        ("mollifier", "point"),
        ("mollifier", "gaussian"),
        ("density", "distance"),
        ("score-needed", "unbounded"),
        ("score-needed", "bounded"),
        ("rate", "signs"),
        ("rate", "gronwall"),
        ("rate", "entropy"),
        ("entropy", "entropy"),
        ("entropy", "hamming"),
        ("entropy", "marginal-1"),
        ("entropy", "marginal-3"),
    ],
)
@pytest.mark.parametrize("off", [-0.15, 0.15])
def test_a_wrong_exponent_turns_the_verdict(studies, name, fit, off):
    assert studies(name).with_exponent(fit, off).verdict() == "fails"


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("gronwall", "gronwall-value"),
        ("mollifier", "mollified-score"),
        ("density", "mollified-distance"),
        ("score-needed", "momentum-score"),
        ("infection", "infection-alpha"),
        ("infection", "birth-misfit"),
        ("growth", "counter-example-alpha"),
        ("rate", "alpha-lower"),
        ("entropy", "hamming-lower"),
        ("corollary", "marginal-l1"),
    ],
)
def test_missing_data_leave_it_undecided(studies, name, metric):
    assert studies(name).without(metric).verdict() == "undecided"


def test_density_that_helped_would_show(studies):
    # Were the N allowed above the N needed, the printed claim would stand.
    assert studies("density").with_bounds("allowed", add=1e6).verdict() == "fails"


def test_the_lemma_would_hold_if_it_allowed_more(studies):
    # The bound printed times 10, and the counter-example is none.
    assert studies("growth").with_bounds("printed", 10.0).verdict() == "holds"
    assert "rows lie above" in studies("growth").reason()


# Digits


def test_catalogue_of_scores():
    # Each supremum by maximising the score numerically; t_3 from the audit, E24.
    assert momentum_laws.student_score_bound(3.0) == pytest.approx(1.154701, abs=5e-7)
    for law in momentum_laws.MOMENTUM_LAWS.values():
        if math.isinf(law.bound):
            continue
        best = optimize.minimize_scalar(
            lambda p, law=law: -abs(law.score(np.array([p]))[0]),
            bounds=(1e-3, 1e5), method="bounded", options={"xatol": 1e-9},
        )  # fmt: skip
        coarse = max(abs(law.score(np.geomspace(1e-3, 1e6, 10001))))
        assert max(-best.fun, coarse) == pytest.approx(law.bound, rel=1e-6), law.name


@pytest.mark.parametrize(
    ("law", "log_density"),
    [
        ("gaussian-mixture", lambda p: math.log(
            math.exp(-0.5 * (p - 2) ** 2) + math.exp(-0.5 * (p + 2) ** 2))),
        ("compact", lambda p: 3 * math.log(1 - p * p)),
        ("juttner", lambda p: -math.sqrt(1 + p * p)),
        ("sech-squared", lambda p: -2 * math.log(math.cosh(p))),
        ("logistic", lambda p: -2 * math.log(math.cosh(p / 2))),
        ("student-3", lambda p: -2 * math.log(1 + p * p / 3)),
    ],
)  # fmt: skip
def test_scores_are_derivatives(law, log_density):
    h = 1e-5
    for p in (0.3, 0.71):
        slope = (log_density(p + h) - log_density(p - h)) / (2 * h)
        found = momentum_laws.momentum_law(law).score(np.array([p]))[0]
        assert found == pytest.approx(slope, rel=1e-8)


def test_reach_beyond_the_support_is_refused():
    with pytest.raises(ParameterError, match="inside of the support"):
        momentum_laws.momentum_law("compact").largest(1.0)
    with pytest.raises(ParameterError, match="Did you mean 'sech'"):
        momentum_laws.momentum_law("seck")


# What the framework had to learn


def _judged(values, limits, **check):
    keys = {"N": [1, 2, 3], "time": 1.0, "metric": "m", "index": ""}
    table = pd.DataFrame(
        keys | {"value": values, "stderr": check.pop("stderr", np.nan), "replicas": 50}
    ).astype({"replicas": "Int64"})
    bounds = pd.DataFrame(keys | {"bound": "b", "value": limits})
    verdict = Verdict(claim="c", checks=[Check(metric="m", bound="b", **check)])
    (found,) = judge([verdict], table, bounds, pd.DataFrame())
    return found["verdict"]


def test_above():
    assert _judged([2.0, 3.0, 4.0], [1.0, 2.0, 3.0], rule="above") == "holds"
    assert _judged([2.0, 1.9, 4.0], [1.0, 2.0, 3.0], rule="above") == "fails"
    # Above by less than the error: neither.
    near = _judged([2.0, 2.1, 4.0], [1.0, 2.0, 3.0], rule="above", stderr=0.1)
    assert near == "undecided"
    assert _judged([2.0, np.nan, 4.0], [1.0, 2.0, 3.0], rule="above") == "undecided"


def test_relative():
    exact = [1e-8, 3.0, -4e5]
    near = [1e-8 * (1 + 1e-7), 3.0, -4e5]
    assert _judged(near, exact, rule="agrees", relative=1e-6) == "holds"
    assert _judged(near, exact, rule="agrees", relative=1e-8) == "fails"
    assert (
        _judged([0.0, 1.0, 1.0], [0.0, 1.0, 1.0], rule="agrees", relative=1e-9)
        == "holds"
    )
    assert (
        _judged([0.1, 1.0, 1.0], [0.0, 1.0, 1.0], rule="agrees", relative=1.0)
        == "fails"
    )


SPEC = {
    "title": "t",
    "sweep": {"momentum-score.reach": [2.0, 8.0]},
    "metrics": ["momentum-score"],
    "claims": ["c"],
    "fits": [{"metric": "momentum-score", "against": "momentum-score.reach"}],
}


def test_a_parameter_of_a_metric_is_swept():
    cells = cells_of(parse(SPEC, "t", "quick"), "t")
    assert [cell.metrics[0].reach for cell in cells] == [2.0, 8.0]
    assert [cell.columns for cell in cells] == [
        {"momentum-score.reach": 2.0}, {"momentum-score.reach": 8.0}
    ]  # fmt: skip
    assert rows_key(cells[0], cells[0].metrics[0]) != rows_key(
        cells[1], cells[1].metrics[0]
    )
    wrong = SPEC | {"sweep": {"coupling.reach": [1.0]}}
    with pytest.raises(StudyError, match=r"momentum-score\.PARAMETER"):
        cells_of(parse(wrong, "t", "quick"), "t")


def test_tolerance_of_an_exponent_is_limited():
    check = {"rule": "exponent", "fit": "momentum-score", "tolerance": 0.1}
    spec = SPEC | {"verdicts": [{"claim": "c", "checks": [check]}]}
    with pytest.raises(StudyError, match=r"at most 0\.075"):
        check_references(parse(spec, "t", "quick"), "t")


def test_rows_of_no_particles_depend_on_the_plugins_of_the_system():
    def key(**initial):
        spec = SPEC | {"system": {"initial": {"name": "student", **initial}}}
        cell = cells_of(parse(spec, "t", "quick"), "t")[0]
        return rows_key(cell, cell.metrics[0])

    assert key(df=2.5) == key(df=2.5)
    assert key(df=2.5) != key(df=3.5)


def test_measure_gives_times_to_a_metric_of_no_particles():
    rows = measure(["gronwall"], system=System(), times=[0.0, 0.5])
    found = rows[(rows["metric"] == "gronwall-value") & (rows["index"] == "linear")]
    # f' = 1.2 f + 0.05, f(0) = 0.01, at t = 1/2.
    exact = 0.01 * math.exp(0.6) + 0.05 / 1.2 * math.expm1(0.6)
    assert found["value"].iloc[-1] == pytest.approx(exact, rel=1e-10)


def test_the_score_of_a_lemma_that_says_nothing_is_refused():
    system = System(
        1,
        create("potential", "gaussian", strength=0.8, width=0.9),
        create("distribution", "gaussian", qq=0.5, pp=0.4),
    )
    field = solve_mean_field(system, (0.0, 0.5), "characteristics")
    with pytest.raises(ParameterError, match=r"score-flow.*bounded score.*mollified"):
        measure(["score-flow"], field=field)
