"""The sparse exact assignment: against dense solvers, with its certificate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from mfplug.errors import NumericsError
from mfplug.theory import assignment, bounded_lipschitz
from mfplug.theory.assignment import truncated_assignment


def dense(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    cost = np.minimum(cdist(x, y), 1.0)
    rows, columns = linear_sum_assignment(cost)
    return cost, float(cost[rows, columns].mean())


@pytest.mark.parametrize(
    ("n", "d", "width", "shift"),
    [
        (1, 2, 1.0, 0.0),
        (7, 1, 0.3, 0.1),
        (60, 2, 4.0, 0.0),
        (300, 2, 0.25, 0.2),
        (250, 4, 0.4, 0.3),
        (120, 6, 1.5, 0.0),
        (90, 3, 0.1, 30.0),
    ],
)
def test_value_and_certificate(n: int, d: int, width: float, shift: float) -> None:
    """The dense solver's value; the dual is feasible for all n^2 pairs and as large."""
    rng = np.random.default_rng(n + d)
    # Rounded, so that ties and coinciding points occur.
    x = np.round(rng.normal(size=(n, d)) * width, 2)
    y = np.round(rng.normal(size=(n, d)) * width + shift, 2)
    cost, value = dense(x, y)
    found = truncated_assignment(x, y)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert sorted(found.columns) == list(range(n))
    slack = cost - found.row_potential[:, None] - found.column_potential[None, :]
    assert slack.min() > -1e-11
    assert found.dual == pytest.approx(value, abs=1e-11)


def test_large_clouds_go_to_it() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 450, 2)) * [[[0.3, 0.5]]]
    assert bounded_lipschitz(x, y) == truncated_assignment(x, y).value
    assert bounded_lipschitz(x, y) == pytest.approx(dense(x, y)[1], abs=1e-12)


def test_nearest_images_on_a_torus() -> None:
    """Against the dense solver; without the images the value is another."""
    rng = np.random.default_rng(21)
    x = rng.random((430, 3)) * [2.0, 0.7, 1.0] - [0.4, 0.0, 0.0]
    y = rng.random((430, 3)) * [1.1, 0.7, 1.0] + [4.3, 0.1, 0.0]
    gap = x[:, None] - y[None]
    sides = np.array([2.1, 0.8, np.inf])
    gap[..., :2] -= sides[:2] * np.rint(gap[..., :2] / sides[:2])
    cost = np.minimum(np.sqrt((gap**2).sum(axis=2)), 1.0)
    rows, columns = linear_sum_assignment(cost)
    value = cost[rows, columns].mean()
    assert bounded_lipschitz(x, y, period=sides) == pytest.approx(value, abs=1e-12)
    assert bounded_lipschitz(x, y) > value + 0.1


def test_two_neighbours_are_enough_with_pricing(monkeypatch) -> None:
    """A graph that is too thin is mended; without pricing the value is too large."""
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(2, 200, 2)) * 0.3
    value = dense(x, y)[1]
    monkeypatch.setattr(assignment, "NEIGHBOURS", 2)
    assert truncated_assignment(x, y).value == pytest.approx(value, abs=1e-12)
    # Planted: nothing is priced.
    monkeypatch.setattr(assignment, "TOLERANCE", 10.0)
    assert truncated_assignment(x, y).value > value + 1e-3
    monkeypatch.setattr(assignment, "TOLERANCE", 1e-12)
    monkeypatch.setattr(assignment, "_ROUNDS", 1)
    with pytest.raises(NumericsError, match="violated pairs after 1 rounds"):
        truncated_assignment(x, y)
