"""Points carried by the equations of an ensemble, from its first time or back to it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.integrator import Integrator, State
from mfplug.dynamics.advance import step_lengths
from mfplug.dynamics.forces import Forces

if TYPE_CHECKING:
    from mfplug.dynamics.ensemble import Ensemble

Array = NDArray[np.float64]


def replay(
    ensemble: Ensemble,
    q: Array,
    p: Array,
    integrator: Integrator | None = None,
    backwards: bool = False,
) -> tuple[Array, Array]:
    """Return points at the ensemble's last time, or at its first.

    Parameters
    ----------
    q, p
        Points at the first time (the last one if ``backwards``), shape
        (replicas, d, N), any number of replicas.
    integrator
        In place of the ensemble's own.
    backwards
        Whether to take the same steps with the sign of time turned, last one first.
    """
    method = integrator or ensemble.integrator
    forces = Forces(ensemble.system, ensemble.particles)
    state = State(q, p, ensemble.system.mass)
    steps = [
        (start, step_lengths(start, end, ensemble.step))
        for start, end in pairwise(ensemble.times)
    ]
    path: list[tuple[float, float]] = []
    for t, lengths in steps:
        for dt in lengths:
            path.append((t, dt))
            t += dt
    if backwards:
        path = [(t + dt, -dt) for t, dt in reversed(path)]
    for t, dt in path:
        state = method.step(state, t, dt, forces)
    return state.q, state.p
