"""f^delta: its distance from f, its score, and the law `mollified` with a base."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, optimize
from scipy.special import ndtr

from mfplug import NumericsError, create
from mfplug.theory import kernel_norm, mollified

# On the line, f = N(0, 1)


def kernel(y, delta):
    return math.exp(-y * y / ((1 + abs(y)) * delta)) / kernel_norm(delta, 1)


def gaussian(x):
    return math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def convolved(g, delta, kink=0.0):
    """Return the mean of g(y) + g(-y) under the kernel on y > 0, by quad."""
    ends = [0.0, kink, 60 * max(delta, 1.0)]
    return sum(
        integrate.quad(
            lambda y: kernel(y, delta) * (g(y) + g(-y)), a, b, epsabs=1e-14,
            epsrel=1e-12, limit=400,
        )[0]
        for a, b in itertools.pairwise(ends) if b > a
    )  # fmt: skip


def within(a, delta):
    """Return P(|X + Y| < a) with X of f and Y of the kernel."""
    return convolved(lambda y: ndtr(a - y) - ndtr(-a - y), delta, a)


def distance(delta, window=math.inf):
    """Return the integral of |f^delta - f| over |x| < window.

    f^delta - f is negative between -c and c, positive outside, and has integral 0: its
    norm is 2 (P(|X| < c) - P(|X + Y| < c)), of two integrals over the kernel, with c
    from the density itself. No quadrature over x as in the package, no window.
    """
    c = optimize.brentq(
        lambda x: convolved(lambda y: gaussian(x - y), delta, x) - gaussian(x), 0.5, 3
    )
    whole = 2 * (1 - 2 * ndtr(-c) - within(c, delta))
    if window == math.inf:
        return whole
    return whole - (1 - within(window, delta) - 2 * ndtr(-window))


@pytest.mark.parametrize(
    ("delta", "printed"), [(0.05, 0.01746), (0.1, 0.03992), (0.5, 0.27022)]
)
def test_mollified_distance_digits(delta, printed):
    found = mollified.mollified_gaussian_distance(delta)
    assert found == pytest.approx(distance(delta), abs=1e-12)
    # Audit, E20: .27022 is off by 6e-6, the others by rounding alone.
    assert found == pytest.approx(printed, abs=6e-6)


def test_the_last_digits_of_the_audit_are_those_of_a_window():
    """Audit, E20, prints .52653 at delta = 1, where the distance is .526652.

    The tail of f^delta falls as e^(-|x|/delta): 1.2e-4 of its mass lies beyond
    |x| = 10, where a grid ended. With it, package and convolution agree to 1e-12.
    """
    found = mollified.mollified_gaussian_distance(1.0)
    assert found == pytest.approx(distance(1.0), abs=1e-12)
    assert found == pytest.approx(0.526652, abs=6e-7)
    assert distance(1.0, 10.0) == pytest.approx(0.52653, abs=5e-6)
    assert found - 0.52653 > 1.1e-4


def test_mollified_gaussian_digits():
    # Audit, E20: delta |d f^delta|/f^delta at x = 2, 4, 8, 16, 32 for delta = 0.5.
    found = [
        -0.5 * mollified.mollified_gaussian_score(x, 0.5)
        for x in 2.0 ** np.arange(1, 6)
    ]
    wanted = [0.5628, 0.8717, 0.9785, 0.9955, 0.9990]
    np.testing.assert_allclose(found, wanted, atol=6e-5)


def test_mollified_score_against_the_convolution():
    # f^delta by quad of the definition, its logarithm differentiated numerically.
    delta, x, h = 0.35, 1.7, 1e-3

    def log_density(at):
        def integrand(y):
            r = abs(at - y)
            return math.exp(-0.5 * y * y - r * r / ((1 + r) * delta))

        parts = [
            integrate.quad(integrand, a, b, epsabs=1e-14, epsrel=1e-13)[0]
            for a, b in ((-9.0, at), (at, 9.0))
        ]
        return math.log(sum(parts))

    slope = (
        8 * (log_density(x + h) - log_density(x - h))
        - (log_density(x + 2 * h) - log_density(x - 2 * h))
    ) / (12 * h)
    found = mollified.mollified_gaussian_score(x, delta)
    assert found == pytest.approx(slope, rel=1e-9)


def test_the_mollified_law_has_a_score_where_its_density_underflows():
    law = create("distribution", "mollified", delta=0.05)
    far = np.array([[256.0]])
    assert law.density(far, 0 * far)[0] == 0.0
    q, p = law.score(far, 0 * far)
    # -(1/delta) r(r + 2)/(1 + r)^2 along the axis (audit, E20).
    assert q[0, 0] == pytest.approx(-(256.0 * 258.0 / 257.0**2) / 0.05, rel=1e-14)
    assert p[0, 0] == 0.0


# The law, f^delta of a base


def exact_density(base, delta, x):
    """Return (f * E)(x) in d = 1 by Gauss-Legendre panels that end at the point x.

    In coordinates of the phase plane, nodes of its own: nothing of the law is used.
    """
    node, weight = np.polynomial.legendre.leggauss(12)
    far = 40 * max(delta, math.sqrt(delta))
    edges = far * np.linspace(-1, 1, 61) ** 3
    half = 0.5 * np.diff(edges)[:, None]
    y = (edges[:-1, None] + half * (node + 1)).ravel()
    w = (half * weight).ravel()
    r = np.hypot(y[:, None], y)
    shape = np.exp(-(r**2) / ((1 + r) * delta)) * np.outer(w, w)
    found = []
    for q, p in x:
        where = np.meshgrid(q - y, p - y, indexing="ij")
        f = base.density(where[0][..., None], where[1][..., None])
        found.append((shape * f).sum() / shape.sum())
    return np.array(found)


POINTS = np.array([[0.0, 0.0], [0.3, -0.2], [1.0, 0.5], [0.0, 1.5], [-2.0, 1.0]])


@pytest.mark.parametrize("delta", [0.06, 0.1, 0.5])
@pytest.mark.parametrize("name", ["gaussian", "student"])
def test_the_density_of_a_mollified_base(name, delta):
    base = create("distribution", name)
    law = create("distribution", "mollified", delta=delta, base=base)
    exact = exact_density(base, delta, POINTS)
    found = law.density(POINTS[:, :1], POINTS[:, 1:])
    assert np.abs(found - exact).max() < 1e-3 * exact.max()
    assert law.density(POINTS[:, :1], POINTS[:, 1:]).tolist() == found.tolist()


def test_as_many_nodes_as_it_takes():
    law = create("distribution", "mollified", delta=0.1, base="gaussian")
    exact = exact_density(law.base, 0.1, POINTS)
    # Planted: the 1020 nodes of the first rule are 2.7 % of the maximum off.
    coarse = law._sum(POINTS, *law._centres())
    assert 0.02 < np.abs(coarse - exact).max() / exact.max() < 0.04
    assert len(law._centres()[1]) <= 1024 < len(law._fine_centres()[1])
    wide = create("distribution", "mollified", delta=1.0, base="gaussian")
    assert len(wide._fine_centres()[1]) <= 1024
    more = create(
        "distribution", "mollified", delta=1.0, base="gaussian", base_nodes=4000
    )
    assert len(more._fine_centres()[1]) > 3900
    # Where it was looked at in one dimension, another has a rule of its own.
    assert wide.on(2)._fine_centres()[0].shape[1] == 4


def test_its_score_is_the_slope_of_its_density():
    law = create("distribution", "mollified", delta=0.1, base="gaussian")
    q, p, h = POINTS[:, :1], POINTS[:, 1:], np.array([1e-4, 0.0])
    ahead, behind = (
        np.log(exact_density(law.base, 0.1, POINTS + s * h)) for s in (1, -1)
    )
    slope = (ahead - behind) / (2 * h[0])
    assert law.score(q, p)[0][:, 0] == pytest.approx(slope, abs=0.02)
    # Planted: the slope in p.
    assert np.abs(law.score(q, p)[1][:, 0] - slope).max() > 0.5


def test_too_narrow_a_kernel_is_refused(monkeypatch):
    law = create("distribution", "mollified", delta=1e-3, base="gaussian")
    monkeypatch.setitem(type(law)._refined.__globals__, "MOST", 2**13)
    message = r"'mollified': the base is too coarse for delta = 0\.001 in d = 1; got"
    for ask in (law.density, law.score):
        with pytest.raises(NumericsError, match=message):
            ask(POINTS[:, :1], POINTS[:, 1:])
