"""Compiled sums over pairs against plain NumPy, and their guarantees."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from canonical import BOX, make

from mfplug import ParameterError, Potential, RadialPotential
from mfplug.dynamics import pairs as sums
from mfplug.dynamics.compiled import compile_potential
from mfplug.dynamics.fields import field_energies, field_forces
from mfplug.dynamics.pairs import pair_energies, pair_forces


@dataclass(frozen=True)
class Anisotropic(Potential):
    """An even potential that is neither radial nor separable."""

    name = "anisotropic"
    a: float = 0.7
    c: float = 1.9

    def energy(self, dx):
        """Return a Gaussian of a quadratic form with a mixed term."""
        form = np.sum(dx**2, axis=-1) + self.a * dx[..., 0] * dx[..., -1]
        return self.c * np.exp(-0.5 * form)

    def gradient(self, dx):
        """Return its derivative."""
        mixed = np.zeros_like(dx)
        e = np.eye(dx.shape[-1])
        mixed = dx[..., -1:] * e[0] + dx[..., :1] * e[-1]
        return -(dx + 0.5 * self.a * mixed) * self.energy(dx)[..., None]


@dataclass(frozen=True)
class Coulomb(RadialPotential):
    """Singular at 0."""

    name = "coulomb"
    regularity = "singular"
    strength: float = 0.8

    def profile(self, s):
        """Return strength / r."""
        return self.strength / np.sqrt(s)


@dataclass(frozen=True)
class Opaque(Potential):
    """A Gaussian that cannot be traced: it branches on values."""

    name = "opaque"
    width: float = 0.6

    def energy(self, dx):
        """Return the energy, point by point."""
        s = np.sum(dx**2, axis=-1)
        return np.exp(-s / (2 * self.width**2)) if np.all(s < 1e9) else 0 * s

    def gradient(self, dx):
        """Return its derivative."""
        return -dx / self.width**2 * self.energy(dx)[..., None]


def clouds(d, replicas=3, n=37, width=1.0, seed=7):
    """Return positions (R, d, N)."""
    return width * np.random.default_rng(seed).normal(size=(replicas, d, n))


def direct(phi, x, factor, scale=1.0, box=None):
    """Return forces and energies by the definition, with all pairs in one array."""
    points = np.swapaxes(x, 1, 2)
    dx = points[:, :, None, :] - points[:, None, :, :]
    if box is not None:
        dx = dx - box * np.round(dx / box)
    dx = scale * dx
    n = x.shape[2]
    off = ~np.eye(n, dtype=bool)
    with np.errstate(all="ignore"):
        gradient = np.where(off[..., None], phi.gradient(dx), 0.0)
        energy = np.where(np.tril(off, -1), phi.energy(dx), 0.0)
    return -factor * np.swapaxes(gradient.sum(axis=2), 1, 2), factor * energy.sum(
        (1, 2)
    )


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


SCRIPT = """
import hashlib, sys
import numpy as np
sys.path.insert(0, {folder!r})
from plugin_under_test import Edited
import mfplug.dynamics.kernels as kernels
from mfplug.dynamics.compiled import compile_potential
from mfplug.dynamics.pairs import pair_forces
x = np.random.default_rng(5).normal(size=(2, 1, 301))
c = compile_potential(Edited(), 1)
out = np.empty_like(x)
pair_forces(c, x, out, factor=1.0)
hits = sum(kernels.pair_forces_kernel.stats.cache_hits.values())
dx = x[0, 0, :1, None] - x[0, 0, None, :]
exact = -Edited().gradient(dx[..., None])[0].sum()
assert abs(out[0, 0, 0] - exact) < 1e-10, (out[0, 0, 0], exact)
digest = hashlib.sha256(out.tobytes()).hexdigest()
print(digest, hits, "sympy" in sys.modules)
"""
PLUGIN = """
from dataclasses import dataclass
import numpy as np
from mfplug import RadialPotential

