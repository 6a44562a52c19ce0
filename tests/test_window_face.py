"""Ranges of sectors and decompositions of two cells, by windows."""

from __future__ import annotations

import time

import numpy as np
import pytest

import mfplug
from mfplug.theory.counting import face, laws, window_face, windows
from mfplug.theory.counting.measure import checked_cells, problem_of


def random_law(N, seed, order=0.4):
    weights = np.random.default_rng(seed).dirichlet(np.full(N + 1, order))
    return {(n, N - n): float(w) for n, w in enumerate(weights)}


@pytest.mark.parametrize(
    ("N", "seed", "slack", "f"),
    [(5, 2, 1e-9, 0.5), (7, 1, 1e-9, 0.5), (9, 2, 0.01, 0.3), (6, 4, 0.2, 0.0)],
)
def test_ranges_are_those_of_the_network(N, seed, slack, f):
    """The layered network knows nothing of windows; both ends of every sector."""
    problem = problem_of(random_law(N, seed), checked_cells((f, 1.0 - f)))
    whole = face._Face(problem, slack)
    expected = np.array([whole.ends(k) for k in range(N + 1)])
    ours = window_face.WindowFace(problem, slack)
    found = np.array([ours.ends(k) for k in range(N + 1)])
    np.testing.assert_allclose(found, expected, atol=2e-7)
    assert (expected[:, 1] - expected[:, 0]).max() > 0.01


def lengths(problem, slack):
    ours = window_face.WindowFace(problem, slack)
    ends = [ours.ends(k) for k in range(0, problem.particles + 1, 3)]
    return np.array([high - low for low, high in ends])


def test_intervals_that_do_not_enter_are_missed(monkeypatch):
    """Planted defect: without them the ranges are too long."""
    problem = problem_of(random_law(60, 5), checked_cells((0.5, 0.5)))
    right = lengths(problem, 0.05)
    monkeypatch.setattr(window_face, "short_intervals", lambda *a: [])
    assert (lengths(problem, 0.05) - right).max() > 1e-3


def test_sectors_that_do_not_enter_are_missed(monkeypatch):
    """Planted defect: without them the ranges are too short.

    Sectors enter one by one here; with all of them at once there would be nothing to
    miss with so few particles.
    """
    problem = problem_of(random_law(20, 3), checked_cells((0.5, 0.5)))

    def least():
        return window_face.WindowFace(problem, 0.01).ends(10)[0]

    whole = least()
    monkeypatch.setattr(windows, "FIRST", 1)
    monkeypatch.setattr(windows, "ENTER", 1)
    assert least() == pytest.approx(whole, abs=1e-8)
    monkeypatch.setattr(window_face, "entering", lambda program, gains: 0)
    assert least() > whole + 0.01


@pytest.mark.parametrize(
    ("law", "f"),
    [
        (laws.gaussian_signs(60, 2.0), 0.5),
        (random_law(75, 6), 0.4),
        (laws.product_law(60, (0.5, 0.5)), 0.5),
    ],
)
def test_a_decomposition_costs_alpha(law, f):
    """Good marginals are c_k Bin(N - k), the sum is F', and the cost is alpha."""
    a = mfplug.counting_measure(law, (f, 1.0 - f))
    N = a.problem.particles
    made = np.zeros(N + 1)
    sectors = np.zeros(N + 1)
    for k, part in a.decomposition().items():
        good = np.zeros(N - k + 1)
        for ((n, other), (b, rest)), w in part.items():
            assert 0 <= b <= n <= b + k
            assert w > 0.0
            assert (other, rest) == ((N - n, N - k - b) if k < N else (N - n, 0))
            good[b] += w
            made[n] += w
        sectors[k] = good.sum()
        mass = a.problem.masses[k]
        np.testing.assert_allclose(good, sectors[k] * mass, atol=1e-13)
    assert sectors.sum() == pytest.approx(1.0, abs=1e-12)
    cut = np.abs(made - a.problem.law).sum()
    cost = float(np.arange(N + 1) / N @ sectors) + cut
    assert cost == pytest.approx(a.value, abs=2e-9)
    np.testing.assert_allclose(sectors, a.sectors, atol=1e-12)


def test_many_particles_take_seconds():
    """N = 400: one range and one decomposition; the network has 80 000 nodes."""
    a = mfplug.counting_measure(laws.gaussian_signs(400, 1.0), (0.5, 0.5))
    start = time.process_time()
    low, high = a.sector_range(0)
    parts = a.decomposition()
    assert time.process_time() - start < 60.0
    assert low - 1e-6 <= a.sectors[0] <= high + 1e-6
    total = sum(w for part in parts.values() for w in part.values())
    assert total == pytest.approx(1.0, abs=1e-9)


def test_three_cells_are_refused_where_it_would_take_hours():
    keys = [(50, 0, 0), (0, 50, 0), (0, 0, 50)]
    problem = problem_of(dict.fromkeys(keys, 1 / 3), checked_cells((0.3, 0.3, 0.4)))
    with pytest.raises(mfplug.ParameterError, match="the optimal face is too large"):
        face.sector_range(problem, 0)
