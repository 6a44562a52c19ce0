"""Sums over the pairs of clouds of particles: forces, steps, energies.

They are done by the compiled kernel of the potential, or by its NumPy methods in
blocks. No function here raises an error for a NaN or an infinity: they hand it on.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics import plain
from mfplug.dynamics.compiled import CompiledPotential, box_length, check_points
from mfplug.dynamics.loops import FEW, TILE
from mfplug.errors import ParameterError

Array = NDArray[np.float64]


def pair_forces(
    c: CompiledPotential,
    x: Array,
    out: Array,
    *,
    factor: float,
    scale: float = 1.0,
    box: float | None = None,
) -> None:
    """Set out[r, :, i] = -factor sum_{j != i} grad phi(scale (x_i - x_j)).

    Equation (2) of the thesis with factor 1/N and scale 1, its scaling (5) otherwise.
    The same bits for any number of threads and any grouping of replicas. Particles at
    the same place do not act on each other. No array of size N^2 is made.

    Parameters
    ----------
    c
        From :func:`mfplug.dynamics.compiled.compile_potential`.
    x, out
        Positions and forces, float64, C-contiguous, shape (R, d, N).
    factor, scale
        Energy scale times ``scale``, and scale of length.
    box
        Side of the torus: the nearest image of x_i - x_j is taken, then scaled.

    Raises
    ------
    ParameterError
        If an array has the wrong type, shape or layout.
    """
    check_points(c, "positions", x, 3)
    check_points(c, "forces", out, 3)
    if out.shape != x.shape:
        raise ParameterError(
            f"potential '{c.potential.name}': positions and forces differ in shape; "
            f"got {x.shape} and {out.shape}, expected the same. Make out like x."
        )
    if c.compiled:
        from mfplug.dynamics.kernels import group_forces_kernel, pair_forces_kernel

        length, n = float(scale) * box_length(box), x.shape[2]
        if n <= FEW:
            group_forces_kernel(
                c.term(box), x, out, c.scalars, -float(factor), float(scale), length
            )
            return
        pair_forces_kernel(
            c.term(box), x, out, c.scalars, tile_width(n), float(scale), length
        )
        np.multiply(out, -factor, out=out)
        return
    ones = np.ones(x.shape[2])
    for r in range(x.shape[0]):
        sums = plain.gradient_sums(c.potential, x[r], x[r], ones, scale, box)
        out[r] = -factor * sums


def pair_steps(
    c: CompiledPotential,
    x: Array,
    momenta: Array,
    forces: Array,
    steps: int,
    kicks: Array,
    drifts: Array,
    *,
    factor: float,
    scale: float = 1.0,
    box: float | None = None,
) -> None:
    """Advance replicas of at most ``FEW`` particles by equal steps, in place.

    A step is, for each k, p += kicks[k] F, q += drifts[k] p, p += kicks[k] F with the
    forces F of :func:`pair_forces`. Memory is read and written once for all steps.

    Parameters
    ----------
    c
        Compiled, from :func:`mfplug.dynamics.compiled.compile_potential`.
    x, momenta, forces
        The state and the forces at ``x``, each (R, d, N), overwritten.
    steps
        How many.
    kicks, drifts
        Shape (K,): half the length of a part of the step, and its length over the mass.
    factor, scale, box
        As in :func:`pair_forces`.

    Raises
    ------
    ParameterError
        If an array has the wrong type, shape or layout.
    """
    from mfplug.dynamics.kernels import group_steps_kernel

    for what, array in (("positions", x), ("momenta", momenta), ("forces", forces)):
        check_points(c, what, array, 3)
    length = float(scale) * box_length(box)
    group_steps_kernel(
        c.term(box), x, momenta, forces, steps, kicks, drifts, c.scalars,
        -float(factor), float(scale), length,
    )  # fmt: skip


def pair_energies(
    c: CompiledPotential,
    x: Array,
    *,
    factor: float,
    scale: float = 1.0,
    box: float | None = None,
) -> Array:
    """Return factor sum_{i<j} phi(scale (x_i - x_j)) of each replica, shape (R,).

    Parameters and guarantees as of :func:`pair_forces`.
    """
    check_points(c, "positions", x, 3)
    if c.compiled:
        from mfplug.dynamics.kernels import pair_energies_kernel

        rows = np.empty((x.shape[0], x.shape[2]))
        length = float(scale) * box_length(box)
        pair_energies_kernel(c.term(box), x, rows, c.scalars, float(scale), length)
        return np.asarray(factor * rows.sum(axis=1))
    sums = [plain.pair_energy(c.potential, cloud, scale, box) for cloud in x]
    return factor * np.array(sums, dtype=float)


def tile_width(particles: int) -> int:
    """Return the number of particles in a tile; it depends on N alone.

    Narrow tiles give the threads of one small replica something to share; tiles are of
    equal size up to whole vectors.
    """
    most = TILE if particles >= 16 * TILE else TILE // 2
    tiles = max(1, math.ceil(particles / most))
    return min(most, 8 * math.ceil(max(1, particles) / tiles / 8))
