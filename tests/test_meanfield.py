"""The mean field against closed forms, another solver, and its own definition."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import mfplug
from mfplug import NumericsError, ParameterError, StoreError
from mfplug.meanfield.splines import MARGIN
from mfplug.studies.store import load_field, save_field, write_arrays
from mfplug.theory.harmonic import harmonic_law

SIGMA = ((0.49, -0.2), (-0.2, 0.81))
MEAN = (0.4, -0.3)
LAW = {
    "name": "gaussian",
    "mean_q": MEAN[0],
    "mean_p": MEAN[1],
    "qq": SIGMA[0][0],
    "qp": SIGMA[0][1],
    "pp": SIGMA[1][1],
}
BELL = {"name": "gaussian", "strength": 1.7, "width": 0.6}
MASS, END = 1.6, 1.3
#: Enough for 1e-8 on the line; in the plane and in space small, for the definitions.
SIZES = {
    1: {"nodes": 900, "grid": 100, "step": 0.05},
    2: {"nodes": 600, "grid": 40, "step": 0.1},
    3: {"nodes": 600, "grid": 28, "step": 0.1},
}


def bell(d=1, **keys):
    """Return a system with Gaussian repulsion and mass 1.6."""
    return mfplug.System(d, BELL, LAW, **({"mass": MASS} | keys))


@pytest.fixture(scope="module")
def fields():
    """The field of that system in d = 1, 2, 3."""
    times = [0.0, 0.6, END]
    return {d: mfplug.solve_mean_field(bell(d), times, **SIZES[d]) for d in SIZES}


def sampled(field, n=60, seed=1):
    """Return points of f_0 of the field's system."""
    return field.system.initial.sample(np.random.default_rng(seed), n)


# -------------------------------------------------------------- harmonic closed forms


def harmonic(eta, trap, m, d=1):
    """Return a harmonic system with a moving, correlated Gaussian."""
    return mfplug.System(
        dimension=d,
        potential={"name": "harmonic", "strength": eta},
        initial=LAW,
        external={"name": "trap", "strength": trap} if trap else None,
        mass=m,
    )


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


# ---------------------------------------------------------------------- convergence


def worst(a, b):
    """Return the largest difference of two arrays."""
    return float(np.abs(np.asarray(a) - np.asarray(b)).max())


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


# ------------------------------------------------------- the field by its definition


def summed(field, t, q):
    """Return the pair force as a plain sum over all nodes at a stored level."""
    assert np.abs(field.arrays()["levels"] - t).min() < 1e-12
    potential, weights = field.system.potential, field.node_weights()
    nodes = field.node_positions(t).T
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    return np.stack(
        [-weights @ potential.gradient(x - nodes) for x in np.atleast_2d(q)]
    )


@pytest.mark.parametrize("d", [1, 2, 3])
def test_spline_against_the_sum_over_nodes(d, fields):
    """Inside the grid to the spline's error, outside to rounding, no seam."""
    field = fields[d]
    nodes = field.node_positions(END)
    centre, reach = nodes.mean(axis=1), np.abs(nodes).max(axis=1)
    rng = np.random.default_rng(4)
    inside = centre + 0.4 * reach * rng.uniform(-1, 1, size=(50, d))
    tolerance = {1: 2e-8, 2: 1e-4, 3: 5e-3}[d]
    assert worst(field.force(END, inside), summed(field, END, inside)) < tolerance
    low, spacing = field.arrays()["grid_low"], field.arrays()["grid_spacing"]
    edge = low + MARGIN * spacing
    outside = centre + rng.uniform(-0.2, 0.2, size=(50, d)) * reach
    outside[:, 0] = edge[0] - rng.uniform(0.01, 0.5, size=50)
    # What is left of the force there is seven digits above what is allowed below.
    assert np.abs(summed(field, END, outside)).max() > 1e-6
    assert worst(field.force(END, outside), summed(field, END, outside)) < 1e-13
    # Across the border of the grid, point by point.
    line = centre + np.linspace(0, 3, 4001)[:, None] * reach
    steps = np.abs(np.diff(field.force(END, line), axis=0)).max(axis=1)
    assert steps.max() < 5e-3


