"""Compiled sums over the sources in a target's cell and in the cells around it.

Sources are stored cell by cell, the last axis running fastest, so that the cells beside
each other along it are one stretch of memory. What acts on a cell is copied together
once, images of the torus moved to their place, and then read by each of its targets in
one loop. A target is summed by one thread in the order of the stretches. ``term`` is a
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
from mfplug.dynamics.memory import peek, poke  # noqa: E402
from mfplug.dynamics.vexp import FAST, INLINE  # noqa: E402

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Cells that a thread takes at a time.
_CHUNK = 16
#: Sources that the inner loop takes at a time.
_VECTORS = 16
_KERNEL: dict[str, Any] = {
    "fastmath": FAST,
    "error_model": "numpy",
    "parallel": True,
    "nogil": True,
    "cache": True,
}
_SERIAL: dict[str, Any] = {"error_model": "numpy", "nogil": True, "cache": True}


@njit(**_SERIAL)
def list_cells(
    x: Array, along: Integers, low: Array, size: Array, counts: Integers
) -> tuple[Integers, Integers]:
    """Return the order of points (d, K) by cell, and where each cell begins.

    Within a cell they keep the order ``along``, a permutation. Points outside of the
    cells count as in the nearest one.
    """
    d, points = x.shape
    cells = 1
    for a in range(d):
        cells *= counts[a]
    number = np.empty(points, dtype=np.int64)
    starts = np.zeros(cells + 1, dtype=np.int64)
    for i in range(points):
        flat = 0
        for a in range(d):
            u = np.floor((x[a, i] - low[a]) / size[a])
            flat = flat * counts[a] + np.int64(min(max(u, 0.0), counts[a] - 1.0))
        number[i] = flat
        starts[flat + 1] += 1
    for c in range(cells):
        starts[c + 1] += starts[c]
    order = np.empty(points, dtype=np.int64)
    free = starts[:cells].copy()
    for i in along:
        order[free[number[i]]] = i
        free[number[i]] += 1
    return order, starts


@njit(**INLINE)
def _around(
    cell: int,
    rows: Integers,
    k: int,
    part: int,
    starts: Integers,
    counts: Integers,
    box: float,
    moved: Array,
) -> tuple[int, int]:
    """Return the sources [j0, j1) of row k around a cell, and how far they are moved.

    ``rows[k]`` is the shift of the cell in all axes but the last, and the first and the
    last shift in that one. Part 0 is what lies in the box, 1 what wraps around it.
    """
    d = counts.shape[0]
    count = counts[d - 1]
    middle = cell % count
    rest = cell // count
    row = 0
    stride = 1
    for b in range(d - 1):
        a = d - 2 - b
        c = rest % counts[a] + rows[k, a]
        rest //= counts[a]
        moved[a] = 0.0
        if c < 0 or c >= counts[a]:
            if not box > 0.0:
                return 0, 0
            moved[a] = -box if c < 0 else box
            c += counts[a] if c < 0 else -counts[a]
        row += c * stride
        stride *= counts[a]
    first = middle + rows[k, d - 1]
    last = middle + rows[k, d] + 1
    moved[d - 1] = 0.0
    if part == 1:
        if not box > 0.0 or (first >= 0 and last <= count):
            return 0, 0
        moved[d - 1] = -box if first < 0 else box
        first, last = (first + count, count) if first < 0 else (0, last - count)
    row *= count
    return starts[row + max(first, 0)], starts[row + min(last, count)]


@njit(**INLINE)
def _gather(
    cell: int,
    rows: Integers,
    y: Array,
    w: Array,
    starts: Integers,
    counts: Integers,
    box: float,
    near: Array,
    moved: Array,
    ends: Integers,
) -> tuple[Array, int]:
    """Copy what acts on a cell into ``near`` (d + 1, ...), weights last; the number.

    ``ends`` says where each stretch ends, two to a row (see ``_around``).
    """
    d = counts.shape[0]
    total = 0
    for k in range(2 * rows.shape[0]):
        j0, j1 = _around(cell, rows, k // 2, k % 2, starts, counts, box, moved)
        total += j1 - j0
    if total > near.shape[1]:
        near = np.empty((d + 1, total + total // 2))
    n = 0
    for k in range(2 * rows.shape[0]):
        j0, j1 = _around(cell, rows, k // 2, k % 2, starts, counts, box, moved)
        size = j1 - j0
        for a in range(d):
            shift = moved[a]
            first = a * y.shape[1] + j0
            to = a * near.shape[1] + n
            for j in range(size):
                poke(near, to + j, peek(y, first + j) + shift)
        to = d * near.shape[1] + n
        for j in range(size):
            poke(near, to + j, peek(w, j0 + j))
        n += size
        ends[k] = n
    return near, total


@njit(**INLINE)
def _bounds(
    cell: int, rows: Integers, low: Array, size: Array, counts: Integers, box: float,
    bounds: Array,
) -> None:  # fmt: skip
    """bounds[k, a] = where row k around a cell begins and ends along axis a.

    That is all axes but the last. The outermost cells reach to infinity in free space.
    """
    d = counts.shape[0]
    rest = cell // counts[d - 1]
    for b in range(d - 1):
        a = d - 2 - b
        here = rest % counts[a]
        rest //= counts[a]
        for k in range(rows.shape[0]):
            c = here + rows[k, a]
            bounds[k, a, 0] = low[a] + c * size[a]
            bounds[k, a, 1] = low[a] + (c + 1) * size[a]
            if not box > 0.0 and c <= 0:
                bounds[k, a, 0] = -np.inf
            if not box > 0.0 and c >= counts[a] - 1:
                bounds[k, a, 1] = np.inf


@njit(**INLINE)
def _first(near: Array, at: int, j0: int, j1: int, v: float) -> int:
    """Return the first j of [j0, j1) with near[at + j] >= v, where they rise; or j1."""
    size = j1 - j0
    while size > 0:
        half = size >> 1
        below = peek(near, at + j0 + half) < v
        j0 = j0 + half + 1 if below else j0
        size = size - half - 1 if below else half
    return j0


@njit(**INLINE)
def _within(
    x: Array, i: int, bounds: Array, k: int, reach: float, near: Array, j0: int, j1: int
) -> tuple[int, int]:
    """Return those of [j0, j1), a stretch of row k, that target i may reach.

    Whole vectors are taken where there are: what is beyond reach adds nothing.
    """
    left = reach * reach
    d = x.shape[0]
    for a in range(d - 1):
        v = x[a, i]
        gap = max(bounds[k, a, 0] - v, v - bounds[k, a, 1], 0.0)
        left -= gap * gap
    if j0 == j1 or not left > 0.0:
        return j0, j0
    far = np.sqrt(left)
    row, v = (d - 1) * near.shape[1], x[d - 1, i]
    j = _first(near, row, j0, j1, v - far)
    end = _first(near, row, j, j1, v + far)
    whole = (end - j + _VECTORS - 1) // _VECTORS * _VECTORS
    end = min(j1, j + whole)
    return max(j0, end - whole), end


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
        Which cells are around one, as in ``_around``.
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
            near, _ = _gather(cell, rows, y, w, starts, counts, box, near, moved, stops)
            _bounds(cell, rows, low, size, counts, box, bounds)
            j1 = 0
            for k in range(2 * rows.shape[0]):
                j0, j1 = j1, stops[k]
                for i in range(ends[cell], ends[cell + 1]):
                    j, end = _within(x, i, bounds, k // 2, reach, near, j0, j1)
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
        As in ``_around``: what lies after a cell, and the cell alone.
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
                near, n = _gather(
                    cell, own, x, w, starts, counts, box, near, moved, ends
                )
                for i in range(i0, i1):
                    term.field_row(near, near[d], 0, n, x, out, i, 1.0, 1.0, p)
                near, n = _gather(
                    cell, rows, x, w, starts, counts, box, near, moved, ends
                )
                if pulls.shape[1] != near.shape[1]:
                    pulls = np.empty((d, near.shape[1]))
                pulls[:, :n] = 0.0
                _bounds(cell, rows, low, size, counts, box, bounds)
                j1 = 0
                for k in range(2 * rows.shape[0]):
                    j0, j1 = j1, ends[k]
                    for i in range(i0, i1):
                        j, end = _within(x, i, bounds, k // 2, reach, near, j0, j1)
                        if j < end:
                            term.field_pairs(
                                near, pulls, j, end - j, x, out, i, w[i], p
                            )
                n = 0
                for k in range(2 * rows.shape[0]):
                    j0, j1 = _around(
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
            near, _ = _gather(cell, rows, y, w, starts, counts, box, near, moved, stops)
            _bounds(cell, rows, low, size, counts, box, bounds)
            j1 = 0
            for k in range(2 * rows.shape[0]):
                j0, j1 = j1, stops[k]
                for i in range(ends[cell], ends[cell + 1]):
                    j, end = _within(x, i, bounds, k // 2, reach, near, j0, j1)
                    if j < end:
                        out[i] += term.field_energy_row(
                            near, near[d], j, end, x, i, 1.0, 1.0, p, origin
                        )
