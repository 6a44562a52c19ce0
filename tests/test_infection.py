"""The pure-birth process of (28)-(34), the law in half a torus, the metric of both."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import linalg, stats

import mfplug
from mfplug.errors import ParameterError
from mfplug.theory import birth, propagation
from mfplug.theory.counting.arcs import half_counts
from mfplug.theory.counting.measure import problem_of
from mfplug.theory.counting.variants import given_sectors
from mfplug.theory.deviations import bernstein_tail

KAPPA = 0.31


def test_each_particle_alone_gives_the_binomial_law():
    # b = 0: every good particle leaves at the rate S a.
    process = birth.corrected_process(12, KAPPA, 1.7, 0.0)
    chance = -math.expm1(-1.7 * 12 ** (KAPPA - 0.5) * 0.6)
    exact = stats.binom.pmf(np.arange(13), 12, chance)
    np.testing.assert_allclose(process.law(0.6), exact, rtol=1e-11)
    # Planted: a rate that is 1 % off shows at once.
    off = birth.BirthProcess(1.01 * process.rates).law(0.6)
    assert np.abs(off - exact).max() > 1e-3


def test_linear_rates_give_the_negative_binomial_law():
    # Yule with immigration: lambda_k = 0.8 (k + 2.3), below the end of the chain.
    process = birth.BirthProcess(0.8 * (np.arange(60) + 2.3))
    exact = stats.nbinom.pmf(np.arange(60), 2.3, math.exp(-0.8 * 1.4))
    np.testing.assert_allclose(process.law(1.4), exact, rtol=1e-11)


@pytest.mark.parametrize("step", [1, 2])
def test_law_by_the_exponential_of_the_generator(step):
    N, t = 20, 0.9
    process = birth.corrected_process(N, KAPPA, 1.4, 0.8)
    if step == 2:
        process = birth.printed_process(N, KAPPA, 1.4, 0.8)
    generator = np.diag(-process.rates)
    generator[np.arange(step, N + 1), np.arange(N + 1 - step)] = process.rates[:-step]
    exact = linalg.expm(generator * t)[:, 3]
    np.testing.assert_allclose(process.law(t, start=3), exact, atol=1e-13)
    lost = 1.0 - math.fsum(process.law(3.0))
    # E15: jumps of two leave 0, ..., N, those of one do not.
    assert lost > 0.99 if step == 2 else abs(lost) < 1e-12


def test_law_by_simulation():
    """Sums of waiting times, 40 000 paths, seed 1; a false alarm has chance 1e-4."""
    N, t, paths = 15, 0.7, 40_000
    process = birth.corrected_process(N, KAPPA, 1.3, 1.6)
    rng = np.random.default_rng(1)
    waits = rng.exponential(size=(paths, N)) / process.rates[:-1]
    state = (np.cumsum(waits, axis=1) <= t).sum(axis=1)
    seen = np.bincount(state, minlength=N + 1)
    expected = paths * process.law(t)

    def chance(expected):
        common = expected > 10
        pull = (seen[common] - expected[common]) ** 2 / expected[common]
        return stats.chi2.sf(pull.sum(), common.sum() - 1)

    assert chance(expected) > 1e-4
    # Planted: two per cent faster.
    faster = birth.BirthProcess(1.02 * process.rates)
    assert chance(paths * faster.law(t)) < 1e-6


def test_mean_lies_below_the_logistic_curve_and_tends_to_it():
    def gap(N):
        # kappa with N^(kappa - 1/2) = 0.2 at each N.
        kappa = 0.5 + math.log(0.2) / math.log(N)
        process = birth.corrected_process(N, kappa, 1.3, 0.7)
        mean = birth.mean_share(process.law(2.0))
        return float(propagation.logistic_bound(1.3, 0.7, 0.2, 2.0)) - mean

    assert 0.0 < gap(400) < gap(100) < gap(40)
    assert 100 * gap(100) == pytest.approx(400 * gap(400), rel=0.02)


def test_negative_mass_is_the_integral_of_its_rate():
    """The closed form against the integral over time, by Gauss-Legendre."""
    N, S, b, t = 18, 1.2, 0.9, 0.8
    tail = bernstein_tail(0.4, b)
    process = birth.corrected_process(N, KAPPA, S, b)
    found = birth.negative_mass(process, process.law(t), KAPPA, S, b, tail)
    k = np.arange(N + 1)
    cost = 2.0 * ((N - k) * S * b + process.rates) * tail(N, KAPPA)
    x, w = np.polynomial.legendre.leggauss(24)
    parts = [process.law(0.5 * t * (1 + y)) @ cost for y in x]
    assert found == pytest.approx(0.5 * t * (w @ parts), rel=1e-11)
    printed = birth.printed_process(N, KAPPA, S, b)
    with pytest.raises(ParameterError, match="expected step 1"):
        birth.negative_mass(printed, printed.law(t), KAPPA, S, b, tail)


@pytest.mark.parametrize(
    ("rates", "time", "start", "words"),
    [
        ([1.0, -2.0], 1.0, 0, r"got rates \[1.0, -2.0\], expected finite"),
        ([1.0, math.inf], 1.0, 0, "expected finite numbers"),
        ([1.0, 0.0], -1.0, 0, "got time -1.0, expected a finite time"),
        ([1.0, 0.0], 1.0, 2, "got start 2, expected 0 to 1"),
        ([1.0, 0.0], 1e8, 0, "too many jumps"),
    ],
)
def test_bad_processes(rates, time, start, words):
    with pytest.raises(ParameterError, match=words) as refusal:
        birth.BirthProcess(np.array(rates)).law(time, start)
    assert "\n" not in str(refusal.value)


def test_counts_in_half_a_torus_by_trying_all_shifts():
    rng = np.random.default_rng(7)
    box, N = 3.0, 6
    q = rng.uniform(-9.0, 9.0, (5, N))
    shifts = (np.arange(60_000) + 0.5) / 60_000 * box
    tried = np.zeros((5, N + 1))
    for r in range(5):
        inside = np.mod(q[r][:, None] - shifts, box) < 0.5 * box
        tried[r] = np.bincount(inside.sum(axis=0), minlength=N + 1) / shifts.size
    found = half_counts(q, box)
    np.testing.assert_allclose(found, tried, atol=3e-4)
    np.testing.assert_allclose(found, found[:, ::-1], atol=1e-12)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-12)


def test_independent_particles_have_the_binomial_law():
    """20 000 replicas, seed 2: within 4.5 errors, one false alarm in 1e4."""
    rng = np.random.default_rng(2)
    found = half_counts(rng.uniform(0.0, 1.0, (20_000, 9)), 1.0)
    exact = stats.binom.pmf(np.arange(10), 9, 0.5)
    error = found.std(axis=0, ddof=1) / math.sqrt(20_000)
    assert np.abs(found.mean(axis=0) - exact).max() < 4.5 * error.max()
    # Drawn once for each replica, as many give a larger error: the mean is worth it.
    once = np.sqrt(exact * (1 - exact) / 20_000)
    assert np.sum(error**2) < 0.5 * np.sum(once**2)


HMF = {
    "dimension": 1,
    "box": 2.0 * math.pi,
    "potential": {"name": "cosine", "strength": -1.0},
    "initial": {"name": "homogeneous", "momentum": "lorentz", "width": 0.4},
}


def ensemble_of(N=8, replicas=200, **changes):
    system = mfplug.System.from_dict(HMF | changes)
    return mfplug.simulate(system, N, replicas, (0.0, 2.0), step=0.1, seed=5)


def test_metric():
    rows = mfplug.measure(["infection"], ensemble_of())
    table = rows.set_index(["metric", "index"])["value"]
    sectors = rows[rows["metric"] == "sector"]
    assert sectors["value"].sum() == pytest.approx(1.0, abs=1e-9)
    assert (sectors["lower"] <= sectors["value"]).all()
    assert (sectors["value"] <= sectors["upper"]).all()
    k = sectors["index"].astype(float)
    mean = float((k / 8 * sectors["value"]).sum())
    assert table["sector-mean", ""] == pytest.approx(mean, abs=1e-12)
    assert mean <= table["infection-alpha", ""] + 1e-9
    # S = 1/0.4, B = 1, N^(-1/2 + kappa) = sqrt(3 log 8/8).
    level = math.sqrt(3 * math.log(8) / 8)
    rate = 8 * 2.5 * level
    assert table["birth", "0"] == pytest.approx(math.exp(-2.0 * rate), rel=1e-9)
    curve = float(propagation.logistic_bound(2.5, 1.0, level, 2.0))
    assert table["birth-logistic", ""] == pytest.approx(curve, rel=1e-12)
    assert table["birth-mean", ""] < curve


def test_a_process_too_slow_does_not_make_the_law():
    """Planted: at 1/200 of the speed the law needs more negative parts than allowed."""
    width = {"name": "homogeneous", "momentum": "lorentz", "width": 0.25}
    ensemble = ensemble_of(replicas=400, initial=width)
    law = half_counts(ensemble.q[1, :, :, 0], HMF["box"]).mean(axis=0)
    problem = problem_of({(n, 8 - n): w for n, w in enumerate(law)}, np.full(2, 0.5))
    level = math.sqrt(3 * math.log(8) / 8)
    kappa = 0.5 + math.log(level) / math.log(8)
    process = birth.corrected_process(8, kappa, 4.0, 1.0)

    def excess(time):
        moved = process.law(time)
        tail = bernstein_tail(0.5, 1.0)
        allowed = birth.negative_mass(process, moved, kappa, 4.0, 1.0, tail)
        return given_sectors(problem, moved) - allowed

    assert excess(2.0) < -0.5
    assert excess(2.0 / 200) > 0.05


@pytest.mark.parametrize(
    ("ensemble", "words"),
    [
        ({"initial": {"name": "homogeneous", "amplitude": 0.2}}, "amplitude 0"),
        ({"initial": "homogeneous"}, "bounded score"),
        ({"N": 4}, "too few particles; got N = 4"),
        ({"replicas": 39}, "too few replicas to say anything; got 39"),
    ],
)
def test_what_the_metric_refuses(ensemble, words):
    with pytest.raises(ParameterError, match=words) as refusal:
        mfplug.measure(["infection"], ensemble_of(**ensemble))
    assert "\n" not in str(refusal.value)
