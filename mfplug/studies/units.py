"""Units of work: what the first three steps do in one cell, and grouping into jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mfplug.studies import cost
from mfplug.studies.cells import Cell
from mfplug.studies.identity import ensemble_key, field_key, rows_key


@dataclass(frozen=True, slots=True)
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


def units_of(cells: Iterable[Cell]) -> list[Unit]:
    """Return every unit of the cells, each once, in the order of the steps."""
    units: dict[str, dict[str, Unit]] = {"solve": {}, "simulate": {}, "measure": {}}
    for number, cell in enumerate(cells):
        for unit in _units_of(number, cell):
            units[unit.step].setdefault(unit.name, unit)
    return [unit for of_step in units.values() for unit in of_step.values()]


def _units_of(number: int, cell: Cell) -> Iterator[Unit]:
    field = field_key(cell) if cell.needs("field") else ""
    ensemble = ensemble_key(cell) if cell.needs("ensemble") else ""
    label, parts = cell.label, []
    if field:
        seconds = cost.field_seconds(cell)
        yield Unit("solve", field, number, seconds, f"field of {label}")
    if ensemble:
        seconds = cost.replica_seconds(cell)
        for start, stop in ranges(cell):
            work = seconds * (stop - start) + cost.PIECE
            unit = Unit("simulate", ensemble, number, work, label, -1, start, stop)
            parts.append(unit.name)
            yield unit
    for position, metric in enumerate(cell.metrics):
        needed = [field] if "field" in metric.needs else []
        needed += parts if "ensemble" in metric.needs else []
        yield Unit(
            "measure",
            rows_key(cell, metric, field, ensemble),
            number,
            cost.rows_seconds(cell, metric),
            f"{metric.name}: {label}",
            position,
            needs=tuple(needed),
        )


def grouped(
    units: Iterable[Unit], alike: Callable[[Unit], object], target: float
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
