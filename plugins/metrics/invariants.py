"""Errors of the quantities that Newton's equations conserve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import mfplug
from mfplug.dynamics.forces import Forces
from mfplug.dynamics.invariants import (
    angular_momentum,
    angular_scale,
    momentum,
    momentum_scale,
    not_conserved,
)


@dataclass(frozen=True)
class Invariants(mfplug.Observable):
    r"""Largest change over the snapshots of energy, momentum and angular momentum.

    .. math:: \max_{r, t} \frac{|I_r(t) - I_r(0)|}{s_r}

    over replicas r: ``energy`` relative to T(0) + \|U(0)\|, ``momentum`` to
    sum_i \|p_i(0)\|, ``angular`` (d > 1) to sum_i \|q_i(0)\| \|p_i(0)\|. It is of the
    integrator, not of sampling, so there is no standard error. An external potential
    changes momentum, one that is not central angular momentum, a time-dependent one
    energy, and a torus has no angular momentum: then the row says so.
    """

    name: ClassVar[str] = "invariants"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)
    measures: ClassVar[tuple[str, ...]] = ("invariants",)
    force_sums: ClassVar[float] = 1.5

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 2e-8 * dimension * particles * replicas * times + 0.05

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return rows energy, momentum and angular, at the last time."""
        ensemble = sample.the_ensemble()
        why = not_conserved(
            ensemble.system, ensemble.q_storage[0, :1], ensemble.times[0]
        )
        names = {"energy": "energy", "momentum": "momentum"}
        if ensemble.dimension > 1:
            names["angular"] = "angular momentum"
        rows = []
        for index, name in names.items():
            note = why.get(name, "")
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
        q, p = ensemble.q_storage, ensemble.p_storage
        count = range(len(ensemble.times))
        if index == "energy":
            forces = Forces(ensemble.system, ensemble.particles)
            parts = [forces.energies(ensemble.times[k], q[k], p[k]) for k in count]
            values = [(kinetic + potential)[:, None] for kinetic, potential in parts]
            scale = parts[0][0] + np.abs(parts[0][1])
        elif index == "momentum":
            values = [momentum(p[k]) for k in count]
            scale = momentum_scale(p[0])
        else:
            values = [angular_momentum(q[k], p[k]) for k in count]
            scale = angular_scale(q[0], p[0])
        if not np.all(scale > 0):
            return None
        change = np.linalg.norm(np.stack(values) - values[0], axis=-1)
        return float(np.max(change / scale))


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [Invariants]
