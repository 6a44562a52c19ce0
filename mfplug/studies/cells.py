"""Cells: the parameter points of a study."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mfplug.contracts.integrator import Integrator
from mfplug.contracts.metric import Metric
from mfplug.contracts.plugin import plain
from mfplug.contracts.solver import Solver
from mfplug.dynamics.forces import check_method
from mfplug.dynamics.seeding import check_seed
from mfplug.dynamics.simulate import check_step, check_times, positive_integer
from mfplug.errors import StudyError, did_you_mean, shown
from mfplug.registry import create_from
from mfplug.studies.model import PowerLaw, StudyFile
from mfplug.studies.sweep import points_of
from mfplug.system import System

MAX_PARTICLES, MAX_REPLICAS, MAX_STEPS = 1e9, 1e8, 1e8
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
    return [
        _cell(study, name, columns, settings)
        for columns, settings in points_of(study, name)
    ]


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
    measured = _by_name(study)
    for key, value in settings.items():
        metric, _, parameter = key.partition(".")
        if metric in measured and parameter:
            # One metric may stand there twice, with other parameters.
            measured[metric] = [m | {parameter: value} for m in measured[metric]]
        else:
            _apply(name, key, value, system, top, tuple(measured))
    specs = [spec for several in measured.values() for spec in several]
    metrics = tuple(create_from("metric", spec) for spec in specs)
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
        _check_size(name, "N", particles, MAX_PARTICLES)
    times, step = check_times(top["times"]), check_step(top["step"])
    replicas = _replicas(name, top["replicas"], particles)
    _check_size(name, "replicas", replicas, MAX_REPLICAS)
    _check_size(name, "number of steps", (times[-1] - times[0]) / step, MAX_STEPS)
    return Cell(
        columns=columns,
        system=System.from_dict(system),
        particles=particles,
        times=times,
        replicas=replicas,
        step=step,
        integrator=create_from("integrator", top["integrator"]),
        solver=create_from("solver", top["solver"]),
        forces=check_method(top["forces"]),
        seed=check_seed(top["seed"]),
        metrics=metrics,
    )


def _by_name(study: StudyFile) -> dict[str, list[dict[str, Any]]]:
    """Return the study's metrics as mappings, by name in the order of the study."""
    measured: dict[str, list[dict[str, Any]]] = {}
    for spec in study.metrics:
        data = {"name": spec} if isinstance(spec, str) else dict(spec)
        measured.setdefault(str(data.get("name", "")), []).append(data)
    return measured


def _check_size(name: str, what: str, value: float, most: float) -> None:
    """Refuse what no machine can do, before its cost overflows."""
    if value > most:
        raise StudyError(
            f"study '{name}': {what} is out of range; got {shown(value)}, expected at "
            f"most {most:g}. Change it."
        )


def _apply(
    name: str,
    key: str,
    value: Any,
    system: dict[str, Any],
    top: dict[str, Any],
    metrics: tuple[str, ...],
) -> None:
    """Set one swept key, such as N, step, potential, potential.width, solver.grid."""
    head, _, rest = key.partition(".")
    if head in SYSTEM_KEYS:
        target = system
    elif head in CELL_KEYS:
        target = top
    else:
        known = (*CELL_KEYS, *SYSTEM_KEYS, *(f"{m}.PARAMETER" for m in metrics))
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
