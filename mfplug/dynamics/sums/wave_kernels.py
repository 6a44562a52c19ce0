"""Compiled sums of plane waves over points, in a fixed order.

Points are summed in chunks whose size is a constant, and the chunks in their order, so
the bits do not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba

prepare_numba()

from numba import njit, prange  # noqa: E402

from mfplug.dynamics.vexp import FAST, INLINE  # noqa: E402
from mfplug.dynamics.vtrig import vcos, vsin  # noqa: E402

Array = NDArray[np.float64]

CHUNK = 2048

_KERNEL: dict[str, Any] = {
    "fastmath": FAST,
    "error_model": "numpy",
    "parallel": True,
    "nogil": True,
    "cache": True,
}


@njit(**INLINE)
def _phase(x: Array, r: int, i: int, k: Array, m: int) -> float:
    total = 0.0
    for a in range(k.shape[1]):
        total += k[m, a] * x[r, a, i]
    return total


@njit(**_KERNEL)
def wave_sums(y: Array, w: Array, k: Array, out: Array) -> None:
    """out[r, c, :, m] = sum over chunk c of w_i (cos, sin)(k_m . y_i).

    Shapes: y (R, d, M), w (M,), k (n, d), out (R, chunks, 2, n).
    """
    replicas, chunks, _, waves = out.shape
    points = y.shape[2]
    for job in prange(replicas * chunks):
        r = job // chunks
        c = job - r * chunks
        first = c * CHUNK
        last = min(points, first + CHUNK)
        for m in range(waves):
            even = 0.0
            odd = 0.0
            for i in range(first, last):
                phase = _phase(y, r, i, k, m)
                even += w[i] * vcos(phase)
                odd += w[i] * vsin(phase)
            out[r, c, 0, m] = even
            out[r, c, 1, m] = odd


@njit(**_KERNEL)
def wave_forces(x: Array, k: Array, b: Array, out: Array) -> None:
    """out[r, :, i] = sum_m k_m (b[r, 0, m] sin - b[r, 1, m] cos)(k_m . x_i).

    Shapes: x (R, d, K), k (n, d), b (R, 2, n), out (R, d, K), which is set.
    """
    replicas, d, points = x.shape
    chunks = (points + CHUNK - 1) // CHUNK
    for job in prange(replicas * chunks):
        r = job // chunks
        first = (job - r * chunks) * CHUNK
        last = min(points, first + CHUNK)
        out[r, :, first:last] = 0.0
        for m in range(k.shape[0]):
            for i in range(first, last):
                phase = _phase(x, r, i, k, m)
                value = b[r, 0, m] * vsin(phase) - b[r, 1, m] * vcos(phase)
                for a in range(d):
                    out[r, a, i] += k[m, a] * value


@njit(**_KERNEL)
def wave_energies(x: Array, k: Array, b: Array, out: Array) -> None:
    """out[r, i] = sum_m (b[r, 0, m] cos + b[r, 1, m] sin)(k_m . x_i)."""
    replicas, _, points = x.shape
    chunks = (points + CHUNK - 1) // CHUNK
    for job in prange(replicas * chunks):
        r = job // chunks
        first = (job - r * chunks) * CHUNK
        last = min(points, first + CHUNK)
        out[r, first:last] = 0.0
        for m in range(k.shape[0]):
            for i in range(first, last):
                phase = _phase(x, r, i, k, m)
                out[r, i] += b[r, 0, m] * vcos(phase) + b[r, 1, m] * vsin(phase)
