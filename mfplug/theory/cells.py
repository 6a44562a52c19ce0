"""A smooth density as the cells of a box with their masses."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cells:
    """A measure of constant density on small boxes.

    ``points`` (K, D) are the centres, ``masses`` (K,) sum to 1, ``sides`` (D,) are the
    sides of every box. ``remainder`` bounds d_BL of this measure and the density that
    it stands for.
    """

    points: Array
    masses: Array
    sides: Array
    remainder: float

    @property
    def spread(self) -> float:
        """Trace of the covariance of the uniform law of one box."""
        return float((self.sides**2).sum()) / 12.0

    def one_point_each(self, seed: int) -> Array:
        """Return one uniform point of every box, shape (K, D)."""
        rng = np.random.default_rng(seed)
        return self.points + self.sides * (rng.random(self.points.shape) - 0.5)

    def split(self, most: float) -> tuple[Array, Array, Array]:
        """Return boxes of a mass <= ``most``: centres (n, D), masses, spreads (n,).

        Cells of more mass are cut into s^D equal boxes: the measure is the same.
        """
        axes = len(self.sides)
        cuts = np.ceil((self.masses / most) ** (1.0 / axes) - 1e-9)
        cuts = np.maximum(cuts, 1.0).astype(np.int64)
        points, masses, spreads = [], [], []
        for s in np.unique(cuts):
            chosen = np.flatnonzero(cuts == s)
            steps = (np.arange(s) + 0.5) / s - 0.5
            grid = np.stack(np.meshgrid(*[steps] * axes, indexing="ij"), axis=-1)
            moved = self.points[chosen, None] + grid.reshape(-1, axes) * self.sides
            points.append(moved.reshape(-1, axes))
            masses.append(np.repeat(self.masses[chosen] / s**axes, s**axes))
            spreads.append(np.full(len(chosen) * s**axes, self.spread / s**2))
        return np.concatenate(points), np.concatenate(masses), np.concatenate(spreads)

    def sampling_error(self, level: float) -> float:
        r"""Return what a 1-Lipschitz mean over :meth:`one_point_each` is off by.

        One-sided, with probability ``level``, by Hoeffding's inequality: a box of mass
        w and diameter D has values in an interval of length w D, so that

        .. math:: P(\text{error} > \epsilon)
                  \le \exp\bigl(-2 \epsilon^2 / (D^2 \textstyle\sum_k w_k^2)\bigr).
        """
        diameter = math.sqrt(float((self.sides**2).sum()))
        squares = float((self.masses**2).sum())
        return diameter * math.sqrt(0.5 * squares * -math.log1p(-level))


def density_cells(
    density: Callable[[Array], Array], low: ArrayLike, high: ArrayLike, side: int
) -> Cells:
    r"""Return the cells of a box with the masses of a smooth density.

    Midpoint rule on ``side`` cells along each axis. With the differences of the masses
    w of neighbours along axis a and the sides h, ``remainder`` is, to leading order in
    h, which supposes that the cells resolve the density,

    .. math:: \Bigl(\tfrac18 |h| + \tfrac1{24} \max_a h_a\Bigr)
              \sum_a \sum |\Delta_a w| + \Bigl|1 - \sum w\Bigr|.

    The first term moves the part of a density that is linear in a cell across the cell,
    the second is the flux between cells that mends the midpoint rule, the last what
    lies outside of the box.

    Parameters
    ----------
    density
        f at points (n, D), shape (n,).
    low, high
        Corners of the box, shape (D,).
    side
        Cells along each axis, >= 2.

    Raises
    ------
    ParameterError
        If the box is empty, or less than half of the mass is found in it.
    """
    start, end = np.asarray(low, float), np.asarray(high, float)
    if start.ndim != 1 or start.shape != end.shape or not np.all(start < end):
        raise ParameterError(
            f"density cells 'low': got {start.tolist()} to {end.tolist()}, expected "
            "two corners of one box, low < high. Change the box."
        )
    if side < 2:
        raise ParameterError(
            f"density cells 'side': got {side}, expected >= 2 cells. Set side."
        )
    steps = (end - start) / side
    masses = _midpoint(density, start, steps, side) * float(np.prod(steps))
    total = float(masses.sum())
    if not 0.5 < total < 2.0 or float(masses.min()) < 0.0:
        raise ParameterError(
            f"density cells 'density': got the mass {total:.4g} in the box, expected "
            "about 1 and no negative cell. Take a larger box or more cells."
        )
    # Outside of the box the density counts as 0.
    change = sum(
        float(np.abs(np.diff(masses, axis=a, prepend=0.0, append=0.0)).sum())
        for a in range(start.size)
    )
    across = math.sqrt(float((steps**2).sum())) / 8.0 + float(steps.max()) / 24.0
    flat = masses.ravel()
    # Cells of no mass to speak of are left to the remainder.
    keep = np.flatnonzero(flat > 1e-9 * total / flat.size)
    lost = float(np.delete(flat, keep).sum())
    index = np.stack(np.unravel_index(keep, masses.shape), axis=1)
    kept = flat[keep]
    return Cells(
        start + steps * (index + 0.5),
        kept / kept.sum(),
        steps,
        across * change + abs(1.0 - total) + lost,
    )


def _midpoint(
    density: Callable[[Array], Array], start: Array, steps: Array, side: int
) -> Array:
    """Return the density at the centres of the cells, slab by slab."""
    axes = [start[k] + steps[k] * (np.arange(side) + 0.5) for k in range(start.size)]
    values = np.empty((side,) * start.size)
    others = np.meshgrid(*axes[1:], indexing="ij")
    slab = np.reshape(others, (start.size - 1, side ** (start.size - 1))).T
    for k in range(side):
        part = np.concatenate([np.full((len(slab), 1), axes[0][k]), slab], axis=1)
        values[k] = np.reshape(density(part), values[k].shape)
    return values
