"""One force against the number of particles, for each way of summing.

A cloud of N independent points feels its own force; the error of the series is 1e-8 for
smooth potentials and 1e-6 for those that are sharp near 0, measured against all pairs
beforehand. `auto` is called first, its choice stands in brackets; beside it is called
every other way that its estimate does not put at five times as long. Sizes are 10^2
to 10^5, and a quarter below and above each N at which `auto` changes its mind. A ratio
below 0.67 says that `auto` chose a way slower than another by more than 1.5. The last
row of a potential is the exponent of the time of `auto` from N = 10^4 to 10^6, fitted
to five sizes; the seconds at those that are not among the others follow it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import mfplug
from benchmarks.harness import Case, Row, Settings
from mfplug.dynamics.sums import PairSum
from mfplug.dynamics.sums.choose import candidates
from mfplug.errors import MfplugError

TITLE = "One force against N"
SIZES = (100, 1_000, 10_000, 100_000)
#: Sizes to which the growth is fitted.
GROWING = (10_000, 31_600, 100_000, 316_000, 1_000_000)
#: How much slower than the best way `auto` may be.
ALLOWED = 1.5
#: Ways that are estimated to take so many times as long as the best are left out.
HOPELESS = 5.0
#: From a change of the way to the sizes on its two sides.
BESIDE = 1.25
#: What the rounds of one case may take, in seconds.
SECONDS = 1.5
#: Particles of the cloud on which a series is measured, as in a run.
SAMPLED = 1 << 15


@dataclass(frozen=True)
class Place:
    """A potential in its space, and the error of its series."""

    name: str
    parameters: dict[str, float]
    d: int
    box: float | None = None
    tolerance: float = 1e-8
    largest: int = GROWING[-1]

    @property
    def label(self) -> str:
        """What the table calls it."""
        space = " on the torus" if self.box else ""
        return f"{self.name}, d = {self.d}{space}"

    @property
    def potential(self) -> Any:
        """The plugin in its space."""
        made = mfplug.create("potential", self.name, **self.parameters)
        return made.on(self.d, self.box)

    def sum(self, n: int, way: str = "auto") -> PairSum:
        """Return the sum for n particles."""
        return PairSum(
            self.potential, self.d, n, way, factor=1 / n, box=self.box,
            tolerance=self.tolerance,
        )  # fmt: skip


SOFT = {"softening": 0.05}
PLACES = (
    Place("gaussian", {"width": 1.3}, 1),
    Place("gaussian", {"width": 1.3}, 2),
    Place("gaussian", {"width": 1.3}, 3),
    Place("gaussian", {"width": 0.4}, 2, 9.0),
    Place("cosine", {"mode": 1}, 1, 2 * math.pi),
    Place("cosine", {"mode": 1}, 2, 2 * math.pi),
    Place("bump", {"radius": 0.6}, 1),
    Place("bump", {"radius": 0.6}, 2, largest=100_000),
    Place("plummer", SOFT, 2, tolerance=1e-6),
    Place("plummer", SOFT, 3, tolerance=1e-6),
    Place("yukawa", {"screening": 0.4} | SOFT, 2, 9.0, 1e-6),
    Place("yukawa", {"screening": 0.4} | SOFT, 3, tolerance=1e-6, largest=100_000),
    Place("power", {"exponent": 0.7, "cutoff": 0.05}, 2, tolerance=1e-6),
)


def cases(settings: Settings) -> Iterator[Case]:
    """Yield the comparisons."""
    sizes, growing = (SIZES[:2], SIZES[:2]) if settings.small else (SIZES, GROWING)
    for place in PLACES:
        for n in sorted({*sizes, *beside(place, sizes[0], sizes[-1])}):
            yield _size(place, n)
        yield from _growth(place, [n for n in growing if n <= place.largest])


def beside(place: Place, first: int, last: int) -> Iterator[int]:
    """Yield sizes on both sides of each at which `auto` takes another way."""
    grid = [int(n) for n in np.geomspace(first, last, 16)]
    chosen = [place.sum(n).method for n in grid]
    for k in range(len(grid) - 1):
        low, high = grid[k : k + 2]
        if chosen[k] == chosen[k + 1]:
            continue
        while high > 1.02 * low:
            middle = round(math.sqrt(low * high))
            same = place.sum(middle).method == chosen[k]
            low, high = (middle, high) if same else (low, middle)
        for n in (low / BESIDE, high * BESIDE):
            yield int(float(f"{n:.2g}"))


def cloud(place: Place, n: int) -> np.ndarray:
    """Return one cloud, shape (1, d, n)."""
    return np.random.default_rng(20).normal(size=(1, place.d, n))


def force(place: Place, n: int, way: str) -> tuple[str, Callable[[], None]] | None:
    """Return the chosen way and a call of one force, or None if it cannot serve."""
    x = cloud(place, n)
    some = np.ascontiguousarray(x[0, :, :SAMPLED])
    try:
        pairs = place.sum(n, way)
        pairs.calibrate(some, np.ones(some.shape[1]), some)
    except MfplugError:
        return None

    def call() -> None:
        pairs.clouds(x)

    return pairs.method, call


def _size(place: Place, n: int) -> Case:
    best = force(place, n, "auto")
    assert best is not None
    entrants = {f"auto ({best[0]})": best[1]}
    asked = {}
    kernel = place.sum(n, "direct").kernel
    found = candidates(kernel, n, place.tolerance, 1, "auto")
    least = min(seconds for seconds, _ in found.values())
    for way, (seconds, _) in found.items():
        other = None
        # Cells that hold the whole cloud are all pairs, and no faster.
        whole = way == "cells" and seconds > found["direct"][0]
        if way != best[0] and seconds <= HOPELESS * least and not whole:
            other = force(place, n, way)
        if other is not None:
            entrants[way] = other[1]
            asked[way] = 1 / ALLOWED
    name = f"{place.label}, N = {n}"
    return Case(name, entrants, 1.0, "forces", asked, x=float(n), seconds=SECONDS)


def _growth(place: Place, sizes: list[int]) -> Iterator[Case]:
    made = [force(place, n, "auto") for n in sizes]
    chosen = [pair[0] for pair in made if pair is not None]
    calls = [pair[1] for pair in made if pair is not None]
    seconds: list[float] = []

    def exponent() -> float:
        seconds[:] = [_seconds(call) for call in calls]
        return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])

    name = f"{place.label}, growth from N = {sizes[0]} to {sizes[-1]}"
    yield Case(name, {"auto": exponent}, unit="exponent", most=1.1, seconds=SECONDS)
    for k, n in enumerate(sizes):
        if n not in SIZES:
            name = f"{place.label}, N = {n}"
            entrant = {f"auto ({chosen[k]})": lambda k=k: seconds[k]}
            yield Case(name, entrant, unit="s", x=float(n))


def _seconds(call: Callable[[], None]) -> float:
    """Return the least seconds of a few calls, of one where it takes long."""
    best, spent = math.inf, 0.0
    while spent < 0.2:
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
        spent += time.perf_counter() - start
    return best


def draw(figure: Any, rows: list[Row]) -> None:
    """Draw seconds a force of `auto` against N, one line a potential."""
    from mfplug.report.style import COLOURS, MARKERS

    figure.set_size_inches(5.4, 4.4)
    axes = figure.subplots()
    chosen = [row for row in rows if row.first and row.x is not None]
    for k, place in enumerate(PLACES):
        own = [r for r in chosen if r.case.rpartition(", N")[0] == place.label]
        own.sort(key=lambda row: float(row.x or 0.0))
        axes.plot(
            [row.x for row in own],
            [1.0 / row.value[0] if row.timed else row.value[0] for row in own],
            marker=MARKERS[k % len(MARKERS)],
            color=COLOURS[k % len(COLOURS)],
            linestyle="-" if k < len(COLOURS) else "--",
            label=place.label,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("number of particles $N$")
    axes.set_ylabel("seconds a force, auto")
    figure.legend(loc="outside upper center", ncols=2)
