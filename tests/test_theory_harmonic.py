"""Exact Gaussian laws against the audit's digits and against independent routes."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy.linalg import expm

from mfplug.errors import ParameterError
from mfplug.theory import gaussian, harmonic_law
from mfplug.theory.harmonic import HarmonicLaw

# audit 4.1: (eta, Omega^2, (qq, qp, pp), t, N, s)
CASES = {
    "H1": (1.0, 0.0, (1.0, 0.0, 1.0), 1.0, 10, 1),
    "H2": (1.0, 0.0, (1.0, 0.0, 0.25), 2.0, 100, 2),
    "H3": (-1.0, 0.0, (1.0, 0.0, 1.0), 1.0, 50, 1),
    "H4": (0.5, 1.0, (1.0, 0.3, 0.5), 3.0, 20, 3),
}
# Rows of the table of audit 4.1, columns H1 ... H4.
TABLE = {
    "l1_first": (0.0772529921321, 0.0240853032611, 0.0268363401822, 0.0357269416192),
    "l1": (0.0772529921321, 0.0470649981989, 0.0268363401822, 0.101611700310),
    "kl": (0.00691115187947, 0.00245186420723, 0.000793225723096, 0.0122011926675),
    "kl_reverse": (
        0.00639160041410,
        0.00230495902516,
        0.000767705616127,
        0.0111001451289,
    ),
    "hellinger_squared": (
        0.00165738736092,
        0.000593761325612,
        0.000195031222845,
        0.00289665803952,
    ),
    "w2": (0.0839602736276, 0.0271491419611, 0.0208436699646, 0.0776538655581),
    "w1_q": (0.0389438263855, 0.0103770260699, 0.00726598012179, 0.00266493521207),
    "bl_q": (0.0213245513941, 0.00823355600047, 0.00222753880557, 0.00146546868214),
    "l1_q": (0.0461158195700, 0.0202102784716, 0.00455488030649, 0.00317149226975),
    "correlation_q": (1 / 11, 0.0409032695596, -0.00945649848133, -0.00657498959718),
    "tau": (1.0, 2.05075858204, 1.42578618929, 0.918802765331),
    "l1_all": (0.590334470602, 1.01595366654, 0.788551294472, 0.548313679306),
    "kl_all": (0.5, 2.10280538090, 1.01643312878, 0.422099260790),
}
MATRICES = {
    "H1": ((1, 0, 1), (1, 1, 0), (-0.618033988750, 1.61803398875), 1.0),
    "H2": (
        (0.379883642176, 0.283800935740, 0.870116357824),
        (1.62011635782, 0.216199064260, -0.620116357824),
        (-0.834438434608, 5.04004919641),
        -1.51064020157,
    ),
    "H3": (
        (3.76219569108, 3.62686040785, 3.76219569108),
        (-1.76219569108, -2.62686040785, -2.76219569108),
        (-0.734567317491, 2.76743357505),
        3.49152512461,
    ),
    "H4": (
        (1.04239761115, -0.211910482748, 0.436403583269),
        (-0.136179688951, 0.569815443293, 0.157378494528),
        (-0.589022051190, 1.43322057277),
        0.689166284465,
    ),
}


def law_of(case: str) -> HarmonicLaw:
    eta, omega2, (qq, qp, pp), time, _, _ = CASES[case]
    return harmonic_law(time, eta, omega2, ((qq, qp), (qp, pp)))


def general_law() -> HarmonicLaw:
    """No parameter equal to 1 and a mean that moves."""
    return harmonic_law(1.7, 0.6, 0.35, ((1.3, -0.4), (-0.4, 0.7)), mean=(0.8, -1.1))


@pytest.mark.parametrize("case", CASES)
def test_table_of_the_audit(case: str) -> None:
    found = law_of(case).distances(*CASES[case][4:])
    column = list(CASES).index(case)
    for name, row in TABLE.items():
        assert getattr(found, name) == pytest.approx(row[column], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_matrices_of_the_audit(case: str) -> None:
    law = law_of(case)
    a, d, e, rate = MATRICES[case]
    for matrix, digits in ((law.vlasov, a), (law.excess, d)):
        got = (matrix[0, 0], matrix[0, 1], matrix[1, 1])
        assert got == pytest.approx(digits, rel=1e-9, abs=1e-11)
    assert law.excess_eigenvalues() == pytest.approx(e, rel=1e-9)
    assert law.entropy_rate() == pytest.approx(rate, rel=1e-9)


def test_table_catches_planted_defects() -> None:
    """A wrong sign of eta, s left out, and the laws exchanged all leave the digits."""
    eta, omega2, (qq, qp, pp), time, n, s = CASES["H4"]
    good = law_of("H4")
    flipped = harmonic_law(time, -eta, omega2, ((qq, qp), (qp, pp)))
    swapped = dataclasses.replace(
        good, vlasov=good.centre_covariance, excess=-good.excess
    )
    for defect in (
        flipped.distances(n, s),
        good.distances(n, 1),
        swapped.distances(n, s),
    ):
        assert abs(defect.w2 / TABLE["w2"][3] - 1) > 1e-3


def test_limit_and_approach_of_n_times_l1() -> None:
    law = law_of("H1")
    assert law.l1_limit() == pytest.approx(0.82494943719, rel=1e-9)
    for n, value in ((10, 0.772529921), (100, 0.819185529), (1000, 0.824367275)):
        assert n * law.distances(n).l1 == pytest.approx(value, rel=2e-9)
    # Near the limit the relative gap is of order 1/N; digits must survive N = 1e6.
    assert 10**6 * law.distances(10**6).l1 == pytest.approx(law.l1_limit(), rel=2e-6)


def test_free_flow_and_trap_keep_independence() -> None:
    free = harmonic_law(1.0, 0.0)
    assert np.allclose(free.vlasov, [[2, 1], [1, 1]], rtol=1e-14)
    trap = harmonic_law(2.0, 0.0, 1.0, ((1.0, 0.0), (0.0, 0.25)))
    a = trap.vlasov
    digits = (0.379883642176, 0.283800935740, 0.870116357824)
    assert (a[0, 0], a[0, 1], a[1, 1]) == pytest.approx(digits, abs=1e-11)
    for law in (free, trap):
        found = law.distances(9, 4)
        assert not np.any(law.excess)
        assert (found.l1, found.kl, found.bl_q, found.l1_all) == (0,) * 4
        assert found.w2 < 1e-14
        assert law.coupling(9) == 0.0


def test_propagation_against_the_matrix_exponential() -> None:
    """N-body and mean-field propagators from their generators, N = 4."""
    law, n = general_law(), 4
    eta, omega2 = law.pair_strength, law.trap_strength
    spring = -(omega2 + eta) * np.eye(n) + eta / n * np.ones((n, n))
    generator = np.block([[np.zeros((n, n)), np.eye(n)], [spring, np.zeros((n, n))]])
    flow = expm(generator * law.time)
    x = np.random.default_rng(3).normal(size=(n, 2))
    q, p = np.split(flow @ x.T.ravel(), 2)
    assert np.allclose(law.nbody_map(x), np.stack([q, p], axis=1), atol=1e-13)
    sigma = np.kron(law.initial_covariance, np.eye(n))
    covariance = (flow @ sigma @ flow.T).reshape(2, n, 2, n)
    exact = law.marginal_covariance(n, n).reshape(n, 2, n, 2)
    assert np.allclose(covariance.transpose(1, 0, 3, 2), exact, atol=1e-13)
    # Mean field: the centre solves the trap alone, the rest omega^2 = Omega^2 + eta.
    rel = expm(np.array([[0, 1], [-(omega2 + eta), 0]]) * law.time)
    cen = expm(np.array([[0, 1], [-omega2, 0]]) * law.time)
    m0 = law.initial_mean
    assert np.allclose(law.mean_field_map(x), (x - m0) @ rel.T + cen @ m0, atol=1e-13)
    assert np.allclose(law.mean_field_inverse(law.mean_field_map(x)), x, atol=1e-13)


def test_coupling_is_one_gaussian_vector() -> None:
    law, n = general_law(), 5
    x = np.random.default_rng(4).normal(size=(3, n, 2))
    gap = law.nbody_map(x) - law.mean_field_map(x)
    centre = x.mean(axis=1) - law.initial_mean
    exact = centre @ (law.centre - law.relative).T
    assert np.allclose(gap, exact[:, None, :], atol=1e-13)
    # Elliptic integral against the integral over u, and against the plane in polar
    # form.
    covariance = law.coupling_covariance(n)
    values = np.linalg.eigvalsh(covariance)
    angle = (np.arange(4000) + 0.5) * math.pi / 4000
    ray = np.sqrt(values[0] * np.cos(angle) ** 2 + values[1] * np.sin(angle) ** 2)
    polar = math.sqrt(math.pi / 2) * ray.mean()
    assert law.coupling(n) == pytest.approx(polar, rel=1e-12)
    by_integral = gaussian.mean_norm(np.diag([*values, 0.0]))
    assert by_integral == pytest.approx(polar, rel=1e-9)
    # Two equal axes with isotropic covariance: the mean of a chi variable, 4 degrees.
    chi4 = math.sqrt(2) * math.gamma(2.5) / math.gamma(2)
    assert gaussian.mean_norm(0.49 * np.eye(2), 2) == pytest.approx(
        0.7 * chi4, rel=1e-9
    )


def test_force_fluctuation_against_the_full_covariance() -> None:
    """Quadratic forms of the 2N x 2N covariance, N = 7."""
    law, n = general_law(), 7
    positions = law.marginal_covariance(n, n)[::2, ::2]
    found = law.force_fluctuation(n)
    others = np.ones(n)
    others[0] = 0.0
    everyone = np.ones(n)
    scale = (law.pair_strength / n) ** 2
    for value, vector in ((found.rms, others), (found.rms_with_self, everyone)):
        assert value**2 == pytest.approx(scale * vector @ positions @ vector, rel=1e-13)
    iid = scale * (n - 1) * law.vlasov[0, 0]
    assert found.rms_iid**2 == pytest.approx(iid, rel=1e-13)
    # The exact force minus the mean field is the sum with the self term.
    x = np.random.default_rng(8).normal(size=(n, 2)) @ np.diag([1.3, 0.4])
    q, mu = x[:, 0], law.mean[0]
    pair = law.pair_strength * (q[:, None] - q[None, :]).sum(axis=1) / n
    field = law.pair_strength * (q - mu)
    assert np.allclose(pair - field, -law.pair_strength * (q.mean() - mu), atol=1e-13)


def test_entropy_rate_is_the_derivative() -> None:
    def kl(time: float) -> float:
        return (
            harmonic_law(time, -0.7, 0.4, ((1.3, 0.2), (0.2, 0.6))).distances(5).kl_all
        )

    law = harmonic_law(1.3, -0.7, 0.4, ((1.3, 0.2), (0.2, 0.6)))
    step = 1e-4
    slope = (kl(1.3 + step) - kl(1.3 - step)) / (2 * step)
    assert law.entropy_rate() == pytest.approx(slope, rel=1e-6)


def test_l1_of_equal_determinants_and_of_nested_laws() -> None:
    """det B = det A: (4/pi) arctan(tau/2) (audit 4.1); B = 4 A: closed radial form."""
    for case in CASES:
        law = law_of(case)
        value = gaussian.l1(law.centre_covariance, law.vlasov)
        assert value == pytest.approx(4 / math.pi * math.atan(law.tau / 2), rel=1e-12)
    a = np.array([[1.1, -0.2], [-0.2, 0.6]])
    crossing = math.log(4.0) / (1 - 1 / 4)
    radial = 2 * (math.exp(-crossing / 4) - math.exp(-crossing))
    assert gaussian.l1(4 * a, a) == pytest.approx(radial, rel=1e-13)


def test_cell_masses_of_a_plane_law() -> None:
    from scipy.stats import multivariate_normal

    covariance, mean = np.array([[1.4, 0.5], [0.5, 0.9]]), (0.3, -0.5)
    q = [-np.inf, -0.7, 0.4, 1.5, np.inf]
    p = [-np.inf, -1.0, 0.2, np.inf]
    masses = gaussian.gaussian_cell_masses(covariance, q, p, mean)
    assert masses.sum() == pytest.approx(1.0, abs=1e-13)
    cdf = multivariate_normal(mean, covariance).cdf
    assert masses[0, 0] == pytest.approx(cdf([-0.7, -1.0]), abs=1e-7)
    sheared = gaussian.gaussian_cell_masses(law_of("H3").vlasov, q, p)
    finer = gaussian.gaussian_cell_masses(
        law_of("H3").vlasov, np.insert(q, 2, [0.01, 0.13, 0.2]), p
    )
    assert sheared[1] == pytest.approx(finer[1:5].sum(axis=0), abs=1e-13)


@pytest.mark.parametrize(
    "call",
    [
        lambda: harmonic_law(math.nan, 1.0),
        lambda: harmonic_law(1.0, 1.0, 0.0, ((1.0, 2.0), (2.0, 1.0))),
        lambda: harmonic_law(1.0, 1.0, 0.0, ((1.0,),)),
        lambda: harmonic_law(1.0, 1.0, mean=(0.0,)),
        lambda: general_law().distances(3, 4),
        lambda: general_law().distances(0),
        lambda: gaussian.l1(np.eye(3), 2 * np.eye(3)),
        lambda: gaussian.kl(np.eye(3), np.eye(2)),
        lambda: gaussian.w1_q(-1.0, 1.0),
        lambda: gaussian.l1_limit([1.0]),
    ],
)
def test_bad_input_is_refused(call) -> None:
    with pytest.raises(ParameterError, match="expected"):
        call()
