"""Deviation of the particles from their mean-field copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import mfplug
from mfplug.dynamics.copies import blocks, deviations


@dataclass(frozen=True)
class Coupling(mfplug.Observable):
    r"""Distance of x_i and its mean-field copy under synchronous coupling.

    .. math:: N^{-1} \sum_i |x_i(t) - \bar x_i(t)|, \qquad \max_i |x_i(t) - \bar x_i(t)|

    The copy starts at the same point and follows the mean field. Euclidean norm in
    phase space; mean over replicas. Falls as N^-1/2 for Lipschitz forces.
    """

    name: ClassVar[str] = "coupling"
    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")
    measures: ClassVar[tuple[str, ...]] = ("coupling-mean", "coupling-max")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        from mfplug.studies.cost import flow_seconds

        return flow_seconds(particles * replicas, max(1, times - 1), dimension)

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return coupling-mean and coupling-max at every time."""
        ensemble, field = sample.the_ensemble(), sample.the_field()
        mean = np.zeros((len(sample.times), ensemble.replicas))
        largest = np.zeros_like(mean)
        for part in blocks(ensemble):
            for k, distance in deviations(ensemble, field, part):
                mean[k, part] = distance.mean(axis=1)
                largest[k, part] = distance.max(axis=1)
        rows = []
        for k, t in enumerate(sample.times):
            if k > 0:
                rows.append(mfplug.mean_row("coupling-mean", t, mean[k]))
                rows.append(mfplug.mean_row("coupling-max", t, largest[k]))
        return rows


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [Coupling]
