"""Relative entropy by nearest neighbours: exact cases, its null, its defects."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mfplug
from mfplug.theory import neighbours
from mfplug.theory.harmonic import harmonic_law
from mfplug.theory.neighbours import neighbour_entropy, relative_entropy


def log_normal(x):
    return -0.5 * (x**2).sum(axis=1) - 0.5 * x.shape[1] * math.log(2 * math.pi)


def normals(rng, count, shape):
    return [rng.normal(size=shape) for _ in range(count)]


@pytest.mark.parametrize(("D", "k"), [(1, 1), (2, 4), (3, 8), (4, 8)])
def test_entropy_of_a_gaussian(D, k):
    """0.5 log det(2 pi e C), to five standard errors and a bias of (k/M)^(2/D)."""
    M = 20_000
    scale = np.linspace(0.8, 1.3, D)
    x = np.random.default_rng(D).normal(size=(M, D)) * scale
    exact = 0.5 * D * math.log(2 * math.pi * math.e) + np.log(scale).sum()
    spread = math.sqrt((0.5 * D + 1.0) / M)
    assert neighbour_entropy(x, k) == pytest.approx(
        exact, abs=5 * spread + 0.5 * D * (k / M) ** (2 / D)
    )


def test_a_uniform_torus_has_no_boundary():
    """Entropy log of the volume; without the period the faces bias it."""
    x = np.random.default_rng(1).random((4000, 2)) * [2.0, 0.5]
    assert neighbour_entropy(x, 4, (2.0, 0.5)) == pytest.approx(0.0, abs=0.04)
    assert neighbour_entropy(x, 4, (math.inf, 0.5)) > 0.003 + neighbour_entropy(
        x, 4, (2.0, 0.5)
    )


def test_what_must_not_matter():
    """Order of replicas, order of coordinates, shifts and units."""
    rng = np.random.default_rng(3)
    x, nulls = rng.normal(size=(60, 10, 2)) * 1.2, normals(rng, 4, (60, 10, 2))
    found = relative_entropy(x, nulls, log_normal)
    turned = relative_entropy(
        x[::-1, :, ::-1], [n[:, ::-1, ::-1] for n in nulls], log_normal
    )
    assert turned.value == pytest.approx(found.value, abs=1e-12)

    def other(z):
        return log_normal((z - 5.0) / 7.0) - 2 * math.log(7.0)

    scaled = relative_entropy(7.0 * x + 5.0, [7.0 * n + 5.0 for n in nulls], other)
    for name in ("value", "stderr", "threshold", "raw"):
        assert getattr(scaled, name) == pytest.approx(getattr(found, name), abs=1e-10)


def test_independent_points_have_none():
    """60 cases of KL = 0: the interval holds it, and the threshold is kept.

    With a chance of 5 % each, more than 9 of 60 happen once in 1500.
    """
    missed = above = 0
    for case in range(60):
        rng = np.random.default_rng(1000 + case)
        nulls = normals(rng, 5, (60, 10, 2))
        found = relative_entropy(rng.normal(size=(60, 10, 2)), nulls, log_normal)
        missed += not (found.value - 2.1 * found.stderr <= 0.0 <= found.upper)
        above += abs(found.value) > found.threshold
    assert missed <= 9
    assert above <= 9


def harmonic_cloud(rng, N, replicas, s, law):
    """Return tuples of s particles of the exact law, in coordinates that make f = 1."""
    start = rng.normal(size=(replicas, N, 2))
    back = law.mean_field_inverse(law.nbody_map(start))
    return back[:, : N // s * s].reshape(replicas, N // s, 2 * s)


@pytest.mark.parametrize(("s", "replicas"), [(1, 2500), (2, 4000)])
def test_marginals_of_the_harmonic_model(s, replicas):
    """N = 8, t = 1.5: KL(F^s | f^s) is known; 3.5 standard errors.

    The interval has to tell it from 0, which it is close to.
    """
    N = 8
    law = harmonic_law(1.5, 1.0, 0.0, ((1.0, 0.0), (0.0, 1.0)))
    exact = law.distances(N, s).kl
    rng = np.random.default_rng(7 + s)
    x = harmonic_cloud(rng, N, replicas, s, law)
    nulls = normals(rng, 6, x.shape)
    found = relative_entropy(x, nulls, log_normal)
    assert abs(found.value - exact) < 3.5 * found.stderr + 0.05 * exact
    assert found.value > found.threshold
    # Planted defect: without the null its bias is all there is to see.
    assert s == 1 or abs(found.raw - exact) > 5.0 * found.stderr
    # Planted defect: a null of fewer points has another bias.
    if s == 2:
        few = [
            neighbours._divergence(
                n[:100].reshape(-1, 2 * s), None, log_normal, 8, None
            )[0]
            for n in nulls
        ]
        assert abs(found.raw - np.mean(few) - exact) > 4.0 * found.stderr


def test_the_metric_has_the_exact_numbers_or_says_why_not():
    """N = 8 attracting particles: s = 1 and 2 within 3.5 errors, s = 4 refused.

    Fewer replicas, and one particle's entropy is not told from 0 any more.
    """
    system = mfplug.System(
        dimension=1,
        potential=mfplug.create("potential", "harmonic", strength=1.0),
        initial=mfplug.create("distribution", "gaussian"),
    )
    times = (0.0, 1.5)
    field = mfplug.solve_mean_field(system, times, "harmonic-exact")
    ensemble = mfplug.simulate(system, 8, 1500, times, 0.05, "yoshida4", seed=3)
    metric = {"name": "relative-entropy", "s": [1, 2, 4], "points": 6000, "nulls": 5}
    rows = mfplug.measure([metric], ensemble, field).set_index(["metric", "index"])
    law = harmonic_law(1.5, 1.0, 0.0, ((1.0, 0.0), (0.0, 1.0)))
    for s in (1, 2):
        row, exact = rows.loc["relative-entropy", str(s)], law.distances(8, s).kl
        assert abs(row.value - exact) < 3.5 * row.stderr + 0.05 * exact
        assert row.lower <= row.value <= row.upper
    assert rows.loc["relative-entropy", "2"].note == ""
    assert rows.loc["relative-entropy-null", "2"].value < law.distances(8, 2).kl
    refused = rows.loc["relative-entropy", "4"]
    assert np.isnan(refused.value)
    assert "8 dimensions are too many" in refused.note
    few = mfplug.measure([metric], ensemble.take(slice(0, 60)), field)
    assert few[few["index"] == "1"].note.iloc[0] == "not told from 0"
    none = mfplug.measure([metric], ensemble.take(slice(0, 20)), field)
    assert none.value.isna().all()
    assert "20 replicas are too few" in none.note.iloc[0]
    with pytest.raises(mfplug.ParameterError, match="s is wrong; got"):
        mfplug.create("metric", "relative-entropy", s=(2, 1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"x": np.ones((60, 10, 2))}, "coincide"),
        ({"x": np.ones((20, 30, 2))}, "20 replicas are too few, 40"),
        ({"x": np.ones((60, 2, 2))}, "120 points are too few, 400"),
        ({"x": np.ones((60, 10, 8))}, "8 dimensions are too many"),
        ({"x": np.full((60, 10, 2), np.nan)}, "not finite"),
        ({"nulls": 3}, "got 3 of the shapes"),
        ({"log_density": lambda z: np.full(len(z), -np.inf)}, "KL is infinite"),
        ({"neighbours": 40}, "600 points are too few, 800"),
    ],
)
def test_bad_input_is_refused(change, said):
    rng = np.random.default_rng(0)
    x = change.get("x", rng.normal(size=(60, 10, 2)))
    nulls = normals(rng, change.get("nulls", 4), x.shape)
    with pytest.raises(mfplug.ParameterError, match=said):
        relative_entropy(
            x, nulls, change.get("log_density", log_normal), change.get("neighbours", 8)
        )


@pytest.mark.parametrize(
    ("points", "k", "said"),
    [([[0.0], [1.0]], 2, "got 2 of 2 points"), ([0.0, 1.0], 1, "one sample a row")],
)
def test_bad_points_are_refused(points, k, said):
    with pytest.raises(mfplug.ParameterError, match=said):
        neighbour_entropy(points, k)
