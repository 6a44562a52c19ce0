r"""Bounds for the empirical measure: Corollary 2.2 and its proof.

``d_BL`` has test functions g with values in [0, 1] and Lipschitz constant 1 for the
Euclidean distance of phase space R^D.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CellMasses:
    """Masses of a measure on the cells delta (k + [0, 1)^D), k integer.

    ``cells`` (C, D) are the distinct k, sorted; ``masses`` (C,) sum to 1 or less: what
    is missing lies in cells that are not listed.
    """

    side: float
    cells: IntArray
    masses: Array


@dataclass(frozen=True)
class CellBound:
    """Upper bounds for d_BL from cell masses; ``variation`` is T, half the l1 distance.

    ``printed`` is (1 + delta) sum |mu - nu|, the step in the proof of Corollary 2.2
    that is false (0 when all cell masses agree); ``printed_sum`` its consequence
    2 delta + sum |mu - nu| of (47), false for D > 4; ``corrected`` is proved.
    """

    side: float
    variation: float
    printed: float
    printed_sum: float
    corrected: float


def cell_masses(
    points: ArrayLike, side: float, weights: ArrayLike | None = None
) -> CellMasses:
    """Return the masses of a cloud on the grid of side ``side`` with corner at 0.

    Parameters
    ----------
    points
        Shape (N, D).
    side
        delta > 0, length (one unit for positions and momenta).
    weights
        Shape (N,), summing to 1; equal when None.

    Raises
    ------
    ParameterError
        If shapes, side or weights are wrong.
    """
    x = np.asarray(points, float)
    if x.ndim != 2 or x.shape[0] == 0 or not np.all(np.isfinite(x)):
        raise ParameterError(
            f"cell bound 'points': got shape {x.shape}, expected finite (N, D), N >= "
            "1. Give one cloud."
        )
    if not (math.isfinite(side) and side > 0.0):
        raise ParameterError(
            f"cell bound 'side': got {side}, expected a positive number. Set delta."
        )
    w = np.full(len(x), 1.0 / len(x)) if weights is None else np.asarray(weights, float)
    if w.shape != (len(x),) or np.any(w < 0.0) or abs(w.sum() - 1.0) > 1e-9:
        raise ParameterError(
            f"cell bound 'weights': got shape {w.shape} and sum {w.sum()}, expected "
            f"({len(x)},) numbers >= 0 with sum 1. Normalise them."
        )
    index = np.floor(x / side).astype(np.int64)
    cells, owner = np.unique(index, axis=0, return_inverse=True)
    masses = np.bincount(owner.ravel(), weights=w, minlength=len(cells))
    return CellMasses(side, cells, np.asarray(masses, float))


def cell_bound(first: CellMasses, second: CellMasses) -> CellBound:
    r"""Bound d_BL(mu, nu) by the masses of mu and nu on cells of side delta.

    Corrected form (audit, E7): moving mass inside cells costs at most min(1,
    sqrt(D) delta) each, and the fraction T = 1/2 sum_i |mu(D_i) - nu(D_i)| that has to
    change cell costs at most 1, so

    .. math:: d_{BL} \le T + \min(1, \sqrt D\, \delta) (1 - T).

    Mass missing from ``masses`` of either measure counts as moved, so T is then an
    upper bound.

    Raises
    ------
    ParameterError
        If the two have different sides or dimensions.
    """
    if first.side != second.side or first.cells.shape[1] != second.cells.shape[1]:
        raise ParameterError(
            f"cell bound 'side': got {first.side} in dimension {first.cells.shape[1]} "
            f"and {second.side} in {second.cells.shape[1]}, expected the same grid. "
            "Use one side for both."
        )
    both = np.concatenate([first.cells, second.cells])
    signed = np.concatenate([first.masses, -second.masses])
    _, owner = np.unique(both, axis=0, return_inverse=True)
    difference = np.bincount(owner.ravel(), weights=signed)
    missing = 2.0 - math.fsum(first.masses) - math.fsum(second.masses)
    total = math.fsum(np.abs(difference)) + max(missing, 0.0)
    variation = min(0.5 * total, 1.0)
    side = first.side
    inside = min(1.0, math.sqrt(first.cells.shape[1]) * side)
    return CellBound(
        side=side,
        variation=variation,
        printed=(1.0 + side) * total,
        printed_sum=2.0 * side + total,
        corrected=variation + inside * (1.0 - variation),
    )


def cell_deviation_bound(
    first: ArrayLike, second: ArrayLike, mass: ArrayLike, particles: int
) -> Array:
    r"""Bound E|mu_N(Delta) - mu(Delta)| for each cell by Cauchy-Schwarz, (48).

    .. math:: \Bigl( \tfrac1N F^1(\Delta) + \tfrac{N-1}{N} F^2(\Delta\times\Delta)
              - 2 F^1(\Delta) f(\Delta) + f(\Delta)^2 \Bigr)^{1/2}

    Parameters
    ----------
    first, second, mass
        F^1(Delta), F^2(Delta x Delta) and f(Delta) per cell, same shape.
    particles
        N >= 1.

    Raises
    ------
    ParameterError
        If N < 1 or the radicand is negative beyond rounding (no exchangeable law has
        such masses).
    """
    one, two, f = (np.asarray(v, float) for v in (first, second, mass))
    if particles < 1:
        raise ParameterError(
            f"cell bound 'particles': got {particles}, expected N >= 1. Set N."
        )
    share = 1.0 / particles
    square = share * one + (1.0 - share) * two - 2.0 * one * f + f**2
    if np.any(square < -1e-12):
        raise ParameterError(
            f"cell bound 'second': the variance is {square.min()}, expected >= 0. "
            "F^1 and F^2 are not marginals of one exchangeable law."
        )
    return np.sqrt(np.clip(square, 0.0, None))


def empirical_bound(chaos_distance: ArrayLike, iid_floor: ArrayLike) -> Array:
    """Return the bound chaos_distance + iid_floor for E_F d_BL(mu_N, f) (audit, E7).

    Couple X ~ F with Y ~ f^(x)N optimally in the Hamming distance: each particle that
    differs changes d_BL by at most 1/N, so E_F d_BL(mu_N, f) <= dbar + E_iid d_BL(mu_N,
    f) and dbar <= alpha.

    Parameters
    ----------
    chaos_distance
        dbar or alpha (F, f), in [0, 1].
    iid_floor
        E d_BL(mu_N, f) for N independent points of f.

    Raises
    ------
    ParameterError
        If a value lies outside [0, 1].
    """
    alpha, floor = np.asarray(chaos_distance, float), np.asarray(iid_floor, float)
    for name, value in (("chaos_distance", alpha), ("iid_floor", floor)):
        if not np.all((value >= 0.0) & (value <= 1.0)):
            raise ParameterError(
                f"empirical bound '{name}': got {value.tolist()}, expected numbers in "
                "[0, 1]. Check the arguments."
            )
    return np.minimum(alpha + floor, 1.0)
