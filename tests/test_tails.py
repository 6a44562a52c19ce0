"""Tails of the force: audit 4.4 and E11, exact, sampled and bounded."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import j0
from scipy.stats import binom

import mfplug
from mfplug.errors import ParameterError
from mfplug.theory.deviations import bounded_difference_bound, tail_bounds
from mfplug.theory.tails import (
    FluctuationLaw,
    chernoff_bound,
    exact_tail,
    sampled_tail,
    sine_law,
)

LAW = sine_law()
LOG10 = math.log(10.0)
#: N, kappa: log10 of exact, Chernoff, (63) with 1/2 and 1/6, Hoeffding, Bernstein.
TABLE = [
    (10, 0.10, -1.526, -0.718, 0.257, -0.373, -0.344, -0.544),
    (10, 0.25, -2.516, -1.507, 2.208, -0.180, -0.687, -0.999),
    (100, 0.05, -1.435, -0.691, -0.504, -0.627, -0.344, -0.635),
    (100, 0.10, -1.919, -1.098, -0.702, -0.961, -0.545, -0.987),
    (100, 0.25, -5.563, -4.458, -0.251, -2.979, -2.171, -3.587),
    (1000, 0.10, -2.625, -1.731, -1.522, -1.660, -0.864, -1.659),
    (1000, 1 / 6, -5.426, -4.354, -3.463, -4.050, -2.171, -4.072),
    (1000, 0.40, None, -117.1, 118.0, -33.4, -54.5, -81.8),
]


def test_digits_of_the_audit() -> None:
    assert math.exp(exact_tail(LAW, 9, 2.0)) == pytest.approx(0.176565380818, abs=2e-12)
    found = math.exp(exact_tail(LAW, 99, 10.0))
    assert found == pytest.approx(0.0777378804296, abs=1e-12)
    s = np.linspace(0.0, 300.0, 7)
    cf = np.exp(1j * np.outer(s, LAW.values)) @ LAW.weights
    assert np.abs(cf - j0(s)).max() < 1e-13


@pytest.mark.parametrize("row", TABLE)
def test_table_of_the_audit(row) -> None:
    n, kappa, exact, chernoff, half, sixth, hoeffding, bernstein = row
    level = n ** (0.5 + kappa)
    bounds = tail_bounds(LAW, n, kappa)
    tolerance = 0.06 if kappa == 0.4 else 6e-4
    for value, wanted in (
        (chernoff_bound(LAW, n, level), chernoff),
        (bounds.corrected, half),
        (tail_bounds(LAW, n, kappa, 1 / 6).corrected, sixth),
        (bounds.hoeffding, hoeffding),
        (bounds.bernstein, bernstein),
    ):
        assert value / LOG10 == pytest.approx(wanted, abs=tolerance)
    if exact is not None:
        assert exact_tail(LAW, n - 1, level) / LOG10 == pytest.approx(exact, abs=6e-4)


@pytest.mark.parametrize(
    ("kappa", "logs", "inside"),
    [
        (0.05, (0.164, 0.0135, 0.0012, 1.07e-4), (0.918, 0.9966, 0.9998, 1.0)),
        (0.10, (0.477, 0.108, 0.0269, 0.00676), (0.880, 0.9932, 0.9996, 1.0)),
        (1 / 6, (2.03, 1.73, 1.70, 1.70), (0.797, 0.9827, 0.9983, 0.9998)),
        (0.25, (13.1, 56.8, 305, 1700), (0.586, 0.943, 0.9904, 0.9983)),
        (0.40, (523, 4.2e4, 4.23e6, 4.77e8), (-1.08, 0.334, 0.733, 0.880)),
    ],
)
def test_r_outside_and_inside(kappa, logs, inside) -> None:
    """Audit E11, N = 1e3, 1e6, 1e9, 1e12, to the digits printed there (kappa = 0.4
    has two in print; its third is log r = 4.23e6, 4.77e8, which round to them)."""
    for n, log_r, r in zip((1e3, 1e6, 1e9, 1e12), logs, inside, strict=True):
        found = tail_bounds(LAW, n, kappa)
        assert found.log_r == pytest.approx(log_r, rel=8e-3)
        assert found.r_inside == pytest.approx(
            r, abs=6e-4 if r < 0.95 else 6e-5, rel=5e-3
        )


def test_exact_tail_of_signs() -> None:
    """Signs smeared by a uniform law of width w: binomial tails, at any depth.

    S of 40 signs is even, so smearing each by up to 1/50 changes no tail at odd levels.
    """
    u, w = np.polynomial.legendre.leggauss(40)
    values = np.concatenate([-1 + u / 50, 1 + u / 50])
    law = FluctuationLaw(values, np.concatenate([w, w]) / 4)
    for level in (1.0, 11.0, 25.0):
        exact = binom.logsf((40 + level) / 2, 40, 0.5)
        assert exact_tail(law, 40, level) == pytest.approx(exact, abs=2e-6)


def test_sampled_tail_of_rare_events() -> None:
    """Tilted samples against the exact tail: 8 levels, 4.5 standard errors, seed 2."""
    rng = np.random.default_rng(2)
    for kappa in (0.05, 0.1, 0.2, 0.3):
        for n in (20, 100):
            level = n ** (0.5 + kappa)
            value, error = sampled_tail(LAW, n - 1, level, 500, rng)
            exact = math.exp(exact_tail(LAW, n - 1, level))
            assert abs(value - exact) < 4.5 * error
            assert error < 0.2 * exact
            # Planted: one particle more.
            if kappa == 0.3:
                wrong = math.exp(exact_tail(LAW, n + n // 2, level))
                assert abs(value - wrong) > 4.5 * error


def test_bounded_differences() -> None:
    assert bounded_difference_bound(50, 0.2) == pytest.approx(math.exp(-4.0))
    assert bounded_difference_bound(50, 0.0) == 1.0
    with pytest.raises(ParameterError, match="Take kappa above"):
        bounded_difference_bound(50, -0.1)


def test_rows_of_the_metric() -> None:
    system = mfplug.System(
        dimension=1,
        box=2 * math.pi,
        potential=mfplug.create("potential", "cosine", strength=-1.0),
        initial=mfplug.create("distribution", "homogeneous", momentum="lorentz"),
    )
    metric = {"name": "tail", "kappas": [0.25], "draws": 300}
    rows = mfplug.measure([metric], system=system, times=[0.0], particles=100)
    rows = rows.set_index("metric")
    assert set(rows["index"]) == {"0.25"}
    value = rows.value
    assert value["tail-exact"] == pytest.approx(5.563, abs=6e-4)
    assert value["tail-corrected"] == pytest.approx(0.251, abs=6e-4)
    sampled = rows.loc["tail-sampled"]
    assert abs(sampled.value - value["tail-exact"]) < 4.5 * sampled.stderr
    assert (
        "tail-sampled"
        not in mfplug.measure(
            [metric | {"largest": 50}], system=system, times=[0.0], particles=100
        ).metric.to_list()
    )
    moved = mfplug.create("distribution", "homogeneous", amplitude=0.1)
    other = mfplug.System(
        dimension=1, box=system.box, potential=system.potential, initial=moved
    )
    with pytest.raises(ParameterError, match="homogeneous state on the circle"):
        mfplug.measure([metric], system=other, times=[0.0], particles=100)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: exact_tail(LAW, 5, 1.0), "Take more particles"),
        (lambda: exact_tail(LAW, 50, 51.0), "cannot reach it"),
        (lambda: tail_bounds(LAW, 10, 0.5), "0 < kappa < 1/2"),
        (lambda: FluctuationLaw(np.ones(2), np.full(2, 0.5)), "the mean is 1"),
        (lambda: FluctuationLaw(np.ones(2), np.ones(2)), "Normalise them"),
        (lambda: mfplug.create("metric", "tail", kappas=[0.6]), "between 0 and 1/2"),
    ],
)
def test_refused(call, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        call()


@pytest.mark.parametrize("level", [-8.0, -1.0, 0.0, 1.0, 4.0])
def test_chernoff_is_a_bound_at_every_level(level):
    """Nine signs: P(S > level) exactly; below the mean a negative s proves nothing."""
    signs = FluctuationLaw(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
    exact = float(binom.sf(math.floor((9 + level) / 2), 9, 0.5))
    assert math.log(exact) <= chernoff_bound(signs, 9, level) <= 0.0
    with pytest.raises(ParameterError, match="0 terms cannot reach it"):
        chernoff_bound(signs, 0, level)
