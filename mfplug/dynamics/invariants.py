"""What Newton's equations conserve: energy, momentum, angular momentum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mfplug.dynamics.ensemble import Ensemble
    from mfplug.dynamics.forces import Forces

Array = NDArray[np.float64]


def energy(ensemble: Ensemble, k: int, forces: Forces) -> Array:
    """Return the energy (10) of each replica at snapshot k, shape (R,)."""
    kinetic, potential = forces.energies(
        ensemble.times[k], ensemble.q_storage[k], ensemble.p_storage[k]
    )
    return kinetic + potential


def momentum(ensemble: Ensemble, k: int) -> Array:
    """Return sum_i p_i of each replica, shape (R, d)."""
    return np.sum(ensemble.p_storage[k], axis=-1)


def angular_momentum(ensemble: Ensemble, k: int) -> Array:
    """Return sum_i q_i x p_i about the origin, shape (R, 0 or 1 or 3).

    On the line there is none.
    """
    q, p = ensemble.q_storage[k], ensemble.p_storage[k]
    planes = {1: (), 2: ((0, 1),), 3: ((1, 2), (2, 0), (0, 1))}[ensemble.dimension]
    parts = [np.sum(q[:, a] * p[:, b] - q[:, b] * p[:, a], axis=-1) for a, b in planes]
    return np.stack(parts, axis=-1) if parts else np.empty((ensemble.replicas, 0))