@pytest.mark.parametrize("d", [1, 2, 3])
def test_force_gradient_is_the_derivative_of_the_force(d, fields):
    """Central differences, inside the grid and far outside, with a trap beside."""
    field = mfplug.solve_mean_field(
        bell(d, external={"name": "trap", "strength": 0.8}), [0.0, 0.5], **SIZES[d]
    )
    q = np.random.default_rng(4).normal(0.4, 0.7, size=(30, d))
    q = np.concatenate([q, q + 4.0])
    for t in (0.0, 0.33):
        columns = []
        for axis in range(d):
            e = 1e-5 * np.eye(d)[axis]
            columns.append((field.force(t, q + e) - field.force(t, q - e)) / 2e-5)
        found = field.force_gradient(t, q)
        assert found.shape == (60, d, d)
        assert found == pytest.approx(np.stack(columns, axis=-1), abs=2e-6)
    # Planted: the trap forgotten in the gradient would be off by its strength.
    bare = fields[d].force_gradient(0.0, q)
    assert np.abs(field.force_gradient(0.0, q) - bare).max() > 0.7


@pytest.mark.parametrize("d", [1, 2, 3])
def test_flow_is_the_motion_in_the_force(d, fields):
    """Back and forth, in two legs, and against differences of the paths in time."""
    field = fields[d]
    q, p = sampled(field)
    end = field.flow(q, p, 0.0, END)
    assert np.allclose(field.flow(*end, END, 0.0), (q, p), rtol=0, atol=1e-9)
    legs = field.flow(*field.flow(q, p, 0.0, 0.6), 0.6, END)
    assert np.allclose(legs, end, rtol=0, atol=1e-5)
    h, t = 1e-3, 0.6
    here = field.flow(q, p, 0.0, t)
    ahead, behind = field.flow(*here, t, t + h), field.flow(*here, t, t - h)
    velocity, force = ((ahead[k] - behind[k]) / (2 * h) for k in (0, 1))
    assert velocity == pytest.approx(here[1] / MASS, abs=1e-6)
    assert force == pytest.approx(field.force(t, here[0]), abs=1e-5)
    # Planted: the force of a field with 10 % more strength is another one.
    assert worst(1.1 * field.force(t, here[0]), force) > 1e-3


@pytest.mark.parametrize("d", [1, 2, 3])
def test_density_rides_along(d, fields):
    """f_t(Phi_t x) = f_0(x)."""
    field = fields[d]
    q, p = sampled(field)
    start = field.system.initial.density(q, p)
    for t in (0.0, 0.37, END):
        moved = field.flow(q, p, 0.0, t)
        assert field.density(t, *moved) == pytest.approx(start, rel=1e-9)
    assert worst(field.density(END, q, p), start) > 1e-3 * start.max()


class Rubbing(mfplug.MeanField):
    """A planted defect: friction, so that the flow shrinks volumes."""

    def __init__(self, field):
        super().__init__(field.system, field.times, solver=None)
        self.field = field

    def force(self, t, q):
        """Return the true force."""
        return self.field.force(t, q)

    def force_gradient(self, t, q):
        """Return the true gradient."""
        return self.field.force_gradient(t, q)

    def arrays(self):
        """Return nothing to store."""
        return {}

    def flow(self, q, p, t0, t1):
        """Return points with momenta that decay."""
        q, p = self.field.flow(q, p, t0, t1)
        return q, p * math.exp(-0.1 * (t1 - t0))


def phase_space(n=81):
    """Return a grid of phase space in d = 1 and the weight of a cell."""
    q, p = np.linspace(-7.1, 7.9, n), np.linspace(-7.8, 7.2, n)
    grids = np.stack(np.meshgrid(q, p, indexing="ij"), axis=-1).reshape(-1, 2)
    return grids[:, :1], grids[:, 1:], (q[1] - q[0]) * (p[1] - p[0])


def test_density_has_mass_one_and_the_moments_of_the_flow():
    """The trapezoid rule on a grid that holds all of f_t; friction is caught by it."""
    keys = {"nodes": 200, "grid": 60, "step": 0.1}
    field = mfplug.solve_mean_field(bell(), [0.0, END], **keys)
    q, p, cell = phase_space()
    density = field.density(END, q, p)
    assert cell * density.sum() == pytest.approx(1.0, abs=1e-9)
    a, b, w = field.system.initial.nodes(1600)
    moved = np.concatenate(field.flow(a, b, 0.0, END), axis=1)
    grid = np.concatenate([q, p], axis=1)
    second = cell * (density * grid.T) @ grid
    assert second == pytest.approx((w * moved.T) @ moved, abs=1e-7)
    wrong = cell * Rubbing(field).density(END, q, p).sum()
    assert abs(wrong - 1.0) > 0.05


