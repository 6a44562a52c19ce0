"""Momentum laws of homogeneous states against SciPy and their own definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

import mfplug
from mfplug.theory.line_laws import LAWS, line_law

WIDTH, DF, SPEED = 0.8, 4.5, 1.9
BOX = 2.7

#: The same laws by another hand.
REFERENCES = {
    "gaussian": stats.norm(scale=WIDTH).pdf,
    "lorentz": stats.cauchy(scale=WIDTH).pdf,
    "student": stats.t(df=DF, scale=WIDTH).pdf,
    "waterbag": stats.uniform(-WIDTH, 2 * WIDTH).pdf,
    "two-stream": lambda p: (
        0.5 * (stats.norm(SPEED, WIDTH).pdf(p) + stats.norm(-SPEED, WIDTH).pdf(p))
    ),
}
CUMULATIVE = {
    "gaussian": stats.norm(scale=WIDTH).cdf,
    "lorentz": stats.cauchy(scale=WIDTH).cdf,
    "student": stats.t(df=DF, scale=WIDTH).cdf,
    "waterbag": stats.uniform(-WIDTH, 2 * WIDTH).cdf,
    "two-stream": lambda p: (
        0.5 * (stats.norm(SPEED, WIDTH).cdf(p) + stats.norm(-SPEED, WIDTH).cdf(p))
    ),
}


def law(name):
    return line_law(name, WIDTH, DF, SPEED)


def state(momentum, d=1, **changes):
    given = {"momentum": momentum, "width": WIDTH, "df": DF, "speed": SPEED}
    given |= {"amplitude": 0.3, "mode": 2} | changes
    return mfplug.create("distribution", "homogeneous", **given).on(d, BOX)


@pytest.mark.parametrize("name", LAWS)
def test_density_is_that_of_the_library(name):
    p = np.linspace(-4.01, 4.0, 311)
    np.testing.assert_allclose(law(name).density(p), REFERENCES[name](p), rtol=1e-12)


@pytest.mark.parametrize("name", LAWS)
def test_quantile_inverts_the_distribution_function(name):
    u = np.array([1e-6, 0.01, 0.3, 0.5, 0.77, 0.999])
    found = CUMULATIVE[name](law(name).quantile(u))
    np.testing.assert_allclose(found, u, rtol=1e-9)


@pytest.mark.parametrize("name", LAWS)
def test_samples_have_the_distribution_function(name):
    # Kolmogorov-Smirnov, 50 000 points, seed 8; false alarm 1e-4 each.
    p = law(name).sample(np.random.default_rng(8), (50_000,))
    assert stats.kstest(p, CUMULATIVE[name]).pvalue > 1e-4
    # Planted: a width that is 6 % off.
    assert stats.kstest(1.06 * p, CUMULATIVE[name]).pvalue < 1e-4


@pytest.mark.parametrize("name", [n for n in LAWS if n != "waterbag"])
def test_score_is_the_derivative_of_the_logarithm(name):
    p, h = np.linspace(-3.0, 3.1, 41), 1e-5
    log = np.log(REFERENCES[name](p + h)) - np.log(REFERENCES[name](p - h))
    np.testing.assert_allclose(law(name).score(p), log / (2 * h), atol=1e-8)


@pytest.mark.parametrize("name", LAWS)
def test_sup_of_the_score_is_reached_or_there_is_none(name):
    one = law(name)
    p = np.linspace(-60.0, 60.0, 480_001)
    if name == "waterbag":
        assert one.score_bound == math.inf
        assert np.all(np.isnan(one.score(np.array([1.0, -1.0]))))
        return
    sup = [np.abs(one.score(p[np.abs(p) < reach])).max() for reach in (15.0, 60.0)]
    if math.isinf(one.score_bound):
        # It grows with the momentum, in proportion far out.
        assert sup[1] > 3.9 * sup[0]
    else:
        assert sup[0] == sup[1] == pytest.approx(one.score_bound, rel=1e-7)


def test_the_beams_have_two_humps_where_they_are_fast():
    for speed, humps in ((0.7, 1), (0.9, 2)):
        slope = line_law("two-stream", WIDTH, speed=speed).score(
            np.linspace(-3, 3, 4000)
        )
        down = np.count_nonzero((slope[:-1] > 0) & (slope[1:] <= 0))
        assert down == humps


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("d", [1, 3])
def test_homogeneous_state_is_a_product(name, d):
    initial = state(name, d)
    rng = np.random.default_rng(3)
    q, p = rng.uniform(-3, 6, (20, d)), rng.uniform(-0.7, 0.7, (20, d))
    wave = 1 + 0.3 * np.cos(2 * math.pi * 2 * q[:, 0] / BOX)
    expected = wave / BOX**d * np.prod(REFERENCES[name](p), axis=1)
    np.testing.assert_allclose(initial.density(q, p), expected, rtol=1e-12)


@pytest.mark.parametrize("d", [1, 2])
def test_sup_of_the_homogeneous_score(d):
    initial = state("lorentz", d)
    q = np.zeros((200_001, d))
    q[:, 0] = np.linspace(0, BOX, len(q))
    p = np.full((1, d), WIDTH)  # where |g'/g| is largest on every axis
    by_q, by_p = initial.score(q, np.broadcast_to(p, q.shape))
    size = np.hypot(np.linalg.norm(by_q, axis=1), np.linalg.norm(by_p, axis=1))
    assert size.max() == pytest.approx(initial.score_bound, rel=1e-8)
    assert state("gaussian").score_bound == math.inf


@pytest.mark.parametrize("mode", [1, 3])
def test_the_wave_is_sampled_exactly(mode):
    # Kolmogorov-Smirnov, 80 000 points, seed 12; false alarm 1e-4 each.
    initial = state("gaussian", 2, amplitude=-0.6, mode=mode)
    q, _ = initial.sample(np.random.default_rng(12), 80_000)
    assert q.min() >= 0
    assert q.max() < BOX

    def below(x, amplitude=-0.6):
        k = 2 * math.pi * mode
        return x / BOX + amplitude * np.sin(k * x / BOX) / k

    assert stats.kstest(q[:, 0], below).pvalue > 1e-4
    assert stats.kstest(q[:, 0], lambda x: below(x, -0.3)).pvalue < 1e-4
    assert stats.kstest(q[:, 1] / BOX, "uniform").pvalue > 1e-4


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("d", [1, 2])
def test_nodes_carry_the_wave_and_nothing_else(name, d):
    # The mean-field force of a homogeneous state on a cosine is 0, that of the wave is
    # its amplitude / 2; both are exact sums over equidistant positions for d = 1.
    for amplitude in (0.0, 0.3):
        initial = state(name, d, amplitude=amplitude)
        q, _p, w = initial.nodes(4096)
        assert len(w) <= 4096
        assert w.sum() == pytest.approx(1.0, abs=1e-13)
        for mode, expected in ((1, 0.0), (2, amplitude / 2)):
            value = w @ np.cos(2 * math.pi * mode * q[:, 0] / BOX)
            assert value == pytest.approx(expected, abs=1e-14 if d == 1 else 1e-3)


@pytest.mark.parametrize("name", ["gaussian", "two-stream", "waterbag"])
def test_nodes_have_the_variance_of_the_momenta(name):
    _q, p, w = state(name).nodes(4096)
    exact = integrate.quad(
        lambda x: x**2 * REFERENCES[name](x), -9, 9, points=[-WIDTH, WIDTH], limit=400
    )[0]
    assert w @ p[:, 0] ** 2 == pytest.approx(exact, rel=2e-3)


def test_homogeneous_without_a_box_is_refused():
    with pytest.raises(mfplug.ParameterError, match="lives on a torus"):
        mfplug.System(dimension=1, initial={"name": "homogeneous"})
    loose = mfplug.create("distribution", "homogeneous", amplitude=0.2)
    with pytest.raises(mfplug.ParameterError, match="lives on a torus"):
        loose.sample(np.random.default_rng(1), 3)
    with pytest.raises(mfplug.ParameterError, match="out of range"):
        mfplug.create("distribution", "homogeneous", amplitude=1.0)
    with pytest.raises(mfplug.ParameterError, match="'momentum' is out of range"):
        mfplug.create("distribution", "homogeneous", momentum="cauchy")


def test_two_streams_have_the_parts_that_they_say():
    initial = mfplug.create(
        "distribution", "two-stream", speed=SPEED, p_width=WIDTH, q_width=0.6
    ).on(2)
    rng = np.random.default_rng(4)
    q, p = rng.standard_normal((2, 30, 2))
    expected = stats.norm(scale=0.6).pdf(q) * REFERENCES["two-stream"](p)
    np.testing.assert_allclose(initial.density(q, p), expected.prod(1), rtol=1e-12)
    assert initial.score_bound == math.inf
    with pytest.raises(mfplug.ParameterError, match="homogeneous"):
        initial.on(1, BOX)
