"""Kernels that are sharp near 0, split into cells and smooth series."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest
from test_sums import all_pairs, clouds

import mfplug
from mfplug import NumericsError, ParameterError
from mfplug.dynamics.forces import Forces
from mfplug.dynamics.simulate import initial_points
from mfplug.dynamics.sums import PairSum, fourier, split
from mfplug.dynamics.sums.direct import DirectSum
from mfplug.dynamics.sums.smoothing import smoothing

BOX = 9.0
PLUMMER = mfplug.create("potential", "plummer", strength=-1.4, softening=0.05)
YUKAWA = mfplug.create("potential", "yukawa", screening=0.25, softening=0.03)
LAW = {"name": "gaussian", "mean_q": 0.4, "qq": 1.7, "pp": 0.8}


@dataclass(frozen=True)
class Newton(mfplug.RadialPotential):
    """A third party's potential, not softened: 1/r, and nothing said about it."""

    name = "newton"
    strength: float = 0.7

    def profile(self, s):
        return self.strength / np.sqrt(s)


def pairs(phi, d, box=None, scale=1.0, tolerance=1e-6):
    """Return the sum and how far it is from that written in NumPy."""
    y, w, x = clouds(d)
    x[:, :5] = y[:, :5]  # at the place of a source
    sum_ = PairSum(
        phi, d, 400, "split", factor=0.35, scale=scale, box=box, tolerance=tolerance
    )
    with np.errstate(all="ignore"):
        force, energy = all_pairs(Finite(phi), y, w, x, 0.35, scale, box)
    wrong = sum_.forces(y, w, x) - force, sum_.energies(y, w, x) - energy
    return (
        sum_,
        np.sqrt(np.mean(wrong[0] ** 2) / np.mean(force**2)),
        np.abs(wrong[1]).max() / np.abs(energy).max(),
    )


class Finite:
    """A potential whose value and slope count as 0 where they are infinite."""

    def __init__(self, phi):
        self.phi = phi

    def energy(self, dx):
        value = self.phi.energy(dx)
        return np.where(np.isfinite(value), value, 0.0)

    def gradient(self, dx):
        value = self.phi.gradient(dx)
        return np.where(np.isfinite(value), value, 0.0)


@pytest.mark.parametrize(
    ("phi", "d", "box", "scale"),
    [
        (Newton(), 1, None, 1.0),
        (PLUMMER, 2, None, 1.3),
        (YUKAWA, 2, BOX, 1.0),
        (Newton(), 3, None, 0.8),
    ],
)
def test_the_parts_make_up_the_sum_over_all_pairs(phi, d, box, scale):
    """Weights of both signs, other targets, five of them on a source; 1e-6 asked."""
    sum_, force, energy = pairs(phi, d, box, scale)
    assert sum_.method == "split"
    assert force <= 2e-6
    assert energy <= 2e-6


def test_defects_that_are_planted_in_the_parts_are_seen(monkeypatch):
    """Wrong coefficients, a part that ends too soon, too low a band, a jump."""
    made = split.SplitSum._made

    def wrong(change):
        def parts(self, radii):
            near, rest = made(self, radii)
            change(near, rest)
            return near, rest

        monkeypatch.setattr(split.SplitSum, "_made", parts)
        return pairs(PLUMMER, 2, scale=1.3)[1]

    def shorter(near, rest):
        near.reach *= 0.5

    def flatter(near, rest):
        compiled = near.direct.compiled
        numbers = tuple(0.999 * v for v in compiled.numbers)
        first = len(compiled.derivation.parameters) + 1
        numbers = compiled.numbers[:first] + numbers[first:]
        near.direct = DirectSum(near.kernel, replace(compiled, numbers=numbers))

    def jumping(near, rest):
        piece = rest[0].kernel.potential
        inner = piece.inner
        slopes = tuple(v * 1.001 for v in inner.values)
        rest[0].kernel.potential = replace(piece, inner=replace(inner, values=slopes))

    def coarser(near, rest):
        rest[0].tolerance *= 1e3

    assert wrong(lambda near, rest: None) <= 2e-6
    assert wrong(shorter) > 1e-4
    assert wrong(flatter) > 1e-4
    assert wrong(coarser) > 1e-5
    with pytest.raises(NumericsError, match="got no radius up to"):
        wrong(jumping)