class Twisted(Rubbing):
    """A planted defect: the Jacobian transposed."""

    def flow(self, q, p, t0, t1):
        """Return the true flow."""
        return self.field.flow(q, p, t0, t1)

    def tangent_flow(self, q, p, t0, t1):
        """Return the true flow with its Jacobian transposed."""
        x, v, jacobian = self.field.tangent_flow(q, p, t0, t1)
        return x, v, np.swapaxes(jacobian, -1, -2)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_score_is_the_gradient_of_the_log_density(d, fields):
    """Central differences of log f_t by every coordinate."""
    field, t, h = fields[d], 0.9, 1e-4
    q, p = field.flow(*sampled(field, 40), 0.0, t)
    found = field.score(t, q, p)
    wrong = Twisted(field).score(t, q, p)
    difference = [np.empty_like(q), np.empty_like(p)]
    for which in (0, 1):
        for axis in range(d):
            e = np.zeros((2, d))
            e[which, axis] = h
            ahead = np.log(field.density(t, q + e[0], p + e[1]))
            behind = np.log(field.density(t, q - e[0], p - e[1]))
            difference[which][:, axis] = (ahead - behind) / (2 * h)
        assert found[which] == pytest.approx(difference[which], abs=5e-7)
    assert worst(wrong, difference) > 1e-2


@pytest.mark.parametrize("d", [1, 2, 3])
def test_tangent_flow(d, fields):
    """The Jacobian is symplectic, and the derivative of the flow."""
    field, h = fields[d], 1e-5
    q, p = sampled(field, 15)
    x, v, jacobian = field.tangent_flow(q, p, 0.0, 0.9)
    assert np.allclose((x, v), field.flow(q, p, 0.0, 0.9), rtol=0, atol=1e-14)
    one, zero = np.eye(d), np.zeros((d, d))
    j = np.block([[zero, one], [-one, zero]])
    form = np.swapaxes(jacobian, -1, -2) @ j @ jacobian
    assert np.linalg.det(jacobian) == pytest.approx(np.ones(15), abs=1e-11)
    # Components are interpolated one by one, so DK is symmetric to that error.
    tolerance = {1: 1e-12, 2: 1e-4, 3: 2e-2}[d]
    assert form == pytest.approx(np.broadcast_to(j, form.shape), abs=tolerance)
    for axis in range(2 * d):
        e = h * np.eye(2 * d)[axis]
        ahead = np.concatenate(field.flow(q + e[:d], p + e[d:], 0.0, 0.9), axis=1)
        behind = np.concatenate(field.flow(q - e[:d], p - e[d:], 0.0, 0.9), axis=1)
        slope = (ahead - behind) / (2 * h)
        assert jacobian[..., axis] == pytest.approx(slope, abs=1e-6)


def test_sample_has_the_law(fields):
    """Means of 4000 points, seed 6, against quadrature: 4.2 standard errors.

    Five numbers; a normal error exceeds 4.2 of them by chance in 1.4e-4 of the seeds.
    """
    field, n = fields[1], 4000
    x = np.concatenate(field.sample(END, np.random.default_rng(6), n), axis=1)
    q, p, w = field.system.initial.nodes(1600)
    y = np.concatenate(field.flow(q, p, 0.0, END), axis=1)
    start = np.concatenate([q, p], axis=1)

    def numbers(z):
        return np.stack([*z.T, *(z**2).T, z[:, 0] * z[:, 1]])

    def far(values):
        error = numbers(x).std(axis=1) / math.sqrt(n)
        return np.abs(numbers(x).mean(axis=1) - values) / error

    assert far(numbers(y) @ w).max() < 4.2
    # Planted: points of f_0 in place of f_t.
    assert far(numbers(start) @ w).max() > 10


def test_conservation(fields):
    """Closed system: energy to the order of the step, momentum to rounding."""
    info = fields[1].info
    assert info["energy_drift"] < 1e-9
    assert info["momentum_drift"] < 1e-14
    assert info["nodes"] <= 900
    assert fields[1].arrays()["weights"].sum() == pytest.approx(1.0, abs=1e-14)


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


# ------------------------------------------------------------------------- the store


@pytest.mark.parametrize("d", [1, 2])
def test_store_gives_back_every_bit(d, tmp_path, fields):
    field = fields[d]
    save_field(tmp_path / "field.npz", field)
    again = load_field(tmp_path / "field.npz")
    q, p = sampled(field)
    q = np.concatenate([q, q + 9.0])
    p = np.concatenate([p, p])
    assert again.system == field.system
    assert again.times == field.times
    assert again.info == field.info
    assert again.solver == field.solver
    assert np.array_equal(again.force(0.31, q), field.force(0.31, q))
    assert np.array_equal(again.flow(q, p, 0.0, END), field.flow(q, p, 0.0, END))
    assert np.array_equal(again.score(0.5, q, p), field.score(0.5, q, p))


