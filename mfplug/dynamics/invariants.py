"""What Newton's equations conserve: energy, momentum, angular momentum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.tracing import is_radial

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]

#: Torque of an external force, relative to distance times force, that is rounding.
_CENTRAL = 1e-12


def momentum(p: Array) -> Array:
    """Return sum_i p_i of each replica, (R, d) from (R, d, N)."""
    return np.sum(p, axis=-1)


def angular_momentum(q: Array, p: Array) -> Array:
    """Return sum_i q_i x p_i about the origin, shape (R, 0 or 1 or 3).

    On the line there is none.
    """
    planes = {1: (), 2: ((0, 1),), 3: ((1, 2), (2, 0), (0, 1))}[q.shape[1]]
    parts = [
        np.einsum("rn,rn->r", q[:, a], p[:, b])
        - np.einsum("rn,rn->r", q[:, b], p[:, a])
        for a, b in planes
    ]
    return np.stack(parts, axis=-1) if parts else np.empty((len(q), 0))


def momentum_scale(p: Array) -> Array:
    """Return sum_i |p_i| of each replica, shape (R,)."""
    return np.sum(_lengths(p), axis=-1)


def angular_scale(q: Array, p: Array) -> Array:
    """Return sum_i |q_i| |p_i| of each replica, shape (R,)."""
    return np.einsum("rn,rn->r", _lengths(q), _lengths(p))


def _lengths(x: Array) -> Array:
    return np.sqrt(np.einsum("ran,ran->rn", x, x))


def not_conserved(system: System, q: Array, t: float) -> dict[str, str]:
    """Return why energy, momentum or angular momentum need not stay, by name.

    Parameters
    ----------
    system
        The system.
    q, t
        Positions (R, d, N) and the time at which the torque of an external force is
        looked at.
    """
    external, why = system.external, {}
    if external is not None:
        why["momentum"] = "there is an external force"
        if external.time_dependent:
            why["energy"] = "the external potential depends on time"
    if system.dimension == 1:
        why["angular momentum"] = "the line has no rotations"
    elif system.box is not None:
        why["angular momentum"] = "a torus has no rotations"
    elif not is_radial(system.potential):
        why["angular momentum"] = "the potential may depend on the direction"
    elif external is not None:
        pull = np.swapaxes(external.gradient(np.swapaxes(q, 1, 2), t), 1, 2)
        torque = np.abs(angular_momentum(q, pull))
        if np.any(torque > _CENTRAL * angular_scale(q, pull)[:, None]):
            why["angular momentum"] = "the external force turns the cloud"
    return why
