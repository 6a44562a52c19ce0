"""Timing of several codes against each other: in one run, in turns, with spread."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

#: A call is repeated until it takes this long, so that the clock's grain is nothing.
SHORTEST = 0.05
#: A call of compiled code that took this many seconds counts as a round.
LONG = 1.0


@dataclass(frozen=True)
class Settings:
    """How much is measured.

    Attributes
    ----------
    threads
        Threads of every code that is compared.
    repeats
        Rounds; each round calls every entrant once.
    small
        Whether sizes are reduced, to see that everything runs.
    """

    threads: int = 2
    repeats: int = 7
    small: bool = False


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes
    ----------
    name
        What is computed.
    entrants
        Code by name; the first is compared with each of the others. A call that
        returns None is timed; one that returns a number has measured it itself, and
        then smaller is better.
    work
        Amount of work in one call, in ``unit``; the table shows work per second.
    unit
        For example "pairs"; of a measured number its own unit, for example "MiB".
    asked
        Least ratio to an entrant that is asked for, by its name.
    most
        Largest value allowed for the first entrant's measured number.
    x
        Abscissa in a figure, where there is one.
    seconds
        Rounds are left out that would take longer than this together; one is made.
    repeats
        At most so many rounds of what measures itself, which ``seconds`` cannot know.
    compiled
        Whether all of it is compiled already: then the first call counts as a round
        where it takes long.
    """

    name: str
    entrants: Mapping[str, Callable[[], float | None]]
    work: float = 1.0
    unit: str = "calls"
    asked: Mapping[str, float] = field(default_factory=dict)
    most: float | None = None
    x: float | None = None
    seconds: float = math.inf
    repeats: int | None = None
    compiled: bool = False


@dataclass(frozen=True)
class Skip:
    """A comparison that could not be made, and why."""

    name: str
    entrant: str
    reason: str


@dataclass(frozen=True)
class Row:
    """What was measured of one entrant of one case.

    ``value`` is work per second or the measured number, ``ratio`` how many times better
    the case's first entrant is; each is (median, lower, upper quartile) over the
    rounds. Ratios are taken within a round, where the machine was in the same state.
    ``rounds`` is their number where it is less than was asked for.
    """

    case: str
    entrant: str
    unit: str
    timed: bool
    value: tuple[float, float, float]
    ratio: tuple[float, float, float]
    asked: float | None = None
    most: float | None = None
    x: float | None = None
    first: bool = False
    rounds: int | None = None

    @property
    def met(self) -> bool | None:
        """Whether what was asked for was reached; None if nothing was."""
        if self.most is not None:
            return self.value[0] <= self.most
        return None if self.asked is None else self.ratio[0] >= self.asked


def compare(case: Case, repeats: int) -> list[Row]:
    """Measure all entrants of a case in turns.

    Each is called once beforehand, which compiles it. The order turns from round to
    round, so that none always runs after the same other.
    """
    names = list(case.entrants)
    own: dict[str, float | None] = {}
    lasted: dict[str, float] = {}
    for name in names:
        lasted[name], own[name] = _timed(case.entrants[name])
    long = case.compiled and max(lasted.values()) > LONG
    start = time.perf_counter()
    counts = {
        n: 1 if own[n] is not None or long else _count(case.entrants[n]) for n in names
    }
    # A round is about as long: what is short is repeated until SHORTEST.
    taken = sum(lasted.values()) if long else time.perf_counter() - start
    round_ = max(taken, SHORTEST * len(names))
    costs: dict[str, list[float]] = {name: [] for name in names}
    most = repeats if case.repeats is None else min(repeats, case.repeats)
    rounds = max(1, int(min(most, case.seconds / round_)))
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            if turn == 0 and long:
                value = own[name]
                costs[name].append(lasted[name] if value is None else value)
            else:
                costs[name].append(_cost(case.entrants[name], counts[name]))
    first = names[0]
    rows = []
    for name in names:
        timed = own[name] is None
        values = [case.work / c if timed else c for c in costs[name]]
        ratios = [b / a for a, b in zip(costs[first], costs[name], strict=True)]
        rows.append(
            Row(
                case.name, name, case.unit, timed, spread(values), spread(ratios),
                case.asked.get(name), case.most if name == first else None, case.x,
                name == first, rounds if rounds < repeats else None,
            )
        )  # fmt: skip
    return rows


def spread(values: list[float]) -> tuple[float, float, float]:
    """Return the median and the quartiles; of few values, the median and the ends."""
    middle = statistics.median(values)
    if len(values) < 4:
        return middle, min(values), max(values)
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    return middle, lower, upper


def _timed(call: Callable[[], float | None]) -> tuple[float, float | None]:
    """Return the seconds of one call, and what it returned."""
    gc.collect()
    start = time.perf_counter()
    value = call()
    return time.perf_counter() - start, value


def _count(call: Callable[[], float | None]) -> int:
    """Return how often a call is made in one measurement."""
    return max(1, round(SHORTEST / max(_timed(call)[0], 1e-9)))


def _cost(call: Callable[[], float | None], count: int) -> float:
    """Return seconds per call, or the number that the call itself has measured."""
    gc.collect()
    start = time.perf_counter()
    value = call()
    for _ in range(count - 1):
        call()
    elapsed = (time.perf_counter() - start) / count
    return elapsed if value is None else value
