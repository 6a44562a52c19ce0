"""Every way to sum over pairs against all pairs, written out in NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import mfplug
from mfplug import ParameterError
from mfplug.dynamics.sums import PairSum

BOX = 4.5


def make(name, **parameters):
    """Return a potential that ships."""
    return mfplug.create("potential", name, **parameters)


GAUSSIAN = make("gaussian", strength=1.7, width=0.6)
NARROW = make("gaussian", strength=1.7, width=0.35)
PLUMMER = make("plummer", strength=-1.4, softening=0.9)
YUKAWA = make("yukawa", strength=2.3, screening=0.9, softening=0.8)
POWER = make("power", strength=1.2, exponent=1.5, cutoff=0.9)
LOG = make("power", strength=1.2, exponent=0.0, cutoff=0.9)
HARMONIC = make("harmonic", strength=0.7)
BUMP = make("bump", strength=1.9, radius=1.6)
COSINE = make("cosine", strength=-1.3, mode=2)


@dataclass(frozen=True)
class Quartic(mfplug.RadialPotential):
    """A third party's potential: r^4 - r^2, and nothing said about it."""

    name = "quartic"
    strength: float = 0.6

    def profile(self, s):
        return self.strength * (s**2 - s)


@dataclass(frozen=True)
class Distance(mfplug.RadialPotential):
    """A third party's |q|: uniform gravity on the line."""

    name = "distance"
    strength: float = 0.8

    def profile(self, s):
        return self.strength * np.sqrt(s)


@dataclass(frozen=True)
class Split(mfplug.RadialPotential):
    """A third party's formula that cannot be compiled: it looks at the values."""

    name = "split"
    width: float = 0.8

    def profile(self, s):
        if np.max(s) < -1.0:
            return s
        return np.exp(-s / (2.0 * self.width**2))

    def gradient(self, dx):
        return -dx / self.width**2 * self.energy(dx)[..., None]


@dataclass(frozen=True)
class Hat(mfplug.RadialPotential):
    """A third party's smooth potential, a Gaussian times a polynomial."""

    name = "hat"
    width: float = 0.8

    def profile(self, s):
        return (1.0 - s / self.width**2) * np.exp(-s / (2.0 * self.width**2))


@dataclass(frozen=True)
class Tilted(mfplug.Potential):
    """A third party's potential on the torus that is not radial: two waves."""

    name = "tilted"
    box: float = BOX

    def energy(self, dx):
        k = 2.0 * np.pi / self.box
        return np.cos(k * dx.sum(axis=-1)) + 0.4 * np.cos(3 * k * dx[..., 0])

    def gradient(self, dx):
        k = 2.0 * np.pi / self.box
        out = -k * np.sin(k * dx.sum(axis=-1))[..., None] * np.ones(dx.shape[-1])
        out[..., 0] -= 1.2 * k * np.sin(3 * k * dx[..., 0])
        return out


@dataclass(frozen=True)
class Oval(mfplug.Potential):
    """A third party's smooth potential in free space that is not radial."""

    name = "oval"

    def energy(self, dx):
        return np.exp(-np.sum(self._stretch(dx) * dx, axis=-1))

    def gradient(self, dx):
        return -2.0 * self._stretch(dx) * self.energy(dx)[..., None]

    def _stretch(self, dx):
        return dx * np.array([0.9, 0.5, 0.7])[: dx.shape[-1]]


def clouds(d, sources=400, targets=90, width=1.1, seed=7):
    """Return sources with weights of both signs and other targets."""
    rng = np.random.default_rng(seed)
    y = rng.normal(0.3, width, size=(d, sources))
    x = rng.normal(-0.2, width, size=(d, targets))
    return y, rng.normal(0.2, 1.0, size=sources), x


def all_pairs(phi, y, w, x, factor, scale, box):
    """Return forces (d, K) and potentials (K,) of phi_N, from its NumPy functions."""
    dx = x.T[:, None, :] - y.T[None, :, :]
    if box is not None:
        dx = dx - box * np.round(dx / box)
    gradient = factor * scale * phi.gradient(scale * dx)
    energy = factor * phi.energy(scale * dx)
    return -np.einsum("m,kma->ak", w, gradient), energy @ w