@dataclass(frozen=True)
class Edited(RadialPotential):
    name = "edited"
    width: float = 0.7
    def profile(self, s):
        return {factor} * np.exp(-s / self.width) / (1.0 + s)
"""


def fresh_process(tmp_path, factor, threads, **environ):
    """Run the script in a process of its own; return digest, cache hits, sympy."""
    (tmp_path / "plugin_under_test.py").write_text(PLUGIN.format(factor=factor))
    unset = ("NUMBA_CACHE_DIR", "PYTHONDONTWRITEBYTECODE")
    environment = {k: v for k, v in os.environ.items() if k not in unset}
    environment |= {
        "MFPLUG_CACHE_DIR": str(tmp_path / "cache"),
        "NUMBA_NUM_THREADS": str(threads),
        "PYTHONPYCACHEPREFIX": str(tmp_path / "bytecode"),
    } | environ
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT.format(folder=str(tmp_path))],
        env=environment, cwd=Path(sums.__file__).parents[2], capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    digest, hits, sympy = done.stdout.split()
    return digest, int(hits), sympy == "True"


def test_threads_disk_cache_and_edits(tmp_path):
    first = fresh_process(tmp_path, "1.5", threads=1)
    assert first[1:] == (0, True)  # compiled here, formula derived here
    second = fresh_process(tmp_path, "1.5", threads=2)
    # The same bits with two threads; nothing derived or compiled again.
    assert second == (first[0], 1, False)
    edited = fresh_process(tmp_path, "-2.5", threads=1)  # the script checks its value
    assert edited[1:] == (0, True)
    assert edited[0] != first[0]


def test_damaged_and_read_only_caches(tmp_path):
    """What is damaged is compiled anew, a folder that takes nothing is passed by."""
    # Nobody can make a folder in /proc: what a read-only place looks like to root too.
    closed = {"MFPLUG_CACHE_DIR": "/proc/mfplug", "XDG_CACHE_HOME": str(tmp_path)}
    first = fresh_process(tmp_path, "1.5", 1, **closed)
    cache = tmp_path / "mfplug"
    (code,), (index,) = cache.rglob("*.nbc"), cache.rglob("*.nbi")
    (formula,) = cache.glob("formula-*")
    good = code.read_bytes()
    # A bit in the middle of the machine code: nothing but its hash can tell.
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 4
    code.write_bytes(bytes(flipped))
    formula.write_text(formula.read_text()[:-20])
    assert fresh_process(tmp_path, "1.5", 1, **closed) == (first[0], 0, True)
    index.write_bytes(index.read_bytes()[:40])
    code.write_bytes(good[:400])
    assert fresh_process(tmp_path, "1.5", 1, **closed)[:2] == (first[0], 0)
    assert fresh_process(tmp_path, "1.5", 1, **closed) == (first[0], 1, False)


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


def test_vector_functions_are_accurate_to_rounding():
    from numba import njit

    from mfplug.dynamics.vexp import nearest, vexp
    from mfplug.dynamics.vtrig import vcos, vsin

    @njit
    def table(x):
        out = np.empty((4, x.size))
        for k in range(x.size):
            out[0, k] = vexp(x[k])
            out[1, k] = vsin(x[k])
            out[2, k] = vcos(x[k])
            out[3, k] = nearest(x[k])
        return out

    x = np.concatenate([np.linspace(-707.9, 709.4, 20011), np.linspace(-4, 4, 20011)])
    e, sine, cosine, integer = table(x)
    np.testing.assert_allclose(e, np.exp(x), rtol=5e-16)
    np.testing.assert_allclose(sine, np.sin(x), rtol=1e-15, atol=1e-19)
    np.testing.assert_allclose(cosine, np.cos(x), rtol=1e-15, atol=1e-19)
    assert np.array_equal(integer, np.rint(x))
    far = np.linspace(-1e6, 1e6, 10007)
    _, sine, cosine, _ = table(far)
    np.testing.assert_allclose(sine, np.sin(far), atol=5e-16)
    np.testing.assert_allclose(cosine, np.cos(far), atol=5e-16)
    e, sine, _, _ = table(np.array([np.nan, np.inf, -np.inf, 709.9, -709.0, -1e300]))
    assert np.array_equal(e, [np.nan, np.inf, 0, np.inf, 0, 0], equal_nan=True)
    assert np.isnan(sine[:3]).all()


def test_vector_logarithm_and_power_are_accurate_to_rounding():
    from numba import njit

    from mfplug.dynamics.vlog import vlog, vpow

    @njit
    def table(x, y):
        out = np.empty((2, x.size))
        for k in range(x.size):
            out[0, k] = vlog(x[k])
            out[1, k] = vpow(x[k], y[k])
        return out

    x = np.concatenate(
        [np.exp(np.linspace(-708, 709, 20011)), np.linspace(0.4, 3, 999)]
    )
    y = 7.0 * np.cos(np.arange(x.size))
    logarithm, power = table(x, y)
    np.testing.assert_allclose(logarithm, np.log(x), rtol=5e-16)
    with np.errstate(over="ignore", under="ignore"):
        exact = np.power(x, y)
    inside = (exact > 1e-300) & (exact < 1e300)
    error = np.abs(power[inside] / exact[inside] - 1)
    assert np.all(error <= 4e-16 * (1 + np.abs(y * np.log(x)))[inside])
    # The edges, as NumPy has them; denormal numbers too.
    x = np.array(
        [0.0, -1.0, np.inf, np.nan, 5e-324, -2.0, -2.0, -2.0, 0.0, 0.0, np.inf]
    )
    y = np.array([2.0, 3.0, -1.0, 1.0, 0.0, 2.0, -3.0, 0.5, -1.0, 0.0, 0.3])
    with np.errstate(all="ignore"):
        exact = np.log(x), np.power(x, y)
    for got, right in zip(table(x, y), exact, strict=True):
        np.testing.assert_allclose(got, right, rtol=4e-16)


@pytest.mark.parametrize("n", [69, 77, 96])
@pytest.mark.parametrize("box", [None, 6.5])
def test_every_pair_is_taken_once_whatever_the_tiles(monkeypatch, n, box):
    phi, x = make("potential", "gaussian"), clouds(2, n=n)
    exact, _ = direct(phi, x, 0.3, 0.8, box)
    c = compile_potential(phi, 2)
    results = []
    for width in (8, 16, 24, 64):  # 2 to 12 tiles, odd and even, full and not
        monkeypatch.setattr(sums, "tile_width", lambda particles, w=width: w)
        out = np.full_like(x, np.nan)
        pair_forces(c, x, out, factor=0.3, scale=0.8, box=box)
        np.testing.assert_allclose(out, exact, rtol=1e-11, atol=1e-14)
        results.append(out)
    # Each order of the sums rounds in its own way: the widths were really used.
    assert not np.array_equal(results[0], results[-1])


@pytest.mark.parametrize("n", [1, 37, 41, 64])
@pytest.mark.parametrize("box", [None, 6.5])
def test_every_pair_of_small_clouds_is_taken_once(n, box):
    """Eight replicas side by side: full and not, and one alone."""
    phi = make("potential", "gaussian")
    for replicas in (1, 8, 11):
        x = clouds(2, n=n, replicas=replicas)
        exact, _ = direct(phi, x, 0.3, 0.8, box)
        out = np.full_like(x, np.nan)
        pair_forces(compile_potential(phi, 2), x, out, factor=0.3, scale=0.8, box=box)
        np.testing.assert_allclose(out, exact, rtol=1e-11, atol=1e-14)


def test_tiles_depend_on_N_alone_and_fit_the_working_memory():
    from mfplug.dynamics.loops import TILE

    for n in (0, 1, 7, 128, 129, 300, 4095, 4096, 20000, 10**6):
        width = sums.tile_width(n)
        assert 0 < width <= TILE
        assert width % 8 == 0
        tiles = -(-n // width)
        # None but the last is short, by less than one vector a tile.
        assert tiles * width - n < 8 * max(1, tiles)


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
