"""Distances of the empirical measure to the mean field: clouds, floors, pairs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.metric import Distance, Row, Sample, mean_row
from mfplug.contracts.parameters import param

if TYPE_CHECKING:
    from mfplug.contracts.meanfield import MeanField
    from mfplug.system import System

Array = NDArray[np.float64]

#: Degree of the moments that serve as control variates, and nodes of their law.
DEGREE = {1: 4, 2: 2, 3: 2}
NODES = 4096


@dataclass(frozen=True)
class CloudDistance(Distance, ABC):
    r"""E d(mu_N, f_t) for a distance d of clouds, on a torus to the nearest image.

    f_t is represented by ``reference`` * N independent points nu of it, so each value
    is an upper bound of E d(mu_N, f_t) with the same rate in N. The row ``NAME-iid`` is
    the floor: N fresh points of f_t in place of the particles. ``NAME-excess`` is the
    paired difference of the particles and their mean-field copies against the same nu:
    in it the floor cancels.

    Most of the scatter of d comes from the few longest waves, so the products of
    moments of the two clouds, whose means are known for independent points, are control
    variates (:mod:`mfplug.theory.moments`).
    """

    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")

    projection: str = param(
        "phase", choices=("phase", "q", "p"), help="the coordinates that count"
    )
    clouds: int = param(16, at_least=2, help="replicas that are used, at most")
    reference: int = param(1, at_least=1, help="points of f_t for each particle")
    controls: int = param(
        0, at_least=0, at_most=8, help="degree of the moments; 0: by dimension"
    )

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        size = particles * self.reference
        each = 3.0 * (
            3e-8 * particles * size + 2e-10 * (particles * size) ** 1.5 + 3e-4
        )
        return min(self.clouds, replicas) * times * each + 1.0

    def distance(self, x: Array, y: Array) -> float:
        """Return the distance of two clouds with equal weights, (n, D) and (m, D)."""
        return self.between(x, y, None)

    @abstractmethod
    def between(self, x: Array, y: Array, period: Sequence[float] | None) -> float:
        """Return the distance; ``period`` is that of each coordinate, inf for none."""

    def tails(
        self, name: str, t: float, values: Array, mean: float, particles: int
    ) -> list[Row]:
        """Return further rows of the values of the replicas; none here."""
        return []

    def rows(self, sample: Sample) -> list[Row]:
        """Return the distance, the iid floor and the paired difference at each time."""
        ensemble, field, rng = sample.the_ensemble(), sample.the_field(), sample.rng
        count = min(self.clouds, ensemble.replicas)
        N, start = ensemble.particles, sample.times[0]
        copies = ensemble.q[0, :count], ensemble.p[0, :count]
        fresh = _points(field, rng, count, N)
        nu = _points(field, rng, count, self.reference * N)
        *nodes, w = sample.system.initial.nodes(NODES)
        rows = []
        for k, t in enumerate(sample.times):
            if k > 0:
                span = sample.times[k - 1], t
                copies = field.flow(*copies, *span)
                fresh, nu = field.flow(*fresh, *span), field.flow(*nu, *span)
            carried = field.flow(nodes[0], nodes[1], start, t)
            clouds = [self._cloud(*x) for x in (copies, fresh, nu)]
            values, controls = self._values(
                sample, k, clouds, self._cloud(*carried), w, count
            )
            rows += self._rows(t, values, controls, k, N)
        return rows

    def _values(
        self,
        sample: Sample,
        k: int,
        clouds: list[Array],
        nodes: Array,
        w: Array,
        count: int,
    ) -> tuple[Array, list[Array]]:
        """Return distances (3, R): particles, fresh, copies; controls of two clouds."""
        from mfplug.theory.moments import moment_controls

        ensemble = sample.the_ensemble()
        copies, fresh, nu = clouds
        particles = self._cloud(ensemble.q[k, :count], ensemble.p[k, :count])
        period = self._period(sample.system)
        values = np.empty((3, count))
        for r in range(count):
            for n, cloud in enumerate((particles, fresh, copies)):
                values[n, r] = (
                    values[0, r]
                    if n == 2 and k == 0
                    else self.between(cloud[r], nu[r], period)
                )
        degree = self.controls or DEGREE[sample.system.dimension]
        return values, [
            moment_controls(x, nu, nodes, w, degree) for x in (copies, fresh)
        ]

    def _rows(
        self, t: float, values: Array, controls: list[Array], k: int, N: int
    ) -> list[Row]:
        from mfplug.theory.moments import controlled_mean

        index = "" if self.projection == "phase" else self.projection
        note = f"against {self.reference} N points of f_t: an upper bound"
        rows = []
        for name, sample, known in (
            (self.name, values[0], controls[0]),
            (f"{self.name}-iid", values[1], controls[1]),
        ):
            if len(sample) == 1:
                rows.append(mean_row(name, t, sample, index, note))
                rows += self.tails(name, t, sample, float(sample[0]), N)
                continue
            mean = controlled_mean(sample, known)
            rows.append(
                Row(
                    name,
                    t,
                    float(mean.value),
                    float(mean.stderr),
                    float(mean.lower),
                    float(mean.upper),
                    index,
                    mean.replicas,
                    note,
                )
            )
            rows += self.tails(name, t, sample, float(mean.value), N)
        if k > 0:
            excess = values[0] - values[2]
            rows.append(mean_row(f"{self.name}-excess", t, excess, index))
        return rows

    def _period(self, system: System) -> list[float] | None:
        if system.box is None:
            return None
        sides = [system.box] * system.dimension, [np.inf] * system.dimension
        return {"phase": sides[0] + sides[1], "q": sides[0], "p": sides[1]}[
            self.projection
        ]

    def _cloud(self, q: Array, p: Array) -> Array:
        parts = {"phase": (q, p), "q": (q,), "p": (p,)}[self.projection]
        return np.ascontiguousarray(np.concatenate(parts, axis=-1))


def _points(
    field: MeanField, rng: np.random.Generator, count: int, n: int
) -> tuple[Array, Array]:
    """Return independent points of f_0, ``count`` clouds of n: shapes (count, n, d)."""
    q, p = field.system.initial.sample(rng, count * n)
    shape = (count, n, -1)
    return q.reshape(shape), p.reshape(shape)
