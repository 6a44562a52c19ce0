"""The sums over pairs in plain NumPy, for potentials that cannot be compiled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Numbers in the largest temporary array; a plugin's formula makes a few of them.
_BLOCK = 1 << 20


def separations(
    targets: Array, sources: Array, scale: float, box: float | None
) -> Iterator[tuple[slice, Array]]:
    """Yield blocks (rows, dx) with dx[k, m] = scale * (x_k - y_m), shape (b, M, d).

    The size of a block depends on M and d alone. On a torus the nearest image is taken
    before scaling.

    Parameters
    ----------
    targets, sources
        Points, shapes (d, K) and (d, M).
    """
    d, size = sources.shape
    rows = max(1, _BLOCK // max(1, size * d))
    y = np.ascontiguousarray(sources.T)
    for start in range(0, targets.shape[1], rows):
        block = slice(start, min(start + rows, targets.shape[1]))
        dx = targets.T[block, None, :] - y[None, :, :]
        if box is not None:
            dx -= box * np.rint(dx * (1.0 / box))
        yield block, scale * dx


def gradient_sums(
    potential: Any,
    targets: Array,
    sources: Array,
    weights: Array,
    scale: float,
    box: float | None,
) -> Array:
    """Return sum_m w_m grad phi(scale (x_k - y_m)), (d, K); 0 where they coincide."""
    out = np.zeros(targets.shape)
    for block, dx in separations(targets, sources, scale, box):
        apart = np.any(dx != 0.0, axis=-1)
        with np.errstate(all="ignore"):
            gradient = np.asarray(potential.gradient(dx), dtype=float)
        gradient = np.where(apart[..., None], gradient, 0.0) * weights[:, None]
        # The sum runs along contiguous memory, so its order is that of one row.
        out[:, block] = np.ascontiguousarray(np.moveaxis(gradient, -1, 0)).sum(axis=-1)
    return out


def energy_sums(
    potential: Any, targets: Array, sources: Array, weights: Array, box: float | None,
    origin: float,
) -> Array:  # fmt: skip
    """Return sum_m w_m phi(x_k - y_m), shape (K,), with ``origin`` for phi(0)."""
    out = np.zeros(targets.shape[1])
    for block, dx in separations(targets, sources, 1.0, box):
        energy = np.where(np.any(dx != 0.0, axis=-1), _energy(potential, dx), origin)
        out[block] = np.ascontiguousarray(energy * weights).sum(axis=-1)
    return out


def pair_energy(potential: Any, x: Array, scale: float, box: float | None) -> float:
    """Return sum_{i<j} phi(scale (x_i - x_j)) of one cloud, shape (d, N)."""
    rows = np.zeros(x.shape[1])
    column = np.arange(x.shape[1])
    for block, dx in separations(x, x, scale, box):
        lower = column[None, :] < np.arange(block.start, block.stop)[:, None]
        energy = np.where(lower, _energy(potential, dx), 0.0)
        rows[block] = np.ascontiguousarray(energy).sum(axis=-1)
    return float(rows.sum())


def _energy(potential: Any, dx: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(potential.energy(dx), dtype=float)
