"""Metrics against the closed forms of the harmonic model, and against hand counts.

Sampled values are compared in units of their standard error. The 80 comparisons of
``test_closed_forms`` use one seed and the limit 4.5: for independent normal errors the
chance of a false alarm of the whole family is below 80 * 6.8e-6 = 5.5e-4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from harmonic_cloud import (
    ETA,
    LIMIT,
    SIGMA,
    TIMES,
    law,
    solved,
    system,
)
from scipy.stats import multivariate_normal

import mfplug
from mfplug import ParameterError, PluginError, Row
from mfplug.contracts.metric import Sample, mean_row


@pytest.fixture(scope="module", params=[6, 20])
def ensemble(request):
    """3000 replicas of 6 and of 20 particles, seed 11; steps of order 4, 0.05."""
    return mfplug.simulate(
        system(), request.param, 3000, TIMES, 0.05, "yoshida4", seed=11
    )


def entries(matrix):
    """Return the entries of a covariance by the names of the rows."""
    return {"qq": matrix[0, 0], "qp": matrix[0, 1], "pp": matrix[1, 1]}


def coarse(at, N):
    """Return sum over cells |F^1 - f_t|: both carried back by the mean-field flow.

    F^1 then is N(m_0, Sigma_0 + R^-1 D R^-T / N); the cells are the quartiles of f_0.
    """
    back = np.linalg.inv(at.relative)
    carried = SIGMA + back @ at.excess @ back.T / N
    edges = np.array([-9.0, -0.6744897501960817, 0.0, 0.6744897501960817, 9.0])
    x, y = (edges * math.sqrt(SIGMA[k, k]) for k in (0, 1))

    def masses(covariance):
        cdf = multivariate_normal(cov=covariance).cdf
        table = np.array([[cdf([a, b]) for b in y] for a in x])
        return np.diff(np.diff(table, axis=0), axis=1)

    return np.abs(masses(carried) - masses(SIGMA)).sum()


def exact_values(metric, at, N):
    """Return the closed forms of one metric at one time, by (metric, index)."""
    close, force = at.distances(N), at.force_fluctuation(N)
    v, c = at.vlasov[0, 0] + at.excess[0, 0] / N, at.excess[0, 0] / N
    if metric == "coupling":
        return dict.fromkeys(
            [("coupling-mean", ""), ("coupling-max", "")], at.coupling(N)
        )
    if metric == "force-fluctuation":
        found = {"rms": force.rms, "with-self": force.rms_with_self}
        if N == 2:
            # |eta| E max(|a|, |b|) / 2 = |eta| (E|a + b| + E|a - b|) / 4.
            sums = math.sqrt(2 * (v + c)) + math.sqrt(2 * (v - c))
            found["max"] = ETA * math.sqrt(2 / math.pi) * sums / 4
        return {(metric, k): x for k, x in found.items()}
    if metric == "marginal-l1":
        return {(metric, "1"): close.l1, (f"{metric}-coarse", "1"): coarse(at, N)}
    names = ("kl", "kl-reverse", "hellinger-squared", "w2", "w1-q", "bl-q", "l1-q")
    found = {(k, ""): getattr(close, k.replace("-", "_")) for k in names}
    one = entries(at.vlasov + at.excess / N)
    found |= {("covariance", k): x for k, x in one.items()}
    two = entries(at.excess / N)
    return found | {("cross-covariance", k): x for k, x in two.items()}


def pulls(metric, ensemble, field):
    """Return (value - exact) / standard error of every row with a closed form."""
    spec = {"name": metric, "s": [1]} if metric == "marginal-l1" else metric
    rows = mfplug.measure([spec], ensemble, field, seed=3)
    found = {}
    for t in TIMES:
        for (name, index), value in exact_values(
            metric, law(t), ensemble.particles
        ).items():
            row = rows[
                (rows.metric == name) & (rows["index"] == index) & (rows.time == t)
            ]
            if t > 0 or metric == "force-fluctuation":
                (row,) = row.itertuples()
                assert row.lower < row.value < row.upper
                assert row.replicas == ensemble.replicas
                found[name, index, t] = (row.value - value) / row.stderr
            else:
                assert row.empty
    return found


#: How many rows of each metric have a closed form, at N = 6 and 20.
COUNTS = {
    "coupling": 4,
    "force-fluctuation": 6,
    "marginal-l1": 4,
    "gaussian-law": 26,
}


@pytest.mark.parametrize("metric", COUNTS)
def test_closed_forms(metric, ensemble):
    """Right with the right field; the same limit catches a strength off by 10 %."""
    right = pulls(metric, ensemble, solved())
    assert len(right) == COUNTS[metric]
    assert max(map(abs, right.values())) < LIMIT, right
    wrong = pulls(metric, ensemble, solved(1.1 * ETA))
    assert max(map(abs, wrong.values())) > 2 * LIMIT


@pytest.mark.parametrize("metric", COUNTS)
def test_standard_errors_are_true(metric):
    """The spread of 20 independent ensembles against the errors that they state.

    N = 6, 250 replicas, seeds 0 to 19. If all rows of a metric were one, 20 times the
    mean square of the pulls would be chi-squared with 20 degrees of freedom, which
    leaves (5, 48) by chance in 7e-4 of the cases; errors wrong by 2 leave it surely.
    """
    field, squares = solved(), []
    for seed in range(20):
        e = mfplug.simulate(system(), 6, 250, TIMES, 0.1, "yoshida4", seed=seed)
        squares.append(np.mean(np.square(list(pulls(metric, e, field).values()))))
    assert 5 / 20 < np.mean(squares) < 48 / 20


def test_field_covariance_is_exact(ensemble):
    """Rows without sampling: 1e-9, and 10 % more strength is seen."""

    def off(field):
        rows = mfplug.measure(["gaussian-law"], ensemble.take(slice(0, 50)), field)
        rows = rows[rows.metric == "mean-field-covariance"]
        assert len(rows) == 6
        return max(
            abs(row.value - entries(law(row.time).vlasov)[row.index])
            for row in rows.itertuples()
        )

    assert off(solved()) < 1e-9
    assert off(solved(1.1 * ETA)) > 1e-2


@pytest.mark.parametrize("d", [2, 3])
def test_more_dimensions(d):
    """Coupling and force fluctuation: equal axes. 1500 replicas, seed 5, 8 numbers."""
    N = 6
    e = mfplug.simulate(system(d=d), N, 1500, TIMES, 0.1, "yoshida4", seed=5)

    def far(field):
        rows = mfplug.measure(["coupling", "force-fluctuation"], e, field)
        found = []
        for row in rows.itertuples():
            force = law(row.time).force_fluctuation(N)
            exact = {
                ("coupling-mean", ""): law(row.time).coupling(N, d),
                ("force-fluctuation", "rms"): math.sqrt(d) * force.rms,
                ("force-fluctuation", "with-self"): math.sqrt(d) * force.rms_with_self,
            }.get((row.metric, row.index))
            if exact is not None:
                found.append(abs(row.value - exact) / row.stderr)
        assert len(found) == 8
        return max(found)

    assert far(solved(d=d)) < LIMIT
    assert far(solved(1.1 * ETA, d)) > 1.5 * LIMIT


def test_largest_fluctuation_of_two_particles():
    """The max of two correlated normal numbers: 3000 replicas, seed 2, 9 numbers."""
    e = mfplug.simulate(system(), 2, 3000, TIMES, 0.1, "yoshida4", seed=2)
    found = pulls("force-fluctuation", e, solved())
    assert sum(index == "max" for _, index, _ in found) == 3
    assert max(map(abs, found.values())) < LIMIT


def test_the_marginal_needs_enough_replicas(ensemble):
    rows = mfplug.measure(["marginal-l1"], ensemble.take(slice(0, 30)), solved())
    assert rows.value.isna().all()
    assert list(rows["index"][:4]) == ["1", "2", "3", "1"]
    assert rows.note.str.contains("30 replicas are too few for this degree").all()
    for s in ([], [4], [2, 1], [1, 1]):
        with pytest.raises(ParameterError, match="expected some of 1, 2, 3 in this"):
            mfplug.create("metric", "marginal-l1", s=s)
    field = solved(d=2)
    e = mfplug.simulate(field.system, 3, 4, TIMES, 0.1)
    with pytest.raises(ParameterError, match="'gaussian-law': only d = 1 is computed"):
        mfplug.measure(["gaussian-law"], e, field)


# --------------------------------------------------------------- rows and refusals


def test_mean_row():
    """Mean, standard error and Student's interval of 1, 2, 4: 7/3 +- 4.3027 * .8819."""
    row = mean_row("x", 0.5, np.array([1.0, 2.0, 4.0]), "i", "n")
    assert row.value == pytest.approx(7 / 3)
    assert row.stderr == pytest.approx(math.sqrt(7) / 3)
    assert row.upper - row.value == pytest.approx(4.302652729911275 * math.sqrt(7) / 3)
    assert (row.metric, row.time, row.index, row.note) == ("x", 0.5, "i", "n")
    assert row.replicas == 3
    one = mean_row("x", 0.5, np.array([2.5]))
    assert (one.value, one.stderr, one.lower) == (2.5, None, None)
    assert one.note == "one replica has no standard error"


