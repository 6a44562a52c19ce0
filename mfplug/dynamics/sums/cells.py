"""Sums of potentials whose range is short: cell lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.compiled import CompiledPotential
from mfplug.dynamics.sums.direct import DirectSum
from mfplug.dynamics.sums.kernel import ScaledKernel

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: What is left of phi_N and its slope beyond the range, relative to their largest.
NEGLIGIBLE = 1e-15
#: The range is taken longer than it is, by more than cells and separations round.
_WIDER = 1.0 + 1e-9
#: Cells in all, at most so many for each source.
_CELLS_A_SOURCE = 4


@dataclass(frozen=True)
class Grid:
    """Cells no shorter than the range: one to each side holds all that acts.

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

    def rows(self) -> Integers:
        """Return the rows of cells around one.

        A row is the shifts in all axes but the last, and the cells to each side there.
        """
        shifts = product((-1, 0, 1), repeat=len(self.counts) - 1)
        return np.array([[*shift, -1, 1] for shift in shifts], dtype=np.int64)

    def slabs(self) -> Integers:
        """Return where slabs of layers begin.

        On a torus their number is even, because the last one meets the first.
        """
        layers = int(self.counts[0])
        count = layers - (layers % 2 if self.box is not None else 0)
        return np.arange(count + 1, dtype=np.int64) * layers // count


class Listed(NamedTuple):
    """Points by cell: their order, themselves (scaled), and where each cell begins."""

    order: Integers
    points: Array
    starts: Integers


