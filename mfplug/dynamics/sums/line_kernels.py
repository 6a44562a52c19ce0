"""Compiled sums of polynomials of the distance over sorted points of the line.

Sources are sorted and cut into short bins. Each point knows the moments of its bin up
to itself, about the centre of the bin, so that the moments of any range of sources come
from a difference within one bin and little cancels. Every target is summed by one
thread in a fixed order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba

prepare_numba()

from numba import njit, prange  # noqa: E402

from mfplug.dynamics.vexp import INLINE  # noqa: E402

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_CHUNK = 256
_STRICT: dict[str, Any] = {"error_model": "numpy", "nogil": True, "cache": True}
_SMALL: dict[str, Any] = {**INLINE, "fastmath": {"contract", "nsz"}}


@njit(parallel=True, **_STRICT)
def cut(y: Array, width: Array, bins: Integers, first: Integers, middle: Array) -> None:
    """Cut each row of sorted points into bins no longer than its width.

    Sets bins[r, i], the bin of point i; first[r, b], the first point of bin b, with
    first[r, b + 1] the end of the last; and middle[r, b].
    """
    rows, n = y.shape
    for r in prange(rows):
        b = -1
        end = -np.inf
        for i in range(n):
            if b < 0 or not y[r, i] < end:
                b += 1
                end = y[r, i] + width[r]
                first[r, b] = i
                middle[r, b] = y[r, i] + 0.5 * width[r]
            bins[r, i] = b
        first[r, b + 1] = n


@njit(parallel=True, **_STRICT)
def moments(
    y: Array, w: Array, unit: Array, bins: Integers, middle: Array, out: Array
) -> None:
    """out[r, i, m] = sum w_j ((y_j - middle) / unit)^m over the bin of i, up to i."""
    rows, n, powers = out.shape
    for r in prange(rows):
        for i in range(n):
            t = (y[r, i] - middle[r, bins[r, i]]) / unit[r]
            begins = i == 0 or bins[r, i] != bins[r, i - 1]
            term = w[r, i]
            for m in range(powers):
                out[r, i, m] = term if begins else out[r, i - 1, m] + term
                term *= t


@njit(**_SMALL)
def _below(y: Array, r: int, value: float, with_equal: bool) -> int:
    """Return how many of the sorted y[r] are < value, or <= value."""
    low = 0
    high = y.shape[1]
    while low < high:
        k = (low + high) // 2
        if y[r, k] < value or (with_equal and y[r, k] == value):
            low = k + 1
        else:
            high = k
    return low


@njit(**_SMALL)
def _range(
    x: float,
    side: float,
    r: int,
    low: int,
    high: int,
    p: Array,
    unit: float,
    bins: Integers,
    first: Integers,
    middle: Array,
    sums: Array,
    taylor: Array,
) -> float:
    """Return sum w_j p(side (x - y_j) / unit) over the sources low <= j < high."""
    total = 0.0
    size = p.shape[0]
    while low < high:
        b = bins[r, low]
        end = min(high, first[r, b + 1])
        # p about the middle of the bin: u = U - side t with t = (y - middle) / unit.
        U = side * (x - middle[r, b]) / unit
        for m in range(size):
            taylor[m] = p[m]
        for m in range(size - 1):
            for k in range(size - 2, m - 1, -1):
                taylor[k] += U * taylor[k + 1]
        sign = 1.0
        for m in range(size):
            moment = sums[r, end - 1, m]
            if low > first[r, b]:
                moment -= sums[r, low - 1, m]
            total += sign * taylor[m] * moment
            sign *= -side
        low = end
    return total


@njit(parallel=True, **_STRICT)
def line_sums(
    x: Array,
    y: Array,
    p: Array,
    reach: float,
    unit: Array,
    box: float,
    sign: float,
    bins: Integers,
    first: Integers,
    middle: Array,
    sums: Array,
    out: Array,
) -> None:
    """out[r, i] = sum of s w_j p(|x_i - y_j| / unit) over distances below ``reach``.

    s is ``sign`` where y_j < x_i and 1 where y_j > x_i; equal points are left out.

    Parameters
    ----------
    x, y
        Targets (R, K) and sorted sources (R, M), on a torus within [0, box).
    p, reach
        Coefficients (R, powers), and how far they hold.
    unit
        Unit of length of each row.
    box
        Side of the torus, or 0.
    sign
        1 for an even sum, -1 for an odd one.
    bins, first, middle, sums
        From :func:`cut` and :func:`moments`.
    """
    rows, points = x.shape
    chunks = (points + _CHUNK - 1) // _CHUNK
    images = 2 if box > 0.0 else 1
    for job in prange(rows * chunks):
        r = job // chunks
        taylor = np.empty(p.shape[1])
        begin = (job - r * chunks) * _CHUNK
        for i in range(begin, min(points, begin + _CHUNK)):
            total = 0.0
            for image in range(images):
                # To the left of x, and of its image one box further on.
                here = x[r, i] + image * box
                high = _below(y, r, here, False)
                low = _below(y, r, here - reach, False)
                total += sign * _range(
                    here, 1.0, r, low, high, p[r], unit[r],
                    bins, first, middle, sums, taylor,
                )  # fmt: skip
                here = x[r, i] - image * box
                low = _below(y, r, here, True)
                high = _below(y, r, here + reach, True)
                total += _range(
                    here, -1.0, r, low, high, p[r], unit[r],
                    bins, first, middle, sums, taylor,
                )  # fmt: skip
            out[r, i] = total
