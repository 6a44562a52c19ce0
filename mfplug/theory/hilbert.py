r"""Order along a Hilbert curve, and pieces of equal mass of a measure.

Points that follow each other on the curve lie close together in space, in any
dimension. So the curve cuts a measure into pieces of equal mass and small diameter, of
which mass, centroid and variance are known exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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

    ``piece`` (K,) is the piece that each belongs to, ``spread`` the trace
    of the covariance of one part.
    """

    points: Array
    masses: Array
    piece: IntArray
    spread: float


def hilbert_order(points: Array) -> NDArray[np.intp]:
    """Return the order of points (n, D) along a Hilbert curve of their bounding box.

    Skilling's transformation (AIP Conf. Proc. 707 (2004) 381), 62 bits in all.
    """
    n, axes = points.shape
    bits = max(1, min(20, _BITS // axes))
    low, high = points.min(axis=0), points.max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    scaled: Array = (points - low) / width * (2.0**bits - 1.0)
    x = [np.asarray(scaled[:, a], dtype=np.int64) for a in range(axes)]
    for bit in range(bits - 1, 0, -1):
        q = 1 << bit
        p = q - 1
        for a in range(axes):
            turned = (x[a] & q) != 0
            swap = (x[0] ^ x[a]) & p
            x[0] = np.where(turned, x[0] ^ p, x[0] ^ swap)
            if a:
                x[a] = np.where(turned, x[a], x[a] ^ swap)
    for a in range(1, axes):
        x[a] ^= x[a - 1]
    last = np.zeros(n, np.int64)
    for bit in range(bits - 1, 0, -1):
        q = 1 << bit
        last ^= np.where(x[-1] & q, q - 1, 0)
    key = np.zeros(n, np.int64)
    for bit in range(bits - 1, -1, -1):
        for a in range(axes):
            key = (key << 1) | (((x[a] ^ last) >> bit) & 1)
    return np.argsort(key, kind="stable")


def equal_pieces(points: Array, masses: Array, spread: float, count: int) -> Pieces:
    """Cut a measure of atoms into ``count`` pieces of equal mass along the curve.

    An atom that lies across a cut gives its parts to both pieces.

    Parameters
    ----------
    points, masses
        Atoms (n, D) and their masses > 0, shape (n,); the masses are normalised.
    spread
        Trace of the covariance of one atom, where it stands for a small cell.
    count
        M >= 1.
    """
    order = hilbert_order(points)
    x, w = points[order], masses[order]
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
    square = np.bincount(piece, mass * (gap**2).sum(axis=1), count) / total
    variance = np.maximum(square - (mean**2).sum(axis=1), 0.0)
    parts = Parts(x[atom], mass, piece, spread)
    return Pieces(anchor + mean, variance + spread, parts)
