"""Relative error of the total energy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import mfplug
from mfplug.dynamics.forces import Forces


@dataclass(frozen=True)
class EnergyDrift(mfplug.Observable):
    r"""Largest relative change of the energy over the snapshots.

    .. math:: \max_t \frac{|E(t) - E(0) - W(t)|}{T(0) + |U(0)|}

    T is the kinetic and U the potential energy of (1) and (10). W is the work that a
    time-dependent external potential does, int dV_t/dt dt, by the trapezoid rule over
    the snapshots; it is 0 otherwise.
    """

    name: ClassVar[str] = "energy-drift"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)
    measures: ClassVar[tuple[str, ...]] = ("energy-drift",)
    force_sums: ClassVar[float] = 1.5

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 2e-8 * dimension * particles * replicas * times + 0.1

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return one row, at the last time."""
        ensemble = sample.the_ensemble()
        forces = Forces(ensemble.system, ensemble.particles)
        total, scales, power = [], [], []
        for k, t in enumerate(ensemble.times):
            kinetic, potential = forces.energies(
                t, ensemble.q_storage[k], ensemble.p_storage[k]
            )
            total.append(kinetic + potential)
            scales.append(kinetic + np.abs(potential))
            power.append(self._power(ensemble, k, t))
        work = np.zeros_like(total[0])
        drift = np.zeros_like(total[0])
        for k in range(1, len(total)):
            dt = ensemble.times[k] - ensemble.times[k - 1]
            work = work + 0.5 * dt * (power[k] + power[k - 1])
            drift = np.maximum(drift, np.abs(total[k] - total[0] - work))
        scale = scales[0]
        if not np.all(scale > 0):
            note = "the energy at the first time is 0 in a replica"
            return [mfplug.Row(self.name, sample.times[-1], None, note=note)]
        note = (
            "work by the trapezoid rule over the snapshots"
            if self._driven(ensemble)
            else ""
        )
        return [mfplug.mean_row(self.name, sample.times[-1], drift / scale, note=note)]

    @staticmethod
    def _driven(ensemble: mfplug.Ensemble) -> bool:
        external = ensemble.system.external
        return external is not None and external.time_dependent

    def _power(self, ensemble: mfplug.Ensemble, k: int, t: float) -> np.ndarray:
        """Return sum_i dV_t/dt (q_i) of each replica."""
        external = ensemble.system.external
        if external is None or not external.time_dependent:
            return np.zeros(ensemble.replicas)
        q, h = ensemble.q[k], 1e-5
        change = external.energy(q, t + h) - external.energy(q, t - h)
        return np.sum(change / (2 * h), axis=1)


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [EnergyDrift]