def test_a_smoothed_kernel_has_nothing_beyond_its_band():
    """The transform in three dimensions, 4 pi int r sin(kr) g dr / k, by quadrature."""
    R, tolerance = 0.5, 1e-6

    def profile(s):
        return np.exp(-np.sqrt(s) / 0.7) / np.sqrt(s)

    found = smoothing(profile, R**2, tolerance)
    r = np.linspace(0.0, 30.0, 600_001)[1:]
    g = np.where(r < R, found.value(r**2), profile(r**2))
    sharp = profile(r**2)

    def transform(k, values):
        return 4 * np.pi / k * np.trapezoid(r * np.sin(k * r) * values, r)

    # The sharp kernel is 4 pi / (k^2 + l^-2), the smooth one the same at small k.
    for k in (0.3, 1.0):
        exact = 4 * np.pi / (k**2 + 0.7**-2)
        assert transform(k, sharp) == pytest.approx(exact, rel=1e-4)
        assert transform(k, g) == pytest.approx(exact, rel=0.3)
    beyond = np.array([1.05, 1.2, 1.5, 2.0]) * found.band / R
    left = [abs(transform(k, g)) * (k**2 + 0.7**-2) / (4 * np.pi) for k in beyond]
    assert max(left) < 30 * tolerance
    # A rougher polynomial is seen: the one that meets value and slope alone.
    value, h = profile(np.array([R**2]))[0], 1e-6
    slope = (profile(np.array([R**2 + h]))[0] - value) / h
    rough = np.where(r < R, value + slope * (r**2 - R**2), profile(r**2))
    assert abs(transform(beyond[0], rough)) > 1e-3 * abs(transform(beyond[0], sharp))
    # A kernel with a corner outside is not smooth beyond R, and that is said.
    assert smoothing(lambda s: np.maximum(1.0 - s, 0.0), R**2, tolerance) is None


def test_split_has_the_same_bits_for_any_threads_and_grouping(monkeypatch):
    monkeypatch.setattr(split, "SHARED", 1)
    monkeypatch.setattr(fourier, "SHARED", 1)
    where = mfplug.System(2, PLUMMER, LAW)
    q, _ = initial_points(where, 3000, 3, range(3))
    forces = Forces(where, 3000, "split", 1e-6)
    assert forces.method == "split"
    assert 0.0 < forces.error <= 1e-6
    assert forces.info["tolerance"] == 1e-6
    together = forces(0.0, q)
    alone = [forces(0.0, np.ascontiguousarray(q[r : r + 1])) for r in range(3)]
    assert np.array_equal(together, np.concatenate(alone))
    forces.pairs.sum.threads = 3
    forces.pairs.sum._parts.clear()
    assert np.array_equal(forces(0.0, q.copy()), together)
    forces.verify(0.0, q)
    forces.pairs.sum.tolerance = 1e-3
    forces.pairs.sum._parts.clear()
    with pytest.raises(NumericsError, match="forces 'split' left the tolerance"):
        forces.verify(0.0, q)


SCRIPT = """
import hashlib
import numpy as np
import mfplug
from mfplug.dynamics.sums import PairSum
x = np.random.default_rng(5).normal(size=(2, 3000))
for name, way in (("plummer", "split"), ("bump", "cells")):
    phi = mfplug.create("potential", name)
    sums = PairSum(phi, 2, 3000, way, scale=4.0, tolerance=1e-6)
    force = sums.forces(x, np.linspace(0.5, 1.5, 3000), x)
    print(hashlib.sha256(force.tobytes()).hexdigest())
"""


def test_one_thread_and_three_give_the_same_bits():
    found = set()
    for threads in ("1", "3"):
        environment = {**os.environ, "NUMBA_NUM_THREADS": threads}
        result = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        found.add(result.stdout)
    assert len(found) == 1


def test_auto_splits_many_and_says_what_it_cannot_split():
    assert PairSum(PLUMMER, 2, 1000, tolerance=1e-6).method == "direct"
    for d in (2, 3):
        many = PairSum(PLUMMER, d, 10**6, tolerance=1e-6)
        assert many.method == "split"
        assert many.info["tolerance"] == 1e-6
    # A dense core in a wide halo: most pairs are near, so all are summed.
    x = np.random.default_rng(3).normal(size=(2, 4000))
    x[:, 0] = 1e7
    w = np.ones(4000)
    auto = PairSum(PLUMMER, 2, 10**5, tolerance=1e-6)
    assert np.array_equal(auto.forces(x, w, x), auto.direct.forces(x, w, x))
    spring = mfplug.create("potential", "harmonic", strength=0.7)
    with pytest.raises(ParameterError, match="forces 'split' cannot be used; got 'har"):
        PairSum(spring, 2, 100, "split")
    bump = PairSum(mfplug.create("potential", "bump", radius=4.0), 3, 10**5, "split")
    y, w, x = clouds(3)
    with pytest.raises(NumericsError, match="forces 'split' cannot reach the toler"):
        bump.forces(y, w, x)
