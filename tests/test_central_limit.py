"""Linear theory of the fluctuation field against other methods."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from field_cases import TWO_PI, harmonic, hmf, rows, waves
from scipy import integrate

import mfplug
from mfplug.meanfield import dual
from mfplug.meanfield.dual import solve_dual
from mfplug.theory.harmonic import harmonic_law
from mfplug.theory.line_laws import LAWS
from mfplug.theory.wave_fluctuations import thermal_variance

FUNCTIONS = [
    lambda q, p: q,
    lambda q, p: q**2,
    lambda q, p: np.exp(-0.5 * (q**2 + p**2)),
]


# Theory of waves


def test_the_limit_of_waves_has_the_digits_of_the_audit():
    # Audit 4.3: Lorentz momenta, width 1, attractive.
    hmf = waves("lorentz", 1.0, 1.0, -1.0)
    for t, listed in ((1.0, 1.16742834032), (5.0, 1.46773760879)):
        assert hmf.limit(t)[0, 0] == pytest.approx(listed, abs=1e-8)


def test_independent_particles_relax_to_the_equilibrium_of_the_plasma():
    # k^2 / (1 + k^2) = 0.2 at k = 0.5. In equilibrium momenta are independent of
    # positions, so h_2 comes with its mean 2^(-1/2): covariances 0.2 / 2^(1/2) and
    # 3^(-1/2) + (0.2 - 1) / 2.
    late = waves().limit(40.0)
    wave, cross, slow = 0.2, 0.2 / math.sqrt(2.0), 1 / math.sqrt(3.0) - 0.4
    assert late == pytest.approx(np.array([[wave, cross], [cross, slow]]), abs=2e-6)
    assert abs(waves().limit(15.0)[0, 0] - 0.2) < 4e-4
    # Ten percent in the strength shows.
    assert abs(waves(strength=8.8).limit(40.0)[0, 0] - 0.2) > 0.01


@pytest.mark.parametrize("name", LAWS)
def test_waves_by_the_node_method(name):
    """A truly different method: the Vlasov equation on nodes, differentiated.

    The derivative of the average of e^(-ikq) h(p) by the weight of a node at p, from
    two solutions of the nonlinear equation, against the answer of linear theory.
    """
    k, strength, mass, time, steps = 1.3, 1.1, 1.4, 1.2, 96
    theory = waves(name, 0.8, k, strength, mass)
    count = 17
    p, w = theory.law.rule(240)
    line = TWO_PI / k * (np.arange(count) + 0.5) / count
    q, v = (x.ravel() for x in np.meshgrid(line, p / mass, indexing="ij"))
    weights = np.tile(w, count) / count
    extra = np.array([0.3, 0.7])  # q, p of the point that is added

    def sums(amount):
        x, u = np.append(q, extra[0]), np.append(v, extra[1] / mass)
        c = np.append(weights, amount)
        h = time / steps
        for n in range(2 * steps):
            if n % 2 == 0:
                x = x + 0.5 * h * u
                field = np.sum(c * np.exp(-1j * k * x))
                push = strength * k * np.imag(np.exp(1j * k * x) * field)
                u = u + h * push / mass
            else:
                x = x + 0.5 * h * u
        wave = c * np.exp(-1j * k * x)
        return np.array([wave.sum(), np.sum(theory.window(mass * u) * wave)])

    # The homogeneous rule has no wave, so that the difference is linear in the amount.
    found = (sums(1e-5) - sums(-1e-5)) / 2e-5
    known = theory.answers(extra[:1, None], extra[1:, None], time, 400)[0]
    assert found == pytest.approx(known, abs=2e-3 if name == "waterbag" else 3e-5)


def test_covariances_of_the_control_variate_are_exact_at_every_n():
    """N = 1 and 3, 20 000 replicas, seed 5; 10 means at 4.5 errors: 7e-5."""
    theory = waves("student", 0.8, 1.5, -1.3, 1.7)
    known = theory.covariance(2.0, 8)
    for N in (1, 3):
        rng = np.random.default_rng(5 + N)
        q = TWO_PI / 1.5 * rng.random((20_000, N))
        y = theory.answers(q, theory.law.sample(rng, q.shape), 2.0, 8)
        for a, b in ((0, 0), (0, 1), (1, 1)):
            products = (y[:, a] * y[:, b].conj()).real
            error = products.std() / math.sqrt(len(q))
            assert abs(products.mean() - known[a, b]) < 4.5 * error
        fourth = np.abs(y) ** 4
        error = fourth.std(axis=0) / math.sqrt(len(q))
        assert np.all(
            np.abs(fourth.mean(axis=0) - theory.fourth(2.0, 8, N)) < 4.5 * error
        )


def test_the_slow_kernel_by_adaptive_quadrature():
    theory = waves("lorentz", 0.9, 1.1, -1.7, 1.2)
    u = 1.1 * 0.8 / 1.2

    def integrand(p):
        h = math.exp(-0.5 * (p / 0.9) ** 2)
        slope = float(theory.law.score(np.array(p)) * theory.law.density(np.array(p)))
        return h * slope * math.sin(u * p)

    exact = integrate.quad(integrand, -12.0, 12.0, epsabs=1e-12, limit=200)[0]
    found = theory._slow_kernel(np.array([0.8]))[0]
    assert found == pytest.approx(-1.7 * 1.1 / 2 * exact, abs=1e-8)


# Thermal equilibrium


def test_the_variance_in_equilibrium_by_direct_integration():
    """Two particles have |m|^2 = 1 + cos of the angle between them; many, 1/(1 + a)."""

    def moment(power):
        def integrand(x):
            square = 1.0 + math.cos(x)
            return square**power * math.exp(-1.7 * square)

        return integrate.quad(integrand, 0.0, math.pi)[0]

    assert thermal_variance(1.7, 2) == pytest.approx(moment(1) / moment(0), rel=1e-10)
    assert thermal_variance(4.0, 10**5) == pytest.approx(0.2, abs=1e-6)
    assert waves().equilibrium() == pytest.approx(waves().limit(40.0), abs=2e-6)


def thermal(potential=8.0, state=8.0):
    law = {"name": "thermal", "strength": state}
    box = 2.0 * TWO_PI
    return mfplug.System(1, {"name": "cosine", "strength": potential}, law, box=box)


def test_particles_in_equilibrium_stay_there():
    """N = 5, 4000 replicas, seed 2: the exact variance after t = 1, at 4.5 errors."""
    found = rows(thermal(), 5, 4000, [0.0, 1.0])
    wave = found.loc["field-covariance", "wave"]
    exact = found.loc["field-thermal", "wave"]["value"]
    assert exact == pytest.approx(thermal_variance(4.0, 5))
    assert abs(wave["value"] - exact) < 4.5 * wave["stderr"]
    assert wave["stderr"] < 0.02 * exact
    # A fifth of the strength is another equilibrium, and no state of this system.
    assert abs(thermal_variance(3.2, 5) - exact) > 8.0 * wave["stderr"]
    ensemble = mfplug.simulate(hmf(), 4, 80, [0.0, 0.1], 0.1, seed=1)
    ensemble = replace(ensemble, system=thermal(8.0, 6.4))
    with pytest.raises(mfplug.ParameterError, match="not the equilibrium"):
        mfplug.measure(["fluctuation-field"], ensemble)


def test_harmonic_functions_carried_back_are_the_closed_forms():
    """q and q^2: C_qq, 2 mu C_qq, 2 A_qq^2 + 4 mu^2 C_qq (audit 4.1)."""
    times = (0.0, 0.7, 2.0)
    found = solve_dual(harmonic(), FUNCTIONS[:2], times, nodes=200)
    for solution, t in zip(found, times[1:], strict=True):
        law = harmonic_law(t, 1.3, 0.4, ((1.0, 0.2), (0.2, 0.5)), (1.0, 0.5))
        a, c, mean = law.vlasov[0, 0], law.centre_covariance[0, 0], law.mean[0]
        square = 2 * a**2 + 4 * mean**2 * c
        exact = np.array([[c, 2 * mean * c], [2 * mean * c, square]])
        assert solution.covariance() == pytest.approx(exact, rel=1e-5)
        assert solution.means == pytest.approx([mean, mean**2 + a], rel=1e-6)


def bell(strength=-1.0, mass=1.0):
    initial = {"name": "gaussian", "mean_q": 0.5}
    potential = {"name": "gaussian", "strength": strength, "width": 1.0}
    return mfplug.System(1, potential, initial, mass=mass)


def test_the_adjoint_is_the_derivative_by_a_weight():
    """G_0 at three nodes against differences of the nonlinear equation on nodes."""
    system = bell(mass=1.4)
    (solution,) = solve_dual(system, FUNCTIONS, (0.0, 1.5), nodes=150)
    for node in (3, 70, 120):
        moved = []
        for amount in (1e-5, -1e-5):
            w = solution.weights.copy()
            w[node] += amount
            state = (solution.q, solution.p)
            q, p = dual._advance(system, state, w, (0.0, 1.5), 0.2, [])
            moved.append([np.sum(w * g(q, p)) for g in FUNCTIONS])
        slope = (np.array(moved[0]) - moved[1]) / 2e-5
        assert solution.values[:, node] == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_the_covariance_converges_in_nodes_and_step():
    times = (0.0, 1.0)
    fine = solve_dual(bell(), FUNCTIONS, times, nodes=3200, step=0.1)[0].covariance()
    usual = solve_dual(bell(), FUNCTIONS, times)[0].covariance()
    assert usual == pytest.approx(fine, rel=1e-5)
    # The centre of mass moves freely, whatever the potential: 1 + t^2.
    assert fine[0, 0] == pytest.approx(2.0, rel=1e-9)


def test_a_rough_force_is_refused():
    potential = {"name": "gaussian", "strength": 1.0, "width": 2e-3}
    system = mfplug.System(1, potential, "gaussian")
    with pytest.raises(mfplug.NumericsError, match=r"not resolved.*smoother"):
        solve_dual(system, FUNCTIONS, (0.0, 0.1), nodes=100)
