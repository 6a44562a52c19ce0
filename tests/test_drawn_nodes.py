"""The error of drawn nodes in the L1 norm: made smaller, and part of the interval."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad

from mfplug.theory.manybody import Products
from mfplug.theory.projection import HoeffdingCoefficients
from mfplug.theory.projection_distance import hoeffding_l1

#: h = 0.4 x + 0.9 (x^2 - 1)/sqrt 2 of a normal x: heavy tails.
PARTS = np.array([0.4, 0.9])
POINTS, SEEDS = 2000, 300


def values(x: np.ndarray) -> np.ndarray:
    """Orthonormal Hermite polynomials of degree 1 and 2."""
    return np.stack([x, (x**2 - 1) / math.sqrt(2)], axis=-1)


def known(particles: int) -> HoeffdingCoefficients:
    """Coefficients without an error of their own."""
    none = np.zeros((2, 2))
    twice = np.stack([PARTS, PARTS]), np.zeros((2, 2, 2))
    return HoeffdingCoefficients(PARTS, none, *twice, (5000, 5000), particles)


def test_the_interval_holds_the_norm_and_is_narrower_than_without_control():
    """95 % of 300 seeds; fewer than 273 are inside once in 1000 such tests."""

    def weighted(x: float) -> float:
        h = float(values(np.array(x)) @ PARTS)
        return abs(h) * math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)

    exact = quad(weighted, -9, 9, limit=400, points=[-2, -1, 0, 1])[0] / 5
    inside, with_control, without, said = 0, [], [], []
    equal = np.full(POINTS, 1 / POINTS)
    for seed in range(SEEDS):
        e = values(np.random.default_rng([7, seed]).normal(size=POINTS))
        found = hoeffding_l1(known(5), e, equal, squares=[1.0, 1.0])
        inside += found.lower <= exact <= found.upper
        with_control.append(found.value / exact - 1)
        without.append(hoeffding_l1(known(5), e, equal).value / exact - 1)
        said.append(found.stderr / exact)
    assert inside >= 273
    assert np.std(with_control) < 0.75 * np.std(without)
    assert np.mean(said) < 1.15 * np.std(with_control)
    # Planted defect: without the nodes' error the interval is a point.
    bare = hoeffding_l1(known(5), e, equal)
    assert not bare.lower <= exact <= bare.upper


def test_squares_of_products_are_their_means():
    """Of pairs and triples of two Hermite polynomials, by exact nodes for each body."""
    x, w = np.polynomial.hermite_e.hermegauss(6)
    w /= w.sum()
    every = np.array(list(itertools.product(range(6), repeat=3)))
    weights = w[every].prod(axis=1)
    family = Products(((0,), (1,), (0, 0), (0, 1), (0, 0, 0), (0, 0, 1)))
    found = family.features(values(x[every]))
    assert weights @ found**2 == pytest.approx(family.squares(3), rel=1e-12)
    gram = (weights[:, None] * found).T @ found
    assert gram == pytest.approx(np.diag(family.squares(3)), abs=1e-12)


def test_nodes_that_are_exact_are_left_as_they_are():
    x, w = np.polynomial.hermite_e.hermegauss(40)
    w /= w.sum()
    plain = hoeffding_l1(known(3), values(x), w)
    assert plain.stderr == 0.0
    assert plain.lower == plain.value == plain.upper == plain.plug_in
