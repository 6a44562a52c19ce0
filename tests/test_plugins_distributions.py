"""Shipped distributions: samples, density, score, nodes, against one another.

Statistical tests use fixed seeds. Each states the chance of a false alarm that it had
before the seed was fixed.
"""

from __future__ import annotations

import math

import canonical
import numpy as np
import pytest
from scipy import stats

import mfplug

NAMES = canonical.names("distribution")
#: Those that may lie on a torus; the others say that they do not.
PERIODIC = ("gaussian", "homogeneous", "thermal", "waterbag")
#: Those that lie on a torus only.
NEEDS_BOX = ("homogeneous", "thermal")
#: Those that can be in any dimension.
SPACIOUS = [name for name in NAMES if name != "striped-pair"]
BOX = 2.7


def place(name, d=1, box=None):
    if name in NEEDS_BOX:
        box = BOX
    return canonical.make("distribution", name).on(d, box)


def grid(law, size=4001):
    """Return points and weights of a fine rule for integrals over phase space, d = 1.

    The tangent carries an interval to the line: smooth densities become smooth periodic
    functions.
    """
    if law.name == "waterbag":
        line, w = np.polynomial.legendre.leggauss(200)
        return (line * law.q_width, w * law.q_width), (
            line * law.p_width,
            w * law.p_width,
        )
    angle = math.pi * ((np.arange(size) + 0.5) / size - 0.5)
    line, w = np.tan(angle), math.pi / size / np.cos(angle) ** 2
    if law.box is not None:
        # Equidistant: exact for the law's one mode.
        torus = law.box * (np.arange(200) + 0.5) / 200
        return (torus, np.full(200, law.box / 200)), (line, w)
    return (line, w), (line, w)


def masses(law, q_edges, p_edges, fine=40):
    """Return the probabilities of the cells of a partition of the plane, d = 1.

    Gauss-Legendre in each cell, in coordinates in which the infinite ones are finite.
    """
    x, w = np.polynomial.legendre.leggauss(fine)

    def nodes(edges):
        a = np.arctan(np.asarray(edges))
        centre, half = (a[1:] + a[:-1]) / 2, (a[1:] - a[:-1]) / 2
        angle = centre[:, None] + half[:, None] * x
        return np.tan(angle), half[:, None] * w / np.cos(angle) ** 2

    (q, wq), (p, wp) = nodes(q_edges), nodes(p_edges)
    mesh_q = np.broadcast_to(q[:, :, None, None], q.shape + p.shape)
    mesh_p = np.broadcast_to(p, q.shape + p.shape)
    f = law.density(mesh_q[..., None], mesh_p[..., None])
    return np.einsum("iakb,ia,kb->ik", f, wq, wp)


def chi_square(law, sampler, n=40_000, seed=11):
    """Return the p-value that the sampler's points have the law's density, d = 1."""
    q, p = sampler.sample(np.random.default_rng(seed), n)
    edges = []
    for x in law.sample(np.random.default_rng(1), 2000):
        inner = np.quantile(x[:, 0], np.linspace(0.1, 0.9, 9))
        edges.append(np.concatenate([[-np.inf], inner, [np.inf]]))
    if law.name == "waterbag":
        half = np.array([law.q_width, law.p_width])
        edges = [np.linspace(-1, 1, 11) * h for h in half]
    if law.box is not None:
        edges[0] = np.linspace(0.0, law.box, 11)
    probability = masses(law, *edges)
    assert probability.sum() == pytest.approx(1.0, abs=1e-6)
    counts, _, _ = np.histogram2d(q[:, 0], p[:, 0], bins=edges)
    return stats.chisquare(counts.ravel(), n * probability.ravel() / probability.sum())[
        1
    ]


@pytest.mark.parametrize("name", NAMES)
def test_density_is_normalised(name):
    law = place(name)
    (q, wq), (p, wp) = grid(law, 801)
    mesh = np.meshgrid(q, p, indexing="ij")
    f = law.density(mesh[0][..., None], mesh[1][..., None])
    assert f.shape == (len(q), len(p))
    assert wq @ f @ wp == pytest.approx(1.0, rel=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_samples_have_the_density(name):
    # 100 cells, 40 000 points; chance of a false alarm 1e-4 each.
    law = place(name)
    assert chi_square(law, law) > 1e-4


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("gaussian", {"qp": 0.2}),
        ("gaussian", {"mean_p": -0.27}),
        ("homogeneous", {"amplitude": -0.38}),
        ("homogeneous", {"df": 4.0}),
        ("lorentz", {"q_width": 0.63}),
        ("student", {"df": 4.0}),
        ("two-stream", {"speed": 1.58}),
        ("waterbag", {"p_width": 1.65}),
    ],
)
def test_a_wrong_sampler_is_caught(name, changes):
    parameters = canonical.PARAMETERS["distribution", name] | changes
    law = place(name)
    wrong = mfplug.create("distribution", name, **parameters).on(1, law.box)
    assert chi_square(law, wrong, n=400_000) < 1e-4


