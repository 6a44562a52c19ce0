"""The bounds of section 3, digit by digit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special

from mfplug.errors import ParameterError
from mfplug.theory import (
    collective,
    corollary,
    counterexample,
    entropy,
    propagation,
)
from mfplug.theory.deviations import bernstein_tail
from mfplug.theory.marginal_bounds import marginal_bound, printed_marginal_bound
from mfplug.theory.pair_alpha import pair_alpha
from mfplug.theory.score_growth import (
    logarithmic_constant,
    operator_constant,
    score_growth_bound,
    symmetric_constant,
)
from mfplug.theory.sign_law import sign_law

# Audit, E19: S = B = 1, sigma^2 = 1/2, |delta K| <= 1.
SIZES = [1e2, 1e3, 1e4, 1e5, 1e6, 1e8, 1e12]
BERNSTEIN = [0.7177, 0.2464, 0.08512, 0.02924, 0.009958, 0.001127, 1.355e-5]
THESIS = [50.7, 0.2799, 0.08737, 0.02947, 0.009983, 0.001127, 1.355e-5]
KAPPA = [0.179, 0.208, 0.157, 0.132, 0.115, 0.093, 0.069]
LEVEL = [3.35, 2.97, 2.81, 2.73, 2.68, 2.63, 2.58]
AT_ONE = [2.29, 0.787, 0.272, 0.0934, 0.0318, 0.0036, 4.3e-5]


def thesis_tail(N, kappa):
    """(63) of the thesis for HMF, capped: delta K = sin of a uniform angle."""
    a = 2.0 * N ** (kappa - 0.5)
    third = 2 / math.pi * integrate.quad(
        lambda x: math.sin(x) ** 3 * math.exp(a * math.sin(x)), 0, math.pi / 2
    )[0]  # fmt: skip
    log = -(N ** (2 * kappa)) + 4.0 * N ** (3 * kappa - 0.5) * third
    return math.exp(min(log, 0.0))


def test_lambda_2_of_the_audit():
    tail = bernstein_tail(0.5, 1.0)
    best = [propagation.optimal_lambda_2(N, 1.0, 1.0, tail) for N in SIZES]
    found = [b.value for b in best]
    # The audit searched kappa in steps of .001: up to 0.18 % above the optimum at
    # 1e12, where its correction (ii) has 1.3526e-5.
    np.testing.assert_allclose(found, BERNSTEIN, rtol=2e-3)
    assert np.all(np.array(found) <= np.array(BERNSTEIN) * (1 + 4e-4))
    np.testing.assert_allclose(
        np.array(found) * np.sqrt(np.array(SIZES) / np.log(SIZES)), LEVEL, rtol=3e-3
    )
    bounds = [float(propagation.alpha_bound(0.0, 2.0, v, 1.0)) for v in found]
    np.testing.assert_allclose(bounds, AT_ONE, rtol=8e-3)


def test_lambda_2_with_the_tail_of_the_thesis():
    best = [propagation.optimal_lambda_2(N, 1.0, 1.0, thesis_tail) for N in SIZES]
    np.testing.assert_allclose([b.value for b in best], THESIS, rtol=2e-3)
    np.testing.assert_allclose([b.kappa for b in best], KAPPA, atol=6e-4)


def test_lambda_2_for_the_general_bound_of_the_force():
    # Audit, correction (ii): |delta K| <= 2B.
    tail = bernstein_tail(0.5, 2.0)
    found = [
        propagation.optimal_lambda_2(N, 1.0, 1.0, tail).value
        for N in (1e2, 1e3, 1e4, 1e12)
    ]
    np.testing.assert_allclose(found, [0.7895, 0.2556, 0.0863, 1.3526e-5], rtol=2e-3)


def test_optimal_kappa_is_the_least_of_a_fine_grid():
    tail = bernstein_tail(0.8, 1.7)
    best = propagation.optimal_lambda_2(3e4, 2.3, 1.7, tail)
    grid = np.linspace(1e-3, 0.499, 20001)
    least = min(propagation.lambda_2(3e4, k, 2.3, 1.7, tail) for k in grid)
    assert best.value <= least * (1 + 1e-9)
    assert best.value == pytest.approx(least, rel=1e-6)


def test_theta_and_infection():
    # (58) with S = 3, B = 2: S B k + S (N - k)^(1/2 + kappa).
    found = propagation.theta(4, 20, 0.25, 3.0, 2.0)
    assert found == pytest.approx(3 * 2 * 4 + 3 * 16**0.75)
    assert propagation.infection_rate(20, 20, 0.25, 3.0, 4.0) == 0.0
    # 16 * 3 * (4 * 4/20 + 20^(-1/4)).
    found = propagation.infection_rate(4, 20, 0.25, 3.0, 4.0)
    assert found == pytest.approx(48 * (0.8 + 20**-0.25))
    with pytest.raises(ParameterError, match="k is 21"):
        propagation.theta(21, 20, 0.25, 3.0, 2.0)
    with pytest.raises(ParameterError, match="kappa is"):
        propagation.theta(2, 20, 0.5, 3.0, 2.0)


def test_logistic_of_the_audit():
    # Section 1: S = B = 1, b = 2, N^(2 kappa) = 3 ln N, N = 1e4, t = 0.5, 1, 2.
    a = math.sqrt(3 * math.log(1e4) / 1e4)
    found = propagation.logistic_bound(1.0, 2.0, a, [0.5, 1.0, 2.0])
    np.testing.assert_allclose(found, [0.0438, 0.1481, 0.6044], atol=6e-5)
    # It solves its equation, and ends at 1 without overflow.
    solved = integrate.solve_ivp(
        lambda t, x: 1.3 * (1 - x) * (0.7 * x + 0.2), (0, 2), [0.0],
        rtol=1e-11, atol=1e-13,
    ).y[0, -1]  # fmt: skip
    assert propagation.logistic_bound(1.3, 0.7, 0.2, 2.0) == pytest.approx(solved)
    assert propagation.logistic_bound(1.0, 2.0, a, 1e5) == 1.0


def test_marginal_bounds_of_the_audit():
    # E9: N = 100, alpha = 0.01, s = 1, 2, 3, 5.
    orders = (1, 2, 3, 5)
    found = [printed_marginal_bound(0.01, 100, s) for s in orders]
    np.testing.assert_allclose(found, [0.0402, 0.0827, 0.1738, 0.8221], atol=6e-5)
    sharp = [marginal_bound(0.01, s) for s in orders]
    np.testing.assert_allclose(sharp, [0.02, 0.04, 0.06, 0.10])
    for N in (7, 50):
        for s in range(1, 6):
            assert printed_marginal_bound(0.3, N, s) >= marginal_bound(0.3, s)
    with pytest.raises(ParameterError, match="N > s"):
        printed_marginal_bound(0.1, 3, 3)


def test_corollary_solves_its_equation():
    # alpha' = lambda_1(t) alpha + lambda_2(t), lambda_i proportional to e^(Mt)/delta.
    delta, B, M, source, start, t = 1.7, 0.6, 0.8, 0.03, 0.01, 1.5

    def slope(u, x):
        score = math.exp(M * u) / delta
        return 2 * B * score * x + source * score

    solved = integrate.solve_ivp(slope, (0, t), [start], rtol=1e-11, atol=1e-14)
    found = 10 ** corollary.corollary_bound(delta, B, M, source, t, start)
    assert found == pytest.approx(solved.y[0, -1], rel=1e-9)
    exact = start * math.exp(corollary.corollary_exponent(delta, B, M, t))
    assert exact == pytest.approx(10 ** corollary.corollary_bound(
        delta, B, M, 0.0, t, start))  # fmt: skip
    # M = 0 and B = 0 are limits of their neighbours.
    near = corollary.corollary_bound(delta, B, 1e-9, source, t)
    assert corollary.corollary_bound(delta, B, 0.0, source, t) == pytest.approx(near)
    near = corollary.corollary_bound(delta, 1e-9, M, source, t)
    assert corollary.corollary_bound(delta, 0.0, M, source, t) == pytest.approx(near)


def test_corollary_as_printed_says_nothing_of_product_data():
    assert corollary.printed_corollary_bound(0.5, 1.0, 1.0, 2.0, 0.0) == 0.0
    assert corollary.corollary_bound(0.5, 1.0, 1.0, 0.1, 2.0) > 0.0
    # 6 sqrt(6)/delta ||delta K|| t at M = 0.
    found = corollary.printed_corollary_bound(2.0, 0.5, 0.0, 1.0, 0.1)
    assert found == pytest.approx(0.1 * math.exp(6 * math.sqrt(6) / 2 * 0.5))


@pytest.mark.parametrize(
    ("fisher", "wanted"),
    [
        (0.5, [0.1253, 0.2526, 0.5195]),
        (0.125, [0.0625, 0.1253, 0.2526]),
        (2 / 3, [0.1448, 0.2926, 0.6070]),
        (1.0, [0.1777, 0.3607, 0.7601]),
    ],
)
def test_entropy_bound_of_the_audit(fisher, wanted):
    # E6: sqrt(N) dbar at t = 0.5, 1, 2.
    found = [math.sqrt(entropy.entropy_bound(fisher, t) / 2) for t in (0.5, 1.0, 2.0)]
    np.testing.assert_allclose(found, wanted, atol=6e-5)


def test_entropy_bound_solves_its_inequality():
    # H' = inf over eta of (H + Lambda(eta))/eta, at a point, by a grid of eta.
    fisher, t, h = 0.8, 1.3, 1e-5
    eta = np.linspace(1e-3, 2 / math.sqrt(fisher) - 1e-6, 400001)
    level = entropy.entropy_bound(fisher, t)
    exponent = -np.log1p(-(eta**2) * fisher / 4)
    rate = ((level + exponent) / eta).min()
    up, down = (entropy.entropy_bound(fisher, t + s * h) for s in (1, -1))
    assert (up - down) / (2 * h) == pytest.approx(rate, rel=1e-6)
    assert entropy.entropy_exponent(0.9, fisher) == pytest.approx(
        -math.log(1 - 0.81 * fisher / 4)
    )
    # Short times: I t^2/4; no score, no entropy; late it may overflow, but not fail.
    assert entropy.entropy_bound(0.8, 1e-5) == pytest.approx(0.8e-10 / 4, rel=1e-4)
    assert entropy.entropy_bound(0.0, 5.0) == 0.0
    assert entropy.entropy_bound(1.0, 5e3) == math.inf
    assert entropy.marton_bound(0.5, 100) == pytest.approx(0.05)


def test_score_growth_constants():
    # E22: the trap of unit frequency conserves |s|, its inverse stretches by e^t.
    assert logarithmic_constant(-np.eye(3)) == 0.0
    assert logarithmic_constant(np.eye(2)) == 1.0
    turned = np.array([[0.2, -0.4], [-0.4, 0.1]])
    M = logarithmic_constant(turned)
    norm = float(np.linalg.norm(turned, 2))
    assert symmetric_constant(norm) <= operator_constant(norm)
    assert symmetric_constant(norm) * (1 + 1e-14) >= M
    # It bounds the growth of every solution of s' = -A^T s, and some reaches it.
    A = np.block([[np.zeros((2, 2)), np.eye(2)], [turned, np.zeros((2, 2))]])
    symmetric = -0.5 * (A + A.T)
    assert np.linalg.eigvalsh(symmetric).max() == pytest.approx(M)
    assert score_growth_bound(2.0, 0.5, 2.0) == pytest.approx(2 * math.e)
    with pytest.raises(ParameterError, match="Lipschitz"):
        symmetric_constant(math.inf)


def test_sign_law_of_the_audit():
    # Section 4.1: F(0), F(5) and the |S|-test bound.
    law = sign_law(10, 1.0)
    np.testing.assert_allclose(
        law.correlated[[0, 5]], [0.005828130443, 0.192467220597], atol=6e-13
    )
    assert law.alpha_lower == pytest.approx(0.0648610594, abs=6e-11)
    law = sign_law(10, 4.0)
    np.testing.assert_allclose(
        law.correlated[[0, 5]], [0.033433272287, 0.130912689074], atol=6e-13
    )
    assert law.alpha_lower == pytest.approx(0.1815684806, abs=6e-11)
    assert sign_law(30, 1.0).alpha_lower == pytest.approx(0.0395578522, abs=6e-11)
    # Large N: sqrt(N) times it tends to .22285 (audit, 3.5).
    assert sign_law(1000, 1.0).alpha_lower * math.sqrt(1000) == pytest.approx(
        0.22285, abs=3e-4
    )
    # Strong correlations and many particles still have mass 1.
    assert sign_law(300, 60.0).correlated.sum() == pytest.approx(1.0, abs=1e-10)


def test_hamming_of_signs_against_enumeration():
    # The coupling of types is optimal: for N = 3 by linear programming on all strings.
    from scipy.optimize import linprog

    law, N = sign_law(3, 2.5), 3
    words = [[(k >> i) & 1 for i in range(N)] for k in range(2**N)]
    sizes = np.array([sum(w) for w in words])
    F = law.correlated[sizes] / special.comb(N, sizes)
    G = law.independent[sizes] / special.comb(N, sizes)
    cost = [
        [sum(a != b for a, b in zip(v, w, strict=True)) / N for w in words]
        for v in words
    ]
    size = 2**N
    rows = np.zeros((2 * size, size * size))
    for i in range(size):
        rows[i, i * size : (i + 1) * size] = 1.0
        rows[size + i, i::size] = 1.0
    found = linprog(np.ravel(cost), A_eq=rows, b_eq=[*F, *G], method="highs")
    assert law.hamming == pytest.approx(found.fun, abs=1e-9)


def test_pair_alpha_of_known_laws():
    # alpha of products h^N at N = 2 (audit, 3.5).
    h = np.array([0.05, 0.95])
    found = pair_alpha(np.outer(h, h), [0.1, 0.9])
    assert found == pytest.approx(0.185, abs=1e-9)
    h = np.array([0.1, 0.3, 0.6])
    found = pair_alpha(np.outer(h, h), [0.3, 0.3, 0.4])
    # N = 2 of 0.4, 0.63, ...
    assert found == pytest.approx(0.63, abs=1e-9)
    with pytest.raises(ParameterError, match="symmetric"):
        pair_alpha([[0.5, 0.5], [0.0, 0.0]], [0.5, 0.5])


@pytest.mark.parametrize(
    ("frequency", "alpha", "allowed"),
    [(50, 0.9989, 1.0527), (200, 0.9999, 0.6341), (1000, 0.9999, 0.5266)],
)
def test_counter_example_of_the_audit(frequency, alpha, allowed):
    # E6: alpha at t = 1/M by three cells, and what (65) allows with the tail 1.
    start = counterexample.coarse_law(frequency, 0.0)
    assert start.alpha == pytest.approx(0.5, abs=1e-6)
    # The audit rounds down: above M = 50 it is 1 to four digits.
    assert counterexample.coarse_law(frequency, 1.0).alpha == pytest.approx(
        alpha, abs=2e-4
    )
    source = propagation.lambda_2(2, 0.01, 2.0, 1.0, lambda N, kappa: 1.0)
    found = propagation.alpha_bound(0.5, 4.0, source, 1.0 / frequency)
    assert found == pytest.approx(allowed, abs=6e-5)


def test_collective_variance_of_the_audit():
    # Section 4.3, twelve digits.
    wanted = {
        (1.0, 0.5): (1.06847125761, 0.936276422197),
        (1.0, 5.0): (1.46773760879, 0.833346255887),
        (1.5, 2.0): (1.13351883219, 0.909023792533),
        (2.0, 1.0): (1.06141857889, 0.947445937767),
    }
    for (width, t), (attractive, repulsive) in wanted.items():
        found = collective.lorentz_collective_variance(t, width, attractive=True)
        assert found == pytest.approx(attractive, abs=6e-12)
        found = collective.lorentz_collective_variance(t, width, attractive=False)
        assert found == pytest.approx(repulsive, abs=6e-12)
    lower = [
        collective.alpha_lower_limit(
            collective.lorentz_collective_variance(t, 1.0, attractive=True)
        )
        for t in (0.5, 1.0, 2.0, 5.0)
    ]
    np.testing.assert_allclose(lower, [0.0190, 0.0454, 0.0823, 0.1193], atol=6e-5)
