"""One force against the number of particles, for each way of summing.

A cloud of N independent points feels its own force, from N = 10^2 to 10^6. `auto` is
called first, its choice stands in brackets; every other way that can serve the
potential is called beside it, all pairs and cells up to N = 20 000. A ratio below 0.67
says that `auto` chose a way slower than another by more than 1.5. The last row of each
potential is the exponent of the time of `auto` between N = 10^4 and 10^6.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import mfplug
from benchmarks.harness import Case, Row, Settings
from mfplug.dynamics.sums import PairSum
from mfplug.errors import MfplugError

TITLE = "One force against N"
SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
#: Above this number of points all pairs, and cells of a long range, take too long.
MOST_DIRECT = 20_000
WAYS = ("direct", "fourier", "split", "sorted", "separable", "cells")
#: How much slower than the best way `auto` may be.
ALLOWED = 1.5
#: Name, parameters, dimension, box.
POTENTIALS: tuple[tuple[str, dict[str, float], int, float | None], ...] = (
    ("gaussian", {"width": 1.3}, 1, None),
    ("gaussian", {"width": 1.3}, 2, None),
    ("gaussian", {"width": 1.3}, 3, None),
    ("cosine", {"mode": 1}, 1, 2 * math.pi),
    ("bump", {"radius": 0.6}, 1, None),
    ("plummer", {"softening": 0.05}, 2, None),
    ("plummer", {"softening": 0.05}, 3, None),
)


def cases(settings: Settings) -> Iterator[Case]:
    """Yield the comparisons."""
    sizes = SIZES[:2] if settings.small else SIZES
    for name, parameters, d, box in POTENTIALS:
        potential = mfplug.create("potential", name, **parameters).on(d, box)
        label = f"{name}, d = {d}" + (" on the torus" if box else "")
        for n in sizes:
            yield _size(label, potential, d, box, n)
        yield _growth(label, potential, d, box, sizes[-3:])


def cloud(d: int, n: int) -> np.ndarray:
    """Return one cloud, shape (1, d, n)."""
    return np.random.default_rng(20).normal(size=(1, d, n))


def force(potential: Any, d: int, box: float | None, n: int, way: str) -> Any:
    """Return the chosen way and a call of one force, or None if it cannot serve."""
    try:
        pairs = PairSum(potential, d, n, way, factor=1 / n, box=box, tolerance=1e-8)
        x = cloud(d, n)
        pairs.clouds(x)
    except MfplugError:
        return None
    return pairs.method, lambda: _run(pairs, x)


def _run(pairs: PairSum, x: np.ndarray) -> None:
    pairs.clouds(x)


def _size(label: str, potential: Any, d: int, box: float | None, n: int) -> Case:
    chosen, call = force(potential, d, box, n, "auto")
    entrants: dict[str, Callable[[], None]] = {f"auto ({chosen})": call}
    asked = {}
    for way in WAYS:
        if way == chosen or (way in ("direct", "cells") and n > MOST_DIRECT):
            continue
        other = force(potential, d, box, n, way)
        if other is not None:
            entrants[way] = other[1]
            asked[way] = 1 / ALLOWED
    return Case(f"{label}, N = {n}", entrants, 1.0, "forces", asked, x=float(n))


def _growth(
    label: str, potential: Any, d: int, box: float | None, sizes: tuple[int, ...]
) -> Case:
    calls = [force(potential, d, box, n, "auto")[1] for n in sizes]

    def exponent() -> float:
        seconds = []
        for call in calls:
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
        return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])

    name = f"{label}, growth from N = {sizes[0]} to {sizes[-1]}"
    return Case(name, {"auto": exponent}, unit="exponent", most=1.1)


def draw(figure: Any, rows: list[Row]) -> None:
    """Draw seconds a force of `auto` against N, one line a potential."""
    from mfplug.report.style import COLOURS, MARKERS

    figure.set_size_inches(5.4, 3.6)
    axes = figure.subplots()
    chosen = [row for row in rows if row.first and row.x is not None]
    names = list(dict.fromkeys(row.case.rpartition(", N")[0] for row in chosen))
    for k, name in enumerate(names):
        own = [row for row in chosen if row.case.rpartition(", N")[0] == name]
        axes.plot(
            [row.x for row in own],
            [1.0 / row.value[0] for row in own],
            marker=MARKERS[k % len(MARKERS)],
            color=COLOURS[k % len(COLOURS)],
            label=name,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("number of particles $N$")
    axes.set_ylabel("seconds a force, auto")
    figure.legend(loc="outside upper center", ncols=2)