@pytest.mark.parametrize("name", SPACIOUS)
@pytest.mark.parametrize("d", [2, 3])
def test_samples_and_density_agree_in_more_dimensions(name, d):
    # E[1_A(x) / f(x)] is the volume of A, whatever f: a ball product around the
    # centre. 200 000 points, 4.5 standard errors: chance of a false alarm 7e-6 each.
    law = place(name, d)
    q, p = law.sample(np.random.default_rng(7), 200_000)
    centre = [law.mean_q, law.mean_p] if name == "gaussian" else [0.0, 0.0]
    if law.box is not None:
        centre[0] = law.box / 2
    if name == "two-stream":
        centre[1] = law.speed
    radius = 0.75
    inside = np.linalg.norm(q - centre[0], axis=1) < radius
    inside &= np.linalg.norm(p - centre[1], axis=1) < radius
    values = np.zeros(len(q))
    values[inside] = 1.0 / law.density(q[inside], p[inside])
    ball = math.pi ** (d / 2) / math.gamma(d / 2 + 1) * radius**d
    error = values.std() / math.sqrt(len(q))
    assert abs(values.mean() - ball**2) < 4.5 * error
    assert error < 0.05 * ball**2


def test_gaussian_moments_in_three_dimensions():
    # Sample covariance against the declared one, each entry within 5 standard errors:
    # 36 entries, chance of a false alarm 2e-5 in all.
    law = place("gaussian", 3)
    x = np.concatenate(law.sample(np.random.default_rng(2), 100_000), axis=1)
    expected = np.kron([[0.49, -0.2], [-0.2, 0.81]], np.eye(3))
    spread = np.sqrt(np.outer(expected.diagonal(), expected.diagonal()) + expected**2)
    assert np.all(np.abs(np.cov(x.T) - expected) < 5 * spread / math.sqrt(100_000))
    np.testing.assert_allclose(x.mean(0), [0.4] * 3 + [-0.3] * 3, atol=0.015)


@pytest.mark.parametrize(("name", "df"), [("lorentz", 1.0), ("student", 4.5)])
def test_heavy_tails_are_those_of_the_library(name, df):
    for d in (1, 3):
        law = place(name, d)
        x = np.random.default_rng(4).standard_normal((50, d)) * 3
        reference = stats.multivariate_t(shape=law.q_width**2 * np.eye(d), df=df).pdf
        other = stats.multivariate_t(shape=law.p_width**2 * np.eye(d), df=df).pdf
        expected = reference(x) * other(x[::-1])
        np.testing.assert_allclose(law.density(x, x[::-1]), expected, rtol=1e-12)


@pytest.mark.parametrize("name", SPACIOUS)
@pytest.mark.parametrize("box", [None, BOX])
def test_score_is_the_gradient_of_the_logarithm(name, box):
    if box is not None and name not in PERIODIC:
        with pytest.raises(mfplug.ParameterError, match="free space"):
            place(name, 2, box)
        return
    law = place(name, 2, box)
    rng = np.random.default_rng(9)
    q, p = rng.uniform(-0.7, 0.7, (2, 40, 2))
    if name == "waterbag":
        for part in law.score(q, p):
            assert part.shape == (40, 2)
            assert not np.any(part)
        assert np.all(np.isnan(law.score(q, p + 9.0)[0]))
        return
    exact = mfplug.Distribution.score(law, q, p)
    for mine, theirs in zip(law.score(q, p), exact, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["lorentz", "student"])
@pytest.mark.parametrize("d", [1, 2])
def test_sup_of_the_score(name, d):
    law = place(name, d)
    r = np.linspace(0.0, 20.0, 400_001)[:, None] * np.eye(d)[:1]
    sup_q = np.max(np.abs(law.score(r, np.zeros_like(r))[0]))
    sup_p = np.max(np.abs(law.score(np.zeros_like(r), r)[1]))
    assert math.hypot(sup_q, sup_p) == pytest.approx(law.score_bound, rel=1e-6)


def test_unbounded_scores_say_so():
    gaussian = place("gaussian", 2)
    assert gaussian.score_bound == math.inf
    assert place("waterbag").score_bound == math.inf
    # Far out the density is 0 in floating point, the score is not.
    far = np.full((1, 2), 60.0)
    assert gaussian.density(far, far) == 0.0
    inverse = np.linalg.inv([[0.49, -0.2], [-0.2, 0.81]])
    expected = -inverse @ np.array([59.6, 60.3])
    score = np.array(gaussian.score(far, far))[:, 0, 0]
    np.testing.assert_allclose(score, expected, rtol=1e-13)


def bell(q, p):
    """A bell in positions a while later: what the force of a mean field averages."""
    return np.exp(-np.sum((q + 0.6 * p - 0.3) ** 2, axis=1))


