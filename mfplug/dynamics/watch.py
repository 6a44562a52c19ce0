"""A watch on the energy of a run: a step that is too long is said while it runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import MfplugError, NumericsError

if TYPE_CHECKING:
    from mfplug.contracts.integrator import Integrator, State
    from mfplug.dynamics.forces import Forces

Array = NDArray[np.float64]

#: Growth of the kinetic energy of a replica that makes the watch look closer.
_GROWTH = 4.0
#: Change of the energy, relative to kinetic plus potential energy, that is no rounding
#: and no error of a step that resolves the motion.
_LIMIT = 0.5
#: Steps in a radian of the fastest oscillation; leapfrog is unstable below a half.
_RESOLUTION = 4.0


class EnergyWatch:
    """Compares the energy with that of the start whenever the kinetic energy leaps.

    The kinetic energy is looked at after every step, which costs next to nothing; the
    whole energy only where it has grown fourfold since it was last looked at. Nothing
    is watched where an external potential depends on time and may do work.

    Parameters
    ----------
    forces
        Of the system.
    method
        The integrator, for the message.
    start
        State at the first time.
    time
        The first time.
    first_replica
        Number of the first replica of the state.
    """

    def __init__(
        self,
        forces: Forces,
        method: Integrator,
        start: State,
        time: float,
        first_replica: int = 0,
    ) -> None:
        external = forces.system.external
        self._works = external is not None and external.time_dependent
        self._forces = forces
        self._method = method
        self._start = start
        self._time = time
        self._first = first_replica
        self._known = self._kinetic(start)
        self._energy: tuple[Array, Array] | None = None

    def _kinetic(self, state: State) -> Array:
        square = np.einsum("rai,rai->r", state.p, state.p)
        return square / (2.0 * self._forces.system.mass)

    def see(self, t: float, dt: float, state: State) -> None:
        """Look at the state after a step.

        Raises
        ------
        NumericsError
            If the energy has left that of the start by half of what there is.
        """
        if self._works:
            return
        kinetic = self._kinetic(state)
        leapt = np.flatnonzero(kinetic > _GROWTH * self._known)
        if leapt.size == 0:
            return
        now, size = self._energies(t, state)
        if self._energy is None:
            self._energy = self._energies(self._time, self._start)
        before, size_before = self._energy
        limit = _LIMIT * np.maximum(size, size_before)
        for r in leapt:
            # An energy that overflows has an infinite limit.
            kept = np.isfinite(now[r]) and abs(now[r] - before[r]) <= limit[r]
            if not kept:
                raise NumericsError(
                    f"integrator '{self._method.name}': the energy explodes; got "
                    f"{now[r]:.3g} at t = {t:g} in replica {self._first + int(r)}, "
                    f"expected {before[r]:.3g} as at the start. Take a step of at most "
                    f"{self._suggested(dt):.2g}."
                )
        self._known[leapt] = kinetic[leapt]

    def _energies(self, t: float, state: State) -> tuple[Array, Array]:
        """Return the energy and the sum of the sizes of its parts, (R,) each."""
        q, p = np.ascontiguousarray(state.q), np.ascontiguousarray(state.p)
        kinetic, potential = self._forces.energies(t, q, p)
        return kinetic + potential, kinetic + np.abs(potential)

    def _suggested(self, dt: float) -> float:
        """Return a step that resolves the fastest oscillation, at most dt / 4."""
        system, pairs = self._forces.system, self._forces.pairs.kernel
        try:
            lipschitz = system.potential.gradient_lipschitz
        except MfplugError:
            lipschitz = math.inf
        stiffness = self._forces.N * pairs.factor * pairs.scale**2 * lipschitz
        if not 0.0 < stiffness < math.inf:
            return 0.25 * abs(dt)
        resolved = math.sqrt(system.mass / stiffness) / _RESOLUTION
        return min(resolved, 0.25 * abs(dt))
