"""The mean field on the torus: quiet states, modes and grids."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from torus_systems import BOX, cosine, homogeneous, system

import mfplug
from mfplug.meanfield.modes import ModeField
from mfplug.meanfield.spline_field import SplineField
from mfplug.meanfield.splines import periodic_coefficients
from mfplug.studies.store import load_field, save_field
from mfplug_plugins.potentials.cosine import Cosine

LAWS = ("gaussian", "lorentz", "student", "waterbag", "two-stream")

# ------------------------------------------------------------------------------ quiet


@pytest.mark.parametrize("momentum", LAWS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_homogeneous_state_has_no_force(d, momentum):
    """By symmetry; the nodes have it to rounding, also after five times their flow."""
    field = mfplug.solve_mean_field(
        system(cosine(-1.3), homogeneous(momentum), d), [0.0, 5.0], nodes=4000, step=0.5
    )
    q = np.random.default_rng(1).uniform(0, BOX, size=(50, d))
    k = 2 * math.pi / BOX
    for t in (0.0, 2.3, 5.0):
        assert np.abs(field.force(t, q)).max() < 1e-14 * 1.3 * k
    # Planted: random loading, as many particles, is loud.
    a, _ = field.system.initial.sample(np.random.default_rng(2), 4000)
    assert abs(np.mean(np.exp(1j * k * a))) > 1e-3


def test_a_homogeneous_state_has_no_force_on_a_grid():
    """The same for a potential of short range, which goes by the periodic spline.

    The gradient jumps by 3e-11 at half the box, where its nearest image changes.
    """
    bell = {"name": "gaussian", "strength": 1.7, "width": 0.3}
    field = mfplug.solve_mean_field(
        system(bell, homogeneous("waterbag")), [0.0, 0.5], nodes=1200, grid=32
    )
    assert isinstance(field, SplineField)
    q = np.random.default_rng(1).uniform(0, BOX, size=(50, 1))
    assert np.abs(field.force(0.3, q)).max() < 5e-11


# -------------------------------------------------------------------- modes and grids


@dataclass(frozen=True)
class Hidden(Cosine):
    """The cosine potential, which does not say that it is one mode."""

    name = "hidden-cosine"

    def modes(self):
        """Return nothing, so that the solver takes a grid."""
        return


@pytest.mark.parametrize("d", [1, 2])
def test_modes_against_a_grid(d):
    """Two ways to one field: amplitudes of the mode, and a periodic spline."""
    state = homogeneous(amplitude=0.4)
    keys = {"nodes": {1: 3000, 2: 1500}[d], "step": 0.1}
    drive = {"name": "drive", "strength": 0.6, "wavenumber": 2 * math.pi / BOX}
    one, other = (
        mfplug.solve_mean_field(system(p, state, d, external=drive), [0, 0.5], **keys)
        for p in (cosine(), Hidden(strength=1.3))
    )
    assert isinstance(one, ModeField)
    assert isinstance(other, SplineField)
    rng = np.random.default_rng(5)
    q = rng.uniform(-2 * BOX, 3 * BOX, size=(200, d))
    p = rng.normal(size=(200, d))
    tolerance = {1: 1e-9, 2: 2e-6}[d]
    for t in (0.0, 0.23, 0.5):
        assert np.abs(one.force(t, q)).max() > 0.1
        assert one.force(t, q) == pytest.approx(other.force(t, q), abs=tolerance)
        slope = one.force_gradient(t, q)
        assert slope == pytest.approx(other.force_gradient(t, q), abs=100 * tolerance)
    assert np.allclose(
        one.flow(q, p, 0.5, 0.0), other.flow(q, p, 0.5, 0.0), rtol=0, atol=tolerance
    )


@pytest.mark.parametrize("potential", [cosine(), {"name": "gaussian", "width": 0.35}])
def test_everything_is_periodic(potential):
    """Force, density and score do not see by how many boxes a point is moved."""
    state = {"name": "gaussian", "qq": 0.3, "qp": 0.1, "mean_q": 1.0}
    field = mfplug.solve_mean_field(
        system(potential, state), [0.0, 0.6], nodes=1000, grid=64
    )
    rng = np.random.default_rng(5)
    q, p = rng.uniform(0, BOX, size=(40, 1)), rng.normal(size=(40, 1))
    away = q + BOX * rng.integers(-3, 4, size=q.shape)
    for found, moved in (
        (field.force(0.4, q), field.force(0.4, away)),
        (field.density(0.4, q, p), field.density(0.4, away, p)),
        (field.score(0.4, q, p)[0], field.score(0.4, away, p)[0]),
    ):
        assert np.abs(found).max() > 1e-3
        assert found == pytest.approx(moved, rel=1e-9, abs=1e-11)


def test_density_on_the_torus_has_mass_one():
    """The trapezoid rule over one box and all momenta."""
    state = {"name": "gaussian", "qq": 0.3, "qp": 0.1, "mean_q": 1.0}
    field = mfplug.solve_mean_field(
        system(cosine(), state), [0.0, 0.6], nodes=1000, grid=64
    )
    q = BOX * np.arange(64) / 64
    p = np.linspace(-9, 9, 121)
    grid = np.stack(np.meshgrid(q, p, indexing="ij"), axis=-1)
    density = field.density(0.6, grid[..., :1], grid[..., 1:])
    mass = density.sum() * q[1] * (p[1] - p[0])
    assert mass == pytest.approx(1.0, abs=1e-9)


def test_periodic_spline_is_of_order_six():
    """Interpolation of exp(sin): halving the spacing divides the error by 64."""
    from scipy.interpolate import BSpline

    errors = []
    for n in (16, 32):
        x = 2 * np.pi * np.arange(n) / n
        values = np.exp(np.sin(x))
        c = periodic_coefficients(values, (0,))
        # Coefficient j belongs to the B-spline centred at site j.
        knots = np.arange(-8, n + 9, dtype=float)
        spline = BSpline(knots, np.take(c, np.arange(-5, n + 6), mode="wrap"), 5)
        assert spline(np.arange(n)) == pytest.approx(values, abs=1e-13)
        at = np.linspace(0, n, 401)
        errors.append(np.abs(spline(at) - np.exp(np.sin(2 * np.pi * at / n))).max())
    assert math.log2(errors[0] / errors[1]) > 5.5


@pytest.mark.parametrize("potential", [cosine(), {"name": "gaussian", "width": 0.35}])
def test_store_gives_back_every_bit(potential, tmp_path):
    field = mfplug.solve_mean_field(
        system(potential, homogeneous(amplitude=0.3)), [0.0, 0.6], nodes=500, grid=40
    )
    save_field(tmp_path / "field.npz", field)
    again = load_field(tmp_path / "field.npz")
    q = np.linspace(-3.0, 9.0, 50)[:, None]
    assert np.array_equal(again.force(0.31, q), field.force(0.31, q))
    assert again.info == field.info
    for one, other in zip(
        again.flow(q, -q, 0.6, 0.1), field.flow(q, -q, 0.6, 0.1), strict=True
    ):
        assert np.array_equal(one, other)


# ------------------------------------------------------------------------------ edges


@pytest.mark.parametrize("d", [1, 2])
def test_points_just_below_the_box(d):
    """Rounding puts them on the last point of the grid, which is the first one too."""
    law = {"name": "waterbag", "q_width": 0.9, "p_width": 0.5}
    field = mfplug.solve_mean_field(
        system({"name": "bump", "radius": 1.1}, law, d), [0.0, 0.2], nodes=500
    )
    q = np.full((1, d), np.nextafter(BOX, 0.0))
    near = field.force(0.2, np.zeros((1, d)))
    assert field.force(0.2, q) == pytest.approx(near, abs=1e-9)
    assert field.force(0.2, q - 3 * BOX) == pytest.approx(near, abs=1e-9)


@pytest.mark.parametrize("solver", ["characteristics", "semi-lagrangian"])
def test_a_torus_shorter_than_the_range(solver):
    short = system({"name": "gaussian", "width": 1.1}, homogeneous(amplitude=0.2))
    with pytest.raises(mfplug.ParameterError, match="the torus is shorter than its"):
        mfplug.solve_mean_field(short, [0.0, 0.1], solver)


@pytest.mark.parametrize(
    ("solver", "keys", "message"),
    [
        ("characteristics", {"step": 1e-30}, "step: too many steps"),
        ("semi-lagrangian", {"step": 1e-30}, "step: too many steps"),
        ("characteristics", {"nodes": 10**18}, "nodes = 1.* needs more memory than"),
        ("characteristics", {"grid": 10**12}, "grid = 1.* needs more memory than"),
        ("semi-lagrangian", {"points_q": 10**14}, "points_p = 1.* needs more memory"),
    ],
)
def test_a_resolution_beyond_all_means(solver, keys, message):
    wave = system(cosine(), homogeneous(amplitude=0.2))
    with pytest.raises(mfplug.ParameterError, match=message) as refusal:
        mfplug.solve_mean_field(wave, [0.0, 0.1], solver, **keys)
    assert "\n" not in str(refusal.value)


def test_a_lack_of_memory_is_one_line(monkeypatch):
    from mfplug_plugins.solvers.characteristics import Characteristics

    def solve(self, system, times):
        raise MemoryError

    monkeypatch.setattr(Characteristics, "solve", solve)
    with pytest.raises(mfplug.ParameterError, match="needs more memory than there is"):
        mfplug.solve_mean_field(system(cosine(), homogeneous()), [0.0, 0.1])
