"""Compiled sums over pairs: one loop for all potentials, dimensions and sizes.

Points are stored component by component, ``x[r, a, i]``, so that the inner loop has
unit stride and vectorises. Threads share the pairs (replica, particle); each sum is
done by one thread in the order of j, so the bits do not depend on the number of
threads nor on how replicas are grouped. ``term`` is a
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
from mfplug.dynamics.vexp import FAST  # noqa: E402

Array = NDArray[np.float64]

_KERNEL: dict[str, Any] = {
    "fastmath": FAST,
    "forceinline": True,
    "error_model": "numpy",
    "parallel": True,
    "nogil": True,
    "cache": True,
}


@njit(**_KERNEL)
def pair_forces_kernel(
    term: Any,
    x: Array,
    out: Array,
    p: Array,
    factor: float,
    scale: float,
    box: float,
) -> None:
    """out[r, :, i] = -factor sum_j grad phi(scale (x_i - x_j)); j = i adds 0."""
    replicas, _, n = x.shape
    for k in prange(replicas * n):
        r = k // n
        i = k - r * n
        here = term.point(x, r, i)
        total = term.zero()
        for j in range(n):
            dx = term.apart(here, x, r, j, scale, box)
            total = term.add(total, 1.0, term.gradient(dx, p))
        term.store(out, r, i, total, -factor)


@njit(**_KERNEL)
def pair_energies_kernel(
    term: Any, x: Array, rows: Array, p: Array, scale: float, box: float
) -> None:
    """rows[r, i] = sum_{j < i} phi(scale (x_i - x_j))."""
    replicas, _, n = x.shape
    for k in prange(replicas * n):
        r = k // n
        i = k - r * n
        here = term.point(x, r, i)
        total = 0.0
        for j in range(i):
            total += term.energy(term.apart(here, x, r, j, scale, box), p)
        rows[r, i] = total


@njit(**_KERNEL)
def field_forces_kernel(
    term: Any,
    sources: Array,
    weights: Array,
    targets: Array,
    out: Array,
    p: Array,
    box: float,
) -> None:
    """out[0, :, k] = -sum_m w_m grad phi(x_k - y_m), for sources[0] and targets[0]."""
    n = sources.shape[2]
    for k in prange(targets.shape[2]):
        here = term.point(targets, 0, k)
        total = term.zero()
        for j in range(n):
            dx = term.apart(here, sources, 0, j, 1.0, box)
            total = term.add(total, weights[j], term.gradient(dx, p))
        term.store(out, 0, k, total, -1.0)


@njit(**_KERNEL)
def field_energies_kernel(
    term: Any,
    sources: Array,
    weights: Array,
    targets: Array,
    out: Array,
    p: Array,
    box: float,
    origin: float,
) -> None:
    """out[k] = sum_m w_m phi(x_k - y_m), with ``origin`` for phi(0)."""
    n = sources.shape[2]
    for k in prange(targets.shape[2]):
        here = term.point(targets, 0, k)
        total = 0.0
        for j in range(n):
            dx = term.apart(here, sources, 0, j, 1.0, box)
            value = term.energy(dx, p)
            total += weights[j] * (origin if term.together(dx) else value)
        out[k] = total
