"""Bounded-Lipschitz distance of the empirical measure to the mean field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug
from mfplug.meanfield.cloud_distance import CloudDistance

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BoundedLipschitz(CloudDistance):
    r"""E d_BL(mu_N, f_t), the distance of Corollary 2.2.

    .. math:: d_{BL}(\mu, \nu) = \sup_{g: R^{2d} \to [0, 1], \mathrm{Lip}\, g \le 1}
              \int g\, d(\mu - \nu)

    It equals optimal transport with cost min(|x - y|, 1) (audit, E7) and is computed
    exactly for clouds. Rows as in
    :class:`mfplug.meanfield.cloud_distance.CloudDistance`.

    With ``kappas`` there are rows ``bounded-lipschitz-tail`` and ``-tail-iid``: the
    share of replicas with d_BL > kappa, its index, with Clopper and Pearson's interval;
    ``bounded-lipschitz-markov`` = E d_BL / kappa, inequality (51), and
    ``bounded-lipschitz-mcdiarmid``, the bounded-difference bound for independent points
    (:func:`mfplug.theory.deviations.bounded_difference_bound`).
    """

    name: ClassVar[str] = "bounded-lipschitz"
    measures: ClassVar[tuple[str, ...]] = (
        "bounded-lipschitz", "bounded-lipschitz-iid", "bounded-lipschitz-excess",
        "bounded-lipschitz-tail", "bounded-lipschitz-tail-iid",
        "bounded-lipschitz-mcdiarmid", "bounded-lipschitz-markov",
    )  # fmt: skip

    kappas: tuple[float, ...] = mfplug.param(
        (), help="distances beyond which the share of replicas is counted"
    )

    def of_points(self, r: float) -> float:
        """Return min(r, 1)."""
        return min(r, 1.0)

    def between(self, x: Array, y: Array, period: Sequence[float] | None) -> float:
        """Return d_BL of two clouds with equal weights."""
        from mfplug.theory.transport import bounded_lipschitz

        return bounded_lipschitz(x, y, period=period)

    def tails(
        self, name: str, t: float, values: Array, mean: float, particles: int
    ) -> list[mfplug.Row]:
        """Return the share of replicas beyond each kappa, and its bounds."""
        from scipy.stats import beta

        from mfplug.theory.deviations import bounded_difference_bound

        iid = name.endswith("-iid")
        rows, count = [], values.size
        # Of both clouds' points each moves the distance by at most its mass.
        effective = particles / (1.0 + 1.0 / self.reference)
        for kappa in self.kappas:
            hits = int(np.count_nonzero(values > kappa))
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


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [BoundedLipschitz]
