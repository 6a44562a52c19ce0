"""Compiled loops over windows: what fills a law best, and what is left short.

For two cells an occupation is one number n, and a good part a of N - k particles may
become any n of its window a, ..., a + k. ``masses`` (Q, N + 1) holds the laws of a in
the sectors k = ``sectors[q]``, zero behind N - k.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba

prepare_numba()

from numba import njit  # noqa: E402

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@njit(cache=True)
def best_filling(law: Array, masses: Array, sectors: Index, weights: Array) -> Array:
    """Return the law of types made by good parts that exceeds ``law`` least in all.

    Earliest deadline first, which is best for windows (F. Glover, Naval Res. Logist.
    Quart. 14 (1967) 313): n takes what is about to end, and stops when F(n) is full,
    except for what ends with n.
    """
    size = law.size
    waiting, made = np.zeros(size), np.zeros(size)
    for n in range(size):
        for q in range(sectors.size):
            end = n + sectors[q]
            if end < size:
                waiting[end] += weights[q] * masses[q, n]
        made[n] = waiting[n]
        room = law[n] - waiting[n]
        end = n + 1
        while room > 0.0 and end < size:
            taken = min(room, waiting[end])
            waiting[end] -= taken
            made[n] += taken
            room -= taken
            end += 1
    return made


@njit(cache=True)
def shortfalls(
    edges: Index, total: Array, masses: Array, sectors: Index, weights: Array
) -> tuple[Array, Index, Array, Index]:
    """Return the intervals of types in which too little is made, and by how much.

    Whatever has its window inside an interval has to be made there. Types come in
    groups, ``edges[g]`` to ``edges[g + 1] - 1``, and ``total[g]`` is made below the
    group g.

    Returns
    -------
    worst_from, last, worst_to, first : ndarray, shape (G,)
        For each first group the largest shortfall and the last group of that interval;
        for each last group the same with the first one.
    """
    size, groups = masses.shape[1], edges.size - 1
    inside, ends = np.zeros(size), np.zeros(size)
    worst_from, worst_to = np.full(groups, -np.inf), np.full(groups, -np.inf)
    last, first = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    group = groups - 1
    for start in range(size - 1, -1, -1):
        # inside[e]: the mass of windows within start, ..., e.
        ends[start:] = 0.0
        for q in range(sectors.size):
            if start + sectors[q] < size:
                ends[start + sectors[q]] += weights[q] * masses[q, start]
        run = 0.0
        for end in range(start, size):
            run += ends[end]
            inside[end] += run
        if edges[group] != start:
            continue
        for g in range(group, groups):
            short = inside[edges[g + 1] - 1] - (total[g + 1] - total[group])
            if short > worst_from[group]:
                worst_from[group], last[group] = short, g
            if short > worst_to[g]:
                worst_to[g], first[g] = short, group
        group -= 1
    return worst_from, last, worst_to, first
