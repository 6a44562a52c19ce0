"""Quadrature for laws that depend on the radius alone: Gauss rules, sphere rules."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def gauss_rule(
    weight: Callable[[Array], Array], far: float, n: int
) -> tuple[Array, Array]:
    """Return the n-point Gauss rule of a weight on [0, far].

    The Jacobi matrix comes from a Lanczos process on a fine Gauss-Legendre
    discretisation of the weight, its eigenvalues are the nodes (Golub and Welsch 1969;
    Gautschi 2004, section 2.2.3). Exact for polynomials of degree 2n - 1.

    Parameters
    ----------
    weight
        Nonnegative function of an array.
    far
        Radius beyond which the weight is negligible.
    n
        Number of nodes.

    Returns
    -------
    x, w
        Shapes (n,), the weights summing to the integral of the weight.
    """
    fine, fine_w = np.polynomial.legendre.leggauss(40)
    panels = 60
    edges = np.linspace(0.0, far, panels + 1)
    half = 0.5 * (edges[1:] - edges[:-1])
    x = (0.5 * (edges[1:] + edges[:-1])[:, None] + half[:, None] * fine).ravel()
    mass = weight(x) * (half[:, None] * fine_w).ravel()
    total = mass.sum()
    basis = [np.sqrt(mass / total)]
    diagonal, off = [], []
    for k in range(n):
        v = x * basis[k]
        diagonal.append(float(v @ basis[k]))
        # Full orthogonalisation, twice: Lanczos vectors lose it otherwise.
        for _ in range(2):
            for b in basis:
                v = v - (v @ b) * b
        norm = float(np.sqrt(v @ v))
        off.append(norm)
        basis.append(v / norm)
    jacobi = np.diag(diagonal) + np.diag(off[: n - 1], 1) + np.diag(off[: n - 1], -1)
    nodes, vectors = np.linalg.eigh(jacobi)
    return nodes, total * vectors[0] ** 2


def sphere_rule(axes: int, degree: int) -> tuple[Array, Array]:
    """Return a product rule on the unit sphere of R^axes, exact up to a degree.

    Hyperspherical coordinates with Gauss-Gegenbauer nodes in the cosines and the
    trapezoid rule in the last angle (Stroud 1971, section 2.7).

    Returns
    -------
    x, w
        Shapes (M, axes) and (M,); the weights sum to 1.
    """
    from scipy.special import roots_gegenbauer

    if axes == 1:
        return np.array([[-1.0], [1.0]]), np.array([0.5, 0.5])
    count = degree + 2 - degree % 2
    # Half a cell of rotation keeps the nodes off the axes, even count keeps x -> -x.
    angle = 2 * math.pi * (np.arange(count) + 0.5) / count
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    w = np.full(count, 1.0 / count)
    for dimension in range(3, axes + 1):
        cosine, weight = roots_gegenbauer(degree // 2 + 1, 0.5 * (dimension - 2))
        sine = np.sqrt(1.0 - cosine**2)
        first = np.repeat(cosine, len(w))[:, None]
        rest = (sine[:, None, None] * x[None]).reshape(-1, dimension - 1)
        x = np.concatenate([first, rest], axis=1)
        w = np.outer(weight / weight.sum(), w).ravel()
    return x, w
