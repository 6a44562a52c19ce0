"""Compiled sums over the sources in a target's cell and in the cells around it.

A target is summed by one thread in the order of the stretches that act on its cell
(:mod:`mfplug.dynamics.sums.cell_lists`). ``term`` is a
:class:`mfplug.dynamics.pairtypes.PairTerm`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba

prepare_numba()

from numba import njit, prange  # noqa: E402

import mfplug.dynamics.pairtypes  # noqa: E402, F401  (registers the methods of term)
from mfplug.dynamics.sums.cell_lists import (  # noqa: E402
    around,
    bounds_of,
    gather,
    within,
)
from mfplug.dynamics.vexp import FAST  # noqa: E402

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Cells that a thread takes at a time.
_CHUNK = 16
_KERNEL: dict[str, Any] = {
    "fastmath": FAST,
    "error_model": "numpy",
    "parallel": True,
    "no_cfunc_wrapper": True,
    "nogil": True,
    "cache": True,
}


@njit(**_KERNEL)
def cell_forces(
    term: Any,
    cells: Integers,
    rows: Integers,
    x: Array,
    ends: Integers,
    y: Array,
    w: Array,
    starts: Integers,
    counts: Integers,
    low: Array,
    size: Array,
    reach: float,
    box: float,
    p: Any,
    out: Array,
) -> None:
    """out[:, i] -= sum_j w_j grad phi(x_i - y_j), j near i.

    Parameters
    ----------
    cells
        Numbers of the cells that have targets.
    rows
        Which cells are around one, as in ``around``.
    x, ends
        Targets (d, K) by cell, scaled, and where each cell begins.
    y, w, starts
        Sources (d, M) by cell, scaled, their weights, and where each cell begins.
    counts, low, size
        Cells in each axis, where they begin and their sides, scaled.
    reach, box
        Scaled separation beyond which nothing acts, and scaled side of the torus, 0 in
        free space.
    p
        Parameters of the potential.
    """
    d = counts.shape[0]
    for job in prange((cells.shape[0] + _CHUNK - 1) // _CHUNK):
        near = np.empty((d + 1, 256))
        moved = np.empty(d)
        stops = np.empty(2 * rows.shape[0], dtype=np.int64)
        bounds = np.empty((rows.shape[0], d - 1, 2))
        for q in range(job * _CHUNK, min(cells.shape[0], (job + 1) * _CHUNK)):
            cell = cells[q]
            near, _ = gather(cell, rows, y, w, starts, counts, box, near, moved, stops)
            bounds_of(cell, rows, low, size, counts, box, bounds)
            j1 = 0
            for k in range(2 * rows.shape[0]):
                j0, j1 = j1, stops[k]
                for i in range(ends[cell], ends[cell + 1]):
                    j, end = within(x, i, bounds, k // 2, reach, near, j0, j1)
                    if j < end:
                        term.field_row(near, near[d], j, end, x, out, i, 1.0, 1.0, p)


@njit(**_KERNEL)
def cell_pairs(
    term: Any,
    edges: Integers,
    rows: Integers,
    own: Integers,
    x: Array,
    w: Array,
    starts: Integers,
    counts: Integers,
    low: Array,
    size: Array,
    reach: float,
    box: float,
    p: Any,
    out: Array,
) -> None:
    """Do the same for a cloud on itself, each pair of two cells once.

    A cell takes the pairs with those after it. The layers of cells along the first axis
    are cut into slabs, no thinner than the range: one writes to itself and to the next
    one, so that every other slab can go to another thread. In a row of cells points are
    in the order of their last coordinate, so that a target finds those within reach.

    Parameters
    ----------
    edges
        The first layer of each slab, and the number of layers.
    rows, own
        As in ``around``: what lies after a cell, and the cell alone.
    x, w, starts, counts, low, size, reach, box, p, out
        As in :func:`cell_forces`.
    """
    d = counts.shape[0]
    layer = (starts.shape[0] - 1) // counts[0]
    slabs = edges.shape[0] - 1
    for phase in range(2):
        for job in prange((slabs + 1 - phase) // 2):
            near = np.empty((d + 1, 256))
            pulls = np.empty((d, 256))
            moved = np.empty(d)
            bounds = np.empty((rows.shape[0], d - 1, 2))
            ends = np.empty(2 * rows.shape[0], dtype=np.int64)
            slab = 2 * np.int64(job) + phase
            for cell in range(edges[slab] * layer, edges[slab + 1] * layer):
                i0, i1 = starts[cell], starts[cell + 1]
                if i0 == i1:
                    continue
                near, n = gather(
                    cell, own, x, w, starts, counts, box, near, moved, ends
                )
                for i in range(i0, i1):
                    term.field_row(near, near[d], 0, n, x, out, i, 1.0, 1.0, p)
                near, n = gather(
                    cell, rows, x, w, starts, counts, box, near, moved, ends
                )
                if pulls.shape[1] != near.shape[1]:
                    pulls = np.empty((d, near.shape[1]))
                pulls[:, :n] = 0.0
                bounds_of(cell, rows, low, size, counts, box, bounds)
                j1 = 0
                for k in range(2 * rows.shape[0]):
                    j0, j1 = j1, ends[k]
                    for i in range(i0, i1):
                        j, end = within(x, i, bounds, k // 2, reach, near, j0, j1)
                        if j < end:
                            term.field_pairs(
                                near, pulls, j, end - j, x, out, i, w[i], p
                            )
                n = 0
                for k in range(2 * rows.shape[0]):
                    j0, j1 = around(
                        cell, rows, k // 2, k % 2, starts, counts, box, moved
                    )
                    for a in range(d):
                        for j in range(j1 - j0):
                            out[a, j0 + j] += pulls[a, n + j]
                    n += j1 - j0


@njit(**_KERNEL)
def cell_energies(
    term: Any,
    cells: Integers,
    rows: Integers,
    x: Array,
    ends: Integers,
    y: Array,
    w: Array,
    starts: Integers,
    counts: Integers,
    low: Array,
    size: Array,
    reach: float,
    box: float,
    p: Any,
    origin: float,
    out: Array,
) -> None:
    """out[i] += sum_j w_j phi(x_i - y_j), j near i, ``origin`` for phi(0)."""
    d = counts.shape[0]
    for job in prange((cells.shape[0] + _CHUNK - 1) // _CHUNK):
        near = np.empty((d + 1, 256))
        moved = np.empty(d)
        stops = np.empty(2 * rows.shape[0], dtype=np.int64)
        bounds = np.empty((rows.shape[0], d - 1, 2))
        for q in range(job * _CHUNK, min(cells.shape[0], (job + 1) * _CHUNK)):
            cell = cells[q]
            near, _ = gather(cell, rows, y, w, starts, counts, box, near, moved, stops)
            bounds_of(cell, rows, low, size, counts, box, bounds)
            j1 = 0
            for k in range(2 * rows.shape[0]):
                j0, j1 = j1, stops[k]
                for i in range(ends[cell], ends[cell + 1]):
                    j, end = within(x, i, bounds, k // 2, reach, near, j0, j1)
                    if j < end:
                        out[i] += term.field_energy_row(
                            near, near[d], j, end, x, i, 1.0, 1.0, p, origin
                        )
