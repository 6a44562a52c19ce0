"""The Hoeffding projection on exact harmonic particles, and its planted defects."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy.special import ndtr

from mfplug.errors import ParameterError
from mfplug.theory import (
    cell_l1,
    gaussian_cell_masses,
    harmonic_law,
    hoeffding_coefficients,
    hoeffding_l1,
    hoeffding_samples,
    polynomial_basis,
)
from mfplug.theory.harmonic import HarmonicLaw

SIGMA = np.array([[1.3, -0.4], [-0.4, 0.7]])
# name: law, N, replicas, degree of the test functions.
CASES = {
    "H1": (harmonic_law(1.0, 1.0), 10, 6000, 6),
    "H3": (harmonic_law(1.0, -1.0), 50, 3000, 4),
    "general": (harmonic_law(1.7, 0.6, 0.35, SIGMA, (0.8, -1.1)), 40, 3000, 4),
}


def gauss_nodes(law: HarmonicLaw, size: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of f_0, exact for polynomials of degree 2 size - 1."""
    z, w = np.polynomial.hermite_e.hermegauss(size)
    grid = np.stack(np.meshgrid(z, z, indexing="ij"), axis=-1).reshape(-1, 2)
    root = np.linalg.cholesky(law.initial_covariance)
    weights = np.outer(w, w).ravel()
    return grid @ root.T + law.initial_mean, weights / weights.sum()


def fine_nodes(law: HarmonicLaw) -> tuple[np.ndarray, np.ndarray]:
    """A fine even grid of f_0, for integrands with kinks."""
    axis = np.linspace(-7, 7, 281)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    weights = np.exp(-(grid**2).sum(axis=1) / 2)
    root = np.linalg.cholesky(law.initial_covariance)
    return grid @ root.T + law.initial_mean, weights / weights.sum()


def draw(law: HarmonicLaw, n: int, replicas: int, seed: int) -> np.ndarray:
    z = np.random.default_rng(seed).normal(size=(replicas, n, 2))
    return z @ np.linalg.cholesky(law.initial_covariance).T + law.initial_mean


def exact_coefficients(law: HarmonicLaw, basis, n: int) -> np.ndarray:
    """N E[e_k] under the law of y_i, N(m_0, R^-1 (A + D/N) R^-T)."""
    back = np.linalg.inv(law.relative)
    covariance = back @ law.marginal_covariance(n) @ back.T
    nodes, weights = gauss_nodes(law)
    root = np.linalg.cholesky(law.initial_covariance)
    z = np.linalg.solve(root, (nodes - law.initial_mean).T).T
    moved = z @ np.linalg.cholesky(covariance).T + law.initial_mean
    return n * (weights @ basis(moved))


@pytest.fixture(scope="module", params=CASES)
def case(request):
    """Law, N, basis, samples of one case; seed 2024."""
    law, n, replicas, degree = CASES[request.param]
    basis = polynomial_basis(*gauss_nodes(law), degree)
    start = draw(law, n, replicas, 2024)
    end = law.nbody_map(start)
    back = law.mean_field_inverse(end)
    return law, n, basis, start, end, back


def test_coefficients_against_the_exact_law(case) -> None:
    """|z| of each coefficient below 5: false alarm under 27 x 6e-7 a case."""
    law, n, basis, start, _, back = case
    found = hoeffding_coefficients(*swap(hoeffding_samples(basis, back, start), n))
    exact = exact_coefficients(law, basis, n)
    noise = np.maximum(found.stderr, 1e-9)
    assert np.all(np.abs(found.value - exact) < 5 * noise)


def swap(samples: tuple[np.ndarray, np.ndarray], n: int):
    return samples[0], n, samples[1]


def l1_of(case, differences, particles, regressors=None):
    law, _, basis, *_ = case
    coefficients = hoeffding_coefficients(differences, particles, regressors)
    nodes, weights = fine_nodes(law)
    return hoeffding_l1(coefficients, basis(nodes), weights)


def test_l1_interval_contains_the_exact_distance(case) -> None:
    """95 % intervals of three fixed seeds: 14 % that chance alone fails one of them."""
    law, n, basis, start, _, back = case
    z, g = hoeffding_samples(basis, back, start)
    found = l1_of(case, z, n, g)
    exact = law.distances(n).l1
    assert found.lower <= exact <= found.upper
    assert found.cross_fitted <= found.plug_in
    assert found.lower <= found.value <= found.upper
    assert (found.upper - found.lower) < 0.5 * exact


def test_planted_factor_forgotten_leaves_the_interval(case) -> None:
    """Coefficients without the factor N, but the distance divided by it."""
    law, n, basis, start, _, back = case
    z, g = hoeffding_samples(basis, back, start)
    forgotten = dataclasses.replace(hoeffding_coefficients(z, 1, g), particles=n)
    nodes, weights = fine_nodes(law)
    found = hoeffding_l1(forgotten, basis(nodes), weights)
    assert found.upper < 0.5 * law.distances(n).l1


