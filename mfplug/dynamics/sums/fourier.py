"""Sums of smooth kernels by nonuniform fast Fourier transforms (FINUFFT)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise, product
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.sums.fourier_box import Modes, Periodic, cheapest, series
from mfplug.dynamics.sums.kernel import ScaledKernel
from mfplug.errors import NumericsError

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

#: Modes in all, at most: 512 MiB for the finer grid inside FINUFFT in three dimensions.
MOST_MODES = 1 << 22
#: Points that one transform takes in d = 1, 2, 3; more are split into parts, which go
#: to threads. A point costs more in more dimensions: smaller parts pay there. With many
#: modes a part has more points, because each part transforms a whole grid.
_PART, _MODES_A_POINT = (1 << 17, 3 << 15, 3 << 14), 4
#: A transform of fewer points is over before a thread has started.
SHARED = 1 << 15
#: Extents are rounded up to a power of this, so that a moving cloud keeps its box.
_ROUND = 2.0 ** (1 / 6)
_KEPT = 8
#: Just below the largest block that glibc counts.
_BLOCK = (32 << 20) - (8 << 10)


@cache
def _keep_freed_memory() -> None:
    """Let the C library keep what is freed, up to 64 MiB, instead of returning it.

    Each call makes arrays of a few MiB. glibc gives them back when they are freed, and
    to get them again costs a fault a page: a quarter of the time of a transform on the
    line. It keeps twice the largest block that it ever got from the system and was
    given back, if that is at most 32 MiB; so one is taken, not touched, and freed.
    """
    np.empty(_BLOCK, dtype=np.uint8)


class TooManyModes(NumericsError):
    """The kernel has too fine a structure for the extent of the clouds."""


class FourierSum:
    r"""A trigonometric series for the kernel, summed by two transforms.

    .. math:: F(x) = -\sum_k i k\, c_k\, \hat w_k e^{ikx}, \qquad
              \hat w_k = \sum_m w_m e^{-i k y_m}

    with the coefficients c_k of the kernel made periodic
    (:mod:`mfplug.dynamics.sums.fourier_box`). A transform is done by one thread, and
    large clouds in parts that depend on their size alone, so the bits do not depend on
    the number of threads.

    Parameters
    ----------
    kernel
        The scaled potential.
    tolerance
        Error of the series, relative to the largest |grad phi_N|.
    threads
        Threads that share the transforms.
    most
        Modes in all, at most.
    part
        Points of a part, at least.
    """

    name = "fourier"

    def __init__(
        self,
        kernel: ScaledKernel,
        tolerance: float,
        threads: int = 1,
        most: int = MOST_MODES,
        part: int = 0,
    ) -> None:
        self.kernel = kernel
        self.tolerance = tolerance
        self.threads = threads
        self.most = most
        self.part = part
        self._modes: dict[tuple[float, ...], Modes | TooManyModes] = {}
        self._lock = Lock()
        _keep_freed_memory()

    def tightened(self, tolerance: float) -> FourierSum:
        """Return the same with another tolerance."""
        return FourierSum(self.kernel, tolerance, self.threads, self.most, self.part)

    def plan(self, extent: tuple[float, ...]) -> tuple[Periodic, tuple[int, ...]]:
        """Return the periodic kernel and its modes, for separations up to ``extent``.

        Raises
        ------
        TooManyModes
            If the series does not converge, or is too long.
        """
        kernel = self.kernel
        found = cheapest(kernel, extent, self.tolerance)
        if found is None or math.prod(found[1]) > self.most:
            need = "no number" if found is None else " x ".join(map(str, found[1]))
            raise TooManyModes(
                f"potential '{kernel.potential.name}': forces 'fourier' cannot reach "
                f"the tolerance; got {need} of modes for {self.tolerance:.1e} at "
                f"separations up to {max(extent):.3g}, expected at most {self.most} "
                "in all. Take another method, or a larger tolerance."
            )
        return found

    def modes(self, extent: tuple[float, ...]) -> Modes:
        """Return the series that serves clouds of this extent.

        Raises
        ------
        TooManyModes
            If the series does not converge, or is too long.
        """
        if self.kernel.box is not None:
            extent = (0.0,) * self.kernel.dimension
        else:
            extent = tuple(_rounded_up(x, self.kernel.length) for x in extent)
        with self._lock:
            found = self._modes.get(extent)
            if found is None:
                try:
                    found = series(self.kernel, *self.plan(extent))
                except TooManyModes as error:
                    found = error
                if len(self._modes) >= _KEPT:
                    self._modes.pop(next(iter(self._modes)))
                self._modes[extent] = found
        if isinstance(found, TooManyModes):
            raise found
        return found

    @property
    def _epsilon(self) -> float:
        return min(1e-2, max(1e-14, self.tolerance))

    def spectrum(self, modes: Modes, angles: list[Array], w: Array) -> Complex:
        """Return c_k sum_m w_m exp(-i k y_m)."""
        import finufft

        transform = _by_dimension(finufft, 1, len(angles))
        weights = w.astype(complex)

        def part(s: slice) -> Complex:
            return transform(
                *[a[s] for a in angles],
                weights[s],
                modes.sizes,
                eps=self._epsilon,
                isign=-1,
                nthreads=1,
            )

        parts = self._map(part, _parts(len(w), modes.sizes, self.part))
        total = parts[0]
        for other in parts[1:]:
            total += other
        total *= modes.coefficients
        return total

    def values(self, series: Complex, angles: list[Array]) -> Complex:
        """Return sum_k series_k exp(i k x), (T, K) for series of shape (T, n...)."""
        import finufft

        transform = _by_dimension(finufft, 2, len(angles))
        points = len(angles[0])

        def part(rows: slice, s: slice) -> Complex:
            return transform(
                *[a[s] for a in angles],
                series[rows],
                eps=self._epsilon,
                isign=1,
                nthreads=1,
            )

        slices, rows = _parts(points, series.shape[1:], self.part), [slice(None)]
        if len(slices) < self.threads and points >= SHARED:
            rows = [slice(t, t + 1) for t in range(len(series))]
        if len(slices) == len(rows) == 1:
            return part(rows[0], slices[0])
        out = np.empty((len(series), points), dtype=complex)

        def placed(job: tuple[slice, slice]) -> None:
            out[job] = part(*job)

        self._map(placed, product(rows, slices))
        return out

    def _map(self, function: Callable[[Any], Any], jobs: Iterable[Any]) -> list[Any]:
        jobs = list(jobs)
        if self.threads == 1 or len(jobs) == 1:
            return [function(job) for job in jobs]
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(function, jobs))

    def _set_up(self, y: Array, x: Array) -> tuple[Modes, list[Array], list[Array]]:
        """Return the series and the angles of sources and targets."""
        low = np.minimum(y.min(axis=1), x.min(axis=1))
        high = np.maximum(y.max(axis=1), x.max(axis=1))
        modes = self.modes(tuple(float(v) for v in high - low))
        centre = 0.5 * (low + high)

        def angles(points: Array) -> list[Array]:
            result = []
            for a, P in enumerate(modes.periodic.period):
                u = points[a] - centre[a]
                if self.kernel.box is not None:
                    u -= P * np.rint(u * (1.0 / P))
                u *= 2.0 * np.pi / P
                result.append(u)
            return result

        at_sources = angles(y)
        return modes, at_sources, at_sources if x is y else angles(x)

    def forces(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return -sum_m w_m grad phi_N(x_k - y_m), shape (d, K)."""
        if not (np.isfinite(sources).all() and np.isfinite(targets).all()):
            return np.full(targets.shape, np.nan)
        modes, at_sources, at_targets = self._set_up(sources, targets)
        spectrum = self.spectrum(modes, at_sources, weights)
        d = len(modes.sizes)
        # The components are real, so two of them are one complex series.
        pairs = np.empty(((d + 1) // 2, *modes.sizes), dtype=complex)
        for t in range(len(pairs)):
            k = _along(modes, 2 * t)
            if 2 * t + 1 < d:
                # -i (k_a + i k_b): the imaginary part is the component b.
                k = k + 1j * _along(modes, 2 * t + 1)
            np.multiply(-1j * k, spectrum, out=pairs[t])
        values = self.values(pairs, at_targets)
        out = np.empty((d, targets.shape[1]))
        for a in range(d):
            out[a] = values[a // 2].imag if a % 2 else values[a // 2].real
        return out

    def energies(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return sum_m w_m phi_N(x_k - y_m), shape (K,)."""
        if not (np.isfinite(sources).all() and np.isfinite(targets).all()):
            return np.full(targets.shape[1], np.nan)
        modes, at_sources, at_targets = self._set_up(sources, targets)
        spectrum = self.spectrum(modes, at_sources, weights)
        values = self.values(spectrum[None], at_targets)[0].real
        return values + modes.periodic.level * float(np.sum(weights))

    def clouds(self, x: Array, weight: float) -> Array:
        """Return the forces of each cloud on itself, all weights equal; (R, d, N)."""
        out = np.empty_like(x)
        w = np.full(x.shape[2], weight)
        if len(x) == 1:
            out[0] = self.forces(x[0], w, x[0])
            return out
        alone = FourierSum(self.kernel, self.tolerance, 1, self.most, self.part)
        alone._modes, alone._lock = self._modes, self._lock

        def cloud(r: int) -> None:
            out[r] = alone.forces(x[r], w, x[r])

        self._map(cloud, range(len(x)))
        return out


def _along(modes: Modes, axis: int) -> Array:
    shape = [-1 if a == axis else 1 for a in range(len(modes.sizes))]
    return modes.wavenumbers(axis).reshape(shape)


def _parts(points: int, sizes: tuple[int, ...], least: int) -> list[slice]:
    most = max(_PART[len(sizes) - 1], math.prod(sizes) // _MODES_A_POINT, least)
    # A power of 2: whatever the number of threads, none of them waits for long.
    count = 1 << max(0, round(math.log2(max(1, points) / most)))
    edges = [points * i // count for i in range(count + 1)]
    return [slice(a, b) for a, b in pairwise(edges)]


def _rounded_up(extent: float, least: float) -> float:
    extent = max(extent, 1e-6 * least, 1e-300)
    return float(_ROUND ** math.ceil(math.log(extent, _ROUND) - 1e-9))


def _by_dimension(library: Any, kind: int, d: int) -> Callable[..., Complex]:
    return getattr(library, f"nufft{d}d{kind}")
