"""Distances of Gaussian laws against integrals, matrix roots and discrete laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.special import ndtr

from mfplug.theory import bounded_lipschitz, gaussian

PAIR = (np.array([[1.4, 0.5], [0.5, 0.9]]), np.array([[1.1, -0.2], [-0.2, 0.6]]))


def plane(half_width: float, points: int) -> tuple[np.ndarray, float]:
    axis = np.linspace(-half_width, half_width, points)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    return grid, (axis[1] - axis[0]) ** 2


def density(grid: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    form = np.einsum("...i,ij,...j", grid, np.linalg.inv(covariance), grid)
    return np.exp(-form / 2) / (2 * math.pi * math.sqrt(np.linalg.det(covariance)))


def test_gaussian_distances_against_integration_over_the_plane() -> None:
    b, a = PAIR
    grid, cell = plane(11.0, 881)
    first, second = density(grid, b), density(grid, a)
    log = np.log(np.maximum(first, 1e-300) / np.maximum(second, 1e-300))
    assert gaussian.kl(b, a) == pytest.approx((first * log).sum() * cell, rel=1e-10)
    reverse = -(second * log).sum() * cell
    assert gaussian.kl_reverse(b, a) == pytest.approx(reverse, rel=1e-10)
    hellinger = 1 - np.sqrt(first * second).sum() * cell
    assert gaussian.hellinger_squared(b, a) == pytest.approx(hellinger, rel=1e-10)
    # The kinks of |.| limit the grid rule to a few 1e-6.
    l1 = np.abs(first - second).sum() * cell
    assert gaussian.l1(b, a) == pytest.approx(l1, rel=1e-5)


def test_w2_against_matrix_roots_and_close_laws() -> None:
    b, a = PAIR
    root = sqrtm(a)
    inner = sqrtm(root @ b @ root).real
    closed = math.sqrt(np.trace(a) + np.trace(b) - 2 * np.trace(inner))
    assert gaussian.w2(b, a) == pytest.approx(closed, rel=1e-12)
    # W2 is of first order in B - A: halving the gap halves it.
    near, nearer = (gaussian.w2(a + h * (b - a), a) for h in (2e-8, 1e-8))
    assert near / nearer == pytest.approx(2.0, rel=1e-6)


def test_line_distances_against_discretised_laws() -> None:
    wide, narrow = 1.9, 0.6
    edges = np.linspace(-8, 8, 401)
    centres = 0.5 * (edges[1:] + edges[:-1])[:, None]
    masses = [np.diff(ndtr(edges / math.sqrt(v))) for v in (wide, narrow)]
    weights = [m / m.sum() for m in masses]
    solved = bounded_lipschitz(centres, centres, *weights)
    assert gaussian.bl_q(wide, narrow) == pytest.approx(solved, rel=2e-3)
    assert gaussian.bl_q(narrow, wide) == gaussian.bl_q(wide, narrow)
    l1 = np.abs(masses[0] - masses[1]).sum()
    assert gaussian.l1_q(wide, narrow) == pytest.approx(l1, rel=2e-3)
    # Narrow laws do not feel the cut of the cost at 1: d_BL = W1.
    small = gaussian.bl_q(2e-6, 1e-6)
    assert small == pytest.approx(gaussian.w1_q(2e-6, 1e-6), rel=1e-10)
    assert gaussian.bl_q(0.02, 0.01) == pytest.approx(
        gaussian.w1_q(0.02, 0.01), rel=1e-6
    )
