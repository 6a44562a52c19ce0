"""Deterministic nodes for laws that are known in closed form.

They are the rules behind ``Distribution.nodes``; a law that is known only point by
point uses :mod:`mfplug.contracts.quadrature`. In the two dimensions of a phase space
with d = 1 product rules win; from four dimensions on, Sobol points are better by a
factor of ten at the sizes in use (measured with the folded bells of a mean field).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.lattice import body_centred_gaussian

Array = NDArray[np.float64]

#: Beyond this radius the standard Gaussian weighs less than a rounding error.
_FAR = 8.3


def gaussian_nodes(axes: int, size: int) -> tuple[Array, Array]:
    """Return nodes and weights of the standard Gaussian law.

    In one and two dimensions a uniform grid of spacing h, cut off at the radius R and
    weighted by the density: the errors exp(-2 pi^2 / h^2) of the grid and
    exp(-R^2 / 2) of the cut are balanced by R^2 = pi n for n nodes a diameter. For
    smooth, folded integrands it converges far faster than the Gauss-Hermite rule of as
    many nodes (L. N. Trefethen, SIAM Rev. 64 (2022) 132). In four and six dimensions a
    body-centred lattice (:mod:`mfplug.contracts.lattice`); Sobol points through the
    inverse of the distribution function where too few nodes are asked for.

    Mean and covariance are made exact by an affine map next to the identity, so that
    linear forces have no error at all.

    Parameters
    ----------
    axes
        Dimension of the space.
    size
        Largest number of nodes; at least 3 a diameter are returned all the same.

    Returns
    -------
    z, w
        Shapes (M, axes) and (M,); the weights sum to 1.
    """
    if axes in (4, 6) and (found := body_centred_gaussian(axes // 2, size)):
        return found
    if axes <= 2:
        n = max(3, math.floor(size ** (1.0 / axes) + 1e-9))
        z, w = _ball_grid(axes, n)
        while len((bigger := _ball_grid(axes, n + 1))[1]) <= size:
            (z, w), n = bigger, n + 1
    else:
        from scipy.special import ndtri

        u, w = cube_nodes(axes, size)
        z = ndtri(u)
    z = z - w @ z
    root = np.linalg.cholesky((w * z.T) @ z)
    return np.linalg.solve(root, z.T).T, w


def _ball_grid(axes: int, n: int) -> tuple[Array, Array]:
    radius = min(math.sqrt(math.pi * n), _FAR)
    line = (np.arange(n) - 0.5 * (n - 1)) * (2.0 * radius / n)
    z = _product(line, axes)
    square = np.sum(z**2, axis=1)
    inside = square <= radius**2
    w = np.exp(-0.5 * square[inside])
    return z[inside], w / w.sum()


def cube_nodes(axes: int, size: int) -> tuple[Array, Array]:
    """Return nodes of the uniform law on the unit cube, at most ``size`` of them.

    The Gauss-Legendre product rule in one and two dimensions, 2^k Sobol points of equal
    weight in more; never fewer than two an axis.

    Returns
    -------
    u, w
        Shapes (M, axes), within (0, 1), and (M,); the weights sum to 1.
    """
    if axes <= 2:
        n = max(2, math.floor(size ** (1.0 / axes) + 1e-9))
        x, w = np.polynomial.legendre.leggauss(n)
        weights = np.prod(_product(0.5 * w, axes), axis=1)
        return _product(0.5 * (x + 1.0), axes), weights / weights.sum()
    from scipy.stats import qmc

    power = max(axes, math.floor(math.log2(max(size, 1))))
    u = qmc.Sobol(axes, scramble=False).random_base2(power)
    # Unscrambled points start at 0; the shift by half a cell keeps them inside.
    return u + 0.5 / 2**power, np.full(2**power, 0.5**power)


def equidistant_rule(
    density: Callable[[Array], Array], reach: float, n: int
) -> tuple[Array, Array]:
    """Return n equidistant nodes on [-reach, reach], weighted by a density.

    The trapezoid rule converges faster than any power for an analytic density that is
    negligible beyond ``reach`` (Trefethen and Weideman, SIAM Rev. 56 (2014) 385).

    Returns
    -------
    p, w
        Shapes (n,), symmetric about 0, the weights summing to 1.
    """
    p = (np.arange(n, dtype=float) - 0.5 * (n - 1)) * (2.0 * reach / n)
    w = density(p)
    return p, w / w.sum()


def torus_nodes(
    dimension: int,
    box: float,
    momentum: Callable[[int], tuple[Array, Array]],
    size: int,
) -> tuple[Array, Array, Array]:
    """Return a quiet rule: equidistant positions times a rule for each momentum.

    A uniform density on equidistant positions acts with no force upon itself, to
    rounding, and every mode that they resolve is integrated exactly. Momenta get more
    nodes than positions, for there the solution becomes fine.

    Parameters
    ----------
    dimension, box
        d and the side of the torus.
    momentum
        Returns the n-point rule (p, w) of one momentum component.
    size
        Largest number of nodes; at least 4 an axis are returned all the same.

    Returns
    -------
    q, p, w
        Shapes (M, d), (M, d), (M,); the weights sum to 1.
    """
    share = 4 if dimension == 1 else 2**dimension
    count = max(4, math.floor((size / share) ** (0.5 / dimension) + 1e-9))
    many = max(4, math.floor((size / count**dimension) ** (1.0 / dimension) + 1e-9))
    line = box * (np.arange(count, dtype=float) + 0.5) / count
    p, w = momentum(many)
    positions, momenta = _product(line, dimension), _product(p, dimension)
    weights = np.prod(_product(w, dimension), axis=1)
    return (
        np.repeat(positions, len(momenta), axis=0),
        np.tile(momenta, (len(positions), 1)),
        np.tile(weights / weights.sum() / len(positions), len(positions)),
    )


def legendre_rule(reach: float, n: int) -> tuple[Array, Array]:
    """Return the Gauss-Legendre rule of the uniform law on [-reach, reach]."""
    x, w = np.polynomial.legendre.leggauss(n)
    return reach * x, w / w.sum()


def _product(line: NDArray[np.floating], axes: int) -> Array:
    """Return all points whose coordinates are on the line, shape (n^axes, axes)."""
    grids = np.meshgrid(*[line] * axes, indexing="ij")
    return np.stack([g.ravel() for g in grids], axis=1)
