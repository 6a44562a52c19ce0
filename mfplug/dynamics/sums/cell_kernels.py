"""Compiled sums over the sources in a target's cell and in the cells around it.

Sources are stored cell by cell, the last axis running fastest, so that the cells beside
each other along it are one stretch of memory. A target is summed by one thread in the
order of the stretches. ``term`` is a :class:`mfplug.dynamics.pairtypes.PairTerm`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba

prepare_numba()

from numba import njit, prange  # noqa: E402

import mfplug.dynamics.pairtypes  # noqa: E402, F401  (registers the methods of term)
from mfplug.dynamics.vexp import FAST, INLINE  # noqa: E402

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_CHUNK = 64
_KERNEL: dict[str, Any] = {
    "fastmath": FAST,
    "error_model": "numpy",
    "parallel": True,
    "nogil": True,
    "cache": True,
}


@njit(**INLINE)
def _row(cell: Integers, i: int, shift: int, counts: Integers, wrap: bool) -> int:
    """Return where row number ``shift`` of those around a cell begins, or -1.

    A row is all cells that differ in the last axis only; it has counts[-1] of them.
    """
    row = 0
    d = counts.shape[0]
    for a in range(d - 1):
        c = cell[a, i] + shift % 3 - 1
        shift //= 3
        if wrap:
            c = c + counts[a] if c < 0 else c
            c = c - counts[a] if c >= counts[a] else c
        elif c < 0 or c >= counts[a]:
            return -1
        row = row * counts[a] + c
    return row * counts[d - 1]


@njit(**INLINE)
def _stretch(middle: int, part: int, count: int, wrap: bool) -> tuple[int, int]:
    """Return the cells [first, last) around a middle one along the last axis.

    Part 1 is what wraps around the torus, empty if nothing does.
    """
    first = middle - 1
    last = middle + 2
    if part == 0:
        return max(first, 0), min(last, count)
    if not wrap:
        return 0, 0
    if first < 0:
        return count - 1, count
    if last > count:
        return 0, 1
    return 0, 0


@njit(**_KERNEL)
def cell_forces(
    term: Any,
    x: Array,
    cell: Integers,
    y: Array,
    w: Array,
    starts: Integers,
    counts: Integers,
    wrap: bool,
    p: Any,
    scale: float,
    box: float,
    out: Array,
) -> None:
    """out[:, i] -= sum_j w_j grad phi(scale (x_i - y_j)), j near i.

    Parameters
    ----------
    x, cell
        Targets (d, K) and the indices of their cells (d, K).
    y, w, starts
        Sources (d, M) by cell, their weights, and where each cell begins.
    counts, wrap
        Cells in each axis, and whether the first follows the last.
    p, scale, box
        As in :func:`mfplug.dynamics.kernels.pair_forces_kernel`.
    """
    points = x.shape[1]
    d = counts.shape[0]
    for job in prange((points + _CHUNK - 1) // _CHUNK):
        for i in range(job * _CHUNK, min(points, (job + 1) * _CHUNK)):
            for shift in range(3 ** (d - 1)):
                row = _row(cell, i, shift, counts, wrap)
                if row < 0:
                    continue
                for part in range(2):
                    a, b = _stretch(cell[d - 1, i], part, counts[d - 1], wrap)
                    j0, j1 = starts[row + a], starts[row + b]
                    term.field_row(y, w, j0, j1, x, out, i, scale, box, p)


@njit(**_KERNEL)
def cell_energies(
    term: Any,
    x: Array,
    cell: Integers,
    y: Array,
    w: Array,
    starts: Integers,
    counts: Integers,
    wrap: bool,
    p: Any,
    scale: float,
    box: float,
    origin: float,
    out: Array,
) -> None:
    """out[i] = sum_j w_j phi(scale (x_i - y_j)), j near i, ``origin`` for phi(0)."""
    points = x.shape[1]
    d = counts.shape[0]
    for job in prange((points + _CHUNK - 1) // _CHUNK):
        for i in range(job * _CHUNK, min(points, (job + 1) * _CHUNK)):
            total = 0.0
            for shift in range(3 ** (d - 1)):
                row = _row(cell, i, shift, counts, wrap)
                if row < 0:
                    continue
                for part in range(2):
                    a, b = _stretch(cell[d - 1, i], part, counts[d - 1], wrap)
                    j0, j1 = starts[row + a], starts[row + b]
                    total += term.field_energy_row(
                        y, w, j0, j1, x, i, scale, box, p, origin
                    )
            out[i] = total
