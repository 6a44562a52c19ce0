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
#: Cells in all, at most so many for each source.
_CELLS_A_SOURCE = 4
#: Cells to a range, at most; each has at least so many sources about a source.
_PARTS, _FILLED = 2, 12


@dataclass(frozen=True)
class Grid:
    """Cells of a part of the range: so many to each side hold all that acts.

    In free space the outermost cells reach to infinity: a few points far away need no
    cells of their own.
    """

    low: Array
    size: Array
    counts: Integers
    box: float | None
    parts: int = 1

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

    def rows(self, reach: float) -> Integers:
        """Return the rows of cells around one that are within reach of it.

        A row is the shifts in all axes but the last, and the cells to each side there.
        """
        found = []
        steps = range(-self.parts, self.parts + 1)
        for shift in product(steps, repeat=len(self.counts) - 1):
            apart = [
                max(abs(k) - 1, 0) * h
                for k, h in zip(shift, self.size[:-1], strict=True)
            ]
            left = reach**2 - sum(gap**2 for gap in apart)
            if left > 0.0:
                along = int(np.sqrt(left) / self.size[-1] * (1.0 + 1e-12)) + 1
                along = min(along, self.parts)
                found.append([*shift, -along, along])
        return np.array(found, dtype=np.int64)

    def slabs(self) -> Integers:
        """Return where slabs of layers begin that are no thinner than the range.

        On a torus their number is even, because the last one meets the first.
        """
        layers = int(self.counts[0])
        count = max(1, layers // self.parts)
        if self.box is not None:
            count -= count % 2
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

    def _grid(self, y: Array, parts: int = 1) -> Grid:
        d, points = y.shape
        most = max(3, int((_CELLS_A_SOURCE * points) ** (1.0 / d)))
        box, reach = self.kernel.box, self.reach / parts
        if box is not None:
            counts = np.full(d, min(most, int(box / reach)))
            return Grid(np.zeros(d), box / counts, counts, box, parts)
        low, high = y.min(axis=1), y.max(axis=1)
        wanted = np.floor((high - low) / reach)
        counts = np.clip(np.nan_to_num(wanted), 1, most).astype(np.int64)
        size = np.full(d, reach)
        # Where there are too many, they lie around the middle of the cloud.
        middle = np.where(wanted > most, np.median(y, axis=1), 0.5 * (low + high))
        return Grid(middle - 0.5 * counts * size, size, counts, None, parts)

    def _listed(self, grid: Grid, x: Array) -> Listed:
        from mfplug.dynamics.sums.cell_kernels import list_cells

        box = grid.box
        order, starts = list_cells(x, grid.low, grid.size, grid.counts, box or 0.0)
        points = np.ascontiguousarray(x[:, order])
        if box is not None:
            points -= box * np.floor(points / box)
        return Listed(order, self.kernel.scale * points, starts)

    def _sources(self, y: Array) -> tuple[Grid, Listed]:
        """Return cells that are filled well, and the sources by cell."""
        grid = self._grid(y)
        listed = self._listed(grid, y)
        filled = np.diff(listed.starts)
        about = float(np.sum(filled**2)) / max(1, y.shape[1])
        parts = min(_PARTS, int((about / _FILLED) ** (1.0 / len(y))))
        if parts > 1:
            finer = self._grid(y, parts)
            # Where the number of cells is limited they may be no smaller.
            if grid.box is None or finer.counts[0] > 2 * parts:
                return finer, self._listed(finer, y)
        return grid, listed

    def _pairs(self, x: Array, w: Array) -> Array:
        """Return the sum of gradients on a cloud by itself, each pair of cells once."""
        from mfplug.dynamics.sums.cell_kernels import cell_pairs

        k, c = self.kernel, self.direct.compiled
        grid, listed = self._sources(x)
        rows = grid.rows(self.reach)
        after = [
            [*shift, 1 if not any(shift) else first, last]
            for *shift, first, last in rows.tolist()
            if tuple(shift) >= (0,) * len(shift)
        ]
        own = np.zeros((1, len(x) + 1), dtype=np.int64)
        out = np.zeros(x.shape)
        cell_pairs(
            c.term(None), grid.slabs(), np.array(after, dtype=np.int64), own,
            listed.points, w[listed.order], listed.starts, grid.counts, c.scalars,
            0.0 if k.box is None else k.scale * k.box, out,
        )  # fmt: skip
        result = np.empty_like(out)
        result[:, listed.order] = out
        return result

    def _run(
        self, y: Array, w: Array, x: Array, loop: Any, out: Array, *more: Any
    ) -> Any:
        """Call a compiled loop; return what it gives in the order of the targets."""
        k, c = self.kernel, self.direct.compiled
        grid, sources = self._sources(y)
        targets = sources if x is y else self._listed(grid, x)
        loop(
            c.term(None), np.flatnonzero(np.diff(targets.starts)),
            grid.rows(self.reach), targets.points, targets.starts, sources.points,
            w[sources.order], sources.starts, grid.counts, c.scalars,
            0.0 if k.box is None else k.scale * k.box, *more, out,
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
            out = self._pairs(sources, weights)
        else:
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
