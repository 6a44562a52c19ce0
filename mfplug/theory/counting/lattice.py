"""Occupations of m cells, layer by layer, and their multinomial masses.

An occupation n = (n_1, ..., n_m) counts the particles in each cell. The layers are the
occupations of N, N - 1, ..., 0 particles. They are ordered by their partial sums
s_j = n_1 + ... + n_j in colexicographic order, so that each layer is a prefix of the
one above and *adding a particle to cell i* is one table for all layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import comb

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import ParameterError

Array = NDArray[np.float64]
Index = NDArray[np.int64]

#: The most occupations of the top layer that are tabulated.
LARGEST = 2_000_000
#: The most occupations of all layers whose masses are tabulated, 2 GB of them.
LARGEST_LAYERS = 250_000_000


@dataclass(frozen=True)
class Lattice:
    """The occupations of ``cells`` cells by at most ``particles`` particles.

    Attributes
    ----------
    occupations : ndarray of int64, shape (T, m)
        The top layer; T = C(N + m - 1, m - 1).
    above : ndarray of int64, shape (m, T')
        ``above[i, b]`` is the index, one layer up, of b + e_i. The first
        ``size(M)`` columns belong to the layer of M particles.
    """

    particles: int
    cells: int
    occupations: Index = field(repr=False)
    above: Index = field(repr=False)

    def size(self, count: int) -> int:
        """Return the number of occupations of ``count`` particles."""
        return comb(count + self.cells - 1, self.cells - 1)

    def index(self, occupation: Sequence[int]) -> int:
        """Return the place of an occupation in its layer."""
        total, place = 0, 0
        for j, n in enumerate(occupation[:-1], start=1):
            total += int(n)
            place += comb(total + j - 1, j)
        return place

    def indices(self, occupations: Index) -> Index:
        """Return the places of many occupations, shape (R, m) -> (R,)."""
        sums = np.cumsum(occupations[:, :-1], axis=1)
        return _rank(sums)

    def layer(self, count: int) -> Index:
        """Return the occupations of ``count`` particles, shape (size, m)."""
        lower = self.occupations[: self.size(count)].copy()
        lower[:, -1] -= self.particles - count
        return lower

    def masses(self, law: Array) -> list[Array]:
        r"""Return the multinomial masses of all layers, the top one first.

        .. math:: P_M(a) = \sum_i f_i P_{M-1}(a - e_i)

        All terms are non-negative, so the relative rounding error of a mass is at most
        2 M m units of 2^-53 or so, however small it is.

        Raises
        ------
        ParameterError
            If the layers are too many for the memory.
        """
        total = comb(self.particles + self.cells, self.cells)
        if total > LARGEST_LAYERS:
            raise ParameterError(
                f"counting measure: too many particles; got N = {self.particles} in "
                f"{self.cells} cells, which is {total:.2g} occupations of N and fewer, "
                f"expected at most {LARGEST_LAYERS:.2g}. Take fewer particles or cells."
            )
        rows = [np.ones(1)]
        for count in range(1, self.particles + 1):
            row = np.zeros(self.size(count))
            below = rows[-1]
            for i in range(self.cells):
                # Each b + e_i occurs once, so that += adds every term.
                row[self.above[i, : below.size]] += law[i] * below
            rows.append(row)
        return rows[::-1]


def lattice(particles: int, cells: int) -> Lattice:
    """Return the occupations of ``cells`` cells by ``particles`` particles.

    Raises
    ------
    ParameterError
        If there are fewer than two cells, no particle, or too many occupations.
    """
    if cells < 2 or particles < 1:
        raise ParameterError(
            f"counting measure: nothing to count; got {particles} particles in "
            f"{cells} cells, expected at least 1 and 2. Give more."
        )
    size = comb(particles + cells - 1, cells - 1)
    if size > LARGEST:
        raise ParameterError(
            f"counting measure: too many occupations; got {size}, expected at most "
            f"{LARGEST}. Take fewer cells or particles."
        )
    sums = _partial_sums(particles, cells)
    occupations = np.diff(
        np.concatenate(
            [np.zeros((size, 1), int), sums, np.full((size, 1), particles)], axis=1
        ),
        axis=1,
    )
    lower = sums[: comb(particles + cells - 2, cells - 1)]
    above = np.empty((cells, lower.shape[0]), dtype=np.int64)
    for i in range(cells):
        raised = lower.copy()
        raised[:, i:] += 1
        above[i] = _rank(raised)
    return Lattice(particles, cells, occupations, above)


def _partial_sums(particles: int, cells: int) -> Index:
    """Return all 0 <= s_1 <= ... <= s_{m-1} <= N in colexicographic order."""
    # The last sum varies slowest: build from s_1 outwards.
    sums = np.arange(particles + 1).reshape(-1, 1)
    for _ in range(cells - 2):
        parts = []
        for last in range(particles + 1):
            inner = sums[sums[:, -1] <= last]
            parts.append(np.column_stack([inner, np.full(inner.shape[0], last)]))
        sums = np.concatenate(parts)
    return sums.astype(np.int64)


def _rank(sums: Index) -> Index:
    """Return the colexicographic places of rows of partial sums."""
    place = np.zeros(sums.shape[0], dtype=np.int64)
    for j in range(1, sums.shape[1] + 1):
        term = np.ones(sums.shape[0], dtype=np.int64)
        for step in range(j):
            # C(s + j - 1, j), exact at every step.
            term = term * (sums[:, j - 1] + step) // (step + 1)
        place += term
    return place
