"""The mean field against closed forms, another solver, and finer steps."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from bell_field import (
    END,
    MASS,
    MEAN,
    SIGMA,
    SIZES,
    bell,
    fields,
    harmonic,
    sampled,
    summed,
    worst,
)
from scipy.integrate import solve_ivp

import mfplug
from mfplug import ParameterError
from mfplug.theory.harmonic import harmonic_law

__all__ = ["fields"]


def exact_law(eta, trap, m, t):
    """Return (mean, covariance) of (q, p) on one axis: q'' = ... with strength / m."""
    unit = np.diag([1.0, 1.0 / m])
    law = harmonic_law(t, eta / m, trap / m, unit @ SIGMA @ unit, unit @ MEAN)
    back = np.diag([1.0, m])
    return back @ law.mean, back @ law.vlasov @ back


CASES = [(0.7, 0.0, 1.0), (0.7, 0.55, 1.6), (-0.5, 0.3, 0.7), (-0.5, 0.0, 1.6)]


@pytest.mark.parametrize(("eta", "trap", "m"), CASES)
@pytest.mark.parametrize("solver", ["harmonic-exact", "characteristics"])
def test_harmonic_moments(solver, eta, trap, m):
    """Mean and covariance of f_t to 1e-9: nodes of f_0 carried by the flow."""
    system = harmonic(eta, trap, m)
    options = {} if solver == "harmonic-exact" else {"grid": 64, "nodes": 700}
    field = mfplug.solve_mean_field(system, [0.0, END], solver, **options)
    q, p, w = system.initial.nodes(400)
    for t in (0.85, END):
        x = np.concatenate(field.flow(q, p, 0.0, t), axis=1)
        mean = w @ x
        covariance = np.einsum("k,ki,kj->ij", w, x - mean, x - mean)
        exact = exact_law(eta, trap, m, t)
        assert mean == pytest.approx(exact[0], abs=1e-9)
        assert covariance == pytest.approx(exact[1], abs=1e-9)
        # Planted: a pair strength off by 10 % is off by more than 1e-3.
        assert np.abs(covariance - exact_law(1.1 * eta, trap, m, t)[1]).max() > 1e-3


@pytest.mark.parametrize("d", [2, 3])
def test_harmonic_density_and_score_in_more_dimensions(d):
    """f_t is the product over the axes of a Gaussian of covariance A."""
    eta, trap, m, t = 0.7, 0.55, MASS, 0.9
    field = mfplug.solve_mean_field(
        harmonic(eta, trap, m, d), [0.0, END], solver="harmonic-exact"
    )
    q, p = field.sample(t, np.random.default_rng(3), 40)
    mean, a = exact_law(eta, trap, m, t)
    x = np.stack([q, p], axis=-1) - mean
    score = -x @ np.linalg.inv(a)
    form = -0.5 * np.sum(x * -score, axis=(-2, -1))
    density = np.exp(form) / (2 * math.pi * math.sqrt(np.linalg.det(a))) ** d
    assert field.density(t, q, p) == pytest.approx(density, rel=1e-11)
    found = np.stack(field.score(t, q, p), axis=-1)
    assert found == pytest.approx(score, abs=1e-11)


def test_linear_field_against_the_general_flow():
    """The closed form of flow and tangent flow against the contract's integrator."""
    field = mfplug.solve_mean_field(
        harmonic(0.7, 0.55, MASS, 2), [0.0, END], solver="harmonic-exact"
    )
    field.flow_step = 0.02
    q, p = sampled(field)
    for t0, t1 in ((0.0, END), (END, 0.3)):
        general = mfplug.MeanField.flow(field, q, p, t0, t1)
        assert np.allclose(field.flow(q, p, t0, t1), general, rtol=0, atol=1e-11)
        tangent = mfplug.MeanField.tangent_flow(field, q, p, t0, t1)
        for one, other in zip(field.tangent_flow(q, p, t0, t1), tangent, strict=True):
            assert np.allclose(one, other, rtol=0, atol=1e-11)


# ------------------------------------------------------- an independent Vlasov solver


