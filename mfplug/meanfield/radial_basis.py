r"""Radial functions in which the density of an isotropic cloud is expanded.

The radial states of the isotropic harmonic oscillator in d dimensions, orthonormal in
:math:`L^2(\mathbb R^d)` for the length b:

.. math:: h_n(r) = c_n\, L_n^{(d/2 - 1)}(r^2 / b^2)\, e^{-r^2 / 2 b^2}

A Gaussian of the variance s^2 an axis has coefficients that fall as
((s^2 - b^2) / (s^2 + b^2))^n, so clouds that spread by a factor of 4 need about 20
functions (the self-consistent field method of M. Clutton-Brock, Astrophys. Space Sci.
16 (1972) 101, and L. Hernquist and J. P. Ostriker, Astrophys. J. 386 (1992) 375, with
functions for compact clouds).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.potential import RadialPotential

Array = NDArray[np.float64]

#: Radii of the tables, in units of b: 0, ..., REACH.
REACH = 12.0
RADII = 193
#: The functions are below rounding beyond this distance from the origin, for n <= 40.
EXTENT = 16.0
ANGLES = 64
#: Gauss-Legendre points a panel of the distance to the centre of the potential.
PANEL = 10
#: The first panel ends here, in units of b; the next are twice as long each.
FINEST = 1e-5
WIDEST = 1.0


class Kernel(NamedTuple):
    """Spherical means of the basis: what is left of it for any radial potential.

    Attributes
    ----------
    radii
        (G,), from 0, in units of b.
    distances, weights
        Nodes y and their weights, y^(d-1) times the area of the unit sphere included.
    mean
        (G, Y, n): the mean of h_n over the sphere of radius y about a point at r.
    slope
        (G, Y, n): its derivative in r.
    """

    radii: Array
    distances: Array
    weights: Array
    mean: Array
    slope: Array


def basis(r: Array, count: int, d: int) -> Array:
    """Return h_0, ..., h_(count-1) at radii r in units of b, shape (count, ...).

    By the recurrence of the Laguerre polynomials on normalised functions.
    """
    return basis_and_slope(r, count, d)[0]


def basis_and_slope(r: Array, count: int, d: int) -> tuple[Array, Array]:
    """Return h_n and h_n'(r) / r, which is smooth at 0; shapes (count, ...)."""
    a, x = 0.5 * d - 1.0, np.asarray(r, dtype=float) ** 2
    # int L_n^2 e^(-x) r^(d-1) S_d dr = S_d / 2 Gamma(n + a + 1) / n!.
    area = 2.0 * math.pi ** (0.5 * d) / math.gamma(0.5 * d)
    values = np.empty((count, *x.shape))
    slopes = np.empty_like(values)
    norm = math.sqrt(2.0 / (area * math.gamma(a + 1.0)))
    bell = norm * np.exp(-0.5 * x)
    before = np.zeros_like(bell)
    values[0] = bell
    for n in range(count - 1):
        # (n + 1) L_(n+1) = (2n + 1 + a - x) L_n - (n + a) L_(n-1), normalised.
        up = math.sqrt((n + 1.0) * (n + 1.0 + a))
        down = math.sqrt(n * (n + a))
        values[n + 1] = ((2 * n + 1 + a - x) * values[n] - down * before) / up
        before = values[n]
    for n in range(count):
        # x L_n' = n L_n - (n + a) L_(n-1), and h' / r = 2 dh/dx. To have no division by
        # x: L_n' = -(L_0^(a) + ... + L_(n-1)^(a))' of Laguerre's sum rule.
        slopes[n] = -values[n]
    total = np.zeros_like(bell)
    scale = 1.0
    for n in range(count):
        slopes[n] -= 2.0 * scale * total
        # sums of unnormalised L_k: h_k / norm_k, norm_k^2 ~ k! / Gamma(k + a + 1).
        total = total + values[n] / scale
        scale *= math.sqrt((n + 1.0) / (n + 1.0 + a))
    return values, slopes


def masses(count: int, d: int) -> Array:
    """Return the integrals of h_n over all space, in units of b^(d/2)."""
    x, w = np.polynomial.legendre.leggauss(400)
    r, w = 0.5 * EXTENT * (x + 1.0), 0.5 * EXTENT * w
    area = 2.0 * math.pi ** (0.5 * d) / math.gamma(0.5 * d)
    return np.sum(basis(r, count, d) * (w * area * r ** (d - 1)), axis=1)


@lru_cache(maxsize=4)
def kernel(count: int, d: int) -> Kernel:
    """Return the spherical means of the first ``count`` functions, d = 2 or 3."""
    radii = np.linspace(0.0, REACH, RADII)
    y, w = _distances()
    area = 2.0 * math.pi ** (0.5 * d) / math.gamma(0.5 * d)
    cosines, share = _angles(d)
    mean = np.zeros((RADII, len(y), count))
    slope = np.zeros_like(mean)
    for i, r in enumerate(radii):
        near = np.abs(y - r) < EXTENT
        x = y[near, None]
        # |r e - y u|, and d/dr of it: (r - y cos) / |..|.
        square = r**2 + x**2 - 2.0 * r * x * cosines
        h, part = basis_and_slope(np.sqrt(np.maximum(square, 0.0)), count, d)
        mean[i, near] = np.einsum("nya,a->yn", h, share)
        slope[i, near] = np.einsum("nya,ya->yn", part, share * (r - x * cosines))
    return Kernel(radii, y, w * area * y ** (d - 1), mean, slope)


def _distances() -> tuple[Array, Array]:
    """Return Gauss-Legendre nodes and weights, dense near 0."""
    edges = [0.0, FINEST]
    while edges[-1] < REACH + EXTENT:
        edges.append(edges[-1] + min(edges[-1], WIDEST))
    x, w = np.polynomial.legendre.leggauss(PANEL)
    low, high = np.array(edges[:-1]), np.array(edges[1:])
    half = 0.5 * (high - low)[:, None]
    y = 0.5 * (high + low)[:, None] + half * x
    return y.ravel(), (half * w).ravel()


def _angles(d: int) -> tuple[Array, Array]:
    """Return cosines and weights of the mean over the unit sphere."""
    if d == 2:
        k = np.arange(ANGLES) + 0.5
        return np.cos(np.pi * k / ANGLES), np.full(ANGLES, 1.0 / ANGLES)
    x, w = np.polynomial.legendre.leggauss(ANGLES)
    return x, 0.5 * w


def tables(
    potential: RadialPotential, count: int, d: int, length: float
) -> tuple[Array, Array]:
    """Return potential and force of each function on the radii of the tables.

    With phi * h_n = U_n for functions of the length b:

    Returns
    -------
    energy, force
        U_n and -dU_n/dr on ``kernel(count, d).radii * b``, shapes (G, n).
    """
    found = kernel(count, d)
    phi = potential.profile((length * found.distances) ** 2) * found.weights
    # h_n has the unit length^(-d/2), the volume element length^d.
    unit = length ** (0.5 * d)
    energy = unit * np.einsum("gyn,y->gn", found.mean, phi)
    force = -(unit / length) * np.einsum("gyn,y->gn", found.slope, phi)
    return energy, force
