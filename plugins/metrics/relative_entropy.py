"""Relative entropy of the marginals to the mean field, by nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug

Array = NDArray[np.float64]

QUADRATURE = 4096


@dataclass(frozen=True)
class RelativeEntropy(mfplug.Observable):
    r"""KL(F^s | f_t^(x)s) of s particles, from the replicas.

    The particles are carried back by the mean-field flow, which keeps the volume, so
    that

    .. math:: KL(F^s_t | f_t^{\otimes s}) = -H(y_1, \dots, y_s)
              - E \sum_{i \le s} \log f_0(y_i), \quad y_i = \Phi_{t \to 0} x_i(t) .

    The entropy H is that of Kozachenko and Leonenko (1987), the second term is exact
    (:mod:`mfplug.theory.neighbours`). A KL that falls as N^-2 is small beside the bias
    of H; so the same estimate of as many independent points of f_0 is subtracted.
    ``relative-entropy`` is the difference, with a jackknife over replicas;
    ``relative-entropy-null`` what independent points exceed with a probability of 2.5 %
    only: a value below it says nothing. N/s tuples of each replica count, at most
    ``points`` in all. Where 2ds is above 6, or there are fewer than 40 replicas or 400
    tuples, the rows are empty and say why: the entropy of all N particles cannot be
    estimated in this way.
    """

    name: ClassVar[str] = "relative-entropy"
    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")
    measures: ClassVar[tuple[str, ...]] = ("relative-entropy", "relative-entropy-null")

    s: tuple[int, ...] = mfplug.param(
        (1,), help="numbers of particles in the marginal, from 1 on"
    )
    neighbours: int = mfplug.param(
        8, at_least=1, at_most=100, help="k: the neighbour whose distance counts"
    )
    points: int = mfplug.param(
        20_000, at_least=400, help="tuples of s particles, at most"
    )
    nulls: int = mfplug.param(
        8, at_least=4, help="samples of independent points for the null"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        wanted = tuple(self.s)
        whole = all(isinstance(s, int) and s >= 1 for s in wanted)
        if not wanted or not whole or wanted != tuple(sorted(set(wanted))):
            raise mfplug.ParameterError(
                "metric 'relative-entropy': s is wrong; got "
                f"{list(self.s)!r}, expected numbers from 1 on, rising. Change `s`."
            )

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        from mfplug.studies.cost import flow_seconds

        later = max(1, times - 1)
        count = min(self.points * max(self.s), particles * replicas)
        search = 1e-5 * 2.0**dimension * count * (self.nulls + 2)
        return later * (flow_seconds(count, 2.0, dimension) + search)

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return KL and its null for each s at every time after the first."""
        scales = self._scales(sample)
        rows = []
        for k, t in enumerate(sample.times):
            if k > 0:
                for s in self.s:
                    rows += self._at(sample, k, t, s, scales)
        return rows

    def _at(
        self, sample: mfplug.Sample, k: int, t: float, s: int, scales: Array
    ) -> list[mfplug.Row]:
        from mfplug.theory.neighbours import relative_entropy, too_little

        ensemble, system = sample.the_ensemble(), sample.system
        replicas = min(ensemble.replicas, self.points)
        each = min(ensemble.particles // s, self.points // replicas)
        names = self.name, f"{self.name}-null"
        axes = 2 * system.dimension * s
        why = too_little(replicas, each, axes, self.neighbours)
        if ensemble.particles < s:
            why = f"{ensemble.particles} particles have no marginal of {s}"
        if not why:
            points = self._carried_back(sample, k, t, replicas, each * s)
            outside = int(np.count_nonzero(~(self._density(sample, points) > 0.0)))
            if outside:
                why = f"{outside} particles are where f is 0: there KL is infinite"
        if why:
            return [
                mfplug.Row(n, t, None, index=str(s), replicas=replicas, note=why)
                for n in names
            ]
        shape = (replicas, each, axes)
        nulls = [
            np.reshape(self._fresh(sample, replicas * each * s) / scales, shape)
            for _ in range(self.nulls)
        ]
        box = system.box
        period = None
        if box is not None:
            one = [*(box / scales[: system.dimension]), *[np.inf] * system.dimension]
            period = one * s

        def log_density(x: Array) -> Array:
            single = x.reshape(-1, 2 * system.dimension) * scales
            logs = np.log(self._density(sample, single) * np.prod(scales))
            return np.asarray(logs.reshape(len(x), s).sum(axis=1))

        found = relative_entropy(
            np.reshape(points / scales, shape), nulls, log_density, self.neighbours,
            period,
        )  # fmt: skip
        zero = found.lower == 0.0 or found.value < found.threshold
        note = "not told from 0" if zero else ""
        return [
            mfplug.Row(
                names[0], t, found.value, found.stderr, found.lower, found.upper,
                str(s), replicas, note,
            ),
            mfplug.Row(names[1], t, found.threshold, index=str(s), replicas=replicas),
        ]  # fmt: skip

    def _carried_back(
        self, sample: mfplug.Sample, k: int, t: float, replicas: int, count: int
    ) -> Array:
        """Return the first ``count`` particles of each replica, (replicas count, D)."""
        ensemble, field = sample.the_ensemble(), sample.the_field()
        q, p = (a[k, :replicas, :count] for a in (ensemble.q, ensemble.p))
        d = q.shape[-1]
        q, p = field.flow(q.reshape(-1, d), p.reshape(-1, d), t, sample.times[0])
        if sample.system.box is not None:
            q = np.mod(q, sample.system.box)
        return np.concatenate([q, p], axis=1)

    def _fresh(self, sample: mfplug.Sample, count: int) -> Array:
        """Return independent points of f_0, shape (count, D)."""
        q, p = sample.system.initial.sample(sample.rng, count)
        if sample.system.box is not None:
            q = np.mod(q, sample.system.box)
        return np.concatenate([q, p], axis=1)

    def _density(self, sample: mfplug.Sample, points: Array) -> Array:
        q, p = np.split(points, 2, axis=1)
        return np.asarray(sample.system.initial.density(q, p))

    def _scales(self, sample: mfplug.Sample) -> Array:
        """Return the quartile width of each coordinate under f_0, shape (D,).

        KL does not depend on units; the distances do.
        """
        rng = np.random.default_rng(QUADRATURE)
        q, p = sample.system.initial.sample(rng, QUADRATURE)
        low, high = np.quantile(np.concatenate([q, p], axis=1), [0.25, 0.75], axis=0)
        return np.asarray(high - low)


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [RelativeEntropy]
