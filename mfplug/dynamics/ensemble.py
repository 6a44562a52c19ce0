"""An ensemble: snapshots of replicas of N particles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.account import together
from mfplug.errors import ParameterError

if TYPE_CHECKING:
    from mfplug.contracts.integrator import Integrator
    from mfplug.system import System

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ensemble:
    """Snapshots of independent replicas of the N-particle system.

    Attributes
    ----------
    system : System
        With N-dependent parameters evaluated.
    particles : int
        N.
    times : tuple of float
        The snapshot times; the first is the initial time.
    q_storage, p_storage : ndarray, shape (times, replicas, d, particles)
        Component-major storage: one replica and component is contiguous.
    seed, first_replica : int
        Replica number ``first_replica + r`` stands at index r.
    step : float
    integrator : Integrator
    info : dict
        How the forces were computed, and how far what is conserved has moved.
    """

    system: System
    particles: int
    times: tuple[float, ...]
    q_storage: Array
    p_storage: Array
    seed: int
    first_replica: int
    step: float
    integrator: Integrator
    info: dict[str, Any] = field(default_factory=dict)

    @property
    def q(self) -> Array:
        """Positions, shape (times, replicas, particles, d), a view."""
        return np.swapaxes(self.q_storage, 2, 3)

    @property
    def p(self) -> Array:
        """Momenta, shape (times, replicas, particles, d), a view."""
        return np.swapaxes(self.p_storage, 2, 3)

    @property
    def replicas(self) -> int:
        """Number of replicas."""
        return int(self.q_storage.shape[1])

    @property
    def dimension(self) -> int:
        """The dimension d of space."""
        return self.system.dimension

    def time_index(self, time: float) -> int:
        """Return the index of a snapshot time."""
        found = np.flatnonzero(np.isclose(self.times, time, rtol=0, atol=1e-12))
        if found.size == 0:
            raise ParameterError(
                f"ensemble: no snapshot at this time; got {time!r}, expected one of "
                f"{', '.join(f'{t:g}' for t in self.times)}. Add it to `times`."
            )
        return int(found[0])

    def take(self, replicas: slice) -> Self:
        """Return the ensemble of some of the replicas."""
        start = replicas.indices(self.replicas)[0]
        return replace(
            self,
            q_storage=self.q_storage[:, replicas],
            p_storage=self.p_storage[:, replicas],
            first_replica=self.first_replica + start,
        )

    @staticmethod
    def join(parts: Sequence[Ensemble]) -> Ensemble:
        """Return consecutive replica ranges of one cell as one ensemble."""
        expected = parts[0].first_replica
        for part in parts:
            if part.first_replica != expected or part.particles != parts[0].particles:
                raise ParameterError(
                    "ensemble: ranges of replicas do not follow each other; got "
                    f"replica {part.first_replica}, expected {expected}. "
                    "Join consecutive parts of one cell."
                )
            expected += part.replicas
        if len(parts) == 1:
            return parts[0]
        info = dict(parts[0].info)
        if all("conserved" in part.info for part in parts):
            info["conserved"] = together(part.info["conserved"] for part in parts)
        return replace(
            parts[0],
            info=info,
            q_storage=np.concatenate([e.q_storage for e in parts], axis=1),
            p_storage=np.concatenate([e.p_storage for e in parts], axis=1),
        )
