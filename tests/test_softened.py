"""Softened plans of a density: F and its derivatives, and brackets of exact cases."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest

from mfplug.theory import bounded_lipschitz, softened
from mfplug.theory.brackets import density_bracket
from mfplug.theory.cells import density_cells
from mfplug.theory.density_plans import density_plans
from mfplug.theory.hilbert import equal_pieces
from mfplug.theory.softened import Softened, ascended, columns, remaining_cost

WIDTH = 0.3


def gaussian(z: np.ndarray) -> np.ndarray:
    """Density of independent normal coordinates of standard deviation WIDTH."""
    norm = (2 * np.pi * WIDTH**2) ** (z.shape[1] / 2)
    return np.exp(-(z**2).sum(axis=1) / (2 * WIDTH**2)) / norm


def problem(
    n: int, each: int, softening: float, period: float = 0.0, order: float = 4.0
) -> Softened:
    """Points with the masses of Dirichlet's law of an order."""
    rng = np.random.default_rng(n)
    if period:
        points = rng.random((n, 2)) * [period, 0.7]
        density = density_cells(
            lambda z: np.full(len(z), 1 / (0.7 * period)), [0, 0], [period, 0.7], 120
        )
    else:
        points = rng.normal(size=(n, 2)) * WIDTH
        density = density_cells(gaussian, [-1.6, -1.6], [1.6, 1.6], 120)
    rows = equal_pieces(*density.split(0.5 / (each * n)), each * n)
    sides = np.array([period, 0.0])
    masses = rng.gamma(order, size=n)
    return Softened(
        rows, columns(points, masses / masses.sum(), sides), each, softening
    )


def bends(task: Softened) -> tuple[np.ndarray, np.ndarray]:
    """Return how the masses bend along one way: by differences, by the Hessian."""
    rng = np.random.default_rng(5)
    gain = rng.normal(size=70) * 0.02
    task.search(gain)
    here = task.at(gain)
    assert here.lack.sum() == pytest.approx(0.0, abs=1e-14)
    way, step = rng.normal(size=70), 1e-7
    ahead, behind = (task.at(gain + s * step * way) for s in (1.0, -1.0))
    slope = (ahead.value - behind.value) / (2 * step)
    assert slope == pytest.approx(float(here.lack @ way), rel=1e-6)
    degree = np.asarray(here.links.sum(axis=1)).ravel()
    return (behind.lack - ahead.lack) / (2 * step), degree * way - here.links @ way


@pytest.mark.parametrize("period", [0.0, 1.3])
def test_gradient_and_hessian_of_the_softened_dual(period, monkeypatch):
    """Against differences; F is quadratic between kinks of its second derivative."""
    differences, bend = bends(problem(70, 12, 0.4, period))
    assert differences == pytest.approx(bend, rel=1e-4, abs=1e-5 * abs(bend).max())
    # Planted defect: neighbours that find no place are missed by the Hessian.
    monkeypatch.setattr(softened, "_NEIGHBOURS", 1)
    differences, bend = bends(problem(70, 12, 0.4, period))
    assert differences != pytest.approx(bend, rel=0.1, abs=0.1 * abs(bend).max())


def test_the_plan_is_the_best_one_of_the_softened_problem():
    """The cost is within w/2 of the linear program's, which F bounds from above too."""
    task = problem(60, 20, 0.1, order=4000.0)
    gain, found = ascended(task, np.zeros(60), 1e-4)
    to = task.columns
    assert np.abs(found.lack).max() < 1e-3 * to.masses.min()
    exact = bounded_lipschitz(task.rows.centres, to.points, None, to.masses)
    # Rows with their own spread cost at most the root of its mean more.
    spread = float(np.sqrt(task.rows.spread).mean())
    assert exact - 1e-4 < found.cost < exact + spread + 0.5 * task.width.max()
    assert found.value >= found.cost - 1e-12
    # The gains are those of a test function which shows nearly as much.
    test = to.tree(gain)
    shown = float(test(task.rows.centres).mean() - (test(to.points) * to.masses).sum())
    assert exact - 0.03 * exact < shown <= exact + 1e-12


