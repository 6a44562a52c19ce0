"""Units of work: what the first three steps do in one cell, and grouping into jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mfplug.studies import cost
from mfplug.studies.cells import Cell
from mfplug.studies.identity import ensemble_key, field_key, rows_key


@dataclass(frozen=True)
class Unit:
    """One field, one range of replicas, or the rows of one metric in one cell.

    ``key`` names what is stored; ``start`` and ``stop`` count replicas; ``needs`` are
    the keys of the units that must be there before.
    """

    step: str
    key: str
    cell: int
    cost: float
    label: str
    metric: int = -1
    start: int = 0
    stop: int = 0
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The key, with the range of replicas where there is one."""
        return f"{self.key}/{self.start}-{self.stop}" if self.stop else self.key


def ranges(cell: Cell) -> list[tuple[int, int]]:
    """Return the ranges of replicas in which a cell is simulated and stored."""
    size = cost.chunk(cell)
    return [
        (start, min(start + size, cell.replicas))
        for start in range(0, cell.replicas, size)
    ]


def units_of(cells: Sequence[Cell]) -> list[Unit]:
    """Return every unit of the cells, each once, in the order of the steps."""
    solve: dict[str, Unit] = {}
    simulate: dict[str, Unit] = {}
    measure: dict[str, Unit] = {}
    for number, cell in enumerate(cells):
        needs_field, needs_ensemble = cell.needs("field"), cell.needs("ensemble")
        if needs_field:
            key = field_key(cell)
            seconds = cost.field_seconds(cell)
            unit = Unit("solve", key, number, seconds, f"field of {cell.label}")
            solve.setdefault(unit.name, unit)
        if needs_ensemble:
            key = ensemble_key(cell)
            for start, stop in ranges(cell):
                seconds = cost.replica_seconds(cell) * (stop - start)
                unit = Unit(
                    "simulate", key, number, seconds, cell.label, -1, start, stop
                )
                simulate.setdefault(unit.name, unit)
        for position, metric in enumerate(cell.metrics):
            needed: list[str] = []
            if "field" in metric.needs:
                needed.append(field_key(cell))
            if "ensemble" in metric.needs:
                key = ensemble_key(cell)
                needed += [f"{key}/{a}-{b}" for a, b in ranges(cell)]
            unit = Unit(
                "measure",
                rows_key(cell, metric),
                number,
                cost.rows_seconds(cell, metric),
                f"{metric.name}: {cell.label}",
                position,
                needs=tuple(needed),
            )
            measure.setdefault(unit.name, unit)
    return [*solve.values(), *simulate.values(), *measure.values()]


def grouped(
    units: Iterable[Unit], alike: Callable[[Unit], object], target: float = cost.TARGET
) -> list[list[Unit]]:
    """Group units of one step into jobs of about ``target`` seconds.

    Units are taken in order; only those with equal ``alike`` share a job. The grouping
    never influences a result.
    """
    groups: list[list[Unit]] = []
    filled = 0.0
    for unit in units:
        last = groups[-1] if groups else None
        fits = last is not None and filled + unit.cost <= target
        if last is not None and fits and alike(last[0]) == alike(unit):
            last.append(unit)
            filled += unit.cost
        else:
            groups.append([unit])
            filled = unit.cost
    return groups