def test_planted_wrong_flow_leaves_the_interval(case) -> None:
    """Points left at time t, or carried forward, in place of back.

    In H1 the mean-field flow is a rotation, which f_0 does not feel: no test there.
    """
    law, n, basis, start, end, _ = case
    if np.allclose(law.vlasov, law.initial_covariance):
        return
    exact = law.distances(n).l1
    for wrong in (end, law.mean_field_map(end)):
        found = l1_of(case, *swap(hoeffding_samples(basis, wrong, start), n))
        assert found.lower > 2 * exact


def test_regression_beats_coupling_beats_raw() -> None:
    """Errors of N (<q^2>_F1 - <q^2>_f): regressed ones do not grow with N.

    The exact value is D_qq for every N; |z| < 5 (chance 6e-7 each). Seed 77.
    """
    law = CASES["general"][0]
    controls = polynomial_basis(*gauss_nodes(law), 6)
    assert controls.size == 27
    known = law.vlasov[0, 0] + law.mean[0] ** 2
    scaled = []
    for n, replicas in ((16, 2000), (64, 1000), (256, 500)):
        x = draw(law, n, replicas, 77)
        q2 = (law.nbody_map(x)[..., 0] ** 2).mean(axis=1)[:, None]
        copies = (law.mean_field_map(x)[..., 0] ** 2).mean(axis=1)[:, None]
        regressors = math.sqrt(n) * controls.means(x)
        raw = hoeffding_coefficients(q2 - known, n)
        coupled = hoeffding_coefficients(q2 - copies, n)
        regressed = hoeffding_coefficients(q2 - copies, n, regressors)
        for found in (raw, coupled, regressed):
            assert abs(found.value[0] - law.excess[0, 0]) < 5 * found.stderr[0]
        assert raw.stderr[0] > 1.2 * coupled.stderr[0] > 1.8 * regressed.stderr[0]
        scaled.append(regressed.stderr[0] * math.sqrt(replicas))
    # sqrt(M) times the error stays put while N grows sixteenfold (estimators.md).
    assert max(scaled) < 1.3 * min(scaled)


def test_l1_bracket_biases_and_coverage() -> None:
    """200 repetitions of 3 Gaussian coefficients: the biases have opposite signs.

    Seed 12. Coverage is at least .95 by construction; 0.90 is 3.2 standard errors
    below.
    """
    rng = np.random.default_rng(12)
    nodes, weights = fine_nodes(CASES["H1"][0])
    basis = polynomial_basis(*gauss_nodes(CASES["H1"][0]), 2)
    values = basis(nodes)[:, 2:]
    for truth in (np.zeros(3), np.array([0.6, -0.3, 0.2])):
        exact = float(weights @ np.abs(values @ truth)) / 7
        found = []
        for _ in range(200):
            z = truth / 7 + rng.normal(size=(40, 3)) * 0.2
            found.append(hoeffding_l1(hoeffding_coefficients(z, 7), values, weights))
        plug, cross, mid = (
            np.mean([getattr(f, name) for f in found])
            for name in ("plug_in", "cross_fitted", "value")
        )
        spread = np.std([f.plug_in for f in found]) / math.sqrt(200)
        assert cross - 3 * spread < exact < plug + 3 * spread
        inside = np.mean([f.lower <= exact <= f.upper for f in found])
        assert inside >= 0.90
        if np.any(truth):
            # The weighted value is unbiased to second order; the plug-in is not.
            assert abs(mid - exact) < 4 * spread
            assert plug - exact > 0


def test_cross_fitting_takes_no_bias_from_useless_regressors() -> None:
    """Ten regressors that are noise; |z| < 4 for the mean of 300 estimates, seed 5."""
    rng = np.random.default_rng(5)
    estimates, naive = [], []
    for _ in range(300):
        g = rng.normal(size=(30, 10))
        # A skew difference correlated with the square of a regressor, mean 0.
        z = (g[:, :1] ** 2 - 1) + 0.3 * g[:, :1]
        estimates.append(hoeffding_coefficients(z, 1, g).value[0])
        columns = np.concatenate([np.ones((30, 1)), g], axis=1)
        naive.append(np.linalg.lstsq(columns, z, rcond=None)[0][0, 0])
    error = np.std(estimates) / math.sqrt(300)
    assert abs(np.mean(estimates)) < 4 * error
    # Planted defect: the intercept of one regression on all replicas is biased.
    assert abs(np.mean(naive)) > 4 * np.std(naive) / math.sqrt(300)


def test_cells_against_exact_masses() -> None:
    """L1 on a fixed 4 x 3 partition, H3 with N = 20; a 95 % interval, seed 31."""
    law, n, replicas = CASES["H3"][0], 20, 4000
    q, p = [-2.0, 0.0, 1.5], [-1.0, 1.2]
    start = draw(law, n, replicas, 31)

    def shares(points: np.ndarray) -> np.ndarray:
        cell = 3 * np.searchsorted(q, points[..., 0]) + np.searchsorted(
            p, points[..., 1]
        )
        return np.stack([(cell == k).mean(axis=1) for k in range(12)], axis=1)

    difference = shares(law.nbody_map(start)) - shares(law.mean_field_map(start))
    controls = polynomial_basis(*gauss_nodes(law), 4)
    regressors = math.sqrt(n) * controls.means(start)
    found = cell_l1(difference, n, regressors)
    edges = [-np.inf, *q, np.inf], [-np.inf, *p, np.inf]
    f = gaussian_cell_masses(law.vlasov, *edges)
    one = gaussian_cell_masses(law.marginal_covariance(n), *edges)
    exact = float(np.abs(one - f).sum())
    assert found.lower <= exact <= found.upper
    assert found.stderr < 0.25 * exact
    assert exact <= law.distances(n).l1


