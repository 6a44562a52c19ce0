"""Averages over f_t and suprema along the flow, against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from bell_field import LAW, MEAN, SIGMA

import mfplug
from mfplug import ParameterError
from mfplug.meanfield import (
    average,
    growth_supremum,
    moments,
    score_supremum,
    slope_supremum,
    spatial_density,
)
from mfplug.theory.harmonic import harmonic_law

MASS, END, TIME = 1.6, 1.3, 0.9
ETA, TRAP = 0.7, 0.55


def linear(d, initial=None, mass=MASS, eta=ETA, trap=TRAP):
    """Return the exact field of a harmonic system."""
    system = mfplug.System(
        dimension=d,
        potential={"name": "harmonic", "strength": eta},
        initial=initial or LAW,
        external={"name": "trap", "strength": trap} if trap else None,
        mass=mass,
    )
    return mfplug.solve_mean_field(system, [0.0, END], "harmonic-exact")


def exact_law():
    """Return (mean, covariance) of (q, p) on one axis at the time 0.9 (audit 4.1)."""
    unit, back = np.diag([1.0, 1.0 / MASS]), np.diag([1.0, MASS])
    law = harmonic_law(TIME, ETA / MASS, TRAP / MASS, unit @ SIGMA @ unit, unit @ MEAN)
    return back @ law.mean, back @ law.vlasov @ back


@pytest.mark.parametrize("d", [1, 2, 3])
def test_moments(d):
    """Mean S m_0 and covariance R Sigma_0 R^T on every axis."""
    found = moments(linear(d), TIME)
    mean, covariance = exact_law()
    assert found.mean.value == pytest.approx(np.repeat(mean, d), abs=1e-12)
    exact = np.kron(covariance, np.eye(d))
    assert found.covariance.value == pytest.approx(exact, abs=1e-12)
    assert found.covariance.error.shape == (2 * d, 2 * d)
    assert found.covariance.error.max() < 1e-11
    # Planted: the initial covariance is another one.
    start = moments(linear(d), 0.0).covariance.value
    assert np.abs(start - exact).max() > 0.1


def test_average_has_an_honest_error():
    """int cos(2 q_1) f_t = cos(2 m) e^(-2 A_qq); the error holds and is not idle."""
    mean, covariance = exact_law()
    exact = math.cos(2 * mean[0]) * math.exp(-2 * covariance[0, 0])
    for d in (1, 2, 3):
        for nodes in (400, 3000):
            found = average(
                linear(d), TIME, lambda q, p: np.cos(2 * q[:, 0]), nodes=nodes
            )
            assert abs(found.value - exact) <= 2 * found.error + 1e-12
    assert found.error < 0.05
    with pytest.raises(ParameterError, match="the function returned the wrong shape"):
        average(linear(1), TIME, lambda q, p: np.zeros(3))


@pytest.mark.parametrize("d", [1, 2, 3])
def test_spatial_density(d):
    """rho_t is the Gaussian of covariance A_qq."""
    mean, covariance = exact_law()
    q = mean[0] + np.random.default_rng(3).normal(0, 0.7, size=(4, d))
    found = spatial_density(linear(d), TIME, q)
    a = covariance[0, 0]
    form = -np.sum((q - mean[0]) ** 2, axis=1) / (2 * a)
    exact = np.exp(form) / (2 * math.pi * a) ** (d / 2)
    assert found.value == pytest.approx(exact, rel=1e-7)
    assert found.error.max() < 1e-3 * exact.max()
    coarse = spatial_density(linear(d), TIME, q, momenta=12)
    assert np.all(np.abs(coarse.value - exact) <= 2 * coarse.error)
    # Planted: a density off by 1 % in its width is seen.
    assert np.abs(np.exp(1.01 * form) - np.exp(form)).max() > 1e-4


def test_spatial_density_of_a_jump_says_its_error():
    """A water-bag moved freely: exact by the overlap of intervals."""
    bag = {"name": "waterbag", "q_width": 0.8, "p_width": 1.1}
    field = linear(1, bag, eta=0.0, trap=0.0)
    q = np.linspace(-0.9, 0.9, 7)[:, None]
    found = spatial_density(field, TIME, q)
    # q - t p / m within the bag: p from m (q - 0.8) / t to m (q + 0.8) / t.
    low = np.maximum(MASS * (q[:, 0] - 0.8) / TIME, -1.1)
    high = np.minimum(MASS * (q[:, 0] + 0.8) / TIME, 1.1)
    exact = np.maximum(high - low, 0.0) / (4 * 0.8 * 1.1)
    error = np.abs(found.value - exact)
    assert error.max() > 1e-6
    assert error.max() < 0.01
    assert found.error.max() > 0.2 * error.max()


# ---------------------------------------------------------------------------- suprema


def test_score_in_a_trap_of_unit_frequency_is_conserved():
    """DK = -I: the flow rotates phase space, M = 0 (audit, E22)."""
    law = {"name": "student", "df": 4.5, "q_width": 0.7, "p_width": 1.6}
    for d in (1, 2):
        field = linear(d, law, mass=1.0, eta=0.0, trap=1.0)
        bound = field.system.initial.score_bound
        for t in (0.0, TIME):
            assert score_supremum(field, t).value == pytest.approx(bound, rel=1e-5)
            assert growth_supremum(field, t).value == pytest.approx(0.0, abs=1e-14)
            assert slope_supremum(field, t).value == pytest.approx(1.0, rel=1e-14)


def test_score_grows_at_most_as_the_lemma_says():
    """DK = +I: M = 1; |s| grows, and stays below e^t sup |s_0| ((69), E22).

    On the line s_0 = (-a x / (1 + x^2 / b), ...) is carried by a constant matrix, so
    the supremum over the two discs is that over their border, found by hand.
    """
    law = {"name": "student", "df": 4.5, "q_width": 0.7, "p_width": 1.6}
    field = linear(1, law, mass=1.0, eta=0.0, trap=-1.0)
    start = field.system.initial.score_bound
    found = score_supremum(field, TIME)
    assert growth_supremum(field, TIME).value == pytest.approx(1.0, rel=1e-12)
    assert 1.2 * start < found.value < math.exp(TIME) * start
    # s_t = J^T s_0, J the flow backwards; each part of s_0 fills [-c, c].
    c = [5.5 / (2 * math.sqrt(4.5) * width) for width in (0.7, 1.6)]
    back = np.array(
        [[math.cosh(TIME), -math.sinh(TIME)], [-math.sinh(TIME), math.cosh(TIME)]]
    )
    exact = max(np.linalg.norm(back.T @ [c[0], sign * c[1]]) for sign in (1, -1))
    assert found.value == pytest.approx(exact, rel=1e-5)


def test_an_unbounded_score_stays_so():
    assert score_supremum(linear(2), TIME).value == math.inf


@pytest.mark.parametrize("d", [1, 2])
def test_slope_of_a_gaussian_mean_field(d):
    """grad phi * rho_0 is Gaussian: |DK| is largest at the centre."""
    bell = {"name": "gaussian", "strength": 1.7, "width": 0.6}
    field = mfplug.solve_mean_field(
        mfplug.System(d, bell, LAW), [0.0, 0.1], nodes=4000, grid=80
    )
    v = 0.6**2 + SIGMA[0][0]
    found = slope_supremum(field, 0.0)
    exact = 1.7 * (0.36 / v) ** (d / 2) / v
    assert found.value == pytest.approx(exact, rel=3e-5)
    assert found.where == pytest.approx(np.full(d, MEAN[0]), abs=5e-3)
    assert exact < field.system.potential.gradient_lipschitz