@pytest.fixture(scope="module")
def hermite():
    """Gauss-Hermite nodes of f_0 in d = 1 and their motion by DOP853 at 1e-11."""
    z, w = np.polynomial.hermite_e.hermegauss(22)
    w = np.outer(w, w).ravel() / w.sum() ** 2
    standard = np.stack([np.repeat(z, z.size), np.tile(z, z.size)])
    x = np.linalg.cholesky(SIGMA) @ standard + np.array(MEAN)[:, None]
    keep = w > 1e-15
    x, w = x[:, keep], w[keep]

    def slope(_t, y):
        q, p = np.split(y, 2)
        gap = q[:, None] - q
        bells = np.exp(-(gap**2) / (2 * 0.6**2))
        return np.concatenate([p / MASS, 1.7 / 0.6**2 * ((gap * bells) @ w)])

    keys = {"method": "DOP853", "rtol": 1e-10, "atol": 1e-10}
    path = solve_ivp(slope, (0.0, END), x.ravel(), t_eval=[0.6, END], **keys)
    return w, {t: path.y[:, k].reshape(2, -1) for k, t in enumerate(path.t)}


def test_another_solver(fields, hermite):
    """Force and second moments at two times, from other nodes and another stepper."""
    w, states = hermite
    q, p, own = fields[1].system.initial.nodes(900)
    at = np.linspace(-1.5, 2.5, 23)
    for t, x in states.items():
        gap = at[:, None] - x[0]
        force = 1.7 / 0.6**2 * (gap * np.exp(-(gap**2) / (2 * 0.6**2))) @ w
        found = fields[1].force(t, at[:, None])[:, 0]
        assert found == pytest.approx(force, abs=5e-6)
        moved = np.concatenate(fields[1].flow(q, p, 0.0, t), axis=1)
        moments = np.einsum("k,ki,kj->ij", own, moved, moved)
        assert moments == pytest.approx((w * x) @ x.T, abs=5e-6)
        # Planted: a pair strength off by 1 % is seen.
        assert np.abs(1.01 * force - found).max() > 1e-3


@pytest.mark.parametrize("d", [1, 2, 3])
def test_force_at_the_start(d, fields):
    """grad phi * rho_0 is Gaussian: A (w^2/v)^(d/2) e^(-y^2/2v) y/v, v = w^2 + qq."""
    y = np.random.default_rng(2).normal(0.0, 0.8, size=(200, d))
    v = 0.6**2 + SIGMA[0][0]
    bells = np.exp(-np.sum(y**2, axis=-1, keepdims=True) / (2 * v))
    exact = 1.7 * (0.36 / v) ** (d / 2) * bells * y / v
    found = fields[d].force(0.0, y + MEAN[0])
    # What 600 Sobol points in 2d = 4 or 6 dimensions can do.
    assert np.abs(found - exact).max() < {1: 1e-8, 2: 1.5e-2, 3: 1.5e-2}[d]
    assert np.abs(exact).max() > 0.2


def test_convergence_in_nodes():
    """On the line faster than any power; Sobol points in the plane about as 1/size."""
    at = np.linspace(-1.5, 2.0, 30)[:, None]
    keys = {"grid": 100, "step": 0.1}

    def force(nodes):
        return mfplug.solve_mean_field(bell(), [0.0, 0.7], nodes=nodes, **keys).force(
            0.7, at
        )

    best = force(1200)
    errors = [worst(force(n), best) for n in (100, 200, 400, 800)]
    ratios = [a / b for a, b in pairwise(errors)]
    assert all(ratio > 4 for ratio in ratios)
    assert errors[-1] < 1e-7
    at = np.random.default_rng(2).normal(0.4, 0.8, size=(200, 2))
    v = 0.6**2 + SIGMA[0][0]
    y = at - MEAN[0]
    exact = 1.7 * 0.36 / v**2 * np.exp(-np.sum(y**2, axis=1) / (2 * v))[:, None] * y
    errors = []
    for size in (128, 8192):
        field = mfplug.solve_mean_field(bell(2), [0.0], nodes=size, grid=40)
        errors.append(worst(field.force(0.0, at), exact))
    assert math.log(errors[0] / errors[1]) / math.log(8192 / 128) > 0.7


