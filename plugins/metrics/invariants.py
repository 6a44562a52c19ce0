"""Errors of the quantities that Newton's equations conserve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import mfplug
from mfplug.dynamics.forces import Forces
from mfplug.dynamics.invariants import angular_momentum, energy, momentum


@dataclass(frozen=True)
class Invariants(mfplug.Observable):
    r"""Largest change over the snapshots of energy, momentum and angular momentum.

    .. math:: \max_{r, t} \frac{|I_r(t) - I_r(0)|}{s_r}

    over replicas r: ``energy`` relative to T(0) + \|U(0)\|, ``momentum`` to
    sum_i \|p_i(0)\|, ``angular`` (d > 1) to sum_i \|q_i(0)\| \|p_i(0)\|. It is of the
    integrator, not of sampling, so there is no standard error. An external potential
    changes momentum, a time-dependent one energy, and a torus has no angular momentum:
    then the row says so.
    """

    name: ClassVar[str] = "invariants"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 4e-9 * particles**2 * replicas * times + 0.05

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return rows energy, momentum and angular, at the last time."""
        ensemble = sample.the_ensemble()
        system = ensemble.system
        driven = system.external is not None and system.external.time_dependent
        notes = {
            "energy": "the external potential depends on time" if driven else "",
            "momentum": "" if system.external is None else "there is an external force",
            "angular": "" if system.box is None else "a torus has no rotations",
        }
        if system.dimension == 1:
            del notes["angular"]
        rows = []
        for index, note in notes.items():
            value = None if note else self._error(ensemble, index)
            if value is None and not note:
                note = "its scale is 0 in a replica"
            rows.append(
                mfplug.Row(
                    self.name,
                    sample.times[-1],
                    value,
                    index=index,
                    replicas=ensemble.replicas,
                    note=note,
                )
            )
        return rows

    def _error(self, ensemble: mfplug.Ensemble, index: str) -> float | None:
        q, p = ensemble.q_storage[0], ensemble.p_storage[0]
        speed, distance = np.linalg.norm(p, axis=1), np.linalg.norm(q, axis=1)
        count = range(len(ensemble.times))
        if index == "energy":
            forces = Forces(ensemble.system, ensemble.particles)
            values = [energy(ensemble, k, forces)[:, None] for k in count]
            kinetic, potential = forces.energies(ensemble.times[0], q, p)
            scale = kinetic + np.abs(potential)
        elif index == "momentum":
            values = [momentum(ensemble, k) for k in count]
            scale = speed.sum(axis=1)
        else:
            values = [angular_momentum(ensemble, k) for k in count]
            scale = (distance * speed).sum(axis=1)
        if not np.all(scale > 0):
            return None
        change = np.linalg.norm(np.stack(values) - values[0], axis=-1)
        return float(np.max(change / scale))


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [Invariants]
