"""Compiled sums over pairs: one loop for all potentials, dimensions and sizes.

Points are stored component by component, ``x[r, a, i]``, so that the inner loops
(:mod:`mfplug.dynamics.loops`) have unit stride and vectorise. Threads share replicas,
tiles of particles or targets. The order of each sum depends on N alone, so the bits do
not depend on the number of threads nor on how replicas are grouped. ``term`` is a
:class:`mfplug.dynamics.pairtypes.PairTerm`, p the tuple of its parameters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba

prepare_numba()

from numba import njit, prange  # noqa: E402

import mfplug.dynamics.pairtypes  # noqa: E402, F401  (registers the loops of term)
from mfplug.dynamics.loops import LANES  # noqa: E402
from mfplug.dynamics.vexp import FAST  # noqa: E402

Array = NDArray[np.float64]

_KERNEL: dict[str, Any] = {
    "fastmath": FAST,
    "error_model": "numpy",
    "parallel": True,
    "no_cfunc_wrapper": True,
    "nogil": True,
    "cache": True,
}


@njit(**_KERNEL)
def pair_forces_kernel(
    term: Any, x: Array, out: Array, p: Any, width: int, scale: float, box: float
) -> None:
    """out[r, :, i] = sum_j grad phi(scale (x_i - x_j)); j = i adds 0.

    The particles are cut into tiles of ``width``. First come the pairs within a tile;
    then, in each of T - 1 rounds, T / 2 pairs of tiles that have no tile in common, as
    in a tournament (T even; for odd T one tile rests). So no two threads write to the
    same tile, and each tile takes its pairs in the order of the rounds.
    """
    replicas, _, n = x.shape
    tiles = (n + width - 1) // width
    players = tiles + tiles % 2
    tables = players // 2
    for turn in range(players if tiles > 1 else 1):
        for index in prange(replicas * tables):
            # Signed, as outside the loop: another type would be compiled once more.
            k = np.int64(index)
            r = k // tables
            table = k - r * tables
            if turn == 0:
                for i in range(
                    2 * table * width, min(n, (2 * table + 2) * width), width
                ):
                    term.triangle(x, out, r, i, min(n, i + width), scale, box, p)
            else:
                # All but one player sit on a circle that turns; opposite ones meet.
                a = (turn + table) % (players - 1)
                b = (turn - table + players - 1) % (players - 1)
                if table == 0:
                    b = players - 1
                i, j = a * width, b * width
                if i < n and j < n:
                    i1, j1 = min(n, i + width), min(n, j + width)
                    term.square(x, out, r, i, i1, j, j1, scale, box, p)


@njit(**_KERNEL)
def group_forces_kernel(
    term: Any, x: Array, out: Array, p: Any, factor: float, scale: float, box: float
) -> None:
    """Set the forces, ``factor`` times the same sums, for at most ``FEW`` particles."""
    for index in prange((x.shape[0] + LANES - 1) // LANES):
        term.group(x, out, np.int64(index) * LANES, factor, scale, box, p)


@njit(**_KERNEL)
def group_steps_kernel(
    term: Any,
    x: Array,
    momenta: Array,
    forces: Array,
    steps: int,
    kicks: Array,
    drifts: Array,
    p: Any,
    factor: float,
    scale: float,
    box: float,
) -> None:
    """Advance replicas of at most ``FEW`` particles by equal steps, in place.

    A step is one kick-drift-kick for each of ``kicks`` (half a length) and ``drifts``
    (a length over the mass); ``forces`` are those at ``x``, before and after.
    """
    for index in prange((x.shape[0] + LANES - 1) // LANES):
        r = np.int64(index) * LANES
        term.group_steps(
            x, momenta, forces, r, steps, kicks, drifts, factor, scale, box, p
        )


@njit(**_KERNEL)
def pair_energies_kernel(
    term: Any, x: Array, rows: Array, p: Any, scale: float, box: float
) -> None:
    """rows[r, i] = sum_{j < i} phi(scale (x_i - x_j))."""
    replicas, _, n = x.shape
    half = (n + 1) // 2
    for k in prange(replicas * half):
        r = k // half
        i = k - r * half
        # A short row and a long one: all threads have the same work.
        for other in range(2):
            row = n - 1 - i if other else i
            rows[r, row] = term.energy_row(x, r, row, scale, box, p)


@njit(**_KERNEL)
def field_forces_kernel(
    term: Any,
    sources: Array,
    weights: Array,
    targets: Array,
    out: Array,
    p: Any,
    box: float,
) -> None:
    """out[:, k] -= sum_m w_m grad phi(x_k - y_m)."""
    m = sources.shape[1]
    for k in prange(targets.shape[1]):
        term.field_row(sources, weights, 0, m, targets, out, k, 1.0, box, p)


@njit(**_KERNEL)
def field_energies_kernel(
    term: Any,
    sources: Array,
    weights: Array,
    targets: Array,
    out: Array,
    p: Any,
    box: float,
    origin: float,
) -> None:
    """out[k] = sum_m w_m phi(x_k - y_m), with ``origin`` for phi(0)."""
    m = sources.shape[1]
    for k in prange(targets.shape[1]):
        out[k] = term.field_energy_row(
            sources, weights, 0, m, targets, k, 1.0, box, p, origin
        )
