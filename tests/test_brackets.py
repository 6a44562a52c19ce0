"""Proved brackets of d_BL: they hold, they are narrow, and defects make them wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.special import erf

from mfplug.errors import NumericsError, ParameterError
from mfplug.theory import auction, bounded_lipschitz, wasserstein1
from mfplug.theory.brackets import bounded_lipschitz_bracket, density_bracket
from mfplug.theory.cells import density_cells
from mfplug.theory.hilbert import equal_pieces, hilbert_order
from mfplug.theory.price_tree import price_tree, tree_order

WIDTH = 0.3


def gaussian(z: np.ndarray) -> np.ndarray:
    """Density of independent normal coordinates of standard deviation WIDTH."""
    norm = (2 * np.pi * WIDTH**2) ** (z.shape[1] / 2)
    return np.exp(-(z**2).sum(axis=1) / (2 * WIDTH**2)) / norm


@pytest.mark.parametrize(
    ("n", "m", "D", "width", "shift", "gap"),
    [
        (600, 600, 2, 0.3, 0.1, 0.02),
        (500, 1500, 2, 0.4, 0.0, 0.05),
        (900, 300, 4, 0.5, 0.2, 0.05),
        (400, 400, 6, 1.5, 0.0, 0.02),
        (300, 300, 2, 0.1, 40.0, 0.02),
        (700, 700, 1, 0.3, 0.02, 0.05),
    ],
)
def test_brackets_of_clouds_hold_the_exact_distance(n, m, D, width, shift, gap):
    rng = np.random.default_rng(n + m + D)
    x = rng.normal(size=(n, D)) * width
    y = rng.normal(size=(m, D)) * width * 1.3 + shift
    exact = bounded_lipschitz(x, y)
    found = bounded_lipschitz_bracket(x, y, gap=gap)
    assert found.lower <= exact * (1 + 1e-12)
    assert exact * (1 - 1e-12) <= found.upper
    assert found.upper - found.lower <= gap * found.upper
    assert found.level == 1.0
    # As a distance it is symmetric, though the two clouds play different parts.
    turned = bounded_lipschitz_bracket(y, x, gap=gap)
    assert turned.lower <= exact * (1 + 1e-12)
    assert exact * (1 - 1e-12) <= turned.upper


def test_bracket_of_coinciding_points():
    """An auction among them did not end."""
    x, y = np.random.default_rng(6).integers(0, 3, (2, 900, 2)) * 0.3
    found = bounded_lipschitz_bracket(x, y)
    assert found.upper - found.lower <= 1e-11
    cost = np.minimum(np.linalg.norm(x[:, None] - y[None], axis=2), 1.0)
    exact = cost[linear_sum_assignment(cost)].mean()
    assert found.lower <= exact <= found.upper


def test_sizes_and_masses_that_do_not_divide():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(350, 2)) * 0.5
    y = rng.normal(size=(290, 2)) * 0.5 + 0.15
    w = rng.gamma(3.0, size=350)
    w[7] = 0.0
    w /= w.sum()
    for weights in ((None, None), (w, None), (None, w[:290] / w[:290].sum()), (w, w)):
        wx, wy = weights
        points = x if wy is not w else y[rng.integers(290, size=350)]
        other = y if wy is not w else x
        exact = bounded_lipschitz(points, other, wx, wy)
        found = bounded_lipschitz_bracket(points, other, wx, wy)
        assert found.lower <= exact <= found.upper
        assert found.upper - found.lower < 0.35 * found.upper


def test_nearest_images_count_on_a_torus():
    rng = np.random.default_rng(8)
    x = np.stack([rng.normal(0.0, 0.2, 500), rng.normal(size=500) * 0.3], axis=1)
    y = np.stack([rng.normal(5.0, 0.2, 500), rng.normal(size=500) * 0.3], axis=1)
    period = (5.0, math.inf)
    exact = bounded_lipschitz(x, y, period=period)
    found = bounded_lipschitz_bracket(x, y, period=period, gap=0.02)
    assert found.lower <= exact <= found.upper <= 1.02 * exact
    # Without the torus the clouds are five apart, and nothing is within reach.
    assert bounded_lipschitz_bracket(x, y).lower > 0.98


def test_uniform_density_on_the_line():
    """W1 = int |F_n - F| exactly, and no point travels as far as 1."""
    rng = np.random.default_rng(3)
    x = np.sort(rng.random(400) ** 1.2)
    fine = (np.arange(400_000) + 0.5) / 400_000
    exact = np.abs(np.searchsorted(x, fine) / 400 - fine).mean()
    cells = density_cells(lambda z: np.ones(len(z)), [0.0], [1.0], 20_000)
    found = density_bracket(x[:, None], cells, gap=0.05)
    assert found.lower <= exact <= found.upper
    assert found.upper - found.lower <= 0.05 * found.upper
    # Planted defect: the density of another law is told from it.
    other = density_cells(lambda z: 1.2 - 0.4 * z[:, 0], [0.0], [1.0], 20_000)
    wrong = density_bracket(x[:, None], other, gap=0.05)
    assert not wrong.lower <= exact <= wrong.upper


def test_one_point_and_a_gaussian_in_the_plane():
    """d_BL(delta_0, f) = E min(|Y|, 1), for |Y| with Rayleigh's law.

    The integral of P(|Y| > r) = exp(-r^2 / 2 w^2) from 0 to 1.
    """
    exact = WIDTH * math.sqrt(math.pi / 2) * erf(1 / (WIDTH * math.sqrt(2)))
    cells = density_cells(gaussian, [-1.8, -1.8], [1.8, 1.8], 300)
    found = density_bracket([[0.0, 0.0]], cells, gap=0.02)
    assert found.lower <= exact <= found.upper
    assert found.upper - found.lower < 2e-3


def test_cloud_against_a_density_in_phase_space():
    """The exact distance to M points of f is within E d(f_M, f) of the bracket.

    E d_BL(f_M, f) < 0.01 for the M = 12 000 points (numbers.md: sqrt(log M / M)).
    """
    rng = np.random.default_rng(11)
    x = rng.normal(size=(600, 2)) * WIDTH + [0.05, 0.0]
    cells = density_cells(gaussian, [-1.8, -1.8], [1.8, 1.8], 700)
    found = density_bracket(x, cells, gap=0.08)
    assert found.upper - found.lower <= 0.08 * found.upper
    other = bounded_lipschitz_bracket(x, rng.normal(size=(12_000, 2)) * WIDTH)
    assert other.lower - 0.01 <= found.upper
    assert found.lower <= other.upper + 0.01
    # The same bits again, and with other samples of the test function nearly so.
    assert density_bracket(x, cells, gap=0.08) == found
    again = density_bracket(x, cells, gap=0.08, seed=4)
    assert again.lower == pytest.approx(found.lower, abs=2e-4)
    assert again.upper == found.upper


def test_samples_of_a_test_function_are_within_hoeffding():
    """|y| averaged over one point a cell, 300 times; the limit is for one in 1000.

    By chance alone it is passed once in 300 with probability < 0.3; it is far off.
    """
    cells = density_cells(gaussian, [-1.8, -1.8], [1.8, 1.8], 40)
    fine = density_cells(gaussian, [-1.8, -1.8], [1.8, 1.8], 1200)
    exact = float((np.linalg.norm(fine.points, axis=1) * fine.masses).sum())
    errors = [
        float((np.linalg.norm(cells.one_point_each(s), axis=1) * cells.masses).sum())
        - exact
        for s in range(300)
    ]
    limit = cells.sampling_error(0.999)
    assert max(np.abs(errors)) < limit + cells.remainder
    assert limit < 12 * np.std(errors)  # and it is no idle limit


def test_remainder_is_the_distance_of_a_density_from_its_cells():
    """On the line, W1 of the cells and of f = 1.8 - 1.6 q, by their distribution."""
    cells = density_cells(lambda z: 1.8 - 1.6 * z[:, 0], [0.0], [1.0], 5)
    edges = np.linspace(0.0, 1.0, 6)
    at = np.linspace(0.0, 1.0, 200_001)
    exact = 1.8 * at - 0.8 * at**2
    ours = np.interp(at, edges, np.concatenate([[0.0], np.cumsum(cells.masses)]))
    distance = float(np.abs(exact - ours).mean())
    inner = cells.remainder - (1 / 8 + 1 / 24) / 5 * (cells.masses[0] + cells.masses[4])
    assert 0.3 * inner < distance < inner


@pytest.mark.parametrize("D", [1, 2, 5])
@pytest.mark.parametrize("torus", [False, True])
def test_least_price_is_that_of_all_points(D, torus):
    rng = np.random.default_rng(D)
    side = 1.6
    points, where = rng.random((333, D)) * side, rng.random((150, D)) * side
    prices = rng.random(333) * 0.7
    gap = np.abs(where[:, None] - points[None])
    if torus:
        gap = np.minimum(gap, side - gap)
    cost = np.minimum(np.sqrt((gap**2).sum(axis=2)), 1.0) + prices
    sides = np.full(D, side if torus else 0.0)
    found = price_tree(points, prices, sides)(where)
    assert found == pytest.approx(cost.min(axis=1), abs=1e-14)


@pytest.mark.parametrize("n", [1, 8, 9, 100, 700])
def test_the_order_of_the_tree_is_kept(n):
    """Each point once, and in order they stay in order, with equal coordinates too."""
    rng = np.random.default_rng(n)
    for points in (rng.random((n, 3)), rng.integers(0, 4, (n, 2)).astype(float)):
        order = tree_order(points)
        assert sorted(order) == list(range(n))
        assert np.array_equal(tree_order(points[order]), np.arange(n))


def test_nodes_of_the_tree_are_compact():
    """Leaves of a uniform cloud have shorter sides than runs of a Hilbert curve."""
    points = np.random.default_rng(12).random((4096, 2))
    runs = [points[f(points)].reshape(-1, 8, 2) for f in (tree_order, hilbert_order)]
    ours, curve = (float(np.ptp(run, axis=1).sum(axis=1).mean()) for run in runs)
    assert ours < 0.95 * curve


def test_pieces_have_the_mass_mean_and_spread_of_their_measure():
    rng = np.random.default_rng(2)
    x, w = rng.normal(size=(900, 3)), rng.gamma(2.0, size=900)
    w /= w.sum()
    found = equal_pieces(x, w, 0.05, 37)
    mean = w @ x
    assert found.centres.mean(axis=0) == pytest.approx(mean, abs=1e-12)
    total = float(w @ (((x - mean) ** 2).sum(axis=1))) + 0.05
    between = ((found.centres - mean) ** 2).sum(axis=1).mean()
    assert found.spread.mean() + between == pytest.approx(total, rel=1e-12)
    parts = found.parts
    masses = np.bincount(parts.piece, parts.masses)
    assert masses == pytest.approx(np.full(37, 1 / 37), abs=1e-14)


@pytest.mark.parametrize(("D", "bits"), [(2, 4), (3, 3)])
def test_neighbours_on_the_curve_are_neighbours_in_space(D, bits):
    """A Hilbert curve through a full grid makes steps of length 1 only."""
    axes = [np.arange(2**bits)] * D
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, D)
    # One bit more than the grid has gives the same curve through cell centres.
    path = grid[hilbert_order(grid.astype(float))]
    assert np.median(np.abs(np.diff(path, axis=0)).sum(axis=1)) == 1.0
    assert cdist(path[:-1], path[1:]).diagonal().mean() < 1.3


def test_an_endless_auction_is_an_error(monkeypatch):
    monkeypatch.setattr(auction, "_BIDS", 1)
    x, y = np.random.default_rng(0).normal(size=(2, 50, 2)) * 0.2
    with pytest.raises(NumericsError, match="were not assigned"):
        bounded_lipschitz_bracket(x, y)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda c: bounded_lipschitz_bracket([[0.0]], [[0.1]], gap=1.0), "gap"),
        (lambda c: bounded_lipschitz_bracket([[0.0]], [[math.nan]]), "finite"),
        (lambda c: bounded_lipschitz_bracket([[0.0]], [[0.1]], period=(-1,)), "period"),
        (lambda c: density_bracket([[0.0]], c), "dimension"),
        (lambda c: density_bracket([[0.0, 0.0]], c, level=1.0), "level"),
        (lambda c: density_cells(gaussian, [0.0], [0.0], 4), "corners"),
        (lambda c: density_cells(gaussian, [0.0], [1.0], 1), "side"),
        (lambda c: density_cells(gaussian, [3.0], [4.0], 9), "mass"),
    ],
)
def test_bad_input_is_refused(call, said):
    cells = density_cells(gaussian, [-1.5, -1.5], [1.5, 1.5], 9)
    with pytest.raises(ParameterError, match=said):
        call(cells)


def test_wasserstein_on_the_line_agrees_where_nothing_is_cut():
    x, y = np.random.default_rng(6).random((2, 500, 1)) * 0.9
    found = bounded_lipschitz_bracket(x, y, gap=0.02)
    assert found.lower <= wasserstein1(x, y) <= found.upper
