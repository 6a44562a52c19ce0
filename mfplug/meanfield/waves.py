"""Cosine and sine of many phases at once, by a kernel that vectorises."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba

prepare_numba()

from numba import njit, prange  # noqa: E402

from mfplug.dynamics.vtrig import vcos, vsin  # noqa: E402

Array = NDArray[np.float64]

#: Phases that one thread does at a time.
_BLOCK = 4096


_KERNEL: dict[str, Any] = {
    "forceinline": True,
    "error_model": "numpy",
    "parallel": True,
    "nogil": True,
    "cache": True,
}


@njit(**_KERNEL)  # type: ignore[untyped-decorator]
def _fill(phase: Array, cos: Array, sin: Array) -> None:
    for block in prange((phase.size + _BLOCK - 1) // _BLOCK):
        start = block * _BLOCK
        x = phase[start : start + _BLOCK]
        c, s = cos[start : start + _BLOCK], sin[start : start + _BLOCK]
        for k in range(x.size):
            c[k] = vcos(x[k])
        for k in range(x.size):
            s[k] = vsin(x[k])


def cos_sin(phase: Array) -> tuple[Array, Array]:
    """Return (cos, sin) of phases, shape (K,) all; each to about 2e-16.

    Ten times as fast as NumPy where that has no vector instructions for them.
    """
    cos, sin = np.empty_like(phase), np.empty_like(phase)
    _fill(phase, cos, sin)
    return cos, sin
