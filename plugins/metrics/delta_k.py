"""Histogram of the force fluctuation, and what independent points would give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug
from mfplug.dynamics.copies import blocks
from mfplug.dynamics.forces import Forces
from mfplug.dynamics.independent import PairMoments, pair_moments

Array = NDArray[np.float64]

#: The histogram reaches so many standard deviations to either side.
REACH = 4.0


@dataclass(frozen=True)
class DeltaK(mfplug.Observable):
    r"""Law of the fluctuation (56), scaled so that (6)-(7) make it collapse.

    .. math:: \sqrt{N}\, \frac1N \sum_{j \ne i} \delta K_1(q_i, q_j)

    ``fluctuation-density``: density of this first component, a row for each bin, its
    centre the index. ``fluctuation-limit``: its limit for independent points, the
    mixture of the Gaussians of variance sigma^2(q_i). ``fluctuation-iid``: ``rms`` and
    ``with-self`` of the metric force-fluctuation for N independent points of f_t,
    without sampling: ((N - 1) sigma^2)^(1/2) / N, and with the deterministic term j = i
    ((N - 1) sigma^2 + mu^2)^(1/2) / N, where mu^2 is the mean square of
    (grad phi * rho)(q_i) (audit, E12). ``fluctuation-printed``: sigma / N^(1/2), which
    takes that term for one more random one, as Lemma 3.1 does.
    """

    name: ClassVar[str] = "delta-k"
    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")
    measures: ClassVar[tuple[str, ...]] = (
        "fluctuation-density", "fluctuation-limit", "fluctuation-iid",
        "fluctuation-printed",
    )  # fmt: skip

    bins: int = mfplug.param(25, at_least=2, help="bins of the histogram")
    nodes: int = mfplug.param(1024, at_least=8, help="nodes of the quadrature")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        pairs = 2e-8 * self.nodes**2 * dimension
        sampled = (4e-9 * particles**2 + 1e-6 * particles) * replicas
        return (pairs + sampled) * times + 0.1

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return all rows at every time."""
        ensemble, field = sample.the_ensemble(), sample.the_field()
        rows = []
        for k, t in enumerate(sample.times):
            moments = pair_moments(field, t, self.nodes)
            rows += self._exact(t, moments, ensemble.particles)
            spread = float(np.sqrt(moments.weights @ moments.variance[:, 0]))
            if spread == 0.0:
                note = "the force does not fluctuate"
                rows.append(mfplug.Row("fluctuation-density", t, None, note=note))
                continue
            edges = np.linspace(-REACH * spread, REACH * spread, self.bins + 1)
            counts = self._counts(ensemble, field, k, edges)
            rows += self._histogram(t, edges, counts, moments)
        return rows

    def _exact(self, t: float, moments: PairMoments, N: int) -> list[mfplug.Row]:
        note = "by quadrature, no sampling"
        printed = float(np.sqrt(moments.sigma_squared / N))
        values = {
            ("fluctuation-iid", "rms"): moments.rms(N),
            ("fluctuation-iid", "with-self"): moments.rms_with_self(N),
            ("fluctuation-printed", "with-self"): printed,
        }
        return [
            mfplug.Row(metric, t, value, index=index, note=note)
            for (metric, index), value in values.items()
        ]

    def _counts(
        self,
        ensemble: mfplug.Ensemble,
        field: mfplug.MeanField,
        k: int,
        edges: Array,
    ) -> Array:
        """Return the share of the particles in each bin, shape (replicas, bins)."""
        N, t = ensemble.particles, ensemble.times[k]
        forces = Forces(ensemble.system, N)
        shares = np.empty((ensemble.replicas, len(edges) - 1))
        for part in blocks(ensemble):
            q = ensemble.q[k, part]
            pair = forces(t, np.ascontiguousarray(ensemble.q_storage[k, part]))[:, 0]
            mean = field.force(t, q)[..., 0]
            # The external force is in both; in the second only a part of it cancels.
            external = ensemble.system.external
            if external is not None:
                outer = -external.gradient(q, t)[..., 0]
                pair, mean = pair - outer, mean - outer
            scaled = np.sqrt(N) * ((N - 1) / N * mean - pair)
            place = np.searchsorted(edges, scaled, side="right") - 1
            for bin_ in range(len(edges) - 1):
                shares[part, bin_] = np.mean(place == bin_, axis=1)
        return shares

    def _histogram(
        self, t: float, edges: Array, shares: Array, moments: PairMoments
    ) -> list[mfplug.Row]:
        from scipy.special import ndtr

        width = edges[1] - edges[0]
        sigma = np.sqrt(np.maximum(moments.variance[:, :1], 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            below = np.where(sigma > 0.0, ndtr(edges / sigma), edges > 0.0)
        limit = moments.weights @ np.diff(below, axis=1) / width
        rows = []
        for n, centre in enumerate(0.5 * (edges[1:] + edges[:-1])):
            index = f"{centre:.6g}"
            rows.append(
                mfplug.mean_row("fluctuation-density", t, shares[:, n] / width, index)
            )
            rows.append(
                mfplug.Row("fluctuation-limit", t, float(limit[n]), index=index)
            )
        return rows


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [DeltaK]