def test_store_of_a_linear_field(tmp_path):
    field = mfplug.solve_mean_field(
        harmonic(0.7, 0.55, MASS, 3), [0.0, END], solver="harmonic-exact"
    )
    save_field(tmp_path / "field.npz", field)
    q, p = sampled(field)
    again = load_field(tmp_path / "field.npz")
    assert np.array_equal(again.flow(q, p, 0.2, END), field.flow(q, p, 0.2, END))


def refusal(path):
    """Return the one line with which a file is refused."""
    with pytest.raises(StoreError) as caught:
        load_field(path)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    return text


def test_truncated_and_altered_files_are_refused(tmp_path, fields):
    path = tmp_path / "field.npz"
    save_field(path, fields[1])
    whole = path.read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "truncated, altered or foreign" in refusal(path)
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    assert "truncated, altered or foreign" in refusal(path)
    path.unlink()
    assert "no such file" in refusal(path)


def test_foreign_files_are_refused(tmp_path, fields):
    path = tmp_path / "field.npz"
    np.savez(path, a=np.zeros(3))
    assert "foreign" in refusal(path)
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))
    assert "foreign" in refusal(path)
    with open(path, "wb") as file:
        np.savez(file, a=np.array([{}], dtype=object), allow_pickle=True)
    assert "foreign" in refusal(path)
    path.write_text("just text")
    assert "foreign" in refusal(path)
    for text in ("[1, 2]", "no json", json.dumps({"format": 1})):
        header = np.frombuffer(text.encode(), dtype=np.uint8)
        with open(path, "wb") as file:
            np.savez(file, __meta__=header)
        refusal(path)
    # A file of the right kind with an array or an entry missing, or of another length.
    save_field(path, fields[1])
    with np.load(path) as data:
        arrays = {k: data[k] for k in data.files}
    meta = json.loads(bytes(arrays.pop("__meta__")))
    meta.pop("format")
    for changed in (
        ({k: v for k, v in arrays.items() if k != "weights"}, meta),
        (arrays | {"nodes": arrays["nodes"][..., 1:]}, meta),
        (arrays, {k: v for k, v in meta.items() if k != "times"}),
        (arrays, meta | {"system": meta["system"] | {"dimension": 2}}),
    ):
        write_arrays(path, *changed)
        assert "foreign" in refusal(path)
    write_arrays(path, arrays, meta)
    load_field(path)


# -------------------------------------------------------------------------- refusals


WRONG = {
    "times": ({"times": [1.0, 0.0]}, "times: not allowed"),
    "beta": (
        {"system": {"beta": 0.2}},
        r"the mean field depends on N; got beta = 0\.2 and no N\. Use system\.at\(N\)",
    ),
    "short torus": (
        {"system": {"box": 3.0}},
        r"the torus is shorter than its range; got box = 3, expected at least",
    ),
    "tolerance": ({"tolerance": -1.0}, "'tolerance' is out of range"),
    "no harmonic torus": (
        {"system": {"box": 9.0}, "solver": "harmonic-exact"},
        "the potential is not harmonic",
    ),
    "grid": ({"grid": 12}, "grid is too small; got 12"),
    "option": ({"nods": 12}, "unknown parameter 'nods'.*'nodes'"),
    "option twice": (
        {"solver": {"name": "characteristics"}, "grid": 50},
        "options are given twice",
    ),
    "not harmonic": ({"solver": "harmonic-exact"}, "the potential is not harmonic"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_input_is_one_clear_line(what):
    changes, message = WRONG[what]
    changes = dict(changes)
    system = bell(**changes.pop("system", {}))
    keys = {"times": [0.0, 0.1]} | changes
    with pytest.raises(ParameterError, match=message) as caught:
        mfplug.solve_mean_field(system, **keys)
    assert "\n" not in str(caught.value)


def test_expression_in_N_has_to_be_evaluated():
    plummer = {"name": "plummer", "softening": {"times": 1.0, "N": -0.3}}
    system = mfplug.System(potential=plummer, initial=LAW)
    with pytest.raises(ParameterError, match=r"depends on N.*system\.at"):
        mfplug.solve_mean_field(system, [0.0, 0.1])


@dataclass(frozen=True)
class SickTrap(mfplug.External):
    """A trap that becomes NaN."""

    name = "sick-trap"
    time_dependent = True

    def energy(self, q, t):
        """Return 0."""
        return np.zeros(q.shape[:-1])

    def gradient(self, q, t):
        """Return 0, later NaN."""
        return np.full_like(q, np.nan if t > 0.3 else 0.0)


def test_nan_in_the_force():
    system = replace(bell(), external=SickTrap())
    with pytest.raises(NumericsError, match="the mean-field force is not finite at t"):
        mfplug.solve_mean_field(system, [0.0, 0.5], nodes=100, grid=60)