class CellSum:
    """Sums over the sources in the cell of a target and in those around it.

    What is left out is below ``NEGLIGIBLE``, or nothing where the support is compact.

    Parameters
    ----------
    kernel
        The scaled potential.
    reach
        Its range.
    compiled
        The potential made ready for sums, if that is not its own.
    """

    name = "cells"

    def __init__(
        self,
        kernel: ScaledKernel,
        reach: float,
        compiled: CompiledPotential | None = None,
    ) -> None:
        self.kernel = kernel
        self.reach = reach
        self.direct = DirectSum(kernel, compiled)

    def _grid(self, y: Array) -> Grid:
        d, points = y.shape
        most = max(3, int((_CELLS_A_SOURCE * points) ** (1.0 / d)))
        box, reach = self.kernel.box, self.reach
        if box is not None:
            counts = np.full(d, min(most, int(box / reach)))
            return Grid(np.zeros(d), box / counts, counts, box)
        low, high = y.min(axis=1), y.max(axis=1)
        wanted = np.floor((high - low) / reach)
        counts = np.clip(np.nan_to_num(wanted), 1, most).astype(np.int64)
        size = np.full(d, reach)
        # Where there are too many, they lie around the middle of the cloud.
        middle = np.where(wanted > most, np.median(y, axis=1), 0.5 * (low + high))
        return Grid(middle - 0.5 * counts * size, size, counts, None)

    def listed(self, x: Array) -> tuple[Grid, Listed]:
        """Return cells for points, shape (d, K), and the points by cell."""
        grid = self._grid(x)
        return grid, self._listed(grid, x)

    def _listed(self, grid: Grid, x: Array) -> Listed:
        from mfplug.dynamics.sums.cell_lists import list_cells

        if grid.box is not None:
            x = x - grid.box * np.floor(x / grid.box)
        along = np.argsort(x[-1], kind="stable")
        order, starts = list_cells(x, along, grid.low, grid.size, grid.counts)
        points = np.ascontiguousarray(x[:, order])
        return Listed(order, self.kernel.scale * points, starts)

    def pairs(self, grid: Grid, listed: Listed, w: Array) -> Array:
        """Return the forces of a cloud on itself, each pair of cells once.

        Parameters
        ----------
        grid, listed
            From :meth:`listed`.
        w
            Weights in the order of the cells, as the forces (d, K).
        """
        from mfplug.dynamics.sums.cell_kernels import cell_pairs

        k, c, d = self.kernel, self.direct.compiled, len(grid.counts)
        after = [
            [*shift, 1 if not any(shift) else first, last]
            for *shift, first, last in grid.rows().tolist()
            if tuple(shift) >= (0,) * len(shift)
        ]
        own = np.zeros((1, d + 1), dtype=np.int64)
        out = np.zeros(listed.points.shape)
        cell_pairs(
            c.term(None), grid.slabs(), np.array(after, dtype=np.int64), own,
            listed.points, w, listed.starts, *self._space(grid), c.scalars, out,
        )  # fmt: skip
        out *= k.factor * k.scale
        return out

    def _space(self, grid: Grid) -> tuple[Any, ...]:
        """Return counts, low, size, reach and box (0 in free space), all scaled."""
        k = self.kernel
        return (
            grid.counts,
            k.scale * grid.low,
            k.scale * grid.size,
            _WIDER * k.scale * self.reach,
            0.0 if k.box is None else k.scale * k.box,
        )

    def _run(
        self, y: Array, w: Array, x: Array, loop: Any, out: Array, *more: Any
    ) -> Any:
        """Call a compiled loop; return what it gives in the order of the targets."""
        c = self.direct.compiled
        grid, sources = self.listed(y)
        targets = sources if x is y else self._listed(grid, x)
        loop(
            c.term(None), np.flatnonzero(np.diff(targets.starts)), grid.rows(),
            targets.points, targets.starts, sources.points, w[sources.order],
            sources.starts, *self._space(grid), c.scalars, *more, out,
        )  # fmt: skip
        result = np.empty_like(out)
        result[..., targets.order] = out
        return result

    def _finite(self, *points: Array) -> bool:
        return all(bool(np.isfinite(x).all()) for x in points)

    def forces(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return -sum_m w_m grad phi_N(x_k - y_m), shape (d, K)."""
        if not self._finite(sources, targets):
            return np.full(targets.shape, np.nan)
        out = np.zeros(targets.shape)
        if not self.direct.compiled.compiled:
            for here, y, w in self._neighbours(sources, weights, targets):
                out[:, here] = self.direct.forces(y, w, targets[:, here])
            return out
        from mfplug.dynamics.sums.cell_kernels import cell_forces

        if sources is targets:
            grid, listed = self.listed(sources)
            order = listed.order
            out[:, order] = self.pairs(grid, listed, weights[order])
            return out
        out = self._run(sources, weights, targets, cell_forces, out)
        out *= self.kernel.factor * self.kernel.scale
        return out

    def energies(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return sum_m w_m phi_N(x_k - y_m), shape (K,)."""
        if not self._finite(sources, targets):
            return np.full(targets.shape[1], np.nan)
        out = np.zeros(targets.shape[1])
        if not self.direct.compiled.compiled:
            for here, y, w in self._neighbours(sources, weights, targets):
                out[here] = self.direct.energies(y, w, targets[:, here])
            return out
        from mfplug.dynamics.sums.cell_kernels import cell_energies

        origin = self.direct.compiled.origin
        out = self._run(sources, weights, targets, cell_energies, out, origin)
        return np.asarray(self.kernel.factor * out)

    def clouds(self, x: Array, weight: float) -> Array:
        """Return the forces of each cloud on itself, all weights equal; (R, d, N)."""
        w = np.full(x.shape[2], weight)
        return np.stack([self.forces(cloud, w, cloud) for cloud in x])

    def _neighbours(
        self, y: Array, w: Array, x: Array
    ) -> Iterator[tuple[Integers, Array, Array]]:
        """Yield, cell by cell, its targets and the sources in and around it."""
        grid = self._grid(y)
        number = grid.flat(grid.cells(y))
        order = np.argsort(number, kind="stable")
        filled = np.bincount(number, minlength=int(np.prod(grid.counts)))
        starts = np.concatenate([[0], np.cumsum(filled)])
        for here, near in _neighbours(grid, grid.cells(x), starts):
            index = order[near]
            yield here, np.ascontiguousarray(y[:, index]), w[index]


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
