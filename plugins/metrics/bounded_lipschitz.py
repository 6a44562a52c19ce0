"""Bounded-Lipschitz distance of the empirical measure to the mean field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug

Array = NDArray[np.float64]

#: Degree of the moments that serve as control variates, and nodes of their law.
DEGREE = {1: 4, 2: 2, 3: 2}
NODES = 4096


@dataclass(frozen=True)
class BoundedLipschitz(mfplug.Distance):
    r"""E d_BL(mu_N, f_t), the distance of Corollary 2.2.

    .. math:: d_{BL}(\mu, \nu) = \sup_{g: R^{2d} \to [0, 1], \mathrm{Lip}\, g \le 1}
              \int g\, d(\mu - \nu)

    It equals optimal transport with cost min(|x - y|, 1) (audit, E7) and is computed
    exactly for clouds, on a torus to the nearest image. f_t is represented by
    ``reference`` * N independent points nu of it, so each value is an upper bound of
    E d_BL(mu_N, f_t) with the same rate in N. ``bounded-lipschitz-iid`` is the floor: N
    fresh points of f_t in place of the particles. ``bounded-lipschitz-excess`` is the
    paired difference of the particles and their mean-field copies against the same nu:
    in it the floor cancels.

    Most of the scatter of d_BL comes from the few longest waves, so the squared
    differences of the moments of the two clouds, whose means are known for independent
    points, are control variates (:mod:`mfplug.theory.moments`).

    With ``kappas`` there are rows ``bounded-lipschitz-tail`` and ``-tail-iid``: the
    share of replicas with d_BL > kappa, its index, with Clopper and Pearson's interval;
    ``bounded-lipschitz-markov`` = E d_BL / kappa, inequality (51), and
    ``bounded-lipschitz-mcdiarmid``, the bounded-difference bound for independent points
    (:func:`mfplug.theory.tails.bounded_difference_bound`).
    """

    name: ClassVar[str] = "bounded-lipschitz"
    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")

    projection: str = mfplug.param(
        "phase", choices=("phase", "q", "p"), help="the coordinates that count"
    )
    clouds: int = mfplug.param(16, at_least=2, help="replicas that are used, at most")
    reference: int = mfplug.param(1, at_least=1, help="points of f_t for each particle")
    controls: int = mfplug.param(
        0, at_least=0, at_most=8, help="degree of the moments; 0: by dimension"
    )
    kappas: tuple[float, ...] = mfplug.param(
        (), help="distances beyond which the share of replicas is counted"
    )

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        size = particles * self.reference
        each = 3.0 * (
            3e-8 * particles * size + 2e-10 * (particles * size) ** 1.5 + 3e-4
        )
        return min(self.clouds, replicas) * times * each + 1.0

    def distance(self, x: Array, y: Array) -> float:
        """Return d_BL of two clouds with equal weights, shapes (n, D) and (m, D)."""
        from mfplug.theory.transport import bounded_lipschitz

        return bounded_lipschitz(x, y)

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
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
        sample: mfplug.Sample,
        k: int,
        clouds: list[Array],
        nodes: Array,
        w: Array,
        count: int,
    ) -> tuple[Array, list[Array]]:
        """Return distances (3, R): particles, fresh, copies; controls of two clouds."""
        from mfplug.theory.moments import moment_controls
        from mfplug.theory.transport import bounded_lipschitz

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
                    else bounded_lipschitz(cloud[r], nu[r], period=period)
                )
        degree = self.controls or DEGREE[sample.system.dimension]
        return values, [
            moment_controls(x, nu, nodes, w, degree) for x in (copies, fresh)
        ]

    def _rows(
        self, t: float, values: Array, controls: list[Array], k: int, N: int
    ) -> list[mfplug.Row]:
        from mfplug.theory.moments import controlled_mean

        index = "" if self.projection == "phase" else self.projection
        note = f"against {self.reference} N points of f_t: an upper bound"
        rows = []
        for name, sample, known in (
            (self.name, values[0], controls[0]),
            (f"{self.name}-iid", values[1], controls[1]),
        ):
            mean = controlled_mean(sample, known)
            rows.append(
                mfplug.Row(
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
            rows += self._tails(name, t, sample, float(mean.value), N)
        if k > 0:
            excess = values[0] - values[2]
            rows.append(mfplug.mean_row(f"{self.name}-excess", t, excess, index))
        return rows

    def _tails(
        self, name: str, t: float, sample: Array, mean: float, particles: int
    ) -> list[mfplug.Row]:
        """Return the share of replicas beyond each kappa, and its bounds."""
        from scipy.stats import beta

        from mfplug.theory.tails import bounded_difference_bound

        iid = name.endswith("-iid")
        rows, count = [], sample.size
        # Of both clouds' points each moves the distance by at most its mass.
        effective = particles / (1.0 + 1.0 / self.reference)
        for kappa in self.kappas:
            hits = int(np.count_nonzero(sample > kappa))
            share = hits / count
            low = float(beta.ppf(0.025, hits, count - hits + 1)) if hits else 0.0
            high = float(beta.isf(0.025, hits + 1, count - hits)) if share < 1 else 1.0
            error = float(np.sqrt(max(share * (1 - share), 1.0 / count) / count))
            index = f"{kappa:g}"
            label = f"{self.name}-tail{'-iid' if iid else ''}"
            rows.append(mfplug.Row(label, t, share, error, low, high, index, count))
            if iid:
                excess = max(kappa - mean, 0.0)
                bound = float(bounded_difference_bound(effective, excess))
                rows.append(mfplug.Row(f"{self.name}-mcdiarmid", t, bound, index=index))
            else:
                bound = min(mean / kappa, 1.0)
                rows.append(mfplug.Row(f"{self.name}-markov", t, bound, index=index))
        return rows

    def _period(self, system: mfplug.System) -> list[float] | None:
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
    field: mfplug.MeanField, rng: np.random.Generator, count: int, n: int
) -> tuple[Array, Array]:
    """Return independent points of f_0, ``count`` clouds of n: shapes (count, n, d)."""
    q, p = field.system.initial.sample(rng, count * n)
    shape = (count, n, -1)
    return q.reshape(shape), p.reshape(shape)


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [BoundedLipschitz]