def test_moving_the_rest_costs_no_more_than_the_bound():
    rng = np.random.default_rng(9)
    for size, n in ((0.01, 300), (3.0, 90)):
        points = rng.normal(size=(n, 2)) * size
        to = columns(points, np.full(n, 1 / n), np.zeros(2))
        other = rng.gamma(0.5, size=n)
        other /= other.sum()
        bound = remaining_cost(to, to.masses - other)
        exact = bounded_lipschitz(to.points, to.points, other, to.masses)
        assert exact <= bound <= min(12 * exact, 1.0)
        # What is needed nearby is not fetched from afar.
        pair = np.zeros(n)
        pair[0], pair[1] = 0.5 / n, -0.5 / n
        assert remaining_cost(to, pair) < 0.5 / n * np.ptp(points[:, 0])


@pytest.mark.parametrize(("k", "side"), [(9, 540), (33, 800)])
def test_a_lattice_in_its_square(k, side):
    """Each point serves its own square: d = (sqrt 2 + arsinh 1)/(6 k) exactly."""
    exact = (math.sqrt(2) + math.asinh(1)) / (6 * k)
    line = (np.arange(k) + 0.5) / k
    points = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    cells = density_cells(lambda z: np.ones(len(z)), [0, 0], [1, 1], side)
    found = density_bracket(points, cells, gap=0.08)
    assert found.lower <= exact <= found.upper
    assert found.relative <= 0.08
    if k == 9:
        # Planted defect: a lattice that is a little off is told from it.
        assert density_bracket(points + 0.5 / k, cells, gap=0.08).lower > exact


def test_plans_get_better_and_do_not_depend_on_threads():
    n, each = 1500, 16
    points = np.random.default_rng(2).normal(size=(n, 2)) * WIDTH
    cells = density_cells(gaussian, [-1.8, -1.8], [1.8, 1.8], 300)
    rows = equal_pieces(*cells.split(0.5 / (each * n)), each * n)
    costs = [c for c, _ in density_plans(rows, points, np.zeros(2), 0.03)]
    assert len(costs) > 1
    assert costs[1] < 0.995 * costs[0]
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        assert next(density_plans(rows, points, np.zeros(2), 0.03))[0] == costs[0]
    finally:
        numba.set_num_threads(before)


def test_mass_that_travels_far_is_left_to_the_auction():
    """A cloud that is moved by (0.1, 0) is 0.1 away, as far as none would travel 1."""
    rng = np.random.default_rng(4)
    points = rng.normal(size=(800, 2)) * WIDTH
    cells = density_cells(gaussian, [-1.8, -1.8], [1.8, 1.8], 300)
    here = density_bracket(points, cells, gap=0.1)
    rows = equal_pieces(*cells.split(1 / 16_000), 8000)
    moved = points + np.array([0.1, 0.0])
    assert len(list(density_plans(rows, points, np.zeros(2), 0.1))) > 1
    assert not list(density_plans(rows, moved, np.zeros(2), 0.1))
    found = density_bracket(moved, cells, gap=0.1)
    assert found.relative <= 0.1
    assert 0.1 - here.upper <= found.upper
    assert 0.07 < found.lower <= 0.1 + here.upper


def test_boxes_of_little_mass_are_the_same_measure():
    cells = density_cells(gaussian, [-1.0, -0.7, -0.8], [1.1, 0.9, 1.0], 9)
    points, masses, spread = cells.split(1e-4)
    assert masses.max() <= 1e-4 * (1 + 1e-9)
    assert len(masses) > 1.2 * len(cells.masses)
    assert masses.sum() == pytest.approx(1.0, rel=1e-12)
    mean, whole = masses @ points, cells.masses @ cells.points
    assert mean == pytest.approx(whole, abs=1e-12)
    second = masses @ ((points**2).sum(axis=1) + spread)
    expected = cells.masses @ (cells.points**2).sum(axis=1) + cells.spread
    assert second == pytest.approx(expected, rel=1e-12)
