"""Error of a field on a grid of phase space from a coarser one, and its drifts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mfplug.meanfield.grid_field import GridField
    from mfplug.meanfield.phase_grid import PhaseGrid

#: The second resolution, from whose change the error is estimated.
COARSE = 0.75


@dataclass(frozen=True)
class GridResolution:
    """A grid of phase space and the step in time."""

    grid: PhaseGrid
    step: float

    def coarser(self, q: bool, p: bool, step: bool) -> GridResolution:
        """Return the resolution with some of its three parts coarser."""
        by_q, by_p = COARSE if q else 1.0, COARSE if p else 1.0
        return GridResolution(
            self.grid.scaled(by_q, by_p), self.step / COARSE if step else self.step
        )


def drifts(start: Mapping[str, float], end: Mapping[str, float]) -> dict[str, float]:
    """Return the changes of the invariants from the first to the last time.

    ``energy_drift`` is relative to kinetic energy plus |energy|, ``l2_drift`` to the
    L2 norm, the others are absolute.
    """
    scale = start["kinetic"] + abs(start["energy"])
    return {
        "mass": start["mass"],
        "mass_drift": abs(end["mass"] - start["mass"]),
        "momentum_drift": abs(end["momentum"] - start["momentum"]),
        "energy_drift": abs(end["energy"] - start["energy"]) / scale if scale else 0.0,
        "l2_drift": end["l2"] / start["l2"] - 1.0 if start["l2"] else 0.0,
        "minimum": end["minimum"],
    }


def difference(fine: GridField, coarse: GridField) -> float:
    """Return the largest difference of the pair forces, relative to the largest force.

    At the grid points of the finer field, at 60 times between its levels.
    """
    first, last = fine.times[0], fine.times[-1]
    largest = worst = 0.0
    for t in np.linspace(first, last, 60) if last > first else np.array([first]):
        q, rho = fine.spatial_density(float(t))
        held = np.abs(rho) > 1e-6 * np.abs(rho).max()
        points = q[held][None, :]
        a = fine.pair_force(float(t), points)
        largest = max(largest, float(np.abs(a).max()))
        worst = max(worst, float(np.abs(a - coarse.pair_force(float(t), points)).max()))
    return worst / largest if largest > 0.0 else 0.0
