"""Control variates of transport distances, and the fit of ((log N + b)/N)^e."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mfplug.errors import NumericsError, ParameterError
from mfplug.theory.log_power import fit_shifted_log
from mfplug.theory.moments import controlled_mean, moment_controls
from mfplug.theory.power_fit import fit_power
from mfplug.theory.transport import wasserstein1

SIZES = np.array([32.0, 64.0, 128.0, 256.0, 512.0])
MEAN, WIDTH = np.array([0.3, -0.2]), np.array([0.5, 1.4])


def grid() -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Hermite nodes of the law of :func:`clouds`."""
    x, w = np.polynomial.hermite_e.hermegauss(24)
    nodes = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1).reshape(-1, 2)
    weights = np.outer(w, w).ravel()
    return MEAN + WIDTH * nodes, weights / weights.sum()


def clouds(rng: np.random.Generator, count: int, n: int) -> np.ndarray:
    return MEAN + WIDTH * rng.standard_normal((count, n, 2))


def test_controls_have_mean_zero() -> None:
    """E (int e d(mu - nu))^2 = 1/N + 1/M: 3000 pairs, seed 5, 5 standard errors.

    17 statistics: false-alarm rate 1e-5.
    """
    rng = np.random.default_rng(5)
    x, y = clouds(rng, 3000, 24), clouds(rng, 3000, 40)
    controls = moment_controls(x, y, *grid(), degree=4)
    assert controls.shape == (3000, 17)
    error = controls.std(axis=0, ddof=1) / math.sqrt(3000)
    assert np.all(np.abs(controls.mean(axis=0)) < 5 * error)
    # Planted: the nodes of another law, 4 % wider.
    nodes, weights = grid()
    wrong = moment_controls(x, y, 1.04 * nodes, weights, degree=4)
    assert np.any(np.abs(wrong.mean(axis=0)) > 5 * error)


def test_controlled_mean_keeps_the_mean_and_narrows_it() -> None:
    """W1 on the line, 24 points: the plain mean of 20000 pairs against 200 x 40.

    200 intervals of 95 %, seed 6: at most 20 misses (binomial, 1e-3).
    """
    rng = np.random.default_rng(6)
    nodes, weights = grid()
    first, second = nodes[:, :1], weights
    x, y = clouds(rng, 8000, 24)[..., :1], clouds(rng, 8000, 24)[..., :1]
    values = np.array([wasserstein1(a, b) for a, b in zip(x, y, strict=True)])
    controls = moment_controls(x, y, first, second, degree=4)
    truth = values.mean()
    misses, gains = 0, []
    for k in range(200):
        part = slice(40 * k, 40 * k + 40)
        found = controlled_mean(values[part], controls[part])
        misses += not found.lower <= truth <= found.upper
        gains.append(found.stderr / (values[part].std(ddof=1) / math.sqrt(40)))
    assert misses <= 20
    assert np.median(gains) < 0.6
    # Planted: controls with a mean of 1 shift the value beyond its error.
    wrong = controlled_mean(values, controls + 1.0)
    assert abs(wrong.value - truth) > 20 * wrong.stderr


def test_too_few_replicas_give_the_plain_mean() -> None:
    values = np.array([0.4, 0.7, 0.1, 0.9])
    found = controlled_mean(values, np.arange(8.0).reshape(4, 2))
    assert found.value == pytest.approx(0.525)
    assert found.stderr == pytest.approx(np.std(values, ddof=1) / 2)
    with pytest.raises(ParameterError, match="one row a replica"):
        controlled_mean(values, np.zeros((3, 2)))
    with pytest.raises(ParameterError, match="two clouds a replica"):
        moment_controls(np.zeros((2, 3, 2)), np.zeros((3, 3, 2)), *grid(), degree=2)


def test_shifted_log_finds_exponent_and_constant() -> None:
    y = 0.43 * ((np.log(SIZES) + 0.62) / SIZES) ** 0.47
    fit = fit_shifted_log(SIZES, y)
    assert fit.exponent == pytest.approx(0.47, abs=1e-6)
    assert fit.correction == pytest.approx(0.62, abs=1e-4)


def test_shifted_log_covers() -> None:
    """Errors of 0.2 %, 400 runs, seed 9: the 95 % interval misses 6 to 38 times.

    Binomial, 1e-3 on both sides together; t with 2 degrees of freedom over-covers.
    """
    rng = np.random.default_rng(9)
    exact = 0.43 * ((np.log(SIZES) + 0.62) / SIZES) ** 0.5
    error = 0.002 * exact
    missed = 0
    for _ in range(400):
        fit = fit_shifted_log(SIZES, exact + error * rng.standard_normal(5), error)
        missed += abs(fit.exponent - 0.5) > 1.96 * fit.stderr
    assert missed <= 38
    # Planted: the power law alone is off by .1 and never covers.
    assert abs(fit_power(SIZES, exact, error).exponent + 0.5) > 0.05


@pytest.mark.parametrize(
    ("n", "y", "error", "words"),
    [
        ([1.0, 2, 4, 8], [1.0, 1, 1, 1], ParameterError, "Drop the smallest N"),
        ([8.0, 16, 32], [1.0, 1, 1], ParameterError, "more than the 3 parameters"),
        ([8.0, 16, 32, 64], [8.0, 16, 32, 64], NumericsError, "runs away"),
    ],
)
def test_shifted_log_refuses(n, y, error, words) -> None:
    with pytest.raises(error, match=words):
        fit_shifted_log(n, y)
    with pytest.raises(ParameterError, match="exponent k > 0"):
        fit_power([1.0, 2, 4, 8], [1.0, 1, 1, 1], correction=-0.5)