CASES = [
    ("separable", HARMONIC, None, 1.0),
    ("separable", HARMONIC, None, 1.6),
    ("separable", Quartic(), None, 1.3),
    ("separable", make("free"), None, 1.3),
    ("separable", COSINE, BOX, 1.0),
    ("separable", COSINE, BOX, 3.0),
    ("separable", Tilted(), BOX, 1.0),
    ("sorted", BUMP, None, 1.0),
    ("sorted", BUMP, BOX, 1.4),
    ("sorted", Distance(), None, 1.3),
    ("cells", Split(), None, 4.0),
    ("cells", Split(), BOX, 5.0),
    ("fourier", GAUSSIAN, None, 1.0),
    ("fourier", GAUSSIAN, None, 1.6),
    ("fourier", NARROW, BOX, 1.4),
    ("fourier", PLUMMER, None, 1.0),
    ("fourier", YUKAWA, None, 1.0),
    ("fourier", POWER, None, 1.2),
    ("fourier", LOG, None, 1.0),
    ("fourier", COSINE, BOX, 1.0),
    ("fourier", Tilted(), BOX, 2.0),
    ("fourier", Hat(), None, 1.0),
    ("fourier", Oval(), None, 1.0),
]
#: Asked of ``fourier``, by dimension: a series in 3-d with more digits takes seconds.
TOLERANCE = {1: 1e-10, 2: 1e-8, 3: 1e-5}


def differences(method, phi, d, box, scale):
    """Return the relative errors of forces and energies, and the sum that made them."""
    phi = phi.on(d, box)
    y, w, x = clouds(d)
    factor = 0.35
    pairs = PairSum(
        phi, d, 400, method, factor=factor, scale=scale, box=box, tolerance=TOLERANCE[d]
    )
    force, energy = all_pairs(phi, y, w, x, factor, scale, box)
    size = max(np.sqrt(np.mean(force**2)), 1e-300), max(np.abs(energy).max(), 1e-300)
    wrong = pairs.forces(y, w, x) - force, pairs.energies(y, w, x) - energy
    return (
        np.sqrt(np.mean(wrong[0] ** 2)) / size[0],
        np.abs(wrong[1]).max() / size[1],
        pairs,
    )


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize(
    ("method", "phi", "box", "scale"),
    CASES,
    ids=[f"{m}-{p.name}-{b}-{s}" for m, p, b, s in CASES],
)
def test_every_way_gives_the_sum_over_all_pairs(method, phi, box, scale, d):
    """Weights of both signs, other targets than sources; the sum written in NumPy."""
    if method == "sorted" and d > 1:
        with pytest.raises(ParameterError, match="forces 'sorted' cannot be used"):
            differences(method, phi, d, box, scale)
        return
    force, energy, pairs = differences(method, phi, d, box, scale)
    assert pairs.method == method
    allowed = 5 * TOLERANCE[d] if method == "fourier" else 1e-12
    assert force <= allowed
    assert energy <= allowed


@pytest.mark.parametrize(
    ("phi", "d", "box", "scale"),
    [(GAUSSIAN, 1, None, 5.0), (BUMP, 2, BOX, 1.4), (GAUSSIAN, 3, BOX, 4.0)],
)
def test_compiled_cells(phi, d, box, scale):
    """A compiled kernel takes seconds to make, so there are three of them here."""
    force, energy, pairs = differences("cells", phi, d, box, scale)
    assert pairs.method == "cells"
    assert force <= 1e-12
    assert energy <= 1e-12
    # A cloud on itself takes each pair once.
    y, w, _ = clouds(d, sources=900)
    exact, _ = all_pairs(phi.on(d, box), y, w, y, 0.35, scale, box)
    size = np.abs(exact).max()
    assert np.abs(pairs.forces(y, w, y) - exact).max() <= 1e-12 * size
    pairs.sum.reach *= 0.5
    assert np.abs(pairs.forces(y, w, y) - exact).max() > 1e-6 * size


@pytest.mark.parametrize("d", [1, 2, 3])
def test_auto_takes_pairs_for_few_and_something_faster_for_many(d):
    few = PairSum(GAUSSIAN, d, 50)
    many = PairSum(GAUSSIAN, d, 10**6)
    assert (few.method, many.method) == ("direct", "fourier")
    assert PairSum(COSINE.on(d, BOX), d, 10**6, box=BOX).method == "separable"
    assert PairSum(HARMONIC, d, 10**6).method == "separable"


def test_a_torus_shorter_than_the_range_is_refused():
    with pytest.raises(ParameterError, match=r"shorter than its range; got box = 4\.5"):
        PairSum(GAUSSIAN, 1, 100, box=4.5)
    with pytest.raises(ParameterError, match="shorter than its range; got box = 400"):
        PairSum(PLUMMER, 2, 100, box=400.0)
    with pytest.raises(ParameterError, match="it never decays"):
        PairSum(LOG, 2, 100, box=400.0)
    # A wave whose period does not fit the box jumps at its edge.
    with pytest.raises(ParameterError, match="it never decays"):
        PairSum(COSINE.on(1, BOX), 1, 100, box=BOX, scale=1.3)
    assert PairSum(GAUSSIAN, 1, 100, box=7.0).method == "direct"
