"""Cells: the parameter points of a study."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mfplug.contracts.integrator import Integrator
from mfplug.contracts.metric import Metric
from mfplug.contracts.plugin import plain
from mfplug.contracts.solver import Solver
from mfplug.dynamics.simulate import check_step, check_times, positive_integer
from mfplug.errors import StudyError, did_you_mean
from mfplug.registry import create_from
from mfplug.studies.model import Case, PowerLaw, StudyFile
from mfplug.system import System

SYSTEM_KEYS = ("dimension", "potential", "initial", "external", "box", "beta", "mass")
CELL_KEYS = ("N", "times", "replicas", "step", "integrator", "solver", "seed", "forces")


@dataclass(frozen=True)
class Cell:
    """One parameter point: what is solved, simulated and measured there.

    ``columns`` are the swept parameters as they stand in the tables.
    """

    columns: dict[str, Any]
    system: System
    particles: int | None
    times: tuple[float, ...]
    replicas: int
    step: float
    integrator: Integrator
    solver: Solver
    forces: str
    seed: int
    metrics: tuple[Metric, ...]

    @property
    def label(self) -> str:
        """The swept parameters in one line."""
        return ", ".join(f"{k}={v}" for k, v in self.columns.items()) or "one cell"

    def needs(self, what: str) -> bool:
        """Whether a metric needs the field or the ensemble."""
        return any(what in metric.needs for metric in self.metrics)


def cells_of(study: StudyFile, name: str) -> list[Cell]:
    """Return the cells of a study, in the order of its sweep.

    Raises
    ------
    StudyError
        If a swept name is unknown, N is missing, or a cell stands twice.
    MfplugError
        If a plugin or a value is wrong.
    """
    values = [
        [_labelled(key, value) for value in options]
        for key, options in study.sweep.items()
    ]
    for key, options in study.sweep.items():
        if not options:
            raise StudyError(
                f"study '{name}': sweep of '{key}' is empty; expected at least one "
                "value. Add one."
            )
    cells, seen = [], set()
    for point in itertools.product(*values):
        columns = {k: label for k, (label, _) in zip(study.sweep, point, strict=True)}
        settings: dict[str, Any] = {}
        for _, changes in point:
            settings |= changes
        cell = _cell(study, name, columns, settings)
        key = repr(sorted(columns.items()))
        if key in seen:
            raise StudyError(
                f"study '{name}': the cell {cell.label} stands twice; expected each "
                "value once. Remove the copy from the sweep."
            )
        seen.add(key)
        cells.append(cell)
    return cells


def _labelled(key: str, value: Any) -> tuple[Any, dict[str, Any]]:
    """Return (label in the tables, settings) of one value of a sweep."""
    if isinstance(value, Case):
        return value.label, dict(value.set)
    if isinstance(value, Mapping):
        rest = ", ".join(f"{k}={v}" for k, v in value.items() if k != "name")
        label = (
            f"{value.get('name', '')}({rest})" if rest else str(value.get("name", ""))
        )
        return label, {key: dict(value)}
    return value, {key: value}


def _cell(
    study: StudyFile, name: str, columns: dict[str, Any], settings: dict[str, Any]
) -> Cell:
    system = study.system.model_dump()
    top: dict[str, Any] = {
        "N": study.particles,
        "times": study.times,
        "replicas": study.replicas,
        "step": study.step,
        "integrator": study.integrator,
        "solver": study.solver,
        "seed": study.seed,
        "forces": study.forces,
    }
    for key, value in settings.items():
        _apply(name, key, value, system, top)
    metrics = tuple(create_from("metric", m) for m in study.metrics)
    if not metrics:
        raise StudyError(f"study '{name}': no metrics; expected at least one. Add one.")
    particles = top["N"]
    ensemble = any("ensemble" in m.needs for m in metrics)
    if particles is None and ensemble:
        raise StudyError(
            f"study '{name}': the number of particles is missing; expected `N` in the "
            "sweep or `particles`. Add it."
        )
    if particles is not None:
        particles = positive_integer("N", particles)
    return Cell(
        columns=columns,
        system=System.from_dict(system),
        particles=particles,
        times=check_times(top["times"]),
        replicas=_replicas(name, top["replicas"], particles),
        step=check_step(top["step"]),
        integrator=create_from("integrator", top["integrator"]),
        solver=create_from("solver", top["solver"]),
        forces=str(top["forces"]),
        seed=top["seed"],
        metrics=metrics,
    )


def _apply(
    name: str, key: str, value: Any, system: dict[str, Any], top: dict[str, Any]
) -> None:
    """Set one swept key: N, step, dimension, potential, potential.width, solver.grid."""
    head, _, rest = key.partition(".")
    if head in SYSTEM_KEYS:
        target = system
    elif head in CELL_KEYS:
        target = top
    else:
        known = (*CELL_KEYS, *SYSTEM_KEYS)
        raise StudyError(
            f"study '{name}': '{key}' cannot be swept; expected one of "
            f"{', '.join(known)}, or a plugin's parameter such as potential.strength. "
            + did_you_mean(head, known)
        )
    if not rest:
        target[head] = value
        return
    spec = target[head]
    if isinstance(spec, str):
        spec = {"name": spec}
    if not isinstance(spec, Mapping) or "." in rest:
        raise StudyError(
            f"study '{name}': '{key}' cannot be swept; got no plugin in '{head}', "
            "expected a plugin's parameter. Check the name."
        )
    target[head] = dict(spec) | {rest: value}


def _replicas(name: str, value: Any, particles: int | None) -> int:
    """Return the number of replicas: a number, a table by N, or an expression in N."""
    if isinstance(value, PowerLaw):
        if particles is None:
            raise StudyError(
                f"study '{name}': replicas depend on N, but there is no N. Add N."
            )
        return max(1, math.ceil(value.times * particles**value.N - 1e-9))
    if isinstance(value, Mapping):
        if particles not in value:
            raise StudyError(
                f"study '{name}': replicas for N = {particles} are missing; got "
                f"{', '.join(map(str, value))}. Add it."
            )
        value = value[particles]
    return positive_integer("replicas", value)


def resolved(study: StudyFile) -> dict[str, Any]:
    """Return the study as plain data, complete with defaults, without profiles."""
    data: dict[str, Any] = plain(study.model_dump(exclude={"profiles"}))
    return data