@pytest.mark.parametrize("dimension", [1, 2, 4])
def test_basis_is_orthonormal_with_mean_zero(dimension: int) -> None:
    rng = np.random.default_rng(dimension)
    nodes = rng.gamma(2.0, size=(3000, dimension)) @ rng.normal(
        size=(dimension, dimension)
    )
    weights = rng.random(3000)
    weights /= weights.sum()
    for bounded in (False, True):
        basis = polynomial_basis(nodes, weights, 4, bounded)
        assert basis.size == math.comb(dimension + 4, 4) - 1
        values = basis(nodes)
        gram = values.T @ (weights[:, None] * values)
        assert np.abs(gram - np.eye(basis.size)).max() < 1e-11
        assert np.abs(weights @ values).max() < 1e-13


def test_basis_of_a_normal_law_is_hermite() -> None:
    z, w = np.polynomial.hermite_e.hermegauss(20)
    basis = polynomial_basis(0.7 * z[:, None] + 2.0, w / w.sum(), 5)
    x = np.linspace(-1, 4, 9)
    for k in range(1, 6):
        row = np.polynomial.hermite_e.hermeval((x - 2) / 0.7, np.eye(6)[k])
        expected = row / math.sqrt(math.factorial(k))
        assert basis(x[:, None])[:, k - 1] == pytest.approx(
            expected, rel=1e-10, abs=1e-11
        )


def test_bounded_basis_serves_laws_without_moments() -> None:
    """Lorentz law: nodes at its quantiles; values stay bounded at any distance."""
    u = (np.arange(4000) + 0.5) / 4000
    nodes = np.tan(math.pi * (u - 0.5))[:, None]
    basis = polynomial_basis(nodes, np.full(4000, 1 / 4000), 5, bounded=True)
    far = basis([[1e12], [-1e12]])
    near = np.abs(basis(nodes)).max(axis=0)
    assert np.all(np.abs(far) <= 1.01 * near)


def test_values_do_not_depend_on_company() -> None:
    """Bit for bit: a point among others, a replica among others, blocks of memory."""
    law = CASES["general"][0]
    basis = polynomial_basis(*gauss_nodes(law), 3)
    x = draw(law, 7, 50, 1)
    means = basis.means(x)
    for cut in (1, 3, 49):
        parts = np.concatenate([basis.means(x[:cut]), basis.means(x[cut:])])
        assert np.array_equal(parts, means)
    flat = x.reshape(-1, 2)
    assert np.array_equal(basis(flat)[17:19], basis(flat[17:19]))
    # More points in a cloud than one block holds.
    many = draw(law, 2 * basis._rows() + 5, 2, 2)
    together = basis.means(many)
    assert np.array_equal(together[1:], basis.means(many[1:]))
    assert together == pytest.approx(
        np.stack([basis(cloud).mean(axis=0) for cloud in many]), abs=1e-13
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda: polynomial_basis([[0.0], [1.0]], [0.5, 0.5], 3),
        lambda: polynomial_basis([[0.0], [1.0]], [0.5, 0.6], 1),
        lambda: polynomial_basis([[0.0], [1.0]], [0.5, 0.5], 0),
        lambda: polynomial_basis([[0.0, 1.0], [1.0, 1.0]], [0.5, 0.5], 1),
        lambda: polynomial_basis([0.0, 1.0], [0.5, 0.5], 1),
        lambda: hoeffding_coefficients(np.zeros((5, 2)), 3),
        lambda: hoeffding_coefficients(np.zeros((20, 2)), 0),
        lambda: hoeffding_coefficients(np.zeros(20), 3),
        lambda: hoeffding_coefficients(np.full((20, 1), np.nan), 3),
        lambda: hoeffding_coefficients(np.zeros((20, 2)), 3, np.zeros((19, 2))),
        lambda: hoeffding_coefficients(np.zeros((20, 2)), 3, np.zeros((20, 8))),
        lambda: hoeffding_l1(
            hoeffding_coefficients(np.zeros((20, 2)), 3), np.zeros((4, 3)), np.ones(4)
        ),
    ],
)
def test_bad_input_is_refused(call) -> None:
    with pytest.raises(ParameterError, match="expected"):
        call()


def test_normal_cdf_of_cells_on_one_axis() -> None:
    """The partition helper against ndtr, one axis left whole."""
    masses = gaussian_cell_masses(SIGMA, [-0.3, 0.9], [-np.inf, np.inf])
    exact = ndtr(0.9 / math.sqrt(1.3)) - ndtr(-0.3 / math.sqrt(1.3))
    assert masses[0, 0] == pytest.approx(exact, abs=1e-13)
