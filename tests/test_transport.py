"""Transport distances: axioms, primal = dual, exact cases, planted defects."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog
from scipy.special import ndtri

from mfplug.errors import NumericsError, ParameterError
from mfplug.theory import bounded_lipschitz, wasserstein1, wasserstein2
from mfplug.theory import transport as module

DISTANCES = [bounded_lipschitz, wasserstein1, wasserstein2]
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 9)
spreads = st.sampled_from([0.05, 0.4, 3.0])


def cloud(rng: np.random.Generator, n: int, d: int, spread: float) -> np.ndarray:
    # Rounded, so that ties and coinciding points occur.
    return np.round(rng.normal(size=(n, d)) * spread, 1)


@settings(max_examples=40, deadline=None)
@given(seeds, sizes, sizes, sizes, st.integers(1, 4), spreads)
def test_metric_axioms(seed, n, m, k, d, spread) -> None:
    rng = np.random.default_rng(seed)
    x, y, z = (cloud(rng, size, d, spread) for size in (n, m, k))
    for distance in DISTANCES:
        xy = distance(x, y)
        assert xy >= 0.0
        assert xy == pytest.approx(distance(y, x), abs=1e-12)
        assert distance(x, rng.permutation(x)) == pytest.approx(0.0, abs=1e-12)
        assert xy <= distance(x, z) + distance(z, y) + 1e-12
    small, first, second = (f(x, y) for f in DISTANCES)
    assert small <= min(first, 1.0) + 1e-12
    assert first <= second + 1e-12


def definition(x: np.ndarray, y: np.ndarray) -> float:
    """sup over g in [0, 1] with Lipschitz constant 1 of int g (mu - nu), by HiGHS."""
    points = np.concatenate([x, y])
    size = len(points)
    gain = np.concatenate([np.full(len(x), 1 / len(x)), np.full(len(y), -1 / len(y))])
    rows, bounds = [], []
    for i in range(size):
        for j in range(size):
            if i != j:
                row = np.zeros(size)
                row[i], row[j] = 1.0, -1.0
                rows.append(row)
                bounds.append(math.dist(points[i], points[j]))
    solved = linprog(-gain, np.array(rows), bounds, bounds=(0.0, 1.0), method="highs")
    return -solved.fun


def transport_program(cost: np.ndarray) -> float:
    """The transport problem of two clouds of equal masses, by HiGHS."""
    n, m = cost.shape
    rows = np.kron(np.eye(n), np.ones(m))
    columns = np.kron(np.ones(n), np.eye(m))
    masses = np.concatenate([np.full(n, 1 / n), np.full(m, 1 / m)])
    solved = linprog(
        cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=masses, method="highs"
    )
    return solved.fun


@pytest.mark.parametrize(("n", "m", "spread"), [(25, 25, 1.0), (25, 18, 0.6)])
def test_primal_equals_dual_on_small_clouds(n: int, m: int, spread: float) -> None:
    rng = np.random.default_rng(n + m)
    x = rng.normal(size=(n, 2)) * spread
    y = rng.normal(size=(m, 2)) * spread + 0.4
    value = bounded_lipschitz(x, y)
    lengths = np.array([[math.dist(a, b) for b in y] for a in x])
    assert value == pytest.approx(transport_program(np.minimum(lengths, 1)), abs=1e-9)
    assert value == pytest.approx(definition(x, y), abs=1e-9)
    assert wasserstein1(x, y) == pytest.approx(transport_program(lengths), abs=1e-9)
    squared = math.sqrt(transport_program(lengths**2))
    assert wasserstein2(x, y) == pytest.approx(squared, abs=1e-9)
    # Planted defects: no cut at 1, and the square in place of the distance.
    assert abs(transport_program(lengths) - value) > 1e-3
    assert abs(transport_program(np.minimum(lengths**2, 1)) - value) > 1e-3


def test_assignment_and_network_simplex_agree() -> None:
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(2, 60, 4)) * 0.4
    weights = np.full(60, 1 / 60)
    for distance in DISTANCES:
        assert distance(x, y) == pytest.approx(distance(x, y, weights), abs=1e-12)
    # A point of weight 2/n is two points.
    w = np.full(59, 1 / 60)
    w[0] = 2 / 60
    double = np.concatenate([x[:1], x[:59]])
    merged = bounded_lipschitz(x[:59], y, w)
    assert merged == pytest.approx(bounded_lipschitz(double, y), abs=1e-12)


def test_translation_is_exact() -> None:
    x = np.random.default_rng(1).normal(size=(40, 3))
    shift = np.array([0.3, -0.4, 0.0])
    assert wasserstein1(x, x + shift) == pytest.approx(0.5, rel=1e-12)
    assert wasserstein2(x, x + shift) == pytest.approx(0.5, rel=1e-12)
    assert bounded_lipschitz(x, x + 40 * shift) == 1.0


@settings(max_examples=40, deadline=None)
@given(seeds, sizes, sizes)
def test_sorting_on_the_line_agrees_with_transport(seed, n, m) -> None:
    rng = np.random.default_rng(seed)
    x, y = cloud(rng, n, 1, 2.0), cloud(rng, m, 1, 2.0)
    wx, wy = rng.random(n), rng.random(m)
    wx, wy = wx / wx.sum(), wy / wy.sum()
    # In the plane with a zero coordinate the same clouds take the general path.
    flat_x, flat_y = np.pad(x, ((0, 0), (0, 1))), np.pad(y, ((0, 0), (0, 1)))
    for distance in (wasserstein1, wasserstein2):
        for weights in ((None, None), (wx, wy), (wx, None)):
            line = distance(x, y, *weights)
            plane = distance(flat_x, flat_y, *weights)
            assert line == pytest.approx(plane, abs=1e-7)


def test_nearest_image_on_a_torus() -> None:
    x, y = [[0.1, 0.0]], [[6.2, 0.3]]
    near = math.hypot(0.1 + 2 * math.pi - 6.2, 0.3)
    period = (2 * math.pi, math.inf)
    assert bounded_lipschitz(x, y, period=period) == pytest.approx(near, rel=1e-12)
    assert bounded_lipschitz(x, y) == 1.0
    turned = [[0.1 + 6 * math.pi, 0.0]]
    assert bounded_lipschitz(turned, y, period=period) == pytest.approx(near, rel=1e-9)
    on_circle = wasserstein1([[0.1]], [[6.2]], period=(2 * math.pi,))
    assert on_circle == pytest.approx(0.1 + 2 * math.pi - 6.2, rel=1e-12)


def test_large_clouds_on_a_torus_with_points_on_its_edge() -> None:
    """Multiples of the side, which rounding puts just below 0 or on the far end."""
    rng = np.random.default_rng(8)
    x, y = (np.round(rng.normal(size=(450, 2)), 1) for _ in range(2))
    x += 1e-9 * np.arange(450)[:, None]
    x[:200, 0] = 0.3 * np.arange(-100, 100)
    gap = x[:, None] - y[None]
    gap -= 0.3 * np.rint(gap / 0.3)
    cost = np.minimum(np.linalg.norm(gap, axis=2), 1.0)
    exact = cost[linear_sum_assignment(cost)].mean()
    found = bounded_lipschitz(x, y, period=(0.3, 0.3))
    assert found == pytest.approx(exact, abs=1e-12)


def test_clouds_of_coinciding_points() -> None:
    """Few places with many points each, in no time; a cloud at rest at one point."""
    rng = np.random.default_rng(9)
    x, y = (rng.integers(0, 3, (600, 2)) * 0.4 for _ in range(2))
    cost = np.minimum(np.linalg.norm(x[:, None] - y[None], axis=2), 1.0)
    exact = cost[linear_sum_assignment(cost)].mean()
    assert bounded_lipschitz(x, y) == pytest.approx(exact, abs=1e-12)
    spread, one = rng.normal(size=(20_000, 2)), np.zeros((20_000, 2))
    mean = np.minimum(np.linalg.norm(spread, axis=1), 1.0).mean()
    assert bounded_lipschitz(spread, one) == pytest.approx(mean, abs=1e-12)
    assert bounded_lipschitz(one + 0.25, one) == pytest.approx(0.125**0.5, abs=1e-12)


def test_empirical_floors() -> None:
    """Independent points, within 3 standard errors of numbers.md; seed 12.

    On the line N E[W2^2] = 1/6 (uniform), N^(1/2) E[W1] -> 0.31333 (uniform) and
    1.28838 (normal), against 20 000 quantiles; on the torus of side 1 the slope of
    N E[W2^2] of two samples in log N is 1/(2 pi). Four numbers: false alarm 1e-2.
    """
    rng, n = np.random.default_rng(12), 200
    levels = (np.arange(20_000) + 0.5) / 20_000
    uniform, normal = levels[:, None], ndtri(levels)[:, None]

    def agrees(values: list[float], exact: float) -> None:
        error = np.std(values, ddof=1) / math.sqrt(len(values))
        assert abs(np.mean(values) - exact) < 3 * error
        assert error < 0.05 * exact

    clouds = rng.random((400, n, 1))
    agrees([n * wasserstein2(x, uniform) ** 2 for x in clouds], 1 / 6)
    agrees([math.sqrt(n) * wasserstein1(x, uniform) for x in clouds], 0.31333)
    clouds = rng.normal(size=(400, n, 1))
    agrees([math.sqrt(n) * wasserstein1(x, normal) for x in clouds], 1.28838)

    def on_the_torus(n: int, count: int) -> tuple[float, float]:
        pairs = rng.random((count, 2, n, 2))
        found = [n * wasserstein2(x, y, period=(1.0, 1.0)) ** 2 for x, y in pairs]
        return float(np.mean(found)), float(np.std(found, ddof=1)) / math.sqrt(count)

    (few, e1), (many, e2) = on_the_torus(40, 600), on_the_torus(320, 200)
    slope, error = (many - few) / math.log(8), math.hypot(e1, e2) / math.log(8)
    assert abs(slope - 1 / (2 * math.pi)) < 3 * error
    # Without the nearest image it would be another floor, and this would show it.
    assert error < 0.2 / (2 * math.pi)


def test_unfinished_simplex_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIVOTS", 1)
    rng = np.random.default_rng(2)
    with pytest.raises(NumericsError, match="did not reach the optimum"):
        bounded_lipschitz(rng.normal(size=(30, 2)), rng.normal(size=(20, 2)))


def test_equal_clouds_take_the_assignment() -> None:
    x, y = np.random.default_rng(3).normal(size=(2, 30, 2))
    lengths = np.linalg.norm(x[:, None] - y[None], axis=2)
    rows, columns = linear_sum_assignment(np.minimum(lengths, 1.0))
    exact = np.minimum(lengths, 1.0)[rows, columns].mean()
    assert bounded_lipschitz(x, y) == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        (([[0.0]], [[0.0, 1.0]]), {}),
        (([0.0], [[0.0]]), {}),
        ((np.empty((0, 2)), [[0.0, 1.0]]), {}),
        (([[math.nan]], [[0.0]]), {}),
        (([[0.0], [1.0]], [[0.0]], [0.5, 0.6]), {}),
        (([[0.0], [1.0]], [[0.0]], [1.5, -0.5]), {}),
        (([[0.0], [1.0]], [[0.0]], [1.0]), {}),
        (([[0.0]], [[0.0]]), {"period": (1.0, 1.0)}),
        (([[0.0]], [[0.0]]), {"period": (-1.0,)}),
        (([[0.0]], [[0.0]]), {"period": 2.0}),
        (([[0.0]], [[0.0]]), {"period": "side"}),
        (("cloud", [[0.0]]), {}),
        (([[0.0], [0.0, 1.0]], [[0.0]]), {}),
        (([[1.0j]], [[0.0]]), {}),
        (([[0.0, 0.0]], [[1e200, 0.0]]), {}),
        (([[0.0]], [[0.0]], "equal"), {}),
    ],
)
@pytest.mark.parametrize("distance", DISTANCES)
def test_bad_input_is_refused(distance, args, kwargs) -> None:
    with pytest.raises(ParameterError, match="expected"):
        distance(*args, **kwargs)
