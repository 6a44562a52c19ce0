r"""The law of occupations of half a torus, averaged over where the half begins.

Where the law of the particles does not change if all of them are shifted together (a
homogeneous state and forces between pairs), the number of particles in [s, s + l/2) has
the same law for every s. The mean over s is exact for each replica, and is worth many
replicas: a replica gives a law of the count, not one count.
"""

from __future__ import annotations

import numpy as np

from mfplug.theory.counting.lattice import Array

#: Positions that are sorted at once; bounds the memory.
BLOCK = 500_000


def half_counts(q: Array, box: float) -> Array:
    """Return P(n particles in a random half of the torus), shape (replicas, N + 1).

    Parameters
    ----------
    q
        Positions on a torus of one dimension, shape (replicas, N), unwrapped or not.
    box
        The side of the torus.

    Examples
    --------
    Two particles a quarter of the torus apart are together in half of the halves.

    >>> half_counts(np.array([[0.25, 0.5]]), 1.0).tolist()
    [[0.25, 0.5, 0.25]]
    """
    replicas, N = q.shape
    size = max(1, BLOCK // max(N, 1))
    parts = [
        _counts(np.mod(q[start : start + size] / box, 1.0))
        for start in range(0, replicas, size)
    ]
    return np.concatenate(parts)


def _counts(x: Array) -> Array:
    replicas, N = x.shape
    # As s grows, a particle leaves where s passes it, and enters where s + 1/2 does.
    places = np.concatenate([x, np.mod(x + 0.5, 1.0)], axis=1)
    change = np.concatenate([np.full_like(x, -1.0), np.ones_like(x)], axis=1)
    order = np.argsort(places, axis=1)
    places = np.take_along_axis(places, order, axis=1)
    change = np.take_along_axis(change, order, axis=1).astype(np.int64)
    start = (x < 0.5).sum(axis=1, keepdims=True)
    counts = np.concatenate([start, start + np.cumsum(change, axis=1)], axis=1)
    ends = np.concatenate(
        [np.zeros((replicas, 1)), places, np.ones((replicas, 1))], axis=1
    )
    # Coinciding events may leave the range for an arc of length 0.
    counts = np.clip(counts, 0, N) + (N + 1) * np.arange(replicas)[:, None]
    weights = np.diff(ends, axis=1)
    law = np.bincount(counts.ravel(), weights.ravel(), replicas * (N + 1))
    return np.asarray(law.reshape(replicas, N + 1))
