"""Mean-field copies: the same initial points, carried by the mean field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mfplug.contracts.meanfield import MeanField
    from mfplug.dynamics.ensemble import Ensemble

Array = NDArray[np.float64]

#: Points that are carried at once; bounds the memory.
BLOCK_POINTS = 200_000


def blocks(ensemble: Ensemble, points: int = BLOCK_POINTS) -> Iterator[slice]:
    """Yield slices of replicas that hold about ``points`` particles each."""
    size = max(1, points // ensemble.particles)
    for start in range(0, ensemble.replicas, size):
        yield slice(start, min(ensemble.replicas, start + size))


def deviations(
    ensemble: Ensemble, field: MeanField, part: slice
) -> Iterator[tuple[int, Array]]:
    """Yield (time index, |x_i - copy of x_i|) of some replicas, shape (replicas, N).

    The Euclidean distance in phase space.
    """
    for k, q, p in copies(ensemble, field, part):
        square = np.sum((ensemble.q[k, part] - q) ** 2, axis=-1)
        square += np.sum((ensemble.p[k, part] - p) ** 2, axis=-1)
        yield k, np.sqrt(square)


def copies(
    ensemble: Ensemble, field: MeanField, part: slice
) -> Iterator[tuple[int, Array, Array]]:
    """Yield (time index, q, p) of the mean-field copies of some replicas.

    The copies start from the ensemble's initial points and follow the characteristics
    of the field; shapes (replicas, N, d).
    """
    q, p = ensemble.q[0, part], ensemble.p[0, part]
    yield 0, q, p
    for k in range(1, len(ensemble.times)):
        q, p = field.flow(q, p, ensemble.times[k - 1], ensemble.times[k])
        yield k, q, p
