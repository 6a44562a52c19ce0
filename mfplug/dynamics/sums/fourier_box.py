"""The periodic kernel that stands for phi_N: its box, its modes, its coefficients.

In free space only separations up to the extent of the clouds matter. The kernel is
continued beyond them to a smooth periodic function, which has few Fourier coefficients;
on the torus it is periodic already. How few is measured, along each axis, from the
coefficients themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.sums.kernel import ScaledKernel

Array = NDArray[np.float64]

#: Widths of the smooth step that ends the kernel, in units of the extent.
_WIDTHS = (0.1, 0.25, 0.5, 1.0, 2.0)
#: Modes an axis that are looked at, at most.
_MOST = {1: 1 << 20, 2: 1 << 12, 3: 1 << 10}


@dataclass(frozen=True)
class Periodic:
    """A way to make the kernel periodic.

    Attributes
    ----------
    period
        Side of the Fourier box in each axis.
    flat
        Separation up to which the kernel is untouched in each axis; from there to
        ``period - flat`` it goes to ``level`` in a smooth step. None: untouched.
    level
        The constant that the kernel ends at.
    steepness
        Half-width of the step in standard deviations.
    """

    period: tuple[float, ...]
    flat: tuple[float, ...] | None = None
    level: float = 0.0
    steepness: float = 6.0

    def values(self, kernel: ScaledKernel, axes: list[Array]) -> Array:
        """Return the periodic kernel, less ``level``, on a grid of [-P/2, P/2]^d."""
        if self.flat is None:
            return kernel.energy_on(axes) - self.level
        total: Array | None = None
        # Near the edge of the box the neighbouring image has not ended yet.
        for image in product((False, True), repeat=len(axes)):
            moved = [
                x - np.where(x < 0, -1.0, 1.0) * P if there else x
                for x, P, there in zip(axes, self.period, image, strict=True)
            ]
            steps = [self._step(a, x) for a, x in enumerate(moved)]
            some = [np.flatnonzero(s) for s in steps]
            if any(k.size == 0 for k in some):
                continue
            inner = [x[k] for x, k in zip(moved, some, strict=True)]
            part = kernel.energy_on(inner) - self.level
            for s, k, a in zip(steps, some, range(len(axes)), strict=True):
                shape = [-1 if b == a else 1 for b in range(len(axes))]
                part = part * s[k].reshape(shape)
            if total is None:
                total = np.zeros([len(x) for x in axes])
            total[np.ix_(*some)] += part
        return np.zeros([len(x) for x in axes]) if total is None else total

    def _step(self, axis: int, x: Array) -> Array:
        """Return 1 up to ``flat``, 0 beyond ``period - flat``, smooth between them."""
        from scipy.special import ndtr

        flat = self.flat[axis]  # type: ignore[index]
        width = self.period[axis] - 2.0 * flat
        u = (np.abs(x) - flat) / width
        return np.where(u >= 1.0, 0.0, ndtr(self.steepness * (1.0 - 2.0 * u)))


@dataclass(frozen=True)
class Modes:
    """The Fourier series of the periodic kernel, real and even in its modes.

    Attributes
    ----------
    periodic
        What it is the series of.
    sizes
        Modes -n/2, ..., n/2 - 1 in each axis.
    coefficients
        Shape ``sizes``; those at -n/2 are 0, because they have no partner.
    """

    periodic: Periodic
    sizes: tuple[int, ...]
    coefficients: Array

    def wavenumbers(self, axis: int) -> Array:
        """Return the wavenumbers of one axis."""
        n = self.sizes[axis]
        k = np.arange(-(n // 2), n // 2, dtype=float)
        return 2.0 * np.pi / self.periodic.period[axis] * k


def cheapest(
    kernel: ScaledKernel, extent: tuple[float, ...], tolerance: float
) -> tuple[Periodic, tuple[int, ...]] | None:
    """Return the way with the fewest modes, and their numbers; None if none converges.

    Parameters
    ----------
    kernel
        The scaled potential; on a torus, extent does not matter.
    extent
        Largest separation in each axis.
    tolerance
        Error of the force relative to the largest |grad phi_N|.
    """
    best: tuple[Periodic, tuple[int, ...]] | None = None
    for way in _ways(kernel, extent, tolerance):
        sizes: list[int] = []
        for a in range(kernel.dimension):
            if a > 0 and way.period[a] == way.period[0] and kernel.radial:
                sizes.append(sizes[0])
                continue
            n = _modes_needed(kernel, way, a, tolerance)
            if n is None:
                break
            sizes.append(n)
        else:
            if best is None or np.prod(sizes, dtype=float) < np.prod(
                best[1], dtype=float
            ):
                best = way, tuple(sizes)
    return best


def _ways(
    kernel: ScaledKernel, extent: tuple[float, ...], tolerance: float
) -> Iterator[Periodic]:
    d = kernel.dimension
    if kernel.box is not None:
        yield Periodic((kernel.box,) * d)
        return
    reach = kernel.reach(0.1 * tolerance)
    if 0.0 < reach < np.inf:
        yield Periodic(tuple(max(D + reach, 2.0 * reach) for D in extent))
    from scipy.special import ndtri

    steep = float(-ndtri(0.1 * tolerance))
    for width in _WIDTHS:
        period = tuple((2.0 + width) * D for D in extent)
        edge = np.array([[0.5 * max(period), *[0.0] * (d - 1)]])
        level = float(kernel.energy(edge)[0])
        if np.isfinite(level):
            yield Periodic(period, tuple(extent), level, steep)


def _modes_needed(
    kernel: ScaledKernel, way: Periodic, axis: int, tolerance: float
) -> int | None:
    """Return the even number of modes of one axis, None where the series is too long.

    The kernel along the axis has coefficients that are sums over the other axes, so
    what lies beyond a mode there is what leaving out those modes costs at the origin.
    """
    period = way.period[axis]
    allowed = 0.5 * tolerance * kernel.peak
    n = 128
    while n <= 4 * _MOST[kernel.dimension]:
        x = period / n * np.arange(n // 2 + 1.0)
        axes = [np.zeros(1)] * kernel.dimension
        axes[axis] = x
        values = way.values(kernel, axes).ravel()
        if not np.isfinite(values).all():
            return None
        spectrum = np.abs(_cosine_series([n], values))
        # The transform rounds at this level whatever the mode.
        spectrum[spectrum < 5e-16 * np.abs(values).max()] = 0.0
        k = 2.0 * np.pi / period * np.arange(n // 2 + 1)
        tail = 2.0 * np.cumsum((k * spectrum)[::-1])[::-1]
        good = np.flatnonzero(tail <= allowed)
        if good.size and 4 * good[0] <= n:
            return max(16, 2 * int(good[0]) + 2)
        n *= 2
    return None


def _cosine_series(sizes: list[int], values: Array) -> Array:
    """Return the coefficients of modes 0 ... n/2 from values at 0 ... P/2."""
    from scipy.fft import dctn

    return np.asarray(dctn(values, type=1)) / float(np.prod(sizes))


def series(kernel: ScaledKernel, way: Periodic, sizes: tuple[int, ...]) -> Modes:
    """Return the Fourier series with so many modes, from values on a grid.

    A radial kernel is even in each axis, so an octant of the box is enough.
    """
    if kernel.radial:
        axes = [
            P / n * np.arange(n // 2 + 1.0)
            for P, n in zip(way.period, sizes, strict=True)
        ]
        octant = _cosine_series(list(sizes), way.values(kernel, axes))
        index = [np.abs(np.arange(-(n // 2), n // 2)) for n in sizes]
        full = octant[np.ix_(*index)]
    else:
        axes = [
            P / n * np.arange(-(n // 2), n // 2, dtype=float)
            for P, n in zip(way.period, sizes, strict=True)
        ]
        values = np.fft.ifftshift(way.values(kernel, axes))
        full = np.fft.fftshift(np.fft.fftn(values).real) / np.prod(sizes)
    for a in range(len(sizes)):
        np.moveaxis(full, a, 0)[0] = 0.0
    return Modes(way, sizes, np.ascontiguousarray(full))
