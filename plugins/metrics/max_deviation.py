"""The largest deviation from the mean field among N particles, against a power of N."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import mfplug
from mfplug.dynamics.copies import blocks, deviations

#: Of the interval of a probability.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class MaxDeviation(mfplug.Observable):
    r"""max_i |x_i(s) - x_i^mf(s)| up to t, and how often it exceeds N^-gamma.

    .. math:: D_t = \max_{s \le t} \max_i |x_i(s) - \bar x_i(s)|, \qquad
              P(D_t > N^{-\gamma})

    over the stored times s; the copies start at the same points and follow the mean
    field (the distance of the two flows in Boers and Pickl, J. Stat. Phys. 164 (2016)
    1, with gamma = 1/3). Rows: ``max-deviation``, the mean of D_t over replicas, and
    ``deviation-probability``, with the interval of Clopper and Pearson.
    """

    name: ClassVar[str] = "max-deviation"
    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")
    measures: ClassVar[tuple[str, ...]] = ("max-deviation", "deviation-probability")

    gamma: float = mfplug.param(1 / 3, above=0.0, help="exponent of the threshold")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        from mfplug.studies.cost import flow_seconds

        return flow_seconds(particles * replicas, max(1, times - 1), dimension)

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return both numbers at every time after the first."""
        ensemble, field = sample.the_ensemble(), sample.the_field()
        largest = np.zeros((len(sample.times), ensemble.replicas))
        for part in blocks(ensemble):
            for k, distance in deviations(ensemble, field, part):
                largest[k, part] = distance.max(axis=1)
        largest = np.maximum.accumulate(largest, axis=0)
        threshold = ensemble.particles**-self.gamma
        rows = []
        for t, deviation in zip(sample.times[1:], largest[1:], strict=True):
            rows.append(mfplug.mean_row(self.name, t, deviation))
            rows.append(_frequency(t, int((deviation > threshold).sum()), ensemble))
        return rows


def _frequency(t: float, hits: int, ensemble: mfplug.Ensemble) -> mfplug.Row:
    """Return the row of a probability that was met ``hits`` times."""
    from scipy.stats import binomtest

    count = ensemble.replicas
    found = binomtest(hits, count).proportion_ci(CONFIDENCE, "exact")
    share = hits / count
    return mfplug.Row(
        "deviation-probability",
        t,
        share,
        float(np.sqrt(share * (1.0 - share) / count)),
        float(found.low),
        float(found.high),
        replicas=count,
    )


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [MaxDeviation]
