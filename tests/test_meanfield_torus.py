"""The mean field on the torus: quiet states, linear theory, modes and grids."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

import mfplug
from mfplug.meanfield.modes import ModeField
from mfplug.meanfield.spline_field import SplineField
from mfplug.meanfield.splines import periodic_coefficients
from mfplug.studies.store import load_field, save_field
from mfplug_plugins.potentials.cosine import Cosine

BOX = 4.5
LAWS = ("gaussian", "lorentz", "student", "waterbag", "two-stream")


def homogeneous(momentum="gaussian", amplitude=0.0, **keys):
    """Return the state as a system takes it."""
    return {
        "name": "homogeneous",
        "momentum": momentum,
        "amplitude": amplitude,
        "width": 0.8,
        **keys,
    }


def system(potential, initial, d=1, **keys):
    """Return a system on the torus of side 4.5 with mass 1.6."""
    return mfplug.System(d, potential, initial, **({"box": BOX, "mass": 1.6} | keys))


def cosine(strength=1.3, mode=1):
    return {"name": "cosine", "strength": strength, "mode": mode}


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


# ---------------------------------------------------------------------- linear theory


def linear_amplitude(strength, k, mass, transform, end, n=4000):
    """Solve C = C_0 + G * C for the amplitude C(t) / C(0) of the mode k.

    C_0(t) = g^(k t / m) and G(s) = -(A k^2 / 2 m) s g^(k s / m), g^ the Fourier
    transform of the momentum law (audit 4.3), by the trapezoid rule; error O(h^2).
    """
    t = np.linspace(0.0, end, n + 1)
    kernel = -0.5 * strength * k**2 / mass * t * transform(k * t / mass)
    free = transform(k * t / mass)
    c, h = np.empty(n + 1), t[1]
    c[0] = free[0]
    for i in range(1, n + 1):
        # kernel(0) = 0, so that the step is explicit.
        inner = kernel[i] * c[0] / 2 + kernel[i - 1 : 0 : -1] @ c[1:i]
        c[i] = free[i] + h * inner
    return t, c


TRANSFORMS = {
    "gaussian": lambda x: np.exp(-0.5 * (0.8 * x) ** 2),
    "waterbag": lambda x: np.sinc(0.8 * x / math.pi),
    "two-stream": lambda x: np.cos(1.9 * x) * np.exp(-0.5 * (0.8 * x) ** 2),
}


@pytest.mark.parametrize("strength", [1.3, -1.3])
@pytest.mark.parametrize("momentum", TRANSFORMS)
def test_linear_theory(momentum, strength):
    """A wave of amplitude 1e-3 follows the linear equation to 1e-4 of its largest."""
    state = homogeneous(momentum, 1e-3, speed=1.9)
    s = system(cosine(strength), state, mass=1.6)
    field = mfplug.solve_mean_field(s, [0.0, 6.0])
    k = 2 * math.pi / BOX
    t, c = linear_amplitude(strength, k, 1.6, TRANSFORMS[momentum], 6.0)
    # At q = 1/4 of the box the force is A k C(t).
    q = np.array([[BOX / 4]])
    found = np.array([field.force(x, q)[0, 0] for x in t[::100]]) / (strength * k)
    assert found[0] == pytest.approx(0.5e-3, rel=1e-12)
    tolerance = 1e-4 * np.abs(c).max()
    assert found / 0.5e-3 == pytest.approx(c[::100], abs=tolerance)
    # Planted: a strength off by 1 % is seen.
    _, wrong = linear_amplitude(1.01 * strength, k, 1.6, TRANSFORMS[momentum], 6.0)
    assert np.abs(wrong - c).max() > 5 * tolerance


def growing(p0, end, amplitude):
    """Return amplitudes of HMF with a water-bag of half-width p0."""
    state = {"name": "homogeneous", "momentum": "waterbag", "width": p0}
    hmf = mfplug.System(
        1, cosine(-1.0), state | {"amplitude": amplitude}, box=2 * math.pi
    )
    field = mfplug.solve_mean_field(hmf, [0.0, end], step=0.25, nodes=4096)
    t = np.linspace(0.0, end, 601)
    return t, np.array([field.mode_density(x)[0, 0] for x in t])


def test_hmf_waterbag_growth():
    """omega^2 = p0^2 - 1/2 = -0.01 at p0 = 0.70: growth 0.1 (numbers.md).

    C'' + omega^2 C has the free waves as its only other part; projecting on the mode
    at late times leaves the growth. Reach: 2e-4.
    """
    t, c = growing(0.70, 90.0, 1e-9)
    late = t > 75.0
    rate = np.polyfit(t[late], np.log(c[late]), 1)[0]
    assert rate == pytest.approx(0.1, rel=2e-4)
    # Planted: an edge off by 0.02 % moves the rate by far more.
    assert math.sqrt(0.5 - 0.70014**2) != pytest.approx(0.1, rel=5e-4)


def test_hmf_waterbag_frequency():
    """omega = 0.13565 at p0 = 0.72 from 1.3 periods of data, the free waves fitted.

    C = a cos(omega t) + b sin(omega t) + (wave at p0) (1/t + ...). Reach: 2e-4.
    """
    from scipy.optimize import least_squares

    p0 = 0.72
    t, c = growing(p0, 60.0, 1e-6)
    late = t > 8.0
    t, c = t[late], c[late] / np.abs(c).max()

    def misfit(x):
        waves = [np.cos(x[0] * t), np.sin(x[0] * t)]
        for n in (1, 2, 3, 4):
            waves += [np.cos(p0 * t) / t**n, np.sin(p0 * t) / t**n]
        basis = np.stack(waves, axis=1)
        return basis @ np.linalg.lstsq(basis, c, rcond=None)[0] - c

    found = least_squares(misfit, [0.13], x_scale=1e-2, xtol=1e-14, ftol=1e-14)
    assert np.abs(found.fun).max() < 1e-5
    assert found.x[0] == pytest.approx(0.13565, rel=2e-4)


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
