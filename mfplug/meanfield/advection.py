"""Shifts of the lines of a phase-space grid: conservative, of high order, compiled.

A line that is moved by a constant distance is interpolated by centred Lagrange
polynomials, f_new[i] = sum_k w_k f[i + first + k]. The weights sum to 1, so the sum of
f is kept, and polynomials up to the degree are moved exactly, so a shift in p changes
the first and second moment of p as the exact flow does. Every line is done by one
thread in a fixed order; nothing is allocated in the loops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba

prepare_numba()

from numba import njit, prange  # noqa: E402

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Function = TypeVar("Function", bound=Callable[..., Any])

#: Lines that one thread does together; a column's neighbours share its cache lines.
BLOCK = 8
#: From this number of points on, threads share the lines; below, to wake them costs
#: more. The result is the same to the last bit.
SHARED = 1 << 16


def _threaded(function: Function) -> Function:
    return cast(Function, njit(cache=True, parallel=True, nogil=True)(function))


def _serial(function: Function) -> Function:
    return cast(Function, njit(cache=True, nogil=True)(function))


@_serial
def lagrange(shifts: Array, first: Integers, weights: Array) -> None:
    """Fill the stencils of lines that are moved by ``shifts`` grid spacings.

    f_new[i] = f(i - shift): nodes first + 0, ..., first + 2m - 1 around -shift, m =
    weights.shape[1] // 2, by running products (no division by a distance that is 0).
    """
    size = weights.shape[1]
    half = size // 2
    inverse = np.empty(size)
    for k in range(size):
        product = 1.0
        for j in range(size):
            if j != k:
                product *= k - j
        inverse[k] = 1.0 / product
    for line in range(shifts.size):
        base = np.floor(-shifts[line])
        first[line] = int(base) - half + 1
        x = -shifts[line] - base + half - 1
        product = 1.0
        for k in range(size):
            weights[line, k] = product * inverse[k]
            product *= x - k
        product = 1.0
        for k in range(size - 1, -1, -1):
            weights[line, k] *= product
            product *= x - k


def _rows(
    f: Array, first: Integers, weights: Array, periodic: bool, scratch: Array
) -> None:
    """Apply the stencil of each row (axis 1 is moved); outside is 0 or the torus.

    ``scratch`` has shape (blocks of rows, row length + stencil).
    """
    rows, n = f.shape
    size = weights.shape[1]
    length = n + size - 1
    for block in prange((rows + BLOCK - 1) // BLOCK):
        line = scratch[block]
        for j in range(block * BLOCK, min(rows, (block + 1) * BLOCK)):
            row = f[j]
            if periodic:
                source = first[j] % n
                for i in range(length):
                    line[i] = row[source]
                    source += 1
                    if source == n:
                        source = 0
            else:
                start = first[j]
                for i in range(length):
                    line[i] = 0.0
                low = max(0, -start)
                high = min(length, n - start)
                for i in range(low, high):
                    line[i] = row[i + start]
            w = weights[j, 0]
            for i in range(n):
                row[i] = w * line[i]
            for k in range(1, size):
                w = weights[j, k]
                for i in range(n):
                    row[i] += w * line[i + k]


def _columns(
    f: Array, first: Integers, weights: Array, before: Array, after: Array
) -> None:
    """Apply the stencil of each column (axis 0 is moved); outside is 0.

    ``before`` has shape (blocks of columns, BLOCK, column length + stencil), ``after``
    (blocks of columns, BLOCK, column length): columns are turned into lines, eight at
    a time, moved there and turned back.
    """
    n, columns = f.shape
    size = weights.shape[1]
    length = n + size - 1
    for block in prange((columns + BLOCK - 1) // BLOCK):
        start = block * BLOCK
        width = min(columns, start + BLOCK) - start
        source, target = before[block], after[block]
        for c in range(width):
            for i in range(length):
                source[c, i] = 0.0
        for r in range(n):
            for c in range(width):
                i = r - first[start + c]
                if 0 <= i < length:
                    source[c, i] = f[r, start + c]
        for c in range(width):
            line, moved = source[c], target[c]
            w = weights[start + c, 0]
            for i in range(n):
                moved[i] = w * line[i]
            for k in range(1, size):
                w = weights[start + c, k]
                for i in range(n):
                    moved[i] += w * line[i + k]
        for r in range(n):
            for c in range(width):
                f[r, start + c] = target[c, r]


@_serial
def sum_rows(f: Array, total: Array) -> None:
    """Fill total[i] with the sum of f[:, i], in the order of the rows."""
    total[:] = 0.0
    for j in range(f.shape[0]):
        row = f[j]
        for i in range(total.size):
            total[i] += row[i]


_ROWS = (_serial(_rows), _threaded(_rows))
_COLUMNS = (_serial(_columns), _threaded(_columns))


class Mover:
    """Shifts of a grid of shape (rows, columns) with all the work space they need.

    Parameters
    ----------
    shape
        (rows, columns), momenta by positions.
    degree
        Odd degree of the interpolating polynomials.
    periodic
        Whether rows are lines of a torus.
    """

    def __init__(self, shape: tuple[int, int], degree: int, periodic: bool) -> None:
        rows, columns = shape
        size = degree + 1
        self.periodic = periodic
        self._threads = int(rows * columns >= SHARED)
        self._rows = (np.empty(rows, np.int64), np.empty((rows, size)))
        self._columns = (np.empty(columns, np.int64), np.empty((columns, size)))
        self._line = np.empty((-(-rows // BLOCK), columns + degree))
        blocks = -(-columns // BLOCK)
        self._before = np.empty((blocks, BLOCK, rows + degree))
        self._after = np.empty((blocks, BLOCK, rows))

    def drift(self, f: Array, shifts: Array) -> None:
        """Move row j by shifts[j] spacings, in place."""
        lagrange(shifts, *self._rows)
        _ROWS[self._threads](f, *self._rows, self.periodic, self._line)

    def kick(self, f: Array, shifts: Array) -> None:
        """Move column i by shifts[i] spacings, in place."""
        lagrange(shifts, *self._columns)
        move = _COLUMNS[self._threads]
        move(f, *self._columns, self._before, self._after)
