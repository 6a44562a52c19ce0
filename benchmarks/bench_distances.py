"""Distances of clouds: the exact d_BL against POT, and proved brackets of large clouds.

Normal clouds of standard deviation 1/4, as in the studies. POT's `emd2` gets the full
cost matrix min(|x - y|, 1), whose making counts as its work too; both results agree to
1e-9 relative at every call. On the torus the first coordinate has the period 2. The
brackets measure their own width relative to the upper bound, and the seconds that they
took: 10 % in 60 s is asked of 100 000 points against a density in phase space, d = 1.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Case, Settings
from mfplug.theory.brackets import (
    Bracket,
    bounded_lipschitz_bracket,
    density_bracket,
)
from mfplug.theory.cells import density_cells
from mfplug.theory.transport import bounded_lipschitz

TITLE = "Distances of clouds"
OURS, POT = "mfplug", "POT emd2"
WIDTH = 0.25
GAP = 0.1
#: Seconds for the rounds of one case.
SECONDS = 8.0

Array = NDArray[np.float64]


def cases(settings: Settings) -> Iterator[Case]:
    """Yield the comparisons."""
    rng = np.random.default_rng(20)
    _compile(rng)
    n, fewer = (300, 300) if settings.small else (4000, 2000)
    for dimension, size, asked in ((2, n, 2.0), (4, n, 1.0), (6, fewer, 1.0)):
        x, y = rng.normal(size=(2, size, dimension)) * WIDTH
        yield _exact(f"{size} x {size} points in {dimension}-d", x, y, None, asked)
    x, y = rng.normal(size=(2, fewer, 2)) * WIDTH
    period = (2.0, math.inf)
    yield _exact(f"{fewer} x {fewer} points on a cylinder", x, y, period, 1.0)
    large = 2000 if settings.small else 100_000
    x, y = rng.normal(size=(2, large, 2)) * WIDTH
    half = large // 2
    yield from _bracket(
        f"{half} x {half} points in 2-d",
        lambda: bounded_lipschitz_bracket(x[:half], y[:half]),
    )
    side = 400 if settings.small else 1400

    def against_density() -> Bracket:
        reach = 5.6 * WIDTH
        cells = density_cells(_density, [-reach] * 2, [reach] * 2, side)
        return density_bracket(x, cells, gap=GAP)

    yield from _bracket(f"{large} points against a density, d = 1", against_density)


def _density(z: Array) -> Array:
    square = (z**2).sum(axis=1) / WIDTH**2
    values: Array = np.exp(-0.5 * square) / (2.0 * math.pi * WIDTH**2)
    return values


def _compile(rng: np.random.Generator) -> None:
    """Call all of it once."""
    x, y = rng.normal(size=(2, 500, 2)) * WIDTH
    for period in (None, (2.0, math.inf)):
        _agreed(
            "500 points", bounded_lipschitz(x, y, period=period), _emd2(x, y, period)
        )
    bounded_lipschitz_bracket(x[:50], y[:50])
    density_bracket(x[:50], density_cells(_density, [-1.4] * 2, [1.4] * 2, 30))


def _exact(
    name: str, x: Array, y: Array, period: tuple[float, ...] | None, asked: float
) -> Case:
    found: dict[str, float] = {}

    def ours() -> None:
        found[OURS] = bounded_lipschitz(x, y, period=period)

    def theirs() -> None:
        found[POT] = _emd2(x, y, period)
        _agreed(name, found[OURS], found[POT])

    entrants = {OURS: ours, POT: theirs}
    return Case(
        name, entrants, 1.0, "distances", {POT: asked}, seconds=SECONDS, compiled=True
    )


def _agreed(name: str, found: float, expected: float) -> None:
    if not abs(found - expected) <= 1e-9 * expected:
        raise ValueError(f"{name}: mfplug has {found}, POT {expected}")


def _emd2(x: Array, y: Array, period: tuple[float, ...] | None) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ot
    square = np.zeros((len(x), len(y)))
    for a in range(x.shape[1]):
        gap = x[:, a, None] - y[None, :, a]
        if period is not None and math.isfinite(period[a]):
            gap -= period[a] * np.rint(gap / period[a])
        square += gap**2
    cost = np.minimum(np.sqrt(square), 1.0)
    equal = np.full(len(x), 1.0 / len(x)), np.full(len(y), 1.0 / len(y))
    return float(ot.emd2(*equal, cost, numItermax=100_000_000))


def _bracket(name: str, call: Callable[[], Bracket]) -> Iterator[Case]:
    """Yield the seconds and the width of one bracket; it is the same at every call."""
    start = time.perf_counter()
    found = call()
    seconds = time.perf_counter() - start
    width = (found.upper - found.lower) / found.upper
    yield Case(f"bracket, {name}", {OURS: lambda: seconds}, 1.0, "s", most=60.0)
    yield Case(f"bracket, {name}", {OURS: lambda: width}, 1.0, "relative", most=GAP)
