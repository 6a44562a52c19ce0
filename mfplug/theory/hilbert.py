r"""Order along a Hilbert curve, and pieces of equal mass of a measure.

Points that follow each other on the curve lie close together in space, in any
dimension. So the curve cuts a measure into pieces of equal mass and small diameter, of
which mass, centroid and variance are known exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfplug.theory.hilbert_kernels import curve_keys

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]

_BITS = 62


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of mass 1/M each: ``centres`` (M, D) and ``spread`` (M,).

    ``spread`` is the trace of the covariance of the piece, so that E|Y - x| is at most
    (|centre - x|^2 + spread)^(1/2) for Y in the piece. ``parts`` are what the pieces
    are made of, where that is more than a point each.
    """

    centres: Array
    spread: Array
    parts: Parts | None = None


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts of pieces: ``points`` (K, D), ``masses`` (K,).

    ``piece`` (K,) is the piece that each belongs to, ``spread`` (K,) the trace of its
    own covariance.
    """

    points: Array
    masses: Array
    piece: IntArray
    spread: Array


def hilbert_order(points: Array) -> NDArray[np.intp]:
    """Return the order of points (n, D) along a Hilbert curve of their bounding box.

    62 bits in all (:func:`mfplug.theory.hilbert_kernels.curve_keys`).
    """
    axes = points.shape[1]
    bits = max(1, min(20, _BITS // axes))
    low, high = points.min(axis=0), points.max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    scaled: Array = (points - low) / width * (2.0**bits - 1.0)
    keys = curve_keys(scaled.astype(np.int64), bits)
    return np.argsort(keys, kind="stable")


def equal_pieces(
    points: Array, masses: Array, spread: float | Array, count: int
) -> Pieces:
    """Cut a measure of atoms into ``count`` pieces of equal mass along the curve.

    An atom that lies across a cut gives its parts to both pieces.

    Parameters
    ----------
    points, masses
        Atoms (n, D) and their masses > 0, shape (n,); the masses are normalised.
    spread
        Trace of the covariance of the atoms, where they stand for small cells; a number
        or shape (n,).
    count
        M >= 1.
    """
    order = hilbert_order(points)
    own = np.broadcast_to(spread, masses.shape)
    return cut_pieces(points[order], masses[order], own[order], count)


def cut_pieces(x: Array, w: Array, spread: Array, count: int) -> Pieces:
    """Cut atoms that are in order already, as :func:`equal_pieces` does."""
    ends = np.cumsum(w)
    ends /= ends[-1]
    ends[-1] = 1.0
    cuts = np.arange(1.0, count) / count
    # Every atom is split at the cuts that fall inside it.
    owner = np.searchsorted(ends, cuts, side="right")
    levels = np.concatenate([ends, cuts])
    atom = np.concatenate([np.arange(len(x)), owner])
    place = np.argsort(levels, kind="stable")
    levels, atom = levels[place], atom[place]
    mass = np.diff(levels, prepend=0.0)
    middle = levels - 0.5 * mass
    piece = np.minimum((middle * count).astype(np.int64), count - 1)
    total = np.bincount(piece, mass, count)
    # Relative to a fixed point of the piece: no cancellation in the variance.
    first = np.searchsorted(piece, np.arange(count))
    anchor = x[atom[np.minimum(first, len(atom) - 1)]]
    gap = x[atom] - anchor[piece]
    mean: Array = np.stack(
        [np.bincount(piece, mass * gap[:, a], count) for a in range(x.shape[1])], axis=1
    )
    mean /= total[:, None]
    own = spread[atom]
    square = np.bincount(piece, mass * ((gap**2).sum(axis=1) + own), count) / total
    variance = np.maximum(square - (mean**2).sum(axis=1), 0.0)
    parts = Parts(x[atom], mass, piece, own)
    return Pieces(anchor + mean, variance, parts)
