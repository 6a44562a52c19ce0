"""Fluctuation of the N-body force around the mean field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

import mfplug
from mfplug.dynamics.copies import blocks
from mfplug.dynamics.forces import Forces


@dataclass(frozen=True)
class ForceFluctuation(mfplug.Observable):
    r"""Mean of delta K of equation (56) over the other particles.

    .. math:: N^{-1} \sum_{j \ne i} \delta K(q_i, q_j), \qquad
              \delta K(q, q') = \nabla\phi(q - q') - (\nabla\phi * \rho_t)(q)

    ``rms`` is the root mean square over particles and replicas, ``max`` the largest
    over the particles, ``with-self`` the rms with the term j = i, which is the
    deterministic -(grad phi * rho_t)(q_i) (audit, E12). Falls as N^-1/2.
    """

    name: ClassVar[str] = "force-fluctuation"
    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")
    measures: ClassVar[tuple[str, ...]] = ("force-fluctuation",)
    force_sums: ClassVar[float] = 1.0

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 1e-6 * particles * replicas * times + 0.1

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return rms, max and with-self at every time."""
        ensemble, field = sample.the_ensemble(), sample.the_field()
        N = ensemble.particles
        forces = Forces(ensemble.system, N)
        rows = []
        for k, t in enumerate(sample.times):
            square = np.zeros((2, ensemble.replicas))
            largest = np.zeros(ensemble.replicas)
            for part in blocks(ensemble):
                q = ensemble.q[k, part]
                total = forces(t, np.ascontiguousarray(ensemble.q_storage[k, part]))
                external = _external(ensemble.system, q, t)
                pair = np.swapaxes(total, 1, 2) - external
                mean = field.force(t, q) - external
                # dp/dt = -grad: mean minus pair is the fluctuation of grad phi.
                without = (N - 1) / N * mean - pair
                norm = np.sum(without**2, axis=-1)
                square[0, part] = norm.mean(axis=1)
                square[1, part] = np.sum((mean - pair) ** 2, axis=-1).mean(axis=1)
                largest[part] = np.sqrt(norm.max(axis=1))
            rows.append(_root(self.name, t, square[0], "rms"))
            rows.append(mfplug.mean_row(self.name, t, largest, "max"))
            rows.append(_root(self.name, t, square[1], "with-self"))
        return rows


def _external(system: mfplug.System, q: np.ndarray, t: float) -> np.ndarray:
    if system.external is None:
        return np.zeros_like(q)
    return -system.external.gradient(q, t)


def _root(name: str, t: float, squares: np.ndarray, index: str) -> mfplug.Row:
    """Return the root of a mean of squares, its error by the delta method."""
    row = mfplug.mean_row(name, t, squares, index)
    value = float(np.sqrt(np.mean(squares)))
    if row.stderr is None or row.upper is None or row.lower is None or value == 0.0:
        return replace(row, value=value, stderr=None, lower=None, upper=None)
    half = (row.upper - row.lower) / (4 * value)
    error = row.stderr / (2 * value)
    return replace(
        row, value=value, stderr=error, lower=value - half, upper=value + half
    )


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [ForceFluctuation]