def test_one_replica(ensemble):
    """Values without errors, not failures."""
    one = ensemble.take(slice(0, 1))
    rows = mfplug.measure(
        ["coupling", "force-fluctuation", "energy-drift"], one, solved()
    )
    assert rows.value.notna().all()
    assert rows.stderr.isna().all()
    assert (rows.note == "one replica has no standard error").all()


def test_what_is_missing(ensemble):
    small, field = ensemble.take(slice(0, 2)), solved()
    with pytest.raises(
        ParameterError, match="'coupling': it needs the field; got none"
    ):
        mfplug.measure(["coupling"], small)
    with pytest.raises(ParameterError, match="'coupling': it needs the ensemble"):
        mfplug.measure(["coupling"], field=field)
    sample = Sample(system(), TIMES, np.random.default_rng(0))
    with pytest.raises(ParameterError, match="it was given no field"):
        sample.the_field()
    with pytest.raises(ParameterError, match="it was given no ensemble"):
        sample.the_ensemble()


def test_field_and_ensemble_have_to_fit(ensemble):
    small = ensemble.take(slice(0, 2))
    late = mfplug.solve_mean_field(system(), [0.1, 1.7], "harmonic-exact")
    with pytest.raises(
        ParameterError, match=r"start at different times; got 0 and 0\.1"
    ):
        mfplug.measure(["coupling"], small, late)
    with pytest.raises(ParameterError, match="different spaces; got d = 1 and 2"):
        mfplug.measure(["coupling"], small, solved(d=2))
    short = mfplug.solve_mean_field(system(), [0.0, 1.0], "harmonic-exact")
    with pytest.raises(ParameterError, match="outside the solved interval"):
        mfplug.measure(["coupling"], small, short)


