"""Intervals and fitted rates: exact cases, and coverage by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mfplug.errors import NumericsError, ParameterError
from mfplug.theory import (
    family_quantile,
    fit_power,
    log_over,
    mean_interval,
    student_quantile,
)

N = np.array([16.0, 32.0, 64.0, 128.0, 256.0])


def test_mean_interval_of_known_numbers() -> None:
    x = np.array([[1.0, 10.0], [2.0, 10.0], [6.0, 10.0]])
    found = mean_interval(x)
    assert found.value == pytest.approx([3.0, 10.0])
    assert found.stderr == pytest.approx([math.sqrt(7.0 / 3.0), 0.0])
    assert found.upper[0] - 3.0 == pytest.approx(4.302652729911 * found.stderr[0])
    assert found.replicas == 3


def test_mean_interval_coverage() -> None:
    """Seed 1, 4000 intervals of 5 normal numbers: coverage .95 +- .0114 (3.3 se)."""
    x = np.random.default_rng(1).normal(2.0, 3.0, size=(5, 4000))
    found = mean_interval(x)
    inside = ((found.lower <= 2.0) & (found.upper >= 2.0)).mean()
    assert abs(inside - 0.95) < 0.0114
    # Planted defect: the normal quantile instead of Student's under-covers visibly.
    wrong = (np.abs(found.value - 2.0) <= 1.96 * found.stderr).mean()
    assert wrong < 0.90


def test_quantiles_against_scipy() -> None:
    assert student_quantile(0.95, 7) == pytest.approx(stats.t.ppf(0.975, 7), rel=1e-10)
    assert student_quantile(0.95, math.inf) == pytest.approx(1.959963984540, rel=1e-12)
    assert family_quantile(1) == pytest.approx(stats.norm.isf(5e-4), rel=1e-10)
    m = 52
    sidak = stats.norm.isf(0.5 * (1 - (1 - 1e-3) ** (1 / m)))
    assert family_quantile(m) == pytest.approx(sidak, rel=1e-10)
    bonferroni = stats.t.isf(0.5e-3 / m, 30)
    found = family_quantile(m, dof=30, method="bonferroni")
    assert found == pytest.approx(bonferroni, rel=1e-9)
    # Independent tests: the family fails with chance exactly 1e-3.
    single = 2 * stats.norm.sf(family_quantile(m))
    assert 1 - (1 - single) ** m == pytest.approx(1e-3, rel=1e-9)


def test_fit_power_of_exact_laws() -> None:
    fit = fit_power(N, 2.5 * N**-0.75)
    assert fit.exponent == pytest.approx(-0.75, abs=1e-13)
    assert fit.amplitude == pytest.approx(2.5, rel=1e-12)
    assert fit.stderr < 1e-12
    two = fit_power(N, 0.3 * N**-0.5 * (1 - 4.0 / N), correction=True)
    assert two.exponent == pytest.approx(-0.5, abs=1e-6)
    assert two.correction == pytest.approx(-4.0, rel=1e-4)
    assert two(N) == pytest.approx(0.3 * N**-0.5 * (1 - 4.0 / N), rel=1e-6)
    # Without the correction the same data give a biased exponent.
    assert abs(fit_power(N, 0.3 * N**-0.5 * (1 - 4.0 / N)).exponent + 0.5) > 0.05
    root = fit_power(log_over(N), 1.7 * np.sqrt(np.log(N) / N))
    assert root.exponent == pytest.approx(0.5, abs=1e-12)


def test_fit_power_standard_error_is_that_of_weighted_least_squares() -> None:
    y = 3.0 * N**-1.0 * np.array([1.02, 0.99, 1.0, 1.01, 0.985])
    se = y * np.array([0.05, 0.04, 0.1, 0.06, 0.08])
    fit = fit_power(N, y, se)
    w = (y / se) ** 2
    mean = (w * np.log(N)).sum() / w.sum()
    exact = 1 / math.sqrt((w * (np.log(N) - mean) ** 2).sum())
    assert fit.stderr == pytest.approx(exact, rel=1e-12)
    assert fit.inflation == 1.0
    assert fit.upper - fit.exponent == pytest.approx(stats.t.ppf(0.975, 3) * exact)


def coverage(
    scatter: float, runs: int, correction: bool = False
) -> tuple[float, float]:
    """Shares of t intervals, and of plain normal ones, that hold the true -0.5."""
    rng = np.random.default_rng(7)
    x = np.geomspace(16, 512, 8) if correction else N
    inside = plain = 0
    for _ in range(runs):
        true = x**-0.5 * (1 + (3.0 / x if correction else 0.0))
        se = 0.02 * true
        y = true * np.exp(0.02 * scatter * rng.normal(size=x.size))
        fit = fit_power(x, y, se, correction=correction)
        inside += fit.lower <= -0.5 <= fit.upper
        bare = fit.stderr / fit.inflation
        plain += abs(fit.exponent + 0.5) <= 1.96 * bare
    return inside / runs, plain / runs


def test_fit_power_coverage_with_right_and_with_small_errors() -> None:
    """Seed 7, 1500 fits: 0.95 minus 3.3 standard errors is 0.931 (chance 5e-4)."""
    inside, plain = coverage(scatter=1.0, runs=1500)
    assert inside > 0.931
    assert plain == pytest.approx(0.95, abs=0.02)
    inside, plain = coverage(scatter=3.0, runs=1500)
    assert inside > 0.931
    # Planted defect: without inflation the interval misses half of the time.
    assert plain < 0.6


def test_fit_power_coverage_with_correction() -> None:
    """Seed 7, 200 fits with 5 degrees of freedom: chance below 1e-3 to fall to 0.89."""
    inside, _ = coverage(scatter=1.0, runs=200, correction=True)
    assert inside > 0.89


@pytest.mark.parametrize(
    "call",
    [
        lambda: mean_interval([1.0]),
        lambda: mean_interval([1.0, math.nan]),
        lambda: student_quantile(1.0, 3),
        lambda: family_quantile(0),
        lambda: family_quantile(3, method="holm"),
        lambda: fit_power([1.0, 2.0], [1.0, 2.0]),
        lambda: fit_power([1.0, 2.0, 2.0], [1.0, 2.0, 2.0]),
        lambda: fit_power(N, -N),
        lambda: fit_power(N, N, 0 * N),
        lambda: fit_power(N, N[:3]),
        lambda: log_over([2.0]),
    ],
)
def test_bad_input_is_refused(call) -> None:
    with pytest.raises(ParameterError, match="expected"):
        call()


def test_runaway_correction_is_named() -> None:
    """A law whose best b would exceed the smallest N."""
    y = N**-0.5 * (1 + 60.0 / N)
    with pytest.raises(NumericsError, match="runs away"):
        fit_power(N, y, correction=True)
