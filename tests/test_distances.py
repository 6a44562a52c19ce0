"""Distances of clouds and of a cloud and a field, cell bounds, growth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from harmonic_cloud import (
    ETA,
    LAW,
    LIMIT,
    MEAN,
    TIMES,
    TRAP,
    law,
    solved,
    system,
)
from scipy.stats import wasserstein_distance

import mfplug
from mfplug.dynamics.seeding import stream
from mfplug.theory.harmonic import harmonic_law
from mfplug.theory.transport import bounded_lipschitz


def clouds(n, d=4, seed=3, width=0.2):
    """Return a cloud of n points in d dimensions."""
    return width * np.random.default_rng(seed).normal(size=(n, d))


def test_bounded_lipschitz_distance():
    """A metric with values in [0, 1] that is W1 for clouds narrower than 1."""
    metric = mfplug.create("metric", "bounded-lipschitz")
    x, y, z = clouds(30), clouds(40, seed=4), clouds(30, seed=5, width=0.6)
    assert metric.distance(x, x) == pytest.approx(0.0, abs=1e-14)
    assert metric.distance(x, x[::-1]) == pytest.approx(0.0, abs=1e-14)
    assert metric.distance(x, x + 100.0) == pytest.approx(1.0, abs=1e-12)
    assert metric.distance(x, y) == pytest.approx(metric.distance(y, x), abs=1e-12)
    xy, yz, xz = (metric.distance(*c) for c in ((x, y), (y, z), (x, z)))
    assert 0 < xy < xz <= xy + yz
    shift = np.array([0.03, -0.04, 0.0, 0.0])
    assert metric.distance(x, x + shift) == pytest.approx(0.05, abs=1e-12)
    a, b = np.sort(clouds(25, 1)), np.sort(clouds(50, 1, seed=9))
    w1 = wasserstein_distance(a[:, 0], b[:, 0])
    assert metric.distance(a, b) == pytest.approx(w1, rel=1e-10)


def narrow(eta=ETA):
    """Return the system with positions in a range far smaller than 1."""
    small = LAW | {"qq": 4e-4, "qp": 0.0, "pp": 4e-4}
    return replace(system(eta), initial=mfplug.System(initial=small).initial)


def redrawn(e, field, metric, seed):
    """Return W1 of the positions of particles, of fresh points and of copies to nu.

    The clouds are drawn again from the metric's own stream; transport on the line is
    SciPy's, by sorting. Shape (3, times, clouds).
    """
    identity = [metric.to_dict(), e.system.to_dict(), list(e.times), e.particles]
    rng, count = stream(seed, "metric", identity), metric.clouds
    shape = (count, -1, e.dimension)
    fresh, nu = (
        [x.reshape(shape) for x in field.sample(0.0, rng, count * n)]
        for n in (e.particles, metric.reference * e.particles)
    )
    found = np.empty((3, len(e.times), count))
    for k, t in enumerate(e.times):
        for r in range(count):
            goal = field.flow(nu[0][r], nu[1][r], 0.0, t)[0][:, 0]
            copies = field.flow(e.q[0, r], e.p[0, r], 0.0, t)
            for row, q in enumerate(
                (e.q[k, r], field.flow(fresh[0][r], fresh[1][r], 0.0, t)[0], copies[0])
            ):
                found[row, k, r] = wasserstein_distance(q[:, 0], goal)
    return found


def test_bounded_lipschitz_rows_against_transport_on_the_line():
    """Particles, iid floor and paired excess: the same clouds, sorted by SciPy."""
    s, field = narrow(), mfplug.solve_mean_field(narrow(), TIMES, "harmonic-exact")
    e = mfplug.simulate(s, 30, 12, TIMES, 0.1, "yoshida4", seed=6)
    metric = mfplug.create(
        "metric", "bounded-lipschitz", projection="q", clouds=10, reference=3
    )
    rows = mfplug.measure([metric], e, field, seed=8).set_index(["metric", "time"])
    particles, fresh, copies = redrawn(e, field, metric, 8)
    assert set(rows["index"]) == {"q"}
    assert set(rows.replicas) == {10}
    for k, t in enumerate(TIMES):
        name = "bounded-lipschitz"
        for label, values in (
            (name, particles[k]),
            (f"{name}-iid", fresh[k]),
            (f"{name}-excess", (particles - copies)[k]),
        ):
            if k == 0 and label.endswith("excess"):
                assert (label, t) not in rows.index
                continue
            row = rows.loc[(label, t)]
            assert row.value == pytest.approx(values.mean(), rel=1e-9, abs=1e-12)
            error = values.std(ddof=1) / math.sqrt(10)
            assert row.stderr == pytest.approx(error, rel=1e-7)
    # Planted: the field of another strength moves nu elsewhere.
    other = mfplug.solve_mean_field(narrow(1.1 * ETA), TIMES, "harmonic-exact")
    wrong = mfplug.measure([metric], e, other, seed=8).set_index(["metric", "time"])
    value = wrong.loc[("bounded-lipschitz", TIMES[-1])].value
    assert abs(value / particles[-1].mean() - 1) > 1e-3


def test_iid_floor():
    """On the line sqrt(N) E W1(mu_N, f) -> 1.28838 times the width (numbers.md).

    Against N points the square root of 2 more. N = 100, 150 clouds, seed 7: the
    relative standard error of the mean is .02, the limit 4.5 of them; the correction
    for finite N is below .01.
    """
    s, N, times = narrow(), 100, (0.0, 0.8)
    field = mfplug.solve_mean_field(s, times, "harmonic-exact")
    e = mfplug.simulate(s, N, 150, times, 0.1, "yoshida4", seed=7)
    metric = {"name": "bounded-lipschitz", "projection": "q", "clouds": 150}
    rows = mfplug.measure([metric], e, field).set_index(["metric", "time"])
    for t in times:
        at = harmonic_law(t, ETA, TRAP, np.diag([4e-4, 4e-4]), MEAN)
        width = math.sqrt(at.vlasov[0, 0])
        row = rows.loc[("bounded-lipschitz-iid", t)]
        exact = 1.28838 * width * math.sqrt(2.0 / N)
        # 1.28838 belongs to sqrt(2/pi) int sqrt(F (1 - F)) of the unit normal law.
        assert abs(row.value - exact) < LIMIT * row.stderr
        assert row.stderr < 0.04 * exact
        # Planted: the floor of one sample, and of half as many particles more.
        assert abs(exact / math.sqrt(2.0) - row.value) > LIMIT * row.stderr
        assert abs(exact / math.sqrt(1.5) - row.value) > LIMIT * row.stderr


def test_excess_is_below_the_coupling():
    """The paired difference is at most the mean distance to the copies."""
    field = solved()
    e = mfplug.simulate(system(), 20, 16, TIMES, 0.1, "yoshida4", seed=1)
    rows = mfplug.measure(["coupling", "bounded-lipschitz"], e, field)
    rows = rows.set_index(["metric", "time"])
    for t in TIMES[1:]:
        excess = rows.loc[("bounded-lipschitz-excess", t)].value
        assert abs(excess) <= rows.loc[("coupling-mean", t)].value
        assert 0 < rows.loc[("bounded-lipschitz-iid", t)].value < 1


# ----------------------------------------------------------- cells and cloud growth


def test_cell_bound():
    """Above the exact distance of the same clouds; the counter-example to (47)."""
    field, N, d = solved(d=2), 40, 2
    e = mfplug.simulate(system(d=2), N, 5, TIMES, 0.1, "yoshida4", seed=1)
    metric = mfplug.create(
        "metric", "cell-bound", side=1.7, clouds=4, corner=0.15, nodes=640
    )
    rows = mfplug.measure([metric], e, field, seed=2).set_index("metric")
    side, t = 1.7 * N ** (-1 / (2 * d + 2)), TIMES[-1]
    q, p, weights = field.system.initial.nodes(640)
    nu = np.concatenate(field.flow(q, p, 0.0, t), axis=1)
    printed, corrected = [], []
    for r in range(4):
        mu = np.concatenate([e.q[-1, r], e.p[-1, r]], axis=1)
        cells, label = np.unique(
            np.floor(np.concatenate([mu, nu]) / side), axis=0, return_inverse=True
        )
        share = [
            np.bincount(x, w, minlength=len(cells)) / w.sum()
            for x, w in ((label[:N].ravel(), np.ones(N)), (label[N:].ravel(), weights))
        ]
        total = np.abs(share[0] - share[1]).sum()
        printed.append((1 + side) * total)
        corrected.append(total / 2 + math.sqrt(2 * d) * side * (1 - total / 2))
        corrected[-1] = min(corrected[-1], 1.0)
        assert bounded_lipschitz(mu, nu, None, weights) <= corrected[-1] + 1e-12
    assert rows.value["cell-bound-printed"] == pytest.approx(np.mean(printed))
    assert rows.value["cell-bound-corrected"] == pytest.approx(np.mean(corrected))
    assert rows.value["corner-distance"] == pytest.approx(0.15 * 2.0, rel=1e-9)
    assert rows.value["corner-printed"] == 0.0
    assert rows.value["corner-corrected"] == pytest.approx(0.15 * 2.0, rel=1e-9)


def test_cloud_growth():
    """Shift and kick move the centre of mass, in the trap alone: |S e_q|, |S e_p|."""
    e = mfplug.simulate(narrow(), 8, 4, TIMES, 0.02, "yoshida4", seed=3)
    rows = mfplug.measure([{"name": "cloud-growth", "size": 0.04}], e)
    assert set(rows["index"]) == {"shift", "kick", "squeeze", "noise"}
    bound = math.sqrt(max(np.linalg.eigvalsh(law(1.7).relative.T @ law(1.7).relative)))
    for row in rows.itertuples():
        centre = np.linalg.norm(law(row.time).centre, axis=0)
        exact = {"shift": centre[0], "kick": centre[1]}.get(row.index)
        if exact is not None:
            assert row.value == pytest.approx(exact, rel=1e-6)
            wrong = np.linalg.norm(law(row.time).relative, axis=0)
            assert np.abs(row.value - wrong).min() > 1e-2
        assert row.value < 1.5 * max(bound, 1.0)


def test_cloud_growth_of_one_particle():
    """It is its own centre: squeezing does nothing, and the row says so."""
    e = mfplug.simulate(narrow(), 1, 2, TIMES, 0.1, seed=3)
    rows = mfplug.measure(["cloud-growth"], e).set_index("index")
    assert rows.value["squeeze"].isna().all()
    assert rows.note["squeeze"].str.contains("moves no particle").all()
    assert rows.value["shift"].notna().all()
