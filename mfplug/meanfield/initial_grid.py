"""f_0 on a grid of phase space in d = 1, and whether the grid holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import NumericsError

if TYPE_CHECKING:
    from mfplug.contracts.distribution import Distribution
    from mfplug.meanfield.phase_grid import PhaseGrid

Array = NDArray[np.float64]

#: Mass that may be missing on the grid.
MISSING = 1e-4
#: Sub-divisions of a cell that f_0 jumps in.
PARTS = 64


def density_at(law: Distribution, q: Array, p: Array) -> Array:
    """Return f_0 on the product of positions and momenta, shape (len(p), len(q)).

    Raises
    ------
    NumericsError
        If it is negative or not finite.
    """
    shape = (p.size, q.size)
    at_q = np.broadcast_to(q[None, :], shape)[..., None]
    at_p = np.broadcast_to(p[:, None], shape)[..., None]
    f = np.array(law.density(at_q, at_p), dtype=float)
    if not np.isfinite(f).all() or f.min(initial=0.0) < 0.0:
        bad = f[~np.isfinite(f) | (f < 0.0)][0]
        raise NumericsError(
            f"distribution '{law.name}': its density is negative or not finite; got "
            f"{bad:.3g}, expected values >= 0. Mend density()."
        )
    return f


def load(law: Distribution, grid: PhaseGrid) -> Array:
    """Return f_0 at the grid points; its mean over the cell where it jumps.

    Raises
    ------
    NumericsError
        If the density is negative or its total on the grid is not 1.
    """
    f = density_at(law, grid.q, grid.p)
    jumps = _jumps(f, grid.periodic)
    for j in np.flatnonzero(jumps.any(axis=1)):
        columns = np.flatnonzero(jumps[j])
        f[j, columns] = _cell_means(law, grid, grid.p[j], grid.q[columns])
    mass = float(f.sum()) * grid.q_spacing * grid.p_spacing
    if f[jumps].sum() > 0.5 * f.sum():
        raise _too_coarse(law, grid, mass)
    if abs(mass - 1.0) > MISSING:
        raise _wrong_mass(law, grid, mass)
    return f


def _too_coarse(law: Distribution, grid: PhaseGrid, mass: float) -> NumericsError:
    return NumericsError(
        f"solver 'semi-lagrangian': the grid is too coarse for '{law.name}'; got "
        f"{grid.q_points} x {grid.p_points} points with a total of {mass:.6g}, "
        "expected 1 on cells across which it changes little. Give more points."
    )


def _jumps(f: Array, periodic: bool) -> NDArray[np.bool_]:
    """Return the points next to which f_0 changes by a tenth of its maximum twice over.

    A law that is smooth on the grid changes less from one point to the next.
    """
    least = 0.3 * f.max()
    found = np.zeros(f.shape, dtype=bool)
    for axis in (0, 1):
        if axis == 1 and periodic:
            step = np.abs(np.roll(f, -1, axis=1) - f) > least
            found |= step | np.roll(step, 1, axis=1)
            continue
        step = np.abs(np.diff(f, axis=axis)) > least
        pads = [((0, 1), (0, 0)), ((1, 0), (0, 0))]
        for pad in pads if axis == 0 else [p[::-1] for p in pads]:
            found |= np.pad(step, pad)
    return found


def _cell_means(law: Distribution, grid: PhaseGrid, p: float, q: Array) -> Array:
    """Return the mean of f_0 over the cells around (q, p), by a midpoint rule."""
    part = (np.arange(PARTS) + 0.5) / PARTS - 0.5
    fine_p = p + grid.p_spacing * part
    if grid.periodic:
        # A jump at a momentum: the edge is placed to 1/4096 of a cell.
        fine_p = p + grid.p_spacing * ((np.arange(PARTS**2) + 0.5) / PARTS**2 - 0.5)
        return density_at(law, q, fine_p).mean(axis=0)
    means = [
        density_at(law, x + grid.q_spacing * part, fine_p).mean() for x in q.tolist()
    ]
    return np.array(means)


def _wrong_mass(law: Distribution, grid: PhaseGrid, mass: float) -> NumericsError:
    """Return what is wrong with the total: the law, or the grid."""
    fine = grid.scaled(3.0, 3.0)
    f = density_at(law, fine.q, fine.p)
    finer = float(f.sum()) * fine.q_spacing * fine.p_spacing
    outline = np.concatenate([f[0], f[-1]]).max() / f.max()
    if abs(finer - mass) > 0.1 * abs(mass - 1.0):
        return _too_coarse(law, grid, mass)
    if outline > 1e-9:
        return NumericsError(
            f"solver 'semi-lagrangian': mass lies outside the grid; got a total of "
            f"{mass:.6g} for |p| < {-grid.p_low:.3g}, expected 1. Give a larger p_max."
        )
    return NumericsError(
        f"distribution '{law.name}': its density is not normalised; got a total of "
        f"{mass:.6g}, expected 1. Mend density()."
    )


def unresolved(f: Array, axis: int) -> float:
    """Return the share of the square of f in the top sixth of the waves of an axis."""
    waves = np.abs(np.fft.rfft(f, axis=axis)) ** 2
    spectrum = waves.sum(axis=1 - axis)
    total = float(spectrum.sum())
    return float(spectrum[-(spectrum.size // 6) :].sum()) / total if total else 0.0
