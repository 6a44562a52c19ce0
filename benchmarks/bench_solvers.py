"""What a mean field costs at a given error: work against precision of each solver.

A Gaussian cloud with correlated positions and momenta under a Gaussian repulsion, to
t = 1, in one, two and three dimensions. Seconds are those of the processor, summed over
its threads, of a whole solution with the estimate of its error; `characteristics` and
`semi-lagrangian` choose their resolution by `tolerance`, `spherical` has none and takes
a list of them. The error in a case's name is the true one: the largest difference of
the force at 300 points and two times, relative to the largest force, from a reference
by another method: nodes and a grid of phase space for each other in d = 1, nodes and
radial functions in d = 2 and 3. In d = 3 no nodes are good enough to judge the radial
functions, which are compared with more of themselves. What takes longer than a few
seconds is measured in fewer rounds.

The last rows are cost against size: the exponent of the seconds in the number of
nodes, at a fixed grid and step, with the range over the rounds. It is below one where
what is done once for all nodes, modes and the table of the force, costs as much as they
do: in d = 3 throughout, for one in 48 of the nodes is followed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

import mfplug
from benchmarks.harness import Case, Row, Settings

TITLE = "Mean fields: cost against error"
END = 1.0
TIMES = (0.37, END)
POTENTIAL = {"name": "gaussian", "strength": 1.7, "width": 0.8}
LAW = {"name": "gaussian", "qq": 0.9, "qp": -0.2, "pp": 0.81}
FINE_NODES: dict[str, Any] = {"name": "characteristics", "nodes": 20000, "grid": 1000}
FINE_GRID: dict[str, Any] = {"name": "semi-lagrangian", "tolerance": 1e-10}
FINE_RADIAL: dict[str, Any] = {"name": "spherical", "nodes": 200000, "terms": 32}
REFERENCES: dict[tuple[str, int], dict[str, Any]] = {
    ("characteristics", 1): FINE_GRID,
    ("semi-lagrangian", 1): FINE_NODES | {"step": 0.02},
    ("characteristics", 2): FINE_RADIAL,
    ("characteristics", 3): FINE_RADIAL,
    ("spherical", 2): FINE_NODES | {"nodes": 120000, "grid": 160, "step": 0.1},
    ("spherical", 3): FINE_RADIAL,
}
RADIAL = ({"nodes": 2000, "terms": 8}, {"nodes": 8000, "terms": 14}, {"terms": 20})
#: Seconds of the processor that the rounds of one case may take together.
BUDGET = 4.0
#: Nodes, grid and step of the cost against size, by dimension, and how often.
GROWTH: dict[int, tuple[tuple[int, ...], dict[str, float], int]] = {
    1: ((20000, 60000, 200000), {"grid": 256, "step": 0.1}, 3),
    2: ((60000, 200000, 600000), {"grid": 64, "step": 0.2}, 2),
    3: ((100000, 200000, 400000), {"grid": 32, "step": 0.25}, 1),
}
#: Solver, dimension, its options from cheap to dear, and the seconds asked of the last.
LADDER: tuple[tuple[str, int, tuple[dict[str, Any], ...], float | None], ...] = (
    ("characteristics", 1, tuple({"tolerance": 10.0**-k} for k in (2, 4, 6, 8)), 2.0),
    ("semi-lagrangian", 1, tuple({"tolerance": 10.0**-k} for k in (2, 4, 6, 8)), None),
    ("characteristics", 2, tuple({"tolerance": 10.0**-k} for k in (2, 4, 5, 6)), 20.0),
    ("spherical", 2, RADIAL, None),
    ("characteristics", 3, tuple({"tolerance": 10.0**-k} for k in (3, 4, 5)), 120.0),
    ("spherical", 3, RADIAL, None),
)


def system(d: int) -> mfplug.System:
    """Return the cloud in d dimensions."""
    return mfplug.System(d, POTENTIAL, LAW)


def solve(d: int, solver: str, options: dict[str, Any]) -> mfplug.MeanField:
    """Return the field by a solver with its options."""
    return mfplug.solve_mean_field(system(d), (0.0, END), {"name": solver} | options)


@cache
def exact(solver: str, d: int) -> list[np.ndarray]:
    """Return the forces that a solver is compared with, one array a time."""
    field = mfplug.solve_mean_field(system(d), (0.0, END), REFERENCES[solver, d])
    return [field.force(t, points(d)) for t in TIMES]


def points(d: int) -> np.ndarray:
    """Return points where the cloud is, shape (300, d)."""
    return np.random.default_rng(11).normal(size=(300, d))


def error(d: int, solver: str, field: mfplug.MeanField) -> float:
    """Return the largest difference of the force, relative to the largest force."""
    true = exact(solver, d)
    found = [field.force(t, points(d)) for t in TIMES]
    scale = max(np.abs(one).max() for one in true)
    worst = max(np.abs(a - b).max() for a, b in zip(found, true, strict=True))
    return float(worst / scale)


def cases(settings: Settings) -> Iterator[Case]:
    """Yield one case for each solver, dimension and resolution, then the growth."""
    for solver, d, ladder, asked in LADDER:
        if settings.small and d > 1:
            continue
        for options in ladder[:1] if settings.small else ladder:
            yield _precision(
                solver, d, options, asked if options is ladder[-1] else None
            )
    for d, (sizes, options, repeats) in GROWTH.items():
        if not settings.small or d == 1:
            yield _growth(d, sizes[:2] if settings.small else sizes, options, repeats)


def _precision(
    solver: str, d: int, options: dict[str, Any], asked: float | None
) -> Case:
    start = time.process_time()
    field = solve(d, solver, options)
    first = [time.process_time() - start]
    found = error(d, solver, field)
    words = ", ".join(f"{k} {v:g}" for k, v in options.items())

    def seconds() -> float:
        # What the error was measured of is the call that warms everything up.
        if first:
            return first.pop()
        start = time.process_time()
        solve(d, solver, options)
        return time.process_time() - start

    return Case(
        f"d = {d}, {words}, error {found:.0e}",
        {solver: seconds},
        unit="s",
        most=asked,
        x=found,
        repeats=max(1, int(BUDGET / first[0])),
    )


def _growth(
    d: int, sizes: tuple[int, ...], options: dict[str, Any], repeats: int
) -> Case:
    rehearsed = []

    def exponent() -> float:
        # Everything is compiled by now: the first call is only looked at for its kind.
        if not rehearsed:
            rehearsed.append(True)
            return 1.0
        seconds = []
        for nodes in sizes:
            start = time.process_time()
            solve(d, "characteristics", options | {"nodes": nodes})
            seconds.append(time.process_time() - start)
        return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])

    return Case(
        f"d = {d}, growth from {sizes[0]} to {sizes[-1]} nodes",
        {"characteristics": exponent},
        unit="exponent",
        most=1.1,
        repeats=repeats,
    )


def draw(figure: Any, rows: list[Row]) -> None:
    """Draw the error against the seconds, one line a solver and dimension."""
    from mfplug.report.style import COLOURS, MARKERS

    figure.set_size_inches(5.4, 3.8)
    axes = figure.subplots()
    rows = [row for row in rows if row.x is not None]
    solvers = list(dict.fromkeys(row.entrant for row in rows))
    groups = list(dict.fromkeys((row.entrant, row.case.split(",")[0]) for row in rows))
    for solver, d in groups:
        own = [r for r in rows if (r.entrant, r.case.split(",")[0]) == (solver, d)]
        axes.plot(
            [row.value[0] for row in own],
            [row.x for row in own],
            marker=MARKERS[solvers.index(solver)],
            color=COLOURS[int(d[-1]) - 1],
            label=f"{solver}, ${d}$",
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("processor seconds of a solution with its error estimate")
    axes.set_ylabel("relative error of the force")
    figure.legend(loc="outside upper center", ncols=2)
