"""Wasserstein and correlation metrics, and the floors of numbers.md."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mfplug
from mfplug.errors import ParameterError
from mfplug.theory import harmonic_law, wasserstein1, wasserstein2

ETA, TIMES = 0.8, (0.0, 1.3)


def system() -> mfplug.System:
    return mfplug.System(
        dimension=1,
        potential=mfplug.create("potential", "harmonic", strength=ETA),
        initial=mfplug.create("distribution", "gaussian", qq=0.09, pp=0.04, qp=0.02),
    )


def test_floor_on_the_line_against_the_density() -> None:
    """N E[W2^2] = 1/6 and sqrt(N) E[W1] -> 0.31333, uniform on [0, 1] (numbers.md).

    N = 40, 3000 clouds, seed 1, 3 standard errors; the density by 40 midpoints for each
    point, which adds 1/(12 (40 N)^2). E[W1] at finite N by E|F_N - F| of a binomial.
    """
    n, rng = 40, np.random.default_rng(1)
    u = (np.arange(40 * n) + 0.5) / (40 * n)
    clouds = rng.uniform(size=(3000, n, 1))
    two = np.array([wasserstein2(x, u[:, None]) ** 2 for x in clouds]) * n
    one = np.array([wasserstein1(x, u[:, None]) for x in clouds]) * math.sqrt(n)
    assert abs(two.mean() - 1 / 6) < 3 * two.std(ddof=1) / math.sqrt(3000)
    # The limit has a relative correction of order 1/N.
    assert abs(one.mean() - 0.31333) < 3 * one.std(ddof=1) / math.sqrt(3000) + 0.31 / n
    # Planted: the floor of two samples.
    assert abs(two.mean() - 1 / 3) > 30 * two.std(ddof=1) / math.sqrt(3000)


def test_floor_on_the_torus() -> None:
    """N E[W2^2] of two samples on the unit torus grows as log(N) / (2 pi).

    N = 16 and 128, 700 pairs each, seed 2, 3 standard errors.
    """
    rng, means, errors = np.random.default_rng(2), [], []
    for n in (16, 128):
        x, y = rng.uniform(size=(2, 700, n, 2))
        values = n * np.array(
            [
                wasserstein2(a, b, period=[1.0, 1.0]) ** 2
                for a, b in zip(x, y, strict=True)
            ]
        )
        means.append(values.mean())
        errors.append(values.std(ddof=1) / math.sqrt(700))
    slope = (means[1] - means[0]) / math.log(8)
    error = math.hypot(*errors) / math.log(8)
    assert abs(slope - 1 / (2 * math.pi)) < 3 * error
    # Planted: the square without the torus has more (numbers.md has no slope for it).
    flat = np.array([wasserstein2(a, b) ** 2 * 128 for a, b in zip(x, y, strict=True)])
    assert flat.mean() > means[1] + 3 * errors[1]


@pytest.mark.parametrize("name", ["wasserstein1", "wasserstein2", "bounded-lipschitz"])
def test_rows_of_the_distances(name: str) -> None:
    """Particles, floor and excess; W1 <= W2, d_BL <= W1 for the same clouds."""
    field = mfplug.solve_mean_field(system(), TIMES, "harmonic-exact")
    e = mfplug.simulate(system(), 12, 30, TIMES, 0.1, "yoshida4", seed=4)
    metric = mfplug.create("metric", name, clouds=30)
    rows = mfplug.measure([metric], e, field).set_index(["metric", "time"])
    assert list(rows.loc[(slice(None), 0.0), :].index.get_level_values(0)) == [
        name,
        f"{name}-iid",
    ]
    row, floor = rows.loc[(name, 1.3)], rows.loc[(f"{name}-iid", 1.3)]
    excess = rows.loc[(f"{name}-excess", 1.3)]
    assert abs(row.value - floor.value) < 4.5 * math.hypot(row.stderr, floor.stderr)
    assert abs(excess.value) < row.value
    # N independent points against as many on a line of width s: about 1.13 s sqrt(2/N).
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 9, 2)) * 0.4
    small, first, second = (
        mfplug.create("metric", m).distance(x, y)
        for m in ("bounded-lipschitz", "wasserstein1", "wasserstein2")
    )
    assert small <= first <= second


def test_a_torus_counts_the_nearest_image() -> None:
    s = mfplug.System(
        dimension=1,
        box=2.0,
        potential=mfplug.create("potential", "cosine", strength=0.1, mode=1),
        initial=mfplug.create("distribution", "homogeneous", momentum="gaussian"),
    )
    field = mfplug.solve_mean_field(s, (0.0, 0.5))
    e = mfplug.simulate(s, 20, 24, (0.0, 0.5), 0.1, seed=1)
    metric = {"name": "wasserstein1", "projection": "q", "clouds": 24}
    rows = mfplug.measure([metric], e, field).set_index(["metric", "time"])
    # On a circle of length 2 W1 of 20 points is far below the unwrapped one.
    assert rows.loc[("wasserstein1", 0.5)].value < 0.35
    assert set(rows["index"]) == {"q"}


def test_cumulants_of_the_harmonic_model() -> None:
    """cov(q_1, q_2) = D_qq / N, of p D_pp / N, and of q^2 at leading order 2 (..)^2.

    N = 12, 4000 replicas, seed 5, 4.5 standard errors: 8 values. Gaussian variables
    have no third cumulant; that of q^2 is 8 cov^3 by Isserlis. Planted: D of a
    potential 10 % stronger is refused.
    """
    n, t = 12, TIMES[-1]
    field = mfplug.solve_mean_field(system(), TIMES, "harmonic-exact")
    e = mfplug.simulate(system(), n, 4000, TIMES, 0.05, "yoshida4", seed=5)
    rows = mfplug.measure(["correlation"], e, field).set_index(["metric", "index"])
    start = np.array([[0.09, 0.02], [0.02, 0.04]])
    cross = harmonic_law(t, ETA, 0.0, start, (0.0, 0.0)).excess / n
    exact = {
        ("mean-shift", "q"): 0.0,
        ("mean-shift", "q2"): n * cross[0, 0],
        ("cumulant-2", "q"): cross[0, 0],
        ("cumulant-2", "p"): cross[1, 1],
        ("cumulant-2", "q2"): 2 * cross[0, 0] ** 2,
        ("cumulant-3", "q"): 0.0,
        ("cumulant-3", "p"): 0.0,
        ("cumulant-3", "q2"): 8 * cross[0, 0] ** 3,
    }
    for key, value in exact.items():
        assert abs(rows.loc[key].value - value) < 4.5 * rows.loc[key].stderr, key
    row = rows.loc[("cumulant-2", "q")]
    assert row.stderr < 0.05 * abs(row.value)
    wrong = harmonic_law(t, 1.2 * ETA, 0.0, start, (0.0, 0.0)).excess[0, 0] / n
    assert abs(row.value - wrong) > 4.5 * row.stderr


def test_the_shift_of_a_mean_has_an_error_that_does_not_grow() -> None:
    """N (<q^2>_F1 - <q^2>_f), Gaussian potential, t = 2: a standard error of 0.05.

    N = 16 and 64 with 1500 and 1000 replicas, seed 1; raw averages have .8 and 1.9
    there. Leading order: the two agree within 4.5 standard errors and 20 %.
    """
    s = mfplug.System(
        dimension=1,
        potential=mfplug.create("potential", "gaussian", strength=1.0, width=1.0),
        initial=mfplug.create("distribution", "gaussian"),
    )
    field = mfplug.solve_mean_field(s, (0.0, 2.0))
    found = []
    for n, replicas in ((16, 1500), (64, 1000)):
        e = mfplug.simulate(s, n, replicas, (0.0, 2.0), 0.1, "yoshida4", seed=1)
        rows = mfplug.measure(
            [{"name": "correlation", "observables": ["q2"]}], e, field
        ).set_index("metric")
        found.append(rows.loc["mean-shift"])
        assert found[-1].stderr < 0.05
    gap = abs(found[0].value - found[1].value)
    error = math.hypot(found[0].stderr, found[1].stderr)
    assert gap < 4.5 * error + 0.2 * abs(found[1].value)


def test_correlation_refuses() -> None:
    with pytest.raises(ParameterError, match="unknown observables"):
        mfplug.create("metric", "correlation", observables=["energy"])
    field = mfplug.solve_mean_field(system(), TIMES, "harmonic-exact")
    e = mfplug.simulate(system(), 4, 30, TIMES, 0.2)
    with pytest.raises(ParameterError, match="cos need a torus"):
        mfplug.measure([{"name": "correlation", "observables": ["cos"]}], e, field)
    few = mfplug.measure(["correlation"], e.take(slice(0, 9)), field)
    assert few.value.isna().all()
    assert len(few) == 9
    assert few.note.str.contains("24 are needed").all()