@dataclass(frozen=True)
class Odd(mfplug.Observable):
    """A metric that misbehaves on request."""

    name = "odd"
    needs = ()
    how: str = "nan"

    def rows(self, sample):
        """Return what is asked for."""
        if self.how == "fail":
            return [1 / 0]
        if self.how == "type":
            return [("odd", 1.0)]
        value = {"nan": math.nan, "inf": math.inf, "none": None, "good": 2}[self.how]
        return [Row("odd", 1, value, 0.1, math.nan if self.how == "nan" else 1.0)]


def test_rows_of_a_strange_metric():
    """NaN never stands for a number: the cell is empty and the note says why."""
    s = system()
    (nan,) = mfplug.measure([Odd("nan")], system=s).to_dict("records")
    assert math.isnan(nan["value"])
    assert nan["note"] == "value, lower not finite"
    (inf,) = mfplug.measure([Odd("inf")], system=s).to_dict("records")
    assert inf["note"] == "value not finite"
    (none,) = mfplug.measure([Odd("none")], system=s).to_dict("records")
    assert none["note"] == "no value, and the metric does not say why"
    (good,) = mfplug.measure([Odd("good")], system=s).to_dict("records")
    assert (good["value"], good["time"], good["note"]) == (2.0, 1.0, "")
    with pytest.raises(
        PluginError, match=r"'odd': rows\(\) failed; got ZeroDivisionError"
    ):
        mfplug.measure([Odd("fail")], system=s)
    with pytest.raises(PluginError, match=r"rows\(\) returned .*; expected mfplug.Row"):
        mfplug.measure([Odd("type")], system=s)
    with pytest.raises(ParameterError, match="nothing to measure"):
        mfplug.measure([Odd("good")])
