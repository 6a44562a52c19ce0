"""Sums of potentials whose range is short: cell lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.sums.direct import DirectSum
from mfplug.dynamics.sums.kernel import ScaledKernel

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: What is left of phi_N and its slope beyond the range, relative to their largest.
NEGLIGIBLE = 1e-15
#: Cells in all, at most so many for each source.
_CELLS_A_SOURCE = 4


@dataclass(frozen=True)
class Grid:
    """Cells no shorter than the range, so that neighbours hold all that acts.

    In free space the outermost cells reach to infinity: a few points far away need no
    cells of their own.
    """

    low: Array
    size: Array
    counts: Integers
    box: float | None

    def cells(self, x: Array) -> Integers:
        """Return the indices of the cells of points, both (d, K)."""
        if self.box is not None:
            x = x - self.box * np.floor(x / self.box)
        index = np.floor((x - self.low[:, None]) / self.size[:, None])
        return np.clip(index, 0, self.counts[:, None] - 1).astype(np.int64)

    def flat(self, cell: Integers) -> Integers:
        """Return the number of each cell, the last axis running fastest."""
        number = np.zeros(cell.shape[1], dtype=np.int64)
        for index, count in zip(cell, self.counts, strict=True):
            number = number * count + index
        return number


class CellSum:
    """Sums over the sources in the cell of a target and in those around it.

    What is left out is below ``NEGLIGIBLE``, or nothing where the support is compact.

    Parameters
    ----------
    kernel
        The scaled potential.
    reach
        Its range.
    """

    name = "cells"

    def __init__(self, kernel: ScaledKernel, reach: float) -> None:
        self.kernel = kernel
        self.reach = reach
        self.direct = DirectSum(kernel)

    def _grid(self, y: Array) -> Grid:
        d, points = y.shape
        most = max(3, int((_CELLS_A_SOURCE * points) ** (1.0 / d)))
        box = self.kernel.box
        if box is not None:
            counts = np.full(d, min(most, int(box / self.reach)))
            return Grid(np.zeros(d), box / counts, counts, box)
        low, high = y.min(axis=1), y.max(axis=1)
        wanted = np.floor((high - low) / self.reach)
        counts = np.clip(np.nan_to_num(wanted), 1, most).astype(np.int64)
        size = np.full(d, self.reach)
        # Where there are too many, they lie around the middle of the cloud.
        middle = np.where(wanted > most, np.median(y, axis=1), 0.5 * (low + high))
        return Grid(middle - 0.5 * counts * size, size, counts, None)

    def _listed(
        self, y: Array, w: Array
    ) -> tuple[Grid, Integers, Array, Array, Integers]:
        """Return the grid, the order of the sources, both sorted, and the starts."""
        grid = self._grid(y)
        number = grid.flat(grid.cells(y))
        order = np.argsort(number, kind="stable")
        filled = np.bincount(number, minlength=int(np.prod(grid.counts)))
        starts = np.concatenate([[0], np.cumsum(filled)])
        return grid, order, np.ascontiguousarray(y[:, order]), w[order], starts

    def _finite(self, *points: Array) -> bool:
        return all(bool(np.isfinite(x).all()) for x in points)

    def forces(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return -sum_m w_m grad phi_N(x_k - y_m), shape (d, K)."""
        if not self._finite(sources, targets):
            return np.full(targets.shape, np.nan)
        grid, order, y, w, starts = self._listed(sources, weights)
        out = np.zeros(targets.shape)
        if not self.direct.compiled.compiled:
            for here, near in _neighbours(grid, grid.cells(targets), starts):
                out[:, here] = self.direct.forces(
                    np.ascontiguousarray(y[:, near]), w[near], targets[:, here]
                )
            return out
        from mfplug.dynamics.sums.cell_kernels import cell_forces

        # Targets in the order of the cells read the same sources again and again.
        back = (
            order
            if targets is sources
            else np.argsort(grid.flat(grid.cells(targets)), kind="stable")
        )
        x = np.ascontiguousarray(targets[:, back])
        k, c = self.kernel, self.direct.compiled
        cell_forces(
            c.term(k.box), x, grid.cells(x), y, w, starts, grid.counts,
            k.box is not None, c.scalars, k.scale,
            1.0 if k.box is None else k.scale * k.box, out,
        )  # fmt: skip
        out *= k.factor * k.scale
        result = np.empty_like(x)
        result[:, back] = out
        return result

    def energies(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return sum_m w_m phi_N(x_k - y_m), shape (K,)."""
        if not self._finite(sources, targets):
            return np.full(targets.shape[1], np.nan)
        grid, _, y, w, starts = self._listed(sources, weights)
        cell = grid.cells(targets)
        out = np.empty(targets.shape[1])
        if not self.direct.compiled.compiled:
            for here, near in _neighbours(grid, cell, starts):
                out[here] = self.direct.energies(
                    np.ascontiguousarray(y[:, near]), w[near], targets[:, here]
                )
            return out
        from mfplug.dynamics.sums.cell_kernels import cell_energies

        k, c = self.kernel, self.direct.compiled
        cell_energies(
            c.term(k.box), targets, cell, y, w, starts, grid.counts,
            k.box is not None, c.scalars, k.scale,
            1.0 if k.box is None else k.scale * k.box, c.origin, out,
        )  # fmt: skip
        return np.asarray(k.factor * out)

    def clouds(self, x: Array, weight: float) -> Array:
        """Return the forces of each cloud on itself, all weights equal; (R, d, N)."""
        w = np.full(x.shape[2], weight)
        return np.stack([self.forces(cloud, w, cloud) for cloud in x])


def _neighbours(
    grid: Grid, cell: Integers, starts: Integers
) -> Iterator[tuple[Integers, Integers]]:
    """Yield, cell by cell, its targets and the sorted sources in and around it."""
    number = grid.flat(cell)
    order = np.argsort(number, kind="stable")
    edges = np.flatnonzero(np.diff(number[order])) + 1
    for here in np.split(order, edges):
        if here.size == 0:
            continue
        around: set[int] = set()
        for shift in product((-1, 0, 1), repeat=len(grid.counts)):
            other = cell[:, here[:1]] + np.array(shift)[:, None]
            if grid.box is not None:
                other = other % grid.counts[:, None]
            elif np.any((other < 0) | (other >= grid.counts[:, None])):
                continue
            around.add(int(grid.flat(other)[0]))
        near = [np.arange(starts[c], starts[c + 1]) for c in sorted(around)]
        yield here, np.concatenate(near)


def find_cells(kernel: ScaledKernel) -> CellSum | None:
    """Return the sum by cells if the range is short enough, else None."""
    if kernel.periodic:
        return None
    reach = max(kernel.reach(NEGLIGIBLE), kernel.energy_reach(NEGLIGIBLE))
    if not 0.0 < reach < np.inf:
        return None
    if kernel.box is not None and kernel.box / reach < 3.0:
        return None
    return CellSum(kernel, reach)
