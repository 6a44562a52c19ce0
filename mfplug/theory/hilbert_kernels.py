"""Compiled keys of the Hilbert curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba

prepare_numba()

from numba import njit, prange  # noqa: E402

IntArray = NDArray[np.int64]


@njit(cache=True, parallel=True)
def curve_keys(place: IntArray, bits: int) -> IntArray:
    """Return the place on the curve of points of a grid of 2^bits, shape (n, D).

    Skilling's transformation (AIP Conf. Proc. 707 (2004) 381), D * bits <= 62.
    """
    n, axes = place.shape
    keys = np.empty(n, np.int64)
    for i in prange(n):
        x = place[i].copy()
        for bit in range(bits - 1, 0, -1):
            q = 1 << bit
            p = q - 1
            for a in range(axes):
                if x[a] & q:
                    x[0] ^= p
                else:
                    swap = (x[0] ^ x[a]) & p
                    x[0] ^= swap
                    x[a] ^= swap
        for a in range(1, axes):
            x[a] ^= x[a - 1]
        last = 0
        for bit in range(bits - 1, 0, -1):
            if x[axes - 1] & (1 << bit):
                last ^= (1 << bit) - 1
        key = 0
        for bit in range(bits - 1, -1, -1):
            for a in range(axes):
                key = (key << 1) | (((x[a] ^ last) >> bit) & 1)
        keys[i] = key
    return keys
