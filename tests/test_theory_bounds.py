"""Gronwall, stability, cell bounds and the mollifier against exact cases."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad

from mfplug.errors import NumericsError, ParameterError
from mfplug.theory import (
    bounded_lipschitz,
    cell_bound,
    cell_deviation_bound,
    cell_masses,
    empirical_bound,
    gronwall_bound,
    kernel_density,
    kernel_norm,
    kernel_sample,
    kernel_score,
    linear_gronwall_bound,
    neunzert_bound,
    neunzert_constant,
    printed_score_bound,
    radial_density,
    radial_quantile,
    score_bound,
)


def test_gronwall_is_attained_by_the_linear_equation() -> None:
    # f' = c f with c(t) = 0.3 + 0.5 cos t: f(t) = f(0) exp(0.3 t + 0.5 sin t).
    value = gronwall_bound(-0.7, lambda t: 0.3 + 0.5 * math.cos(t), 2.6)
    exact = -0.7 * math.exp(0.3 * 2.6 + 0.5 * math.sin(2.6))
    assert value == pytest.approx(exact, rel=1e-12)
    assert gronwall_bound(0.2, 1.5, 2.0) == pytest.approx(0.2 * math.exp(3), rel=1e-15)
    assert gronwall_bound(0.0, 1e9, 1e9) == 0.0
    assert gronwall_bound(1.0, 1e9, 1e9) == math.inf


def test_corollary_is_attained_and_safe_at_small_rates() -> None:
    f0, c1, c2 = 0.4, 0.8, 0.3
    times = np.array([0.0, 0.5, 2.0])
    exact = (f0 + c2 / c1) * np.exp(c1 * times) - c2 / c1
    assert linear_gronwall_bound(f0, c1, c2, times) == pytest.approx(exact, rel=1e-14)
    # The printed quotient has no digit left at c1 = 1e-17; the limit is f0 + c2 t.
    assert (math.exp(1e-17 * 2.0) - 1) * c2 / 1e-17 == 0.0
    assert linear_gronwall_bound(f0, 1e-17, c2, 2.0) == pytest.approx(1.0, rel=1e-15)
    assert linear_gronwall_bound(f0, 0.0, c2, 2.0) == pytest.approx(1.0, rel=1e-15)
    assert linear_gronwall_bound(f0, 1.0, c2, 1e4) == math.inf


def test_gronwall_refuses_what_it_cannot_bound() -> None:
    with pytest.raises(ParameterError, match="time"):
        gronwall_bound(1.0, 1.0, -1.0)
    with pytest.raises(ParameterError, match="times >= 0"):
        linear_gronwall_bound(1.0, 1.0, 1.0, [-1.0])
    with pytest.raises(NumericsError, match="integral"):
        gronwall_bound(1.0, lambda t: 1.0 / max(t, 1e-300), 1.0)
    with pytest.raises(NumericsError, match="NaN"):
        linear_gronwall_bound(-1.0, 1.0, 1.0, 1e4)


def test_neunzert_constant_is_sharp_for_free_flight() -> None:
    """|x(t)| = |(1 + t, 1)| from (1, 1): logarithmic rate 1/2 at t = 0."""
    c = neunzert_constant(0.0, 0.0)
    assert c == 0.5
    times = np.array([0.05, 0.5, 1.0, 2.0])
    small = 1e-3
    start = bounded_lipschitz([[0.0, 0.0]], [[small, small]])
    moved = [bounded_lipschitz([[0, 0]], [[small * (1 + t), small]]) for t in times]
    assert np.all(moved <= neunzert_bound(start, c, times))
    # A constant smaller by a tenth fails.
    assert moved[0] > neunzert_bound(start, 0.9 * c, times)[0]


def test_neunzert_constant_of_light_particles() -> None:
    """Free flight of mass m from (1, 1) moves to (1 + t/m, 1): rate 1/(2m)."""
    mass, t, small = 0.4, 0.05, 1e-3
    start = bounded_lipschitz([[0.0, 0.0]], [[small, small]])
    moved = bounded_lipschitz([[0.0, 0.0]], [[small * (1 + t / mass), small]])
    c = neunzert_constant(0.0, 0.0, mass=mass)
    assert c == 1.25
    assert moved <= neunzert_bound(start, c, t)
    # The constant for mass 1 fails.
    assert moved > neunzert_bound(start, neunzert_constant(0.0, 0.0), t)
    with pytest.raises(ParameterError, match="mass"):
        neunzert_constant(0.1, 0.1, mass=0.0)


def test_neunzert_constant_bounds_interacting_clouds() -> None:
    """Two clouds of 24 points, phi = A exp(-r^2/(2 w^2)), attractive and repulsive."""
    rng = np.random.default_rng(11)
    width, step, steps = 0.8, 0.02, 75
    for strength in (1.5, -1.5):
        c = neunzert_constant(1.5 / width * math.exp(-0.5), 1.5 / width**2)

        def force(q, strength=strength):
            r = q[:, None] - q[None, :]
            bump = np.exp(-(r**2) / (2 * width**2))
            return (strength * r / width**2 * bump).mean(axis=1)

        clouds = [rng.normal(size=(24, 2)) * 0.5 for _ in range(2)]
        clouds[1] = clouds[0] + 0.1 * clouds[1]
        start = bounded_lipschitz(*clouds)
        for x in clouds:
            for _ in range(steps):
                x[:, 1] += 0.5 * step * force(x[:, 0])
                x[:, 0] += step * x[:, 1]
                x[:, 1] += 0.5 * step * force(x[:, 0])
        end = bounded_lipschitz(*clouds)
        assert end <= neunzert_bound(start, c, step * steps)


def test_neunzert_constant_terms() -> None:
    assert neunzert_constant(0.7, 0.4) == pytest.approx(0.7 + 1.4)
    assert neunzert_constant(0.1, 0.4, 0.6) == pytest.approx(1.0 + 0.4)
    with pytest.raises(ParameterError, match="force_bound"):
        neunzert_constant(math.inf, 1.0)
    with pytest.raises(ParameterError, match="initial distance"):
        neunzert_bound(1.5, 1.0, 1.0)


def test_printed_cell_bound_fails_and_the_corrected_holds() -> None:
    """Audit E7: both measures in one cell of R^6, at opposite corners."""
    side = 0.1
    x, y = np.full((1, 6), 1e-9), np.full((1, 6), side - 1e-9)
    true = bounded_lipschitz(x, y)
    bound = cell_bound(cell_masses(x, side), cell_masses(y, side))
    assert true == pytest.approx(0.2449, abs=5e-5)
    assert bound.printed == 0.0
    assert bound.printed_sum == pytest.approx(0.2)
    assert bound.printed_sum < true <= bound.corrected
    assert bound.corrected == pytest.approx(math.sqrt(6) * side)


@pytest.mark.parametrize("dimension", [1, 2, 4])
@pytest.mark.parametrize("side", [0.05, 0.3, 1.7])
def test_corrected_cell_bound_on_clouds(dimension: int, side: float) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(60, dimension))
    y = rng.normal(size=(45, dimension)) + 0.3
    w = rng.random(45)
    w /= w.sum()
    bound = cell_bound(cell_masses(x, side), cell_masses(y, side, w))
    assert bounded_lipschitz(x, y, None, w) <= bound.corrected <= 1.0
    # T is half the l1 distance of the masses, counted one cell at a time.
    masses: dict[tuple[int, ...], float] = {}
    for cloud, weight in ((x, np.full(60, 1 / 60)), (y, -w)):
        for point, m in zip(cloud, weight, strict=True):
            key = tuple(math.floor(v / side) for v in point)
            masses[key] = masses.get(key, 0.0) + m
    total = sum(abs(m) for m in masses.values())
    assert bound.variation == pytest.approx(total / 2, rel=1e-12)
    assert bound.printed == pytest.approx((1 + side) * total, rel=1e-12)


def test_mass_outside_the_listed_cells_counts_as_moved() -> None:
    cloud = cell_masses([[0.1], [0.2]], 1.0)
    part = type(cloud)(1.0, cloud.cells, np.array([0.6]))
    assert cell_bound(cloud, part).variation == pytest.approx(0.4)
    with pytest.raises(ParameterError, match="same grid"):
        cell_bound(cloud, cell_masses([[0.1]], 0.5))
    with pytest.raises(ParameterError, match="weights"):
        cell_masses([[0.1]], 0.5, [0.5])
    with pytest.raises(ParameterError, match="side"):
        cell_masses([[0.1]], 0.0)


def test_cauchy_schwarz_cell_bound_for_independent_points() -> None:
    """F^2 = F^1 x F^1, F^1 = f: the standard deviation of a binomial share."""
    f, n = np.array([0.1, 0.35]), 12
    bound = cell_deviation_bound(f, f**2, f, n)
    assert bound == pytest.approx(np.sqrt(f * (1 - f) / n), rel=1e-12)
    counts = np.arange(n + 1)
    binomial = [math.comb(n, k) * 0.35**k * 0.65 ** (n - k) for k in counts]
    exact = float(np.abs(counts / n - 0.35) @ binomial)
    assert exact <= bound[1] < 1.5 * exact
    with pytest.raises(ParameterError, match="exchangeable"):
        cell_deviation_bound(0.9, 0.0, 0.5, 10**6)


def test_empirical_bound_adds_alpha_to_the_floor() -> None:
    assert empirical_bound(0.05, [0.2, 0.99]) == pytest.approx([0.25, 1.0])
    with pytest.raises(ParameterError, match="iid_floor"):
        empirical_bound(0.1, -0.1)


NORMS = {  # audit E20, D = 1, 2, 3, 6
    0.1: (0.6708509939, 0.4816811085, 0.3656012925, 0.2089620295),
    0.5: (1.86315189, 4.043290671, 9.903132548, 251.8035406),
    1.0: (3.066953694, 11.57091435, 51.10684739, 8619.412669),
}


@pytest.mark.parametrize("delta", NORMS)
def test_mollifier_norms_of_the_audit(delta: float) -> None:
    for dimension, value in zip((1, 2, 3, 6), NORMS[delta], strict=True):
        assert kernel_norm(delta, dimension) == pytest.approx(value, rel=3e-10)


@pytest.mark.parametrize("delta", [3e-4, 0.3, 40.0])
@pytest.mark.parametrize("dimension", [1, 2, 4, 6])
def test_radial_quantile_inverts_the_distribution(delta: float, dimension: int) -> None:
    u = np.array([0.0, 1e-9, 1e-3, 0.2, 0.5, 0.9, 1 - 1e-6, 1 - 1e-12])
    r = radial_quantile(u, delta, dimension)
    assert r[0] == 0.0
    assert np.all(np.diff(r) > 0.0)
    total = np.concatenate([[0.0], r])
    mass = 0.0
    for k, (a, b) in enumerate(itertools.pairwise(total)):
        part, _ = quad(
            radial_density, a, b, args=(delta, dimension), epsabs=1e-14, epsrel=1e-12
        )
        mass += part
        assert mass == pytest.approx(u[k], abs=1e-12)
    assert np.array_equal(radial_quantile(u[::-1], delta, dimension), r[::-1])


def test_kernel_sample_has_the_radial_law() -> None:
    """Seed 20, 4000 points: Kolmogorov distance above 1.95/sqrt(n) has chance 1e-3."""
    x = kernel_sample(np.random.default_rng(20), 4000, 0.25, 4)
    r = np.sort(np.sqrt((x**2).sum(axis=1)))
    levels = np.arange(4000) / 4000
    exact = radial_quantile(levels, 0.25, 4)
    empirical = np.searchsorted(r, exact) / 4000
    assert np.abs(empirical - levels).max() < 1.95 / math.sqrt(4000)
    # z of the mean of each coordinate below 4: chance 2.5e-4.
    assert np.all(np.abs(x.mean(axis=0)) < 4 * x.std(axis=0) / math.sqrt(4000))


def test_kernel_score_against_differences_and_its_bound() -> None:
    delta, step = 0.4, 1e-6
    x = np.random.default_rng(2).normal(size=(20, 3)) * 3
    score = kernel_score(x, delta)
    for axis in range(3):
        e = step * np.eye(3)[axis]
        log = [np.log(kernel_density(x + s * e, delta)) for s in (1, -1)]
        assert score[:, axis] == pytest.approx((log[0] - log[1]) / (2 * step), abs=1e-7)
    norm = np.linalg.norm(
        kernel_score(np.geomspace(1e-3, 1e4, 50)[:, None], delta), axis=1
    )
    assert np.all(norm < score_bound(delta))
    assert norm[-1] == pytest.approx(score_bound(delta), rel=1e-7)
    assert printed_score_bound(delta) / score_bound(delta) == pytest.approx(
        7.35, abs=2e-3
    )
    assert not np.any(kernel_score(np.zeros((1, 3)), delta))


def mollified_normal(x: np.ndarray, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """f^delta and its derivative on the line, f = N(0, 1), by a fine grid in y."""
    y = np.linspace(-9, 9, 901)
    f = np.exp(-(y**2) / 2) / math.sqrt(2 * math.pi) * (y[1] - y[0])
    gap = (x[:, None] - y[None, :])[..., None]
    kernel = kernel_density(gap, delta)
    return kernel @ f, (kernel * kernel_score(gap, delta)[..., 0]) @ f


def test_sharpness_of_the_score_bound() -> None:
    """Audit E20: delta |d f^delta| / f^delta for delta = 0.5 at x = 2, 4, 8, 16, 32."""
    value, slope = mollified_normal(np.array([2.0, 4.0, 8.0, 16.0, 32.0]), 0.5)
    ratio = 0.5 * np.abs(slope) / value
    assert ratio == pytest.approx([0.5628, 0.8717, 0.9785, 0.9955, 0.9990], abs=5e-5)


def test_mollifier_refuses_bad_input() -> None:
    for call in (
        lambda: kernel_norm(0.0, 3),
        lambda: kernel_norm(1.0, 0),
        lambda: radial_quantile([1.0], 1.0, 2),
        lambda: kernel_score([[0.0]], -1.0),
    ):
        with pytest.raises(ParameterError, match="expected"):
            call()
