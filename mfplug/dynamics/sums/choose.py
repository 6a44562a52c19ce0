"""Which way to sum: estimated seconds from the potential, d and N alone.

The constants are seconds of one thread of the machine on which they were measured
(``benchmarks``). Only their ratios matter, they ship with the program, and nothing is
timed while it runs: the choice, and with it every bit, is the same on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mfplug.dynamics.sums.cells import find_cells
from mfplug.dynamics.sums.direct import DirectSum
from mfplug.dynamics.sums.fourier import MOST_MODES, FourierSum, TooManyModes
from mfplug.dynamics.sums.kernel import ScaledKernel
from mfplug.dynamics.sums.line import find_line
from mfplug.dynamics.sums.pair_cost import direct_seconds
from mfplug.dynamics.sums.polynomial import PolynomialSum, find_polynomial
from mfplug.dynamics.sums.radii import BALL, LOOKED_AT
from mfplug.dynamics.sums.split import SplitSum
from mfplug.dynamics.sums.waves import WaveSum, find_waves

if TYPE_CHECKING:
    from mfplug.dynamics.sums.pairsum import Sum

#: Where a cloud is not known, this is how far it extends.
EXTENT = 16.0

#: Energies of a cloud: by pairs in units of its forces; else what a call costs more.
ENERGY, CLOUD = 1.5, 1e-4
#: Seconds a force of ``fourier``: once, a point, a mode.
CALL = 5e-4
POINT = {1: 9e-8, 2: 2.3e-7, 3: 1.7e-6}
MODE = {1: 7e-8, 2: 1.3e-7, 3: 2.5e-7}
#: Seconds of ``separable``: once, and a point and wave, or a point and power. What
#: comes once is shared by the replicas of an ensemble, so little of it is counted.
WAVES, WAVE = 2e-6, 1.9e-8
MOMENTS, MOMENT = 1e-5, 4.5e-9
#: Seconds of ``sorted``: once, a point.
SORT, SORTED = 5e-5, 3.1e-7
#: Seconds of ``split``, once; the rest stands in ``radii``.
SPLIT = 1e-3
#: Seconds of ``cells``: once, a point, and a pair beside those of ``direct``.
CELL, NEAR = 2e-4, 8e-11
LIST = {1: 1.5e-7, 2: 3e-7, 3: 7e-7}


def candidates(
    kernel: ScaledKernel, size: int, tolerance: float, threads: int, asked: str
) -> dict[str, tuple[float, Sum]]:
    """Return the ways that can serve a potential, with their estimated seconds.

    Parameters
    ----------
    kernel
        The scaled potential.
    size
        Number of sources and of targets.
    tolerance, threads
        Of ``fourier``.
    asked
        Only this way is looked at, unless it is ``auto``.
    """
    found: dict[str, tuple[float, Sum]] = {}
    wanted = _WAYS if asked == "auto" else {asked: _WAYS[asked]}
    for name, way in wanted.items():
        pair = way(kernel, size, tolerance, threads, asked == name)
        if pair is not None:
            found[name] = pair
    return found


def _direct(
    kernel: ScaledKernel, size: int, tolerance: float, threads: int, asked: bool
) -> tuple[float, Sum] | None:
    return direct_seconds(kernel, float(size) ** 2), DirectSum(kernel)


def _separable(
    kernel: ScaledKernel, size: int, tolerance: float, threads: int, asked: bool
) -> tuple[float, Sum] | None:
    found: WaveSum | PolynomialSum | None
    if kernel.box is None:
        found = find_polynomial(kernel)
        seconds = MOMENTS + MOMENT * size * len(found.terms) if found else 0.0
    else:
        found = find_waves(kernel)
        seconds = WAVES + WAVE * size * len(found.c) if found else 0.0
    return None if found is None else (seconds, found)


def _fourier(
    kernel: ScaledKernel, size: int, tolerance: float, threads: int, asked: bool
) -> tuple[float, Sum] | None:
    d = kernel.dimension
    floor = CALL + POINT[d] * size
    # Planning the modes costs more than a small sum.
    if not asked and floor > direct_seconds(kernel, float(size) ** 2):
        return None
    if not 0.0 < kernel.peak < float("inf"):
        return None
    if asked:
        return floor, FourierSum(kernel, tolerance, threads)
    # A cloud that turns out to be too wide for this is summed over all pairs.
    most = int(direct_seconds(kernel, float(size) ** 2) / MODE[d])
    sum_ = FourierSum(kernel, tolerance, threads, min(MOST_MODES, most))
    try:
        _, sizes = sum_.plan((EXTENT,) * d)
    except TooManyModes:
        return None
    modes = 1
    for n in sizes:
        modes *= n
    return floor + MODE[d] * modes, sum_


def _split(
    kernel: ScaledKernel, size: int, tolerance: float, threads: int, asked: bool
) -> tuple[float, Sum] | None:
    if not kernel.radial or not 0.0 < kernel.peak < float("inf"):
        return None
    side, extent = 0.5 * EXTENT, EXTENT
    if kernel.box is not None:
        side = extent = kernel.box
    filled = size / side**kernel.dimension
    if asked:
        return SPLIT, SplitSum(kernel, tolerance, threads)
    # A cloud for which this is dearer than all pairs is summed so.
    pair = direct_seconds(kernel, 1.0)
    if pair * float(size) ** 2 < SPLIT:
        return None
    sum_ = SplitSum(kernel, tolerance, threads, pair)
    try:
        seconds = sum_.expected(size, filled, (extent,) * kernel.dimension)[0]
    except TooManyModes:
        return None
    return SPLIT + seconds, sum_


def _sorted(
    kernel: ScaledKernel, size: int, tolerance: float, threads: int, asked: bool
) -> tuple[float, Sum] | None:
    found = find_line(kernel)
    return None if found is None else (SORT + SORTED * size, found)


def _cells(
    kernel: ScaledKernel, size: int, tolerance: float, threads: int, asked: bool
) -> tuple[float, Sum] | None:
    found = find_cells(kernel)
    if found is None:
        return None
    # A cloud that is dense in the middle counts as a uniform one of half its extent.
    side = 0.5 * EXTENT if kernel.box is None else kernel.box
    d = kernel.dimension
    near = min(1.0, LOOKED_AT[d] * BALL[d] * (found.reach / side) ** d)
    pair = NEAR + direct_seconds(kernel, 1.0)
    return CELL + LIST[d] * size + pair * near * float(size) ** 2, found


_WAYS = {
    "direct": _direct,
    "separable": _separable,
    "sorted": _sorted,
    "cells": _cells,
    "fourier": _fourier,
    "split": _split,
}
