"""Points by cell, and what acts on a cell: compiled parts of the sums over cells.

Sources are stored cell by cell, the last axis running fastest, so that the cells beside
each other along it are one stretch of memory, and in a cell by their last coordinate.
What acts on a cell is copied together once, images of the torus moved to their place;
a target looks up what it may reach in each stretch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba

prepare_numba()

from numba import njit  # noqa: E402

from mfplug.dynamics.memory import peek, poke  # noqa: E402
from mfplug.dynamics.vexp import INLINE  # noqa: E402

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Sources that the inner loops take at a time.
_VECTORS = 16
_SERIAL: dict[str, Any] = {"error_model": "numpy", "nogil": True, "cache": True}
#: What is long and done once for each cell is called: a copy in every kernel would take
#: a fifth of the time to compile, and is no faster.
_ONCE: dict[str, Any] = {**INLINE, "forceinline": False}


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
def around(
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


@njit(**_ONCE)
def gather(
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

    ``ends`` says where each stretch ends, two to a row (see ``around``).
    """
    d = counts.shape[0]
    total = 0
    for k in range(2 * rows.shape[0]):
        j0, j1 = around(cell, rows, k // 2, k % 2, starts, counts, box, moved)
        total += j1 - j0
    if total > near.shape[1]:
        near = np.empty((d + 1, total + total // 2))
    n = 0
    for k in range(2 * rows.shape[0]):
        j0, j1 = around(cell, rows, k // 2, k % 2, starts, counts, box, moved)
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


@njit(**_ONCE)
def bounds_of(
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
def within(
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
