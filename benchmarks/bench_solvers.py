"""What a mean field costs at a given error: work against precision of each solver.

A Gaussian cloud with correlated positions and momenta under a Gaussian repulsion, to
t = 1, in one, two and three dimensions. Seconds are those of the processor, summed over
its threads, of a whole solution with the estimate of its error; `characteristics` and
`semi-lagrangian` choose their resolution by `tolerance`, `spherical` has none and takes
a list of them. The error in a case's name is the true one: the largest difference of
the force at 300 points and two times, relative to the largest force, from a reference
by another method: nodes and a grid of phase space for each other in d = 1, nodes and
radial functions in d = 2 and 3.
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
    ("spherical", 3): {"name": "characteristics", "tolerance": 1e-5},
}
RADIAL = ({"nodes": 2000, "terms": 8}, {"nodes": 8000, "terms": 14}, {"terms": 20})
#: Solver, dimension, its options from cheap to dear, and the seconds asked of the last.
LADDER: tuple[tuple[str, int, tuple[dict[str, Any], ...], float | None], ...] = (
    ("characteristics", 1, tuple({"tolerance": 10.0**-k} for k in (2, 4, 6, 8)), 2.0),
    ("semi-lagrangian", 1, tuple({"tolerance": 10.0**-k} for k in (2, 4, 6, 8)), None),
    ("characteristics", 2, tuple({"tolerance": 10.0**-k} for k in (2, 4, 5, 6)), 20.0),
    ("spherical", 2, RADIAL, None),
    ("characteristics", 3, tuple({"tolerance": 10.0**-k} for k in (2, 3, 4, 5)), 120.0),
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
    """Yield one case for each solver, dimension and resolution."""
    for solver, d, ladder, asked in LADDER:
        if settings.small and d > 1:
            continue
        steps = ladder[:1] if settings.small else ladder
        for options in steps:
            found = error(d, solver, solve(d, solver, options))
            words = ", ".join(f"{k} {v:g}" for k, v in options.items())

            def seconds(
                d: int = d, solver: str = solver, options: dict[str, Any] = options
            ) -> float:
                start = time.process_time()
                solve(d, solver, options)
                return time.process_time() - start

            yield Case(
                f"d = {d}, {words}, error {found:.0e}",
                {solver: seconds},
                unit="s",
                most=asked if options is ladder[-1] else None,
                x=found,
            )


def draw(figure: Any, rows: list[Row]) -> None:
    """Draw the error against the seconds, one line a solver and dimension."""
    from mfplug.report.style import COLOURS, MARKERS

    figure.set_size_inches(5.4, 3.8)
    axes = figure.subplots()
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
