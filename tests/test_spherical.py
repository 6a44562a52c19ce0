"""Solver spherical: exact cases, another solver, its own error, what it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from scipy.special import erf

from mfplug import Potential, System, create, load_field, save_field, solve_mean_field
from mfplug.errors import ParameterError
from mfplug.meanfield import radial_basis
from mfplug.meanfield.isotropic_nodes import isotropic_nodes

LAW = create("distribution", "gaussian", qq=0.6, qp=0.15, pp=0.45)
POINTS = np.random.default_rng(5).normal(size=(60, 3)) * 1.4


def cloud(d, potential, law=LAW, **more):
    return System(d, potential, law, **more)


def spherical(system, end=1.3, **parameters):
    return solve_mean_field(system, (0.0, end), {"name": "spherical", **parameters})


@pytest.mark.parametrize("d", [2, 3])
def test_harmonic_systems_are_exact(d):
    """Audit 4.1, any mass; 1 % more strength is seen."""
    trap = {"name": "trap", "strength": 0.4}
    system = cloud(d, {"name": "harmonic", "strength": 0.7}, external=trap, mass=1.7)
    exact = solve_mean_field(system, (0.0, 1.3), "harmonic-exact")
    field = spherical(system, nodes=4000)
    q, p = POINTS[:20, :d], POINTS[20:40, :d]
    assert np.abs(field.force(1.1, q) - exact.force(1.1, q)).max() < 1e-10
    slope = field.force_gradient(0.77, q) - exact.force_gradient(0.77, q)
    assert np.abs(slope).max() < 1e-9
    found, wanted = (f.density(1.3, q, p) for f in (field, exact))
    assert np.abs(found - wanted).max() < 1e-8 * wanted.max()
    other = cloud(d, {"name": "harmonic", "strength": 0.707}, external=trap, mass=1.7)
    wrong = spherical(other, nodes=4000)
    assert np.abs(wrong.force(1.1, q) - exact.force(1.1, q)).max() > 1e-3


@pytest.mark.parametrize(("cutoff", "allowed"), [(1e-4, 1e-5), (0.05, 1e-2)])
def test_coulomb_force_of_a_gaussian_ball(cutoff, allowed):
    """Gauss's theorem: M(r) / r^2 with the mass within r; the cut-off adds O(c^2)."""
    potential = {"name": "power", "strength": 1.4, "exponent": 1.0, "cutoff": cutoff}
    field = spherical(cloud(3, potential), end=0.01)
    r, s = np.linalg.norm(POINTS, axis=1), np.sqrt(0.6)
    within = erf(r / s / 2**0.5)
    within -= np.sqrt(2 / np.pi) * (r / s) * np.exp(-(r**2) / 2 / s**2)
    exact = 1.4 * (within / r**3)[:, None] * POINTS
    error = np.abs(field.force(0.0, POINTS) - exact).max()
    assert error < allowed
    assert error > 0.1 * cutoff**2


def test_far_away_only_the_mass_counts():
    """Beyond the table; 10^3 widths away the cloud is a point, to its size squared."""
    potential = {"name": "power", "strength": -0.8, "exponent": 1.3, "cutoff": 0.2}
    field = spherical(cloud(3, potential), nodes=4000)
    q = np.array([[300.0, -500.0, 200.0]])
    r = np.sqrt(np.sum(q**2))
    exact = -0.8 * 1.3 * q * (r**2 + 0.04) ** (-0.5 * 1.3 - 1.0)
    assert np.allclose(field.force(1.0, q), exact, rtol=2e-5)
    step = 0.5
    for axis in range(3):
        shift = np.eye(3)[axis] * step
        ahead, behind = (field.force(1.0, q + sign * shift) for sign in (1, -1))
        slope = (ahead - behind) / (2 * step)
        found = field.force_gradient(1.0, q)[0, :, axis]
        assert np.allclose(found, slope[0], rtol=1e-3, atol=1e-4 * np.abs(slope).max())


def test_another_solver_agrees():
    """Characteristics, which knows nothing of isotropy; each states its error."""
    system = cloud(2, {"name": "gaussian", "strength": -1.3, "width": 0.8})
    other = solve_mean_field(
        system, (0.0, 1.0), {"name": "characteristics", "nodes": 8000, "grid": 40}
    )
    field = spherical(system, end=1.0, nodes=16000)
    q = POINTS[:, :2]
    scale = np.abs(field.force(1.0, q)).max()
    difference = np.abs(field.force(0.9, q) - other.force(0.9, q)).max() / scale
    assert difference < field.info["error"] + other.info["error"]
    assert field.info["error"] < 2e-4
    assert difference < 1e-3