@pytest.mark.parametrize(
    ("name", "size", "accuracy"),
    [
        ("gaussian", 1000, 1e-7),
        ("gaussian", 4000, 1e-12),
        ("lorentz", 4000, 5e-3),
        ("homogeneous", 4000, 2e-3),
        ("student", 4000, 1e-3),
        ("two-stream", 4000, 1e-10),
        ("waterbag", 400, 1e-12),
    ],
)
def test_nodes_integrate_smooth_functions(name, size, accuracy):
    law = place(name)
    (q, wq), (p, wp) = grid(law, 3001)
    mesh = np.meshgrid(q, p, indexing="ij")
    f = law.density(mesh[0][..., None], mesh[1][..., None])
    g = bell(mesh[0].reshape(-1, 1), mesh[1].reshape(-1, 1)).reshape(f.shape)
    exact = wq @ (f * g) @ wp
    nodes_q, nodes_p, w = law.nodes(size)
    assert nodes_q.shape == nodes_p.shape == (len(w), 1)
    assert len(w) <= size
    assert w.sum() == pytest.approx(1.0, abs=1e-14)
    assert w @ bell(nodes_q, nodes_p) == pytest.approx(exact, rel=accuracy)


@pytest.mark.parametrize("name", SPACIOUS)
@pytest.mark.parametrize("d", [2, 3])
def test_nodes_in_more_dimensions(name, d):
    # Against 400 000 samples within 5 standard errors and 1 %: false alarm 6e-7.
    law = place(name, d)
    q, p, w = law.nodes(20_000)
    assert q.shape == p.shape == (len(w), d)
    assert 5_000 < len(w) <= 20_000
    values = bell(*law.sample(np.random.default_rng(21), 400_000))
    error = values.std() / math.sqrt(len(values))
    assert abs(w @ bell(q, p) - values.mean()) < 5 * error + 0.01 * values.mean()


@pytest.mark.parametrize("size", [300, 5000])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_gaussian_nodes_have_the_exact_covariance(size, d):
    law = place("gaussian", d)
    q, p, w = law.nodes(size)
    x = np.concatenate([q - 0.4, p + 0.3], axis=1)
    assert np.max(np.abs(w @ x)) < 1e-13
    expected = np.kron([[0.49, -0.2], [-0.2, 0.81]], np.eye(d))
    np.testing.assert_allclose((w * x.T) @ x, expected, atol=1e-13)


@pytest.mark.parametrize("name", PERIODIC)
def test_the_torus_wraps(name):
    law = place(name, 1, BOX)
    p, w = grid(law, 801)[1]
    q = BOX * (np.arange(600) + 0.5) / 600
    mesh = np.meshgrid(q, p, indexing="ij")
    f = law.density(mesh[0][..., None], mesh[1][..., None])
    accuracy = 1e-12 if name == "gaussian" else 4e-3  # the jump falls between nodes
    assert np.sum(f @ w) * BOX / 600 == pytest.approx(1.0, rel=accuracy)
    shifted = law.density(mesh[0][..., None] - 3 * BOX, mesh[1][..., None])
    np.testing.assert_allclose(shifted, f, rtol=1e-10, atol=1e-300)


def test_a_waterbag_without_width_fills_the_torus():
    law = mfplug.create("distribution", "waterbag", p_width=1.7).on(2, BOX)
    q, p = law.sample(np.random.default_rng(3), 20_000)
    # Kolmogorov-Smirnov for each coordinate; chance of a false alarm 4e-4 in all.
    for axis in (0, 1):
        assert stats.kstest(q[:, axis] / BOX, "uniform").pvalue > 1e-4
        assert stats.kstest((p[:, axis] / 1.7 + 1) / 2, "uniform").pvalue > 1e-4
    everywhere = law.density(10 * q - 5, 0 * p)
    np.testing.assert_allclose(everywhere, (2 * 1.7 * BOX) ** -2, rtol=1e-14)
    assert law.density(q[:1], p[:1] + 9.0) == 0.0


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("gaussian", {"qp": 1.0}, "not positive definite.*qp = 1"),
        ("gaussian", {"qq": 0.0}, "'qq' is out of range"),
        ("student", {"df": 0.0}, "'df' is out of range"),
        ("lorentz", {"df": 2.0}, "unknown parameter 'df'"),
        ("lorentz", {"q_width": -1.0}, "'q_width' is out of range"),
        ("waterbag", {"p_width": 0.0}, "'p_width' is out of range"),
    ],
)
def test_wrong_parameters_are_refused(name, parameters, message):
    with pytest.raises(mfplug.ParameterError, match=message):
        mfplug.create("distribution", name, **parameters)


def test_a_waterbag_wider_than_the_torus_is_refused():
    with pytest.raises(mfplug.ParameterError, match="does not fit"):
        place("waterbag", 1, 1.5)


@pytest.mark.parametrize("name", SPACIOUS)
def test_placing_leaves_the_original_alone(name):
    law = canonical.make("distribution", name)
    placed = law.on(3, BOX if name in NEEDS_BOX else None)
    assert (law.dimension, placed.dimension) == (1, 3)
    assert placed == law
    assert placed.sample(np.random.default_rng(0), 5)[0].shape == (5, 3)
