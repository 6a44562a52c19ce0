"""Wasserstein distance of order 2 of the empirical measure to the mean field."""

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
class Wasserstein2(CloudDistance):
    """E W2(mu_N, f_t): the root of the optimal mean squared distance.

    Exact for clouds: sorted in one dimension (``projection``), else an assignment; to
    the nearest image on a torus. It needs second moments of f_t to be finite. Rows as
    in :class:`mfplug.meanfield.cloud_distance.CloudDistance`.
    """

    name: ClassVar[str] = "wasserstein2"
    measures: ClassVar[tuple[str, ...]] = (
        "wasserstein2",
        "wasserstein2-iid",
        "wasserstein2-excess",
    )

    def of_points(self, r: float) -> float:
        """Return r."""
        return r

    def between(self, x: Array, y: Array, period: Sequence[float] | None) -> float:
        """Return W2 of two clouds with equal weights."""
        from mfplug.theory.transport import wasserstein2

        return wasserstein2(x, y, period=period)


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [Wasserstein2]
