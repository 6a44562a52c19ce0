"""Compiled sums over pairs against plain NumPy, and their guarantees."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from canonical import BOX, make
from pair_clouds import Anisotropic, Coulomb, Opaque, clouds, direct

from mfplug import ParameterError, RadialPotential
from mfplug.dynamics.compiled import compile_potential
from mfplug.dynamics.fields import field_energies, field_forces
from mfplug.dynamics.pairs import pair_energies, pair_forces

CASES = [
    (make("potential", "gaussian"), 1, None),
    (make("potential", "gaussian"), 2, None),
    (make("potential", "gaussian"), 3, 6.5),
    (make("potential", "plummer"), 3, None),
    (make("potential", "yukawa"), 2, None),
    (make("potential", "power"), 1, None),
    (replace(make("potential", "power"), exponent=1.0), 3, None),
    (replace(make("potential", "power"), exponent=0.0), 2, None),
    (make("potential", "bump"), 2, 7.5),
    (make("potential", "harmonic"), 1, None),
    (make("potential", "cosine"), 2, BOX),
    (Anisotropic(), 3, None),
    (Coulomb(), 3, None),
]


@pytest.mark.parametrize(
    ("phi", "d", "box"), CASES, ids=[f"{c[0].name}-{c[1]}-{c[2]}" for c in CASES]
)
def test_forces_are_those_of_numpy(phi, d, box):
    x = clouds(d)
    c = compile_potential(phi, d)
    assert (c.compiled, c.reason) == (True, "")
    out = np.full_like(x, np.nan)
    pair_forces(c, x, out, factor=0.3, scale=0.8, box=box)
    exact, _ = direct(phi, x, 0.3, 0.8, box)
    size = np.abs(exact).max() + 1e-300
    np.testing.assert_allclose(out, exact, rtol=1e-11, atol=1e-14 * size)
    # Newton's third law: the sum of all forces is rounding.
    assert np.abs(out.sum(axis=2)).max() <= 1e-12 * x.shape[2] * size


@pytest.mark.parametrize(
    ("phi", "d", "box"),
    [
        (make("potential", "gaussian"), 2, None),
        (make("potential", "cosine"), 2, BOX),
        (Coulomb(), 3, None),
    ],
    ids=["gaussian", "cosine", "coulomb"],
)
def test_energies_are_those_of_numpy_and_forces_their_slopes(phi, d, box):
    x = clouds(d, n=9)
    c = compile_potential(phi, d)
    _, exact = direct(phi, x, 0.3, 0.8, box)
    energies = pair_energies(c, x, factor=0.3, scale=0.8, box=box)
    np.testing.assert_allclose(energies, exact, rtol=1e-13)
    forces = np.empty_like(x)
    # The force of N^(beta-1) phi(scale q) has one more factor of scale.
    pair_forces(c, x, forces, factor=0.3 * 0.8, scale=0.8, box=box)
    h = 1e-6
    for i, a in ((0, 0), (4, d - 1)):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[:, a, i] += sign * h
            ends.append(pair_energies(c, moved, factor=0.3, scale=0.8, box=box))
        slope = (ends[0] - ends[1]) / (2 * h)
        np.testing.assert_allclose(forces[:, a, i], -slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("phi", [make("potential", "gaussian"), Coulomb(), Opaque()])
def test_fields_are_weighted_sums(phi):
    d, rng = 2, np.random.default_rng(11)
    y, w = rng.normal(size=(d, 23)), rng.uniform(0.1, 1, 23)
    x = np.concatenate([rng.normal(size=(d, 17)), y[:, :4]], axis=1)  # 4 coincide
    c = compile_potential(phi, d)
    dx = x.T[:, None, :] - y.T[None, :, :]
    apart = np.any(dx != 0, axis=-1)
    with np.errstate(all="ignore"):
        gradient = np.where(apart[..., None], phi.gradient(dx), 0.0)
        energy = phi.energy(dx)
    # At the same place: phi(0) where there is one, otherwise nothing.
    energy = np.where(np.isfinite(energy), energy, 0.0)
    exact = -np.einsum("kma,m->ak", gradient, w)
    np.testing.assert_allclose(field_forces(c, y, w, x), exact, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(field_energies(c, y, w, x), energy @ w, rtol=1e-12)


def test_fields_take_the_nearest_image():
    phi, box = make("potential", "gaussian"), 6.5
    c = compile_potential(phi, 1)
    y, x = np.array([[0.2]]), np.array([[6.3, 6.3 + 3 * box, -0.2]])
    w = np.array([1.3])
    exact = -1.3 * phi.gradient(np.full((3, 1), -0.4))[:, 0]
    got = field_forces(c, y, w, x, box=box)[0]
    np.testing.assert_allclose(got, exact, rtol=1e-12)
    assert abs(field_forces(c, y, w, x)[0, 0] - exact[0]) > 0.1  # without the torus
    energies = field_energies(c, y, w, x, box=box)
    np.testing.assert_allclose(energies, 1.3 * phi.energy(np.full((3, 1), 0.4)))


def test_half_a_box_apart_obeys_the_third_law():
    c = compile_potential(make("potential", "gaussian"), 1)
    x = np.array([[[0.25, 3.25]]])
    out = np.empty_like(x)
    pair_forces(c, x, out, factor=1.0, box=6.0)
    assert out[0, 0, 0] == -out[0, 0, 1] != 0.0


def test_replicas_in_blocks_give_the_same_bits():
    for phi, d in ((make("potential", "gaussian"), 2), (Opaque(), 2)):
        x = clouds(d, replicas=7, n=53)
        c = compile_potential(phi, d)
        whole = np.empty_like(x)
        pair_forces(c, x, whole, factor=1 / 53)
        energies = pair_energies(c, x, factor=1 / 53)
        for cut in (1, 3, 6):
            for part in (x[:cut], x[cut:]):
                out = np.empty_like(part)
                pair_forces(c, part, out, factor=1 / 53)
                assert np.array_equal(out, whole[:cut] if part.base is x and
                                      len(part) == cut else whole[cut:])  # fmt: skip
            split = [pair_energies(c, p, factor=1 / 53) for p in (x[:cut], x[cut:])]
            assert np.array_equal(np.concatenate(split), energies)


@dataclass(frozen=True)
class Holes(RadialPotential):
    """NaN in one range, and an infinite slope from another on."""

    name = "holes"
    a: float = 0.5

    def profile(self, s):
        """Return NaN near 1, overflow far away."""
        inner = np.where((s > 0.9) & (s < 1.1), np.nan, -self.a * s)
        return np.where(s > 1e4, np.exp(s), inner)


def test_nan_and_infinity_pass_through():
    c = compile_potential(Holes(), 1)
    assert c.compiled
    x = np.array([[[0.0, 1.0, 3.0]], [[0.0, 2.0, 300.0]], [[0.0, np.nan, 2.0]]])
    out = np.empty_like(x)
    pair_forces(c, x, out, factor=1.0)
    assert np.array_equal(np.isnan(out[0, 0]), [True, True, False])
    assert out[0, 0, 2] == pytest.approx(5.0)
    assert np.isinf(out[1, 0]).all()
    assert np.isnan(out[2]).all()
    assert np.isnan(pair_energies(c, x, factor=1.0))[[0, 2]].all()


def test_particles_at_one_place_do_not_act_on_each_other():
    x = np.array([[[0.3, 0.3, 1.0], [0.1, 0.1, -1.0], [0.0, 0.0, 0.5]]])
    for phi in (Coulomb(), make("potential", "plummer"), Anisotropic()):
        out = np.empty_like(x)
        pair_forces(compile_potential(phi, 3), x, out, factor=1.0)
        assert np.isfinite(out).all()
        one = phi.gradient((x[0, :, 0] - x[0, :, 2])[None])[0]
        np.testing.assert_allclose(out[0, :, 0], -one, rtol=1e-12)


def test_what_cannot_be_traced_runs_in_numpy(monkeypatch):
    from mfplug.dynamics import plain

    phi, twin = Opaque(width=0.6), replace(make("potential", "gaussian"), strength=1.0)
    slow, fast = compile_potential(phi, 2), compile_potential(twin, 2)
    assert not slow.compiled
    assert "np.where" in slow.reason
    x = clouds(2, n=41)
    for block in (plain._BLOCK, 300):  # also cut into blocks of 3 rows and a rest of 2
        monkeypatch.setattr(plain, "_BLOCK", block)
        for box in (None, 6.5):
            a, b = np.empty_like(x), np.empty_like(x)
            pair_forces(slow, x, a, factor=0.2, scale=0.7, box=box)
            pair_forces(fast, x, b, factor=0.2, scale=0.7, box=box)
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-14)
            energies = [
                pair_energies(c, x, factor=0.2, scale=0.7, box=box)
                for c in (slow, fast)
            ]
            np.testing.assert_allclose(*energies, rtol=1e-13)


def test_instances_of_one_class_share_the_kernel_but_not_the_values():
    x = clouds(1)
    results = []
    for width in (0.6, 1.1):
        c = compile_potential(replace(make("potential", "gaussian"), width=width), 1)
        out = np.empty_like(x)
        pair_forces(c, x, out, factor=1.0)
        exact, _ = direct(c.potential, x, 1.0)
        np.testing.assert_allclose(out, exact, rtol=1e-11, atol=1e-13)
        results.append(c.term(None).numba_type)
    assert results[0] == results[1]


def test_bad_arrays_are_refused_by_name():
    phi = make("potential", "gaussian")
    c = compile_potential(phi, 2)
    x = clouds(2)
    for bad in (x[:, :1], x.astype(np.float32), np.asfortranarray(x), x[0], [1.0]):
        with pytest.raises(ParameterError, match=r"potential 'gaussian': positions"):
            pair_forces(c, bad, np.empty_like(x), factor=1.0)
    with pytest.raises(ParameterError, match="differ in shape"):
        pair_forces(c, x, np.empty_like(x[:2]), factor=1.0)
    with pytest.raises(ParameterError, match="weights"):
        field_forces(c, x[0], np.ones(3), x[0])
    with pytest.raises(ParameterError, match="d = 1, 2, 3"):
        compile_potential(phi, 4)


def test_sizes_at_the_edge():
    c = compile_potential(make("potential", "gaussian"), 2)
    for shape in ((2, 2, 1), (0, 2, 5), (1, 2, 0)):
        out = np.full(shape, np.nan)
        pair_forces(c, np.zeros(shape), out, factor=1.0)
        assert not out.any()
        assert pair_energies(c, np.zeros(shape), factor=1.0).shape == shape[:1]
    nothing = field_forces(c, np.zeros((2, 0)), np.zeros(0), np.zeros((2, 3)))
    assert np.array_equal(nothing, np.zeros((2, 3)))
