"""Sums of kernels that are sharp near 0 and smooth beyond: cells and Fourier series."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.sums.cells import CellSum
from mfplug.dynamics.sums.fourier import SHARED, FourierSum, TooManyModes
from mfplug.dynamics.sums.kernel import ScaledKernel
from mfplug.dynamics.sums.pieces import Piece, compile_near
from mfplug.dynamics.sums.radii import Radii, allowed, density, priced_radii
from mfplug.dynamics.sums.smoothing import Smoothing, smoothing

Array = NDArray[np.float64]

#: Modes in all, at most: 1.5 GiB with the finer grid inside FINUFFT.
MOST_MODES = 1 << 24
#: Points that one transform takes: the series are what threads share.
_PART = 1 << 20
#: Choices of radii that are kept, those that do not serve among them.
_KEPT = 12

#: The part of short range, and the smooth ones.
Parts = tuple[CellSum, list[FourierSum]]


class SplitSum:
    r"""A kernel in parts: one of short range, and others that are smooth.

    .. math:: \phi_N = (\phi_N - S_r \phi_N) + (S_r - S_R) \phi_N + S_R \phi_N

    where S_r replaces a radial kernel within a radius r by the polynomial in the
    distance squared that leaves the least beyond a band of wavenumbers
    (:mod:`mfplug.dynamics.sums.smoothing`). The first part ends at r and is summed by
    cells, exactly; the others are Fourier series: the second needs many modes, but
    ends at R, so that its box is hardly larger than the cloud; the third needs a box
    twice as large, and few modes. Where it is cheaper there is no second part (R = r).
    Each cloud chooses its radii from its extent and its density, by the expected cost.

    Parameters
    ----------
    kernel
        The scaled potential, radial.
    tolerance
        Error of the smooth parts, relative to the largest slope of each.
    threads
        Threads that share the transforms; the bits do not depend on them.
    pair
        Seconds of a pair: clouds of which all pairs should take less are refused.
    """

    name = "split"

    def __init__(
        self,
        kernel: ScaledKernel,
        tolerance: float,
        threads: int = 1,
        pair: float = math.inf,
    ) -> None:
        self.kernel = kernel
        self.tolerance = tolerance
        self.threads = threads
        self.pair = pair
        self._parts: dict[Radii, Parts | None] = {}
        self._priced: dict[tuple[int, int, int], list[tuple[float, Radii]]] = {}
        self._smooth: dict[float, Smoothing | None] = {}
        self._lock = Lock()

    def tightened(self, tolerance: float) -> SplitSum:
        """Return the same with another tolerance."""
        return SplitSum(self.kernel, tolerance, self.threads, self.pair)

    def plan(self, sources: Array, targets: Array) -> Parts:
        """Return the sums that make up that of the kernel, for such sources.

        Raises
        ------
        TooManyModes
            If the kernel is not smooth beyond a radius that is cheap enough.
        """
        (d, points), box = sources.shape, self.kernel.box
        if box is None:
            low = np.minimum(sources.min(axis=1), targets.min(axis=1))
            high = np.maximum(sources.max(axis=1), targets.max(axis=1))
            extents = tuple(float(v) for v in high - low)
        else:
            low, extents = np.zeros(d), (box,) * d
        filled = density(sources, low, max(extents), box is not None)
        return self.expected(points, filled, extents, FourierSum.modes)[1]

    def expected(
        self,
        points: int,
        filled: float,
        extents: tuple[float, ...],
        planned: Callable[[FourierSum, tuple[float, ...]], Any] = FourierSum.plan,
    ) -> tuple[float, Parts]:
        """Return the expected seconds of one thread, and the cheapest parts.

        Parameters
        ----------
        points
            Number of sources, and of targets.
        filled
            Sources in a unit of volume, as they see each other.
        extents
            Largest separation in each axis.
        planned
            What is asked of each series: its plan, or the series itself.

        Raises
        ------
        TooManyModes
            If the kernel is not smooth beyond a radius that is cheap enough.
        """
        most = self.pair * float(points) ** 2
        for price, radii in self._prices(points, filled, max(extents)):
            if price > most:
                break
            parts = self._parts_at(radii)
            if parts is None:
                continue
            try:
                for part in parts[1]:
                    planned(part, extents)
            except TooManyModes:
                continue
            return price, parts
        raise TooManyModes(
            f"potential '{self.kernel.potential.name}': forces 'split' cannot reach "
            f"the tolerance; got no radius up to {0.5 * max(extents):.3g} beyond which "
            f"it is smooth to {self.tolerance:.1e}, expected one that takes at most "
            f"{MOST_MODES} modes and less time than all pairs. Take another method, or "
            "a larger tolerance."
        )

    def _prices(
        self, points: int, filled: float, extent: float
    ) -> list[tuple[float, Radii]]:
        """Return the choices of radii from cheap to dear; few clouds need new ones."""
        if not 0.0 < extent < math.inf or not 0.0 < filled < math.inf:
            return []
        about = (
            points,
            round(6.0 * math.log(filled)),
            math.ceil(12 * math.log(extent)),
        )
        with self._lock:
            if about not in self._priced:
                found = priced_radii(
                    self.kernel, points, math.exp(about[1] / 6.0),
                    math.exp(about[2] / 12.0), self.tolerance, MOST_MODES,
                )  # fmt: skip
                if len(self._priced) >= _KEPT:
                    self._priced.pop(next(iter(self._priced)))
                self._priced[about] = sorted((price, r) for r, price in found.items())
            return self._priced[about]

    def _parts_at(self, radii: Radii) -> Parts | None:
        with self._lock:
            if radii not in self._parts:
                made = self._made(radii)
                if len(self._parts) >= _KEPT:
                    self._parts.pop(next(iter(self._parts)))
                self._parts[radii] = made
            return self._parts[radii]

    def _made(self, radii: Radii) -> Parts | None:
        """Return the parts, or None if the kernel is not smooth beyond a radius."""
        k = self.kernel
        smooth = []
        for r in radii:
            found = self._smoothing(r)
            if found is None:
                return None
            smooth.append(found)
        near = Piece(k.potential, None, smooth[0]).kernel(k)
        pieces = [
            Piece(k.potential, inner, outer).kernel(k)
            for inner, outer in zip(smooth, [*smooth[1:], None], strict=True)
        ]
        return CellSum(near, radii[0], compile_near(k, smooth[0])), [
            FourierSum(piece, self._allowed(r), self.threads, MOST_MODES, _PART)
            for piece, r in zip(pieces, radii, strict=True)
        ]

    def _allowed(self, radius: float) -> float:
        return float(allowed(self.kernel, self.tolerance, np.array([radius]))[0])

    def _smoothing(self, radius: float) -> Smoothing | None:
        k = self.kernel
        if radius not in self._smooth:
            self._smooth[radius] = smoothing(
                k.potential.profile,  # type: ignore[attr-defined]
                (k.scale * radius) ** 2,
                self._allowed(radius),
            )
        return self._smooth[radius]

    def forces(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return -sum_m w_m grad phi_N(x_k - y_m), shape (d, K)."""
        if not (np.isfinite(sources).all() and np.isfinite(targets).all()):
            return np.full(targets.shape, np.nan)
        near, rest = self.plan(sources, targets)
        if sources is not targets:
            out = near.forces(sources, weights, targets)
            return self._add(out, rest, sources, weights, targets)
        # Neighbours that are near in memory too: transforms are a fifth faster.
        grid, listed = near.listed(sources)
        x, w = np.ascontiguousarray(sources[:, listed.order]), weights[listed.order]
        out = np.empty_like(x)
        own = near.pairs(grid, listed, w)
        out[:, listed.order] = self._add(own, rest, x, w, x)
        return out

    def _add(
        self, out: Array, rest: list[FourierSum], y: Array, w: Array, x: Array
    ) -> Array:
        for part in self._map(lambda part: part.forces(y, w, x), rest, y):
            out += part
        return out

    def _map(
        self,
        function: Callable[[FourierSum], Array],
        parts: list[FourierSum],
        sources: Array,
    ) -> list[Array]:
        if min(self.threads, len(parts)) == 1 or sources.shape[1] < SHARED:
            return [function(part) for part in parts]
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(function, parts))

    def energies(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return sum_m w_m phi_N(x_k - y_m), shape (K,)."""
        if not (np.isfinite(sources).all() and np.isfinite(targets).all()):
            return np.full(targets.shape[1], np.nan)
        near, rest = self.plan(sources, targets)
        out = near.energies(sources, weights, targets)
        for part in self._map(
            lambda part: part.energies(sources, weights, targets), rest, sources
        ):
            out += part
        return out

    def clouds(self, x: Array, weight: float) -> Array:
        """Return the forces of each cloud on itself, all weights equal; (R, d, N)."""
        w = np.full(x.shape[2], weight)
        return np.stack([self.forces(cloud, w, cloud) for cloud in x])
