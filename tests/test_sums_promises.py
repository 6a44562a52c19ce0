"""What the fast sums promise: errors, bits, planted defects, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from test_sums import BOX, BUMP, COSINE, GAUSSIAN, Distance, all_pairs, clouds

import mfplug
from mfplug import NumericsError, ParameterError
from mfplug.dynamics.forces import Forces
from mfplug.dynamics.simulate import initial_points
from mfplug.dynamics.sums import PairSum, fourier
from mfplug.dynamics.sums.fourier import FourierSum, TooManyModes
from mfplug.dynamics.sums.kernel import ScaledKernel
from mfplug.dynamics.sums.line import find_line
from mfplug.dynamics.sums.polynomial import find_polynomial
from mfplug.dynamics.sums.waves import find_waves

LAW = {"name": "gaussian", "mean_q": 0.4, "qq": 1.7, "pp": 0.8}
THIN = mfplug.create("potential", "gaussian", strength=1.7, width=0.25)
SHORT = mfplug.create("potential", "bump", strength=1.9, radius=1.2)
WAYS = [
    ("direct", GAUSSIAN, 2, None),
    ("fourier", GAUSSIAN, 2, None),
    ("fourier", THIN, 1, BOX),
    ("separable", COSINE, 3, BOX),
    ("separable", mfplug.create("potential", "harmonic", strength=0.7), 2, None),
    ("sorted", BUMP, 1, None),
    ("cells", SHORT, 2, BOX),
]


def system(phi, d, box, beta=0.0):
    """Return a system with a potential on a cloud."""
    return mfplug.System(d, phi, LAW, box=box, beta=beta)


@pytest.mark.parametrize(("method", "phi", "d", "box"), WAYS)
def test_forces_of_replicas_are_those_of_each_alone(method, phi, d, box):
    """The same bits for any grouping of replicas and any number of threads."""
    where = system(phi, d, box)
    q, _ = initial_points(where, 700, 3, range(5))
    forces = Forces(where, 700, method)
    assert forces.method == method
    together = forces(0.0, q)
    alone = [forces(0.0, np.ascontiguousarray(q[r : r + 1])) for r in range(5)]
    assert np.array_equal(together, np.concatenate(alone))
    if method == "fourier":
        for threads in (1, 3):
            forces.pairs.sum.threads = threads
            assert np.array_equal(forces(0.0, q.copy()), together)


def test_large_clouds_are_cut_alike_for_any_number_of_threads(monkeypatch):
    """Parts of 300 points: the bits are those of the parts, not of the threads."""
    y, w, x = clouds(2, sources=1400, targets=1100)
    monkeypatch.setattr(fourier, "_PART", (300, 300, 300))
    kernel = ScaledKernel(GAUSSIAN, 2)
    one, four = FourierSum(kernel, 1e-9), FourierSum(kernel, 1e-9, threads=4)
    assert np.array_equal(one.forces(y, w, x), four.forces(y, w, x))
    force, _ = all_pairs(GAUSSIAN, y, w, x, 1.0, 1.0, None)
    assert one.forces(y, w, x) == pytest.approx(force, abs=1e-8 * np.abs(force).max())


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.7])
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("method", ["direct", "fourier", "cells", "sorted"])
def test_the_scaling_of_a_force_in_N(method, d, beta):
    """(5): the force is N^(-1 + beta + beta/d) sum grad phi(N^(beta/d) x), N = 60."""
    phi = BUMP if method in ("cells", "sorted") else GAUSSIAN
    if (method == "sorted" and d > 1) or (method, d) == ("cells", 3):
        # Sorting is for the line; a compiled kernel more takes seconds to make.
        return
    N, tolerance = 60, 1e-6 if d == 3 else 1e-10
    where = system(phi, d, None, beta)
    q, _ = initial_points(where, N, 5, range(2))
    force = Forces(where, N, method, tolerance)(0.0, q)
    for cloud, got in zip(q, force, strict=True):
        dx = cloud.T[:, None] - cloud.T[None]
        exact = -(N ** (beta - 1 + beta / d)) * phi.gradient(N ** (beta / d) * dx)
        assert got == pytest.approx(
            exact.sum(axis=1).T, abs=10 * tolerance * np.abs(exact.sum(axis=1)).max()
        )


def test_energies_of_clouds_are_sums_over_pairs():
    """sum_{i<j} phi_N by every way, N = 300."""
    for method, phi, d, box in WAYS:
        where = system(phi, d, box)
        q, p = initial_points(where, 300, 3, range(2))
        _, energy = Forces(where, 300, method).energies(0.0, q, p)
        placed = where.at(300).potential
        for cloud, got in zip(q, energy, strict=True):
            dx = cloud.T[:, None] - cloud.T[None]
            if box is not None:
                dx = dx - box * np.round(dx / box)
            exact = np.triu(placed.energy(dx), 1).sum() / 300
            assert got == pytest.approx(exact, rel=1e-8), method


def test_defects_that_are_planted_are_seen():
    """Wrong coefficients, too few modes and a short window are far outside."""
    y, w, x = clouds(1)
    force, _ = all_pairs(GAUSSIAN, y, w, x, 1.0, 1.0, None)
    size = np.abs(force).max()
    series = FourierSum(ScaledKernel(GAUSSIAN, 1), 1e-10)
    assert np.abs(series.forces(y, w, x) - force).max() < 1e-8 * size
    extent, modes = next(iter(series._modes.items()))
    wrong = type(modes)(modes.periodic, modes.sizes, 1.0001 * modes.coefficients)
    series._modes[extent] = wrong
    assert np.abs(series.forces(y, w, x) - force).max() > 1e-5 * size
    few = fourier.series(series.kernel, modes.periodic, (modes.sizes[0] // 2,))
    series._modes[extent] = few
    assert np.abs(series.forces(y, w, x) - force).max() > 1e-8 * size
    short = fourier.series(
        series.kernel, type(modes.periodic)((0.6 * extent[0],)), modes.sizes
    )
    series._modes[extent] = short
    assert np.abs(series.forces(y, w, x) - force).max() > 1e-3 * size
    force, _ = all_pairs(BUMP, y, w, x, 1.0, 1.0, None)
    line = find_line(ScaledKernel(BUMP, 1))
    line.reach *= 0.9
    assert np.abs(line.forces(y, w, x) - force).max() > 1e-4 * np.abs(force).max()


def test_fourier_says_what_it_reached(monkeypatch):
    """A series that cannot converge, and one whose error is found too late."""
    y, w, x = clouds(3)
    bump = PairSum(BUMP, 3, 10**5, "fourier")
    with pytest.raises(TooManyModes, match=r"got no number of modes for 1\.0e-10"):
        bump.forces(y, w, x)
    # auto sums all pairs instead.
    assert PairSum(BUMP, 3, 10**3).forces(y, w, x).shape == (3, 90)
    where = system(GAUSSIAN, 1, None)
    good = FourierSum.forces
    monkeypatch.setattr(FourierSum, "forces", lambda s, *a: (1.0 + 1e-7) * good(s, *a))
    with pytest.raises(
        NumericsError, match=r"got an error of 1\.0e-07, expected 1\.0e-1"
    ):
        Forces(where, 400, "fourier")
    # auto does without it.
    assert Forces(where, 10**4, "auto").method == "direct"
    monkeypatch.undo()
    forces = Forces(where, 400, "fourier")
    assert forces.error <= 1e-10
    assert forces.info["error"] == forces.error
    monkeypatch.setattr(FourierSum, "forces", lambda s, *a: (1.0 + 1e-7) * good(s, *a))
    with pytest.raises(NumericsError, match=r"left the tolerance at t = 0\.5; got an"):
        forces.verify(0.5, initial_points(where, 400, 1, range(1))[0])


def test_many_particles_against_all_pairs():
    """N = 10^5 by what auto takes, at 32 of them; clouds of width 1.3."""
    rng = np.random.default_rng(4)
    for d, tolerance in ((1, 1e-10), (2, 1e-10), (3, 1e-6)):
        x = rng.normal(0.0, 1.3, size=(d, 10**5))
        w = np.full(10**5, 1e-5)
        pairs = PairSum(GAUSSIAN, d, 10**5, tolerance=tolerance)
        assert pairs.method == "fourier"
        assert pairs.error(x, w, x) < 2 * tolerance


def test_what_is_found_by_itself_and_what_is_not():
    """Waves, polynomials and ranges are read off the potential, with no declaration."""
    assert find_waves(ScaledKernel(GAUSSIAN, 1, box=9.0)) is None
    assert find_polynomial(ScaledKernel(GAUSSIAN, 2)) is None
    assert find_line(ScaledKernel(GAUSSIAN, 1)) is None
    # In a box that is long beside its range, a bump is 0 nearly everywhere.
    narrow = mfplug.create("potential", "bump", radius=0.3)
    for d in (2, 3):
        assert not ScaledKernel(narrow, d, box=9.0).periodic
        assert PairSum(narrow, d, 4096, box=9.0).method == "cells"
    assert find_line(ScaledKernel(Distance(), 1)).powers == pytest.approx([0.0, 0.8])
    cosine = find_waves(ScaledKernel(COSINE.on(2, BOX), 2, factor=0.3, box=BOX))
    assert cosine.c == pytest.approx([-0.39, -0.39])
    spring = mfplug.create("potential", "harmonic", strength=0.7)
    assert find_polynomial(ScaledKernel(spring, 2, 0.3, 1.7)).terms == pytest.approx(
        {(2, 0): 0.15 * 0.7 * 1.7**2, (0, 2): 0.15 * 0.7 * 1.7**2}
    )


@pytest.mark.parametrize("tolerance", [0.0, -1e-8, 1e-15, 0.5, float("nan"), "1", True])
def test_a_tolerance_that_is_none(tolerance):
    with pytest.raises(ParameterError, match="tolerance: not allowed; got"):
        mfplug.simulate(system(GAUSSIAN, 1, None), 10, tolerance=tolerance)
    with pytest.raises(ParameterError, match="forces: unknown method; got 'pairs'"):
        mfplug.simulate(system(GAUSSIAN, 1, None), 10, forces="pairs")


def test_a_run_says_how_it_was_computed():
    e = mfplug.simulate(system(GAUSSIAN, 1, None), 10**4, 2, [0.0, 0.1], 0.1)
    assert e.info["forces"] == "fourier"
    assert 0.0 < e.info["error"] <= e.info["tolerance"] == 1e-10
    exact = mfplug.simulate(
        system(GAUSSIAN, 1, None), 10**4, 2, [0.0, 0.1], 0.1, forces="direct"
    )
    assert e.q == pytest.approx(exact.q, abs=1e-11)


def test_auto_sums_pairs_where_one_cloud_is_too_wide():
    """Two clouds, one of them 500 times as wide: each as if it were alone."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(2, 2, 2000))
    x[1] *= 500.0
    pairs = PairSum(GAUSSIAN, 2, 2000)
    assert pairs.method == "fourier"
    with pytest.raises(TooManyModes, match="expected at most"):
        pairs.sum.forces(x[1], np.ones(2000), x[1])
    exact = PairSum(GAUSSIAN, 2, 2000, "direct").clouds(x)
    both = pairs.clouds(x)
    assert np.array_equal(both[:1], pairs.clouds(x[:1]))
    assert np.array_equal(both[1:], pairs.clouds(x[1:]))
    for got, force in zip(both, exact, strict=True):
        assert got == pytest.approx(force, abs=1e-8 * np.abs(force).max())
