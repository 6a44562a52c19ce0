"""Alpha of exact laws with its proved bracket: time, width and memory against N.

Seconds are processor time of one thread, from the law to the bracket. Two cells:
exchangeable Gaussian signs (v is N times their covariance), a product of another law
with f = (1/2, 1/2), a mixture of two products, and a random law, whose probabilities
are drawn from Dirichlet's law of order 0.4 on all occupations. "network" is the layered
linear program of the audit in full, solved by the same HiGHS, where it is small enough.
Asked for with two cells are 3 s and a width of 1e-9 up to N = 150, and 20 s at N = 400
and 150 s at N = 1000 with 1e-6. Memory is the peak of a process of its own.
"""

from __future__ import annotations

import functools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.harness import Case, Row, Settings
from mfplug.theory.counting import laws
from mfplug.theory.counting.certify import Problem
from mfplug.theory.counting.cuts import trivial
from mfplug.theory.counting.lattice import lattice
from mfplug.theory.counting.measure import checked_cells, exact, problem_of
from mfplug.theory.counting.network import network
from mfplug.theory.counting.result import CountingMeasure
from mfplug.theory.counting.solve import close

TITLE = "Counting measure"
SIZES = (20, 60, 150, 400, 1000)
#: Seconds allowed with two cells, and N up to which the network is solved too.
SECONDS = {150: 3.0, 400: 20.0, 1000: 150.0}
MOST_NETWORK = 60
#: Seconds for the rounds of one case.
SECONDS_EACH = 10.0
#: Cells, particles of the laws of more than two cells.
MORE = ((3, 10), (3, 20), (3, 40), (4, 8), (4, 16))

Law = dict[tuple[int, ...], float]


def cases(settings: Settings) -> Iterator[Case]:
    """Yield the comparisons."""
    # Compiles all of it.
    exact(two_cells("v = 1", 20))
    for name in FAMILIES:
        for n in SIZES[:1] if settings.small else SIZES:
            label = f"two cells, {name}, N = {n}"
            problem = functools.partial(two_cells, name, n)
            narrow = 1e-9 if n <= 150 else 1e-6
            yield from _pair(label, problem, n, SECONDS.get(n), narrow)
    for cells, n in MORE[:1] if settings.small else MORE:
        label = f"{cells} cells, random, N = {n}"
        yield from _pair(label, functools.partial(many_cells, cells, n), n, None, 1e-9)
    memory = (("two_cells('random', 1000)", "two cells, random, N = 1000"),)
    memory += (("many_cells(3, 40)", "3 cells, random, N = 40"),)
    memory += (("many_cells(4, 16)", "4 cells, random, N = 16"),)
    for statement, name in () if settings.small else memory:
        call = functools.partial(peak, statement)
        yield Case(f"memory: {name}", {"mfplug": call}, unit="MiB", most=4096.0)


def _gaussian(excess: float) -> Callable[[int], tuple[Law, tuple[float, ...]]]:
    return lambda n: (laws.gaussian_signs(n, excess), (0.5, 0.5))


def _product(n: int) -> tuple[Law, tuple[float, ...]]:
    return laws.product_law(n, (0.45, 0.55)), (0.5, 0.5)


def _mixture(n: int) -> tuple[Law, tuple[float, ...]]:
    law = laws.mixed_law(n, [(0.5, (0.3, 0.7)), (0.5, (0.6, 0.4))])
    return law, (0.45, 0.55)


def _random(n: int) -> tuple[Law, tuple[float, ...]]:
    weights = np.random.default_rng(5).dirichlet(np.full(n + 1, 0.4))
    return {(k, n - k): float(w) for k, w in enumerate(weights)}, (0.45, 0.55)


#: Laws of two cells for each N, with f.
FAMILIES = {
    "v = 1": _gaussian(1.0),
    "v = 4": _gaussian(4.0),
    "product": _product,
    "mixture": _mixture,
    "random": _random,
}


def two_cells(name: str, particles: int) -> Problem:
    """Return the problem of a law of two cells."""
    law, cells = FAMILIES[name](particles)
    return problem_of(law, checked_cells(cells))


def many_cells(cells: int, particles: int) -> Problem:
    """Return the problem of a random law on m equal cells but the last."""
    keys = lattice(particles, cells).occupations.tolist()
    weights = np.random.default_rng(5).dirichlet(np.full(len(keys), 0.4))
    law = {tuple(n): float(w) for n, w in zip(keys, weights, strict=True)}
    f = np.append(np.full(cells - 1, 0.8 / (cells - 1)), 0.2)
    return problem_of(law, checked_cells(f))


def _pair(
    label: str,
    problem: Callable[[], Problem],
    particles: int,
    seconds: float | None,
    width: float,
) -> Iterator[Case]:
    """Yield the seconds and the width of one bracket, which is the same each time."""
    found: list[CountingMeasure] = []

    def ours(given: Problem) -> None:
        found[:] = [exact(given)]

    entrants = {"mfplug": functools.partial(_seconds, problem, ours)}
    if particles <= MOST_NETWORK and label.startswith("two"):
        entrants["network"] = functools.partial(_seconds, problem, _whole)
    yield Case(
        label,
        entrants,
        unit="s",
        most=seconds,
        x=float(particles),
        seconds=SECONDS_EACH,
        compiled=True,
    )
    gap = found[0].upper - found[0].lower
    yield Case(f"{label}, width", {"mfplug": lambda: gap}, unit="of alpha", most=width)


def _seconds(problem: Callable[[], Problem], solve: Callable[[Problem], None]) -> float:
    given = problem()
    start = time.process_time()
    solve(given)
    return time.process_time() - start


def _whole(problem: Problem) -> None:
    close(problem, trivial(problem), network(problem))


@functools.cache
def peak(statement: str) -> float:
    """Return the peak resident memory of a new process, in MiB."""
    code = (
        "from benchmarks.bench_counting import exact, many_cells, two_cells; "
        f"exact({statement}); import re; "
        "print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return float(done.stdout) / 1024.0


def draw(figure: Any, rows: list[Row]) -> None:
    """Draw seconds against N, one line a family of laws."""
    from mfplug.report.style import COLOURS, MARKERS

    figure.set_size_inches(5.4, 3.6)
    axes = figure.subplots()
    timed = [row for row in rows if row.x is not None]
    names = list(dict.fromkeys(row.case.rpartition(", N")[0] for row in timed))
    for k, name in enumerate(names):
        for entrant, style in (("mfplug", "-"), ("network", ":")):
            own = [
                row
                for row in timed
                if (row.case.rpartition(", N")[0], row.entrant) == (name, entrant)
            ]
            # The network is dotted; one line in the legend says so for all.
            label = name if entrant == "mfplug" else "dotted: by the network"
            axes.plot(
                [row.x for row in own],
                [row.value[0] for row in own],
                marker=MARKERS[k % len(MARKERS)] if entrant == "mfplug" else "",
                color=COLOURS[k % len(COLOURS)],
                linestyle=style,
                label=label if own and (entrant == "mfplug" or k == 0) else None,
            )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("number of particles $N$")
    axes.set_ylabel("processor seconds a bracket")
    figure.legend(loc="outside upper center", ncols=2)
