"""A body-centred lattice rule for the Gaussian law in four and six dimensions."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Spacing times cut-off radius, by d: balances the errors of grid and cut (measured
#: with a bell moved by the free flow, the test function of a mean field).
BALANCE = {2: 7.0, 3: 7.8}
#: A mean field averages functions of the moved position, exp(-(q + t p)^2), which are
#: narrow along (1, t). So the lattice is finer along (1, 0.7), by sqrt(1 + 2 * 1.49).
_NARROW = np.eye(2) + 2.0 * np.outer([1.0, 0.7], [1.0, 0.7])
#: How the missing mass is laid out: exp(-SHELL (R^2 - r^2) / 2) times the density.
SHELL = 1.5
#: Below this radius the cut is too near for the rule to be of use.
LEAST_RADIUS = 4.0


def body_centred_gaussian(d: int, size: int) -> tuple[Array, Array] | None:
    """Return nodes and weights of the standard Gaussian in 2d dimensions, d = 2 or 3.

    The trapezoid rule on the lattice A h (Z^2d united with Z^2d + (1/2, ..., 1/2)),
    cut off at the radius R. Its dual lattice D_2d has a shortest vector longer by
    sqrt(2) than that of a cubic grid of as many nodes relative to h, so that for the
    same error 2 (d = 2) or 4 (d = 3) times fewer nodes do (Conway and Sloane, Sphere
    packings, chapter 4); A makes it finer where functions of the moved position vary.

    What lies beyond R is laid onto the outermost nodes, so that mass and covariance
    are exact: that divides the error of the cut by about fifty.

    Parameters
    ----------
    d
        Half the number of axes; the columns are q_1..q_d, p_1..p_d.
    size
        Largest number of nodes.

    Returns
    -------
    (z, w) or None
        Shapes (M, 2d) and (M,), symmetric about 0; None if ``size`` is too small.
    """
    volume = math.pi**d / math.factorial(d)
    shape = np.linalg.cholesky(np.linalg.inv(_NARROW))
    cell = float(np.linalg.det(shape)) ** d / 2.0
    power = size * cell * BALANCE[d] ** (2 * d) / volume
    radius = power ** (0.25 / d)
    spacing = BALANCE[d] / radius
    z = np.empty((size + 1, 2 * d))
    while len(z) > size:
        if radius < LEAST_RADIUS:
            return None
        z = _inside(d, spacing * shape, radius)
        radius *= 0.995
    radius = float(np.sqrt(np.sum(z**2, axis=1).max()))
    scale = cell * (spacing**2 / (2.0 * math.pi)) ** d
    w = scale * np.exp(-0.5 * np.sum(z**2, axis=1))
    w = w + _missing(z, w, radius)
    return (z, w) if w.min() > 0.0 else None


def _inside(d: int, basis: Array, radius: float) -> Array:
    """Return the points of the body-centred lattice within a ball, (M, 2d)."""
    reach = int(radius / np.linalg.svd(basis)[1].min()) + 2
    parts = []
    for shift in (0.0, 0.5):
        line = np.arange(-reach, reach + 1) + shift
        grid = np.meshgrid(line, line, indexing="ij")
        plane = np.stack([x.ravel() for x in grid], axis=1) @ basis.T
        square = np.sum(plane**2, axis=1)
        points, squares = plane, square
        for _ in range(d - 1):
            # Only pairs that can still lie within the ball are put together.
            both = squares[:, None] + square[None, :]
            i, j = np.nonzero(both <= radius**2)
            points = np.concatenate([points[i], plane[j]], axis=1)
            squares = both[i, j]
        parts.append(points[squares <= radius**2])
    z = np.concatenate(parts)
    return np.concatenate([z[:, 0::2], z[:, 1::2]], axis=1)


def _missing(z: Array, w: Array, radius: float) -> Array:
    """Return weights on the outermost nodes that make mass and covariance exact."""
    d = z.shape[1] // 2
    q, p = z[:, :d], z[:, d:]
    form = np.stack(
        [np.ones(len(z)), *(np.sum(x, axis=1) / d for x in (q * q, q * p, p * p))]
    )
    outer = w * np.exp(-0.5 * SHELL * (radius**2 - np.sum(z**2, axis=1)))
    lacking = np.array([1.0, 1.0, 0.0, 1.0]) - np.sum(form * w, axis=1)
    matrix = np.einsum("ik,jk->ij", form * outer, form)
    return outer * np.einsum("i,ik->k", np.linalg.solve(matrix, lacking), form)
