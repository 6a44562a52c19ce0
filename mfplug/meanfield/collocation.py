"""Coefficients of interpolating splines, for many columns of values at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba

prepare_numba()

from numba import njit, prange  # noqa: E402

Array = NDArray[np.float64]

#: Columns that one thread does together; they stay in its cache.
BLOCK = 128


@njit(cache=True)  # type: ignore[untyped-decorator]
def _factor(a: Array, lower: int, upper: int) -> None:
    """Replace a banded matrix by its triangular factors, without pivoting."""
    n = a.shape[0]
    for k in range(n):
        for i in range(k + 1, min(n, k + lower + 1)):
            a[i, k] /= a[k, k]
            for j in range(k + 1, min(n, k + upper + 1)):
                a[i, j] -= a[i, k] * a[k, j]


@njit(cache=True, parallel=True, nogil=True)  # type: ignore[untyped-decorator]
def _solve(a: Array, lower: int, upper: int, values: Array) -> None:
    """Replace columns of values, (n, K), by solutions; ``a`` holds the factors."""
    n, columns = values.shape
    for block in prange((columns + BLOCK - 1) // BLOCK):
        low = block * BLOCK
        high = min(columns, low + BLOCK)
        for i in range(n):
            row = values[i, low:high]
            for j in range(max(0, i - lower), i):
                factor = a[i, j]
                other = values[j, low:high]
                for k in range(high - low):
                    row[k] -= factor * other[k]
        for i in range(n - 1, -1, -1):
            row = values[i, low:high]
            for j in range(i + 1, min(n, i + upper + 1)):
                factor = a[i, j]
                other = values[j, low:high]
                for k in range(high - low):
                    row[k] -= factor * other[k]
            inverse = 1.0 / a[i, i]
            for k in range(high - low):
                row[k] *= inverse


def interpolating_coefficients(
    sites: Array, knots: Array, degree: int, values: Array, axis: int
) -> Array:
    """Return the B-spline coefficients of the spline through values at sites.

    The matrix of the B-splines at the sites is banded and totally positive, so its
    elimination needs no pivots (de Boor, A practical guide to splines, chapter XIII).
    Columns are independent and their sums have a fixed order. As
    ``scipy.interpolate.make_interp_spline``, and several times as fast for many
    columns, which it solves one by one.

    Parameters
    ----------
    sites
        Shape (n,).
    knots
        Shape (n + degree + 1,).
    values
        n entries on ``axis``.
    """
    from scipy.interpolate import BSpline

    matrix = BSpline.design_matrix(sites, knots, degree).toarray()
    row, column = np.nonzero(matrix)
    lower, upper = int((row - column).max()), int((column - row).max())
    _factor(matrix, lower, upper)
    columns = np.array(np.moveaxis(values, axis, 0), order="C", dtype=np.float64)
    flat: Any = columns.reshape(len(sites), -1)
    _solve(matrix, lower, upper, flat)
    return np.ascontiguousarray(np.moveaxis(columns, 0, axis))
