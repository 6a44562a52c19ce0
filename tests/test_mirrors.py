"""Symmetric systems: a part of the nodes, sums over images, coefficients of splines."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import make_interp_spline

import mfplug
from mfplug.dynamics.compiled import compile_potential
from mfplug.dynamics.fields import field_energies, field_forces
from mfplug.dynamics.sums.mirrored import MirroredSum, group_order, images
from mfplug.meanfield.collocation import interpolating_coefficients
from mfplug.meanfield.mirrors import _wedge, fold
from mfplug.meanfield.splines import time_knots

BELL = {"name": "gaussian", "strength": 1.7, "width": 0.8}
PLUMMER = {"name": "plummer", "strength": -0.9, "softening": 0.6}
LAW = {
    "name": "gaussian",
    "mean_q": 0.4,
    "mean_p": -0.3,
    "qq": 0.9,
    "qp": -0.2,
    "pp": 0.81,
}


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("potential", [BELL, PLUMMER])
def test_sum_over_the_images(d, potential):
    """Against every pair with every image, by few points (pairs) and many (series)."""
    placed = mfplug.create("potential", **potential).on(d)
    compiled = compile_potential(placed, d)
    sums = MirroredSum(placed, d, 1e-9)
    rng = np.random.default_rng(5)
    for many in (30, 6000):
        y, x = 1.3 * rng.normal(size=(2, d, many))
        w = rng.random(many) / many
        all_y, all_w = images(y), np.tile(w / group_order(d), group_order(d))
        some = np.ascontiguousarray(x[:, :50])
        exact = field_forces(compiled, all_y, all_w, some)
        # The largest force that the sources can exert together; slopes are below 1.3.
        scale = 1.3 * w.sum() * abs(potential["strength"])
        assert np.abs(sums.forces(y, w, x)[:, :50] - exact).max() < 3e-9 * scale
        energy = field_energies(compiled, all_y, all_w, some)
        assert np.abs(sums.energies(y, w, x)[:50] - energy).max() < 3e-8 * scale
    # The many did go through a series, or the way is not tested.
    assert (sums._modes(y, x) is not None) == (potential is BELL or d == 2)


@pytest.mark.parametrize("d", [2, 3])
def test_images_are_the_group(d):
    """All different for a general point, closed under a further element."""
    x = np.array([[0.3], [1.1], [2.5]])[:d]
    found = {tuple(v) for v in images(x).T}
    assert len(found) == group_order(d) == {2: 8, 3: 48}[d]
    assert found == {tuple(v) for v in images(-x[::-1]).T}
    assert np.array_equal(images(x)[:, :1], x)


@pytest.mark.parametrize("d", [2, 3])
def test_folded_rules_integrate_as_before(d):
    """Means of even functions are those of the whole rule; nodes become fewer."""
    system = mfplug.System(d, BELL, LAW, mass=1.3)
    nodes = system.initial.nodes({2: 6000, 3: 60000}[d])
    folded = fold(system, nodes)
    assert len(folded.w) < 1.3 * len(nodes[2]) / group_order(d) + 400
    # The law of a Student claims its symmetry too; its nodes have none.
    other = mfplug.System(d, BELL, {"name": "student", "df": 4.0})
    assert len(fold(other, other.initial.nodes(512)).w) == 512
    assert folded.w.sum() == pytest.approx(1.0, abs=1e-13)
    u = nodes[0] - 0.4 + 0.7 * (nodes[1] + 0.3)
    v = (folded.q + 0.7 * folded.p).T
    for power in (2, 4):
        whole = nodes[2] @ np.sum(u**power, axis=1)
        assert folded.w @ np.sum(v**power, axis=1) == pytest.approx(whole, rel=1e-11)
    assert folded.frame == pytest.approx(
        np.array([[0.4] * d, [-0.3 / 1.3] * d]), abs=1e-15
    )


@pytest.mark.parametrize("size", [6, 7])
@pytest.mark.parametrize("d", [2, 3])
def test_the_wedge_unfolds_to_the_whole_grid(d, size):
    """A field that commutes with the group: x_a exp(-|x|^2) (1 + prod x_b^2)."""

    def field(x):
        even = np.exp(-np.sum(x**2, axis=0)) * (1 + np.prod(x**2, axis=0))
        return x * even

    points, unfold = _wedge(d, size, 0.37)
    line = 0.37 * (np.arange(size) - 0.5 * (size - 1))
    grid = np.stack(np.meshgrid(*[line] * d, indexing="ij"))
    assert points.shape[1] < 0.6 * size**d
    assert unfold(field(points)) == pytest.approx(field(grid), abs=1e-14)


@pytest.mark.parametrize(
    ("d", "potential", "law"),
    [
        (2, BELL, LAW),
        (2, PLUMMER, LAW),
        (3, BELL, LAW),
    ],
)
def test_symmetry_changes_nothing(d, potential, law, monkeypatch):
    """The same nodes with and without the symmetry, in a moving frame too."""
    system = mfplug.System(d, potential, law, mass=1.3)
    nodes, grid, end = {2: (3000, 40, 0.6), 3: (9000, 28, 0.2)}[d]
    keys = {"nodes": nodes, "grid": grid, "step": 0.3}
    field = mfplug.solve_mean_field(system, [0.0, end], **keys)
    assert field.info["folded"] < field.info["nodes"]
    monkeypatch.setattr(type(system.initial), "symmetry_centre", lambda _: None)
    plain = mfplug.solve_mean_field(system, [0.0, end], **keys)
    assert "folded" not in plain.info
    x = np.random.default_rng(8).normal(size=(60, d))
    # The grids are not the same, so each has its own error.
    rule = 1e-6 + 4 * sum(f.info["interpolation_error"] for f in (field, plain))
    for t in (0.0, 0.6 * end, end):
        scale = np.abs(plain.force(t, x)).max()
        assert np.abs(field.force(t, x) - plain.force(t, x)).max() < rule * scale
    far = field.force(end, 12 * x) - plain.force(end, 12 * x)
    assert np.abs(far).max() < rule * scale
    for key in ("energy_drift", "momentum_drift"):
        assert field.info[key] == pytest.approx(plain.info[key], abs=1e-7)


def test_a_symmetric_field_is_stored(tmp_path):
    system = mfplug.System(2, BELL, LAW, mass=1.3)
    field = mfplug.solve_mean_field(system, [0.0, 0.6], nodes=3000, grid=40)
    mfplug.save_field(tmp_path / "field.npz", field)
    again = mfplug.load_field(tmp_path / "field.npz")
    x = 4 * np.random.default_rng(8).normal(size=(60, 2))
    assert np.array_equal(field.force(0.37, x), again.force(0.37, x))
    wrong = field.arrays() | {"frame": np.zeros((2, 3))}
    with pytest.raises(mfplug.ParameterError, match="do not fit each other"):
        field.solver.restore(system, field.times, wrong, field.info)


def test_no_symmetry_is_taken_for_granted():
    """An external potential, a torus, one dimension, a law that claims nothing."""
    trap = {"name": "trap", "strength": 0.5}
    pairs = {"name": "mollified", "points": ((0.1, 0.0, 0.3, 0.0),), "delta": 0.3}
    for system in (
        mfplug.System(2, BELL, LAW, external=trap),
        mfplug.System(2, BELL, LAW, box=12.0),
        mfplug.System(1, BELL, LAW),
        mfplug.System(2, BELL, pairs),
    ):
        assert fold(system, system.initial.nodes(500)) is None


@pytest.mark.parametrize("n", [10, 57])
def test_spline_coefficients_are_those_of_scipy(n):
    """In time (degree 9, fewer at few levels) and along any axis."""
    levels = 0.3 + 0.11 * np.arange(n)
    degree, knots = time_knots(levels)
    values = np.random.default_rng(2).normal(size=(n, 3, 150))
    exact = make_interp_spline(levels, values, k=degree, t=knots, axis=0).c
    found = interpolating_coefficients(levels, knots, degree, values, 0)
    assert found == pytest.approx(exact, abs=1e-12 * np.abs(exact).max())
    last = interpolating_coefficients(levels, knots, degree, values.T.copy(), 2)
    assert np.array_equal(last.T, found)
