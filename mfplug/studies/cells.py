"""Cells: the parameter points of a study."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
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


@dataclass(frozen=True, slots=True)
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
    return list(_cells(study, name, None).values())


def cells_at(study: StudyFile, name: str, numbers: Iterable[int]) -> dict[int, Cell]:
    """Return some cells of a study by their number in the order of its sweep.

    What a job needs of a study of 10^5 cells; raises as :func:`cells_of`.
    """
    return _cells(study, name, frozenset(numbers))


def _cells(
    study: StudyFile, name: str, wanted: frozenset[int] | None
) -> dict[int, Cell]:
    made = _Parts()
    return {
        number: _cell(study, name, columns, settings, made)
        for number, (columns, settings) in enumerate(points_of(study, name))
        if wanted is None or number in wanted
    }


class _Parts:
    """Plugins and systems, each made once: most cells of a sweep share most of them."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Any] = {}

    def plugin(self, kind: str, spec: Any) -> Any:
        """Return the plugin of a kind that a study asks for."""
        # The text tells 1 from 1.0 and from True, which are equal as keys.
        key = kind, repr(spec)
        if key not in self._known:
            self._known[key] = create_from(kind, spec)
        return self._known[key]

    def system(self, data: dict[str, Any]) -> System:
        """Return the system that a study asks for."""
        key = "system", repr(data)
        if key not in self._known:
            self._known[key] = System.from_dict(data)
        found: System = self._known[key]
        return found

    def check_torus(self, system: System, particles: int | None) -> None:
        """Refuse a torus shorter than the range that the potential has at N.

        Before any job starts: the jobs would say so one by one.
        """
        moves = system.depends_on_N
        if system.box is None or (moves and particles is None):
            return
        key = "torus", f"{id(system)} {particles if moves else ''}"
        if key in self._known:
            return
        from mfplug.dynamics.sums.kernel import ScaledKernel
        from mfplug.dynamics.sums.refuse import check_torus

        factor, scale = 1.0, 1.0
        if moves and particles is not None:
            system = system.at(particles)
            factor, scale = system.pair_scaling(particles)
        check_torus(
            ScaledKernel(system.potential, system.dimension, factor, scale, system.box)
        )
        self._known[key] = True


def _cell(
    study: StudyFile,
    name: str,
    columns: dict[str, Any],
    settings: dict[str, Any],
    made: _Parts,
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
    metrics = tuple(made.plugin("metric", spec) for spec in specs)
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
    placed, solver = made.system(system), made.plugin("solver", top["solver"])
    # A formal limit has no range, whatever the potential that tends to it.
    field = any("field" in m.needs for m in metrics)
    if ensemble or (field and not solver.singular_limit):
        made.check_torus(placed, particles)
    return Cell(
        columns=columns,
        system=placed,
        particles=particles,
        times=times,
        replicas=replicas,
        step=step,
        integrator=made.plugin("integrator", top["integrator"]),
        solver=solver,
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
    if isinstance(value, Mapping):
        # What a case sets has not been through the model of the study file.
        value = _table_or_law(name, value)
    if isinstance(value, PowerLaw):
        if particles is None:
            raise StudyError(
                f"study '{name}': replicas depend on N, but there is no N. Add N."
            )
        try:
            return max(1, math.ceil(value.times * particles**value.N - 1e-9))
        except OverflowError:
            raise StudyError(
                f"study '{name}': replicas are without end; got {value.times:g} * "
                f"{particles}**{value.N:g}, expected at most {MAX_REPLICAS:g}. Change "
                "them."
            ) from None
    if isinstance(value, Mapping):
        if particles not in value:
            raise StudyError(
                f"study '{name}': replicas for N = {particles} are missing; got "
                f"{', '.join(map(str, value))}. Add it."
            )
        value = value[particles]
    return positive_integer("replicas", value)


def _table_or_law(name: str, value: Mapping[Any, Any]) -> PowerLaw | dict[int, Any]:
    """Return {times: , N: } as a law, another mapping as a table by N."""
    try:
        if set(value) == set(PowerLaw.model_fields):
            return PowerLaw(**value)
        return {int(N): count for N, count in value.items()}
    except ValueError as error:
        raise StudyError(
            f"study '{name}': replicas are not allowed; got {shown(dict(value))}, "
            "expected a number, a table by N, or {times: , N: }. Change them."
        ) from error


def resolved(study: StudyFile) -> dict[str, Any]:
    """Return the study as plain data, complete with defaults, without profiles."""
    data: dict[str, Any] = plain(study.model_dump(exclude={"profiles"}))
    return data