def test_convergence_in_the_step():
    """Order 6 of the nodes, of the field between its levels, and of the flow."""
    q = np.linspace(-1.5, 2.0, 25)[:, None]

    def solved(step):
        keys = {"nodes": 300, "grid": 100, "step": step}
        return mfplug.solve_mean_field(bell(), [0.0, 3.2], **keys)

    best = solved(0.02)
    errors = []
    for step in (0.2, 0.1):
        field = solved(step)
        errors.append(
            (
                worst(field.node_positions(3.2), best.node_positions(3.2)),
                worst(field.force(1.71, q), best.force(1.71, q)),
                worst(field.flow(q, -q, 0.0, 3.2), best.flow(q, -q, 0.0, 3.2)),
            )
        )
    slopes = np.log2(np.array(errors[0]) / np.array(errors[1]))
    assert np.all(slopes > 5.0), slopes
    assert mfplug.create("solver", "characteristics").order == 6


def test_convergence_in_the_grid():
    """Quintic splines: order 6 in the spacing, against the sum over the nodes."""
    errors = []
    for cells in (22, 44):
        keys = {"nodes": 300, "grid": cells + 18 + 1, "step": 0.1}
        field = mfplug.solve_mean_field(bell(), [0.0, 0.5], **keys)
        at = np.linspace(-1.2, 1.8, 41)[:, None]
        errors.append(worst(field.force(0.5, at), summed(field, 0.5, at)))
        assert field.info["interpolation_error"] > 0
    assert math.log2(errors[0] / errors[1]) > 5.0


# ------------------------------------------------------------ where a field is known


def test_outside_the_times(fields):
    field = fields[1]
    q, p = sampled(field, 3)
    calls = [
        lambda t: field.force(t, q),
        lambda t: field.force_gradient(t, q),
        lambda t: field.flow(q, p, 0.0, t),
        lambda t: field.flow(q, p, t, 0.0),
        lambda t: field.tangent_flow(q, p, t, 0.0),
        lambda t: field.density(t, q, p),
        lambda t: field.score(t, q, p),
        lambda t: field.sample(t, np.random.default_rng(0), 3),
    ]
    for call in calls:
        for t in (-0.01, 1.31, math.nan):
            with pytest.raises(ParameterError, match="outside the solved interval"):
                call(t)
        # Rounding of a time is not a time outside.
        call(END + 1e-12)
        call(-1e-12)
    linear = mfplug.solve_mean_field(
        harmonic(0.7, 0, 1), [0.5, 2.0], solver="harmonic-exact"
    )
    with pytest.raises(ParameterError, match=r"got 0\.0, expected 0\.5 to 2"):
        linear.flow(q, p, 0.0, 1.0)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_wrong_shapes(shape, fields):
    with pytest.raises(ParameterError, match=r"points have the wrong shape; got \("):
        fields[2].force(0.0, np.zeros(shape))


def test_any_leading_shape(fields):
    q = np.random.default_rng(1).normal(size=(2, 3, 5, 2))
    field = fields[2]
    flat = q.reshape(-1, 2)
    assert np.array_equal(field.force(0.3, q).reshape(-1, 2), field.force(0.3, flat))
    assert field.force_gradient(0.3, q).shape == (2, 3, 5, 2, 2)
    assert field.density(0.3, q, -q).shape == (2, 3, 5)
    assert field.force(0.3, q[0, 0, 0]).shape == (2,)
    assert field.force(0.3, q[:0]).shape == (0, 3, 5, 2)


def test_start_at_another_time():
    """Only time differences count: the field of 0 to 0.5 again from 2.0 on."""
    keys = {"nodes": 200, "grid": 60}
    early = mfplug.solve_mean_field(bell(), [0.0, 0.5], **keys)
    late = mfplug.solve_mean_field(bell(), [2.0, 2.5], **keys)
    q, p = sampled(early)
    one, two = early.flow(q, p, 0.0, 0.5), late.flow(q, p, 2.0, 2.5)
    assert np.allclose(one, two, rtol=0, atol=1e-12)


def test_a_field_at_one_time():
    """Without an interval there is the force at that time, and nothing moves."""
    field = mfplug.solve_mean_field(bell(), [0.7], **SIZES[1])
    many = mfplug.solve_mean_field(bell(), [0.7, 1.0], **SIZES[1])
    q, p = sampled(field)
    assert field.force(0.7, q) == pytest.approx(many.force(0.7, q), abs=1e-7)
    assert np.array_equal(field.flow(q, p, 0.7, 0.7), (q, p))