def test_the_stated_error_holds():
    """Against four times as many nodes and more functions."""
    potential = {"name": "power", "strength": 1.1, "exponent": 1.0, "cutoff": 0.1}
    best = spherical(cloud(3, potential), nodes=40000, terms=30)
    scale = np.abs(best.force(1.3, POINTS)).max()
    errors = []
    for nodes, terms in ((3000, 12), (10000, 20)):
        field = spherical(cloud(3, potential), nodes=nodes, terms=terms)
        at = (0.6, 1.3)
        off = max(
            np.abs(field.force(t, POINTS) - best.force(t, POINTS)).max() for t in at
        )
        errors.append(off / scale)
        assert errors[-1] < field.info["error"]
    assert errors[1] < 0.2 * errors[0]
    assert best.info["energy_drift"] < 1e-5


def test_functions_are_orthonormal_and_their_slopes_are_slopes():
    x, w = np.polynomial.legendre.leggauss(400)
    for d, area in ((2, 2 * np.pi), (3, 4 * np.pi)):
        r = 8.0 * (x + 1.0)
        h, slope = radial_basis.basis_and_slope(r, 30, d)
        gram = (h * (8.0 * w * area * r ** (d - 1))) @ h.T
        assert np.abs(gram - np.eye(30)).max() < 1e-12
        e, at = 1e-5, np.linspace(0.3, 9.0, 60)
        ahead, behind = (radial_basis.basis(at + s * e, 30, d) for s in (1, -1))
        slope = radial_basis.basis_and_slope(at, 30, d)[1]
        assert np.abs((ahead - behind) / (2 * e * at) - slope).max() < 1e-6


def test_nodes_hold_the_moments_of_the_law():
    for d in (2, 3):
        q, p, w = isotropic_nodes(LAW.on(d), 20000)
        square = [np.sum(w * np.sum(a * b, axis=1)) / d for a, b in ((q, q), (q, p))]
        assert square == pytest.approx([0.6, 0.15], rel=1e-7)
        assert np.sum(w * np.sum(q * q, axis=1) ** 2) == pytest.approx(
            d * (d + 2) * 0.36, rel=1e-6
        )


def test_a_stored_field_is_the_same(tmp_path):
    potential = {"name": "plummer", "strength": -0.9, "softening": 0.3}
    field = spherical(cloud(3, potential), nodes=2000)
    save_field(tmp_path / "field", field)
    again = load_field(tmp_path / "field")
    assert np.array_equal(again.force(0.7, POINTS), field.force(0.7, POINTS))
    gone = {k: v for k, v in field.arrays().items() if k != "reach"}
    with pytest.raises(ParameterError, match="arrays do not fit each other"):
        field.solver.restore(field.system, field.times, gone, field.info)


@dataclass(frozen=True)
class Tilted(Potential):
    """A smooth potential that is no function of the distance."""

    name: ClassVar[str] = "tilted"
    regularity: ClassVar[str] = "C_b^2"

    def energy(self, dx):
        return np.exp(-(dx[..., 0] ** 2) - 2 * dx[..., 1] ** 2)

    def gradient(self, dx):
        return -2 * dx * np.array([1.0, 2.0]) * self.energy(dx)[..., None]


BELL = {"name": "gaussian", "strength": 1.0, "width": 0.7}
REFUSED = {
    "d = 1": lambda: cloud(1, BELL),
    "the torus": lambda: cloud(2, BELL, box=9.0),
    "not a function of the distance": lambda: cloud(2, Tilted()),
    "law is not isotropic": lambda: cloud(
        3, BELL, create("distribution", "gaussian", mean_q=0.3)
    ),
    "external potential is not isotropic": lambda: cloud(
        3, BELL, external={"name": "drive", "strength": 0.3}
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_not_isotropic_is_refused(words):
    with pytest.raises(ParameterError, match=f"^solver 'spherical'.*{words}"):
        spherical(REFUSED[words]())


def test_a_number_of_functions_out_of_range_is_refused():
    with pytest.raises(ParameterError, match=r"functions.*got 3, expected 4 to 40"):
        spherical(cloud(3, BELL), terms=3)
