"""The radii at which a kernel is split, by the expected cost of its parts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.sums.kernel import ScaledKernel
from mfplug.dynamics.sums.pair_cost import direct_seconds

Array = NDArray[np.float64]
Radii = tuple[float, ...]

#: Radii are powers of this, so that a moving cloud keeps them for a while.
_STEP = 2.0**0.25
#: Bins an axis in which the density is counted.
_BINS = {1: 512, 2: 64, 3: 32}
#: Shortest radius in units of the extent.
_SHORTEST = {1: 1e-6, 2: 1e-4, 3: 1e-3}
#: From the shorter radius to the longer one, in such steps.
_RATIOS = (4, 8, 12, 16)
#: Volume of the ball of radius 1, and what a target looks at in the rows around it.
BALL = {1: 2.0, 2: math.pi, 3: 4.0 / 3.0 * math.pi}
LOOKED_AT = {1: 1.0, 2: 1.64, 3: 2.98}
#: Box of a series in units of the extent, where the kernel does not end.
_BOX = 2.15
#: By so much a part may be worse than the tolerance.
_WORSE = 20.0

#: Seconds a target and source in the cells beside those of a pair in ``direct``, a
#: point of each series, and a mode.
NEAR = {1: 1e-9, 2: 9e-10, 3: 5.5e-10}
POINT = {1: 2e-7, 2: 3e-7, 3: 1.3e-6}
MODE = {1: 1e-7, 2: 1.5e-7, 3: 1.5e-7}
LIST = 3e-7


def density(y: Array, low: Array, extent: float, periodic: bool) -> float:
    """Return the sources in a unit of volume, as they see each other on average."""
    d, n = len(y), _BINS[len(y)]
    number = np.zeros(y.shape[1], dtype=np.int64)
    for row, start in zip(y, low, strict=True):
        u = row - start
        if periodic:
            u = u - extent * np.floor(u / extent)
        with np.errstate(all="ignore"):
            index = np.nan_to_num(u * (n / extent))
        number = number * n + np.minimum(index.astype(np.int64), n - 1)
    filled = np.bincount(number).astype(float)
    mean = float(filled @ filled) / max(1, y.shape[1])
    return mean / (extent / n) ** d if extent > 0.0 else math.inf


def allowed(kernel: ScaledKernel, tolerance: float, radii: Array) -> Array:
    """Return the error allowed to parts that are smooth within radii.

    It is relative to the largest slope of a part. The kernel's own is larger, and so
    the part may be worse, but not by more than the forces of many sources cancel.
    """
    worse = kernel.peak / np.maximum(2.0 * kernel.slope(radii), 1e-300)
    return np.minimum(1e-2, tolerance * np.clip(worse, 1.0, _WORSE))


def priced_radii(
    kernel: ScaledKernel,
    points: int,
    filled: float,
    extent: float,
    tolerance: float,
    most: int,
) -> dict[Radii, float]:
    """Return the expected seconds of one thread for each choice of one or two radii.

    Parameters
    ----------
    kernel
        The scaled potential.
    points
        Number of sources, and of targets.
    filled
        From :func:`density`.
    extent
        Of the cloud, or the side of the torus.
    tolerance
        Of the forces, before :func:`allowed`.
    most
        Modes of a series, at most: a choice that needs more is left out.
    """
    d, periodic = kernel.dimension, kernel.box is not None
    pair = NEAR[d] + direct_seconds(kernel, 1.0)
    longest = extent / 3.0 if periodic else 0.5 * extent
    found: dict[Radii, float] = {}
    if not 0.0 < longest < math.inf:
        return found
    last = math.floor(math.log(extent, _STEP) + 1e-9)
    first = math.ceil(math.log(_SHORTEST[d] * extent, _STEP))
    ladder = _STEP ** np.arange(first, last + 1.0)
    # What a smoothed power of the distance needs.
    waves = (5.0 - np.log(allowed(kernel, tolerance, ladder))) / (math.pi * ladder)
    for k, r in enumerate(ladder[ladder <= longest]):
        volume = LOOKED_AT[d] * BALL[d] * float(r) ** d
        near = points * (LIST + pair * filled * volume)
        for more in (0,) if periodic else (0, *_RATIOS):
            if k + more >= len(ladder):
                continue
            sides = [_BOX * extent if kernel.box is None else kernel.box]
            if more:
                end = float(ladder[k + more])
                sides.insert(0, max(extent + end, 2.0 * end))
            chosen = [k, k + more][: len(sides)]
            sizes = [
                max(16.0, float(waves[i]) * side)
                for i, side in zip(chosen, sides, strict=True)
            ]
            if max(sizes) ** d > most:
                continue
            far = sum(MODE[d] * n**d + POINT[d] * points for n in sizes)
            found[tuple(float(ladder[i]) for i in chosen)] = near + far
    return found
