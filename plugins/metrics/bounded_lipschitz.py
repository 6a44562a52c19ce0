"""Bounded-Lipschitz distance of the empirical measure to the mean field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BoundedLipschitz(mfplug.Distance):
    r"""E d_BL(mu_N, f_t), the distance of Corollary 2.2.

    .. math:: d_{BL}(\mu, \nu) = \sup_{g: R^{2d} \to [0, 1], \mathrm{Lip}\, g \le 1}
              \int g\, d(\mu - \nu)

    It equals optimal transport with cost min(|x - y|, 1) (audit, E7) and is computed
    exactly for clouds. f_t is represented by ``reference`` * N independent points nu of
    it, so each value is an upper bound of E d_BL(mu_N, f_t) with the same rate in N.
    ``bounded-lipschitz-iid`` is the floor: N fresh points of f_t in place of the
    particles. ``bounded-lipschitz-excess`` is the paired difference of the particles
    and their mean-field copies against the same nu: in it the floor cancels.
    """

    name: ClassVar[str] = "bounded-lipschitz"
    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")

    projection: str = mfplug.param(
        "phase", choices=("phase", "q", "p"), help="the coordinates that count"
    )
    clouds: int = mfplug.param(16, at_least=2, help="replicas that are used, at most")
    reference: int = mfplug.param(4, at_least=1, help="points of f_t for each particle")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        size = particles * self.reference
        each = 3.0 * (1.5e-7 * particles * size + 2e-9 * particles * size**1.3 + 1e-3)
        return min(self.clouds, replicas) * max(1, times - 1) * each + 1.0

    def distance(self, x: Array, y: Array) -> float:
        """Return d_BL of two clouds with equal weights, shapes (n, D) and (m, D)."""
        from mfplug.theory.transport import bounded_lipschitz

        return bounded_lipschitz(x, y)

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the distance, the iid floor and the paired difference at each time."""
        ensemble, field, rng = sample.the_ensemble(), sample.the_field(), sample.rng
        count = min(self.clouds, ensemble.replicas)
        N, start = ensemble.particles, sample.times[0]
        q, p = ensemble.q[0, :count], ensemble.p[0, :count]
        fresh = [field.sample(start, rng, N) for _ in range(count)]
        nu = [field.sample(start, rng, self.reference * N) for _ in range(count)]
        rows = []
        for k, t in enumerate(sample.times):
            if k > 0:
                before = sample.times[k - 1]
                q, p = field.flow(q, p, before, t)
                fresh = [field.flow(a, b, before, t) for a, b in fresh]
                nu = [field.flow(a, b, before, t) for a, b in nu]
            values = np.empty((3, count))
            for r in range(count):
                reference = self._cloud(*nu[r])
                particles = self._cloud(ensemble.q[k, r], ensemble.p[k, r])
                values[0, r] = self.distance(particles, reference)
                values[1, r] = self.distance(self._cloud(*fresh[r]), reference)
                copies = values[0, r]
                if k > 0:
                    copies = self.distance(self._cloud(q[r], p[r]), reference)
                values[2, r] = values[0, r] - copies
            rows += self._rows(t, values, k)
        return rows

    def _rows(self, t: float, values: Array, k: int) -> list[mfplug.Row]:
        index = "" if self.projection == "phase" else self.projection
        note = f"against {self.reference} N points of f_t: an upper bound"
        rows = [
            mfplug.mean_row(self.name, t, values[0], index, note),
            mfplug.mean_row(f"{self.name}-iid", t, values[1], index, note),
        ]
        if k > 0:
            rows.append(mfplug.mean_row(f"{self.name}-excess", t, values[2], index))
        return rows

    def _cloud(self, q: Array, p: Array) -> Array:
        parts = {"phase": (q, p), "q": (q,), "p": (p,)}[self.projection]
        return np.ascontiguousarray(np.concatenate(parts, axis=-1))


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [BoundedLipschitz]
