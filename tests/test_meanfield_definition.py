"""The mean field by its definition: force, flow, density, score."""

from __future__ import annotations

import math

import numpy as np
import pytest
from bell_field import END, MASS, SIZES, bell, fields, sampled, summed, worst

import mfplug
from mfplug.meanfield.splines import MARGIN

__all__ = ["fields"]


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
