"""Keys of stored results: a hash of everything that a result depends on.

A key covers the physics (system, N, times, step, seed), the plugins used (distribution,
version, source) and the framework's own source where it takes part. So changing any of
these makes another key, and changing nothing finds what is stored.
"""

from __future__ import annotations

from typing import Any

from mfplug.contracts.metric import Metric
from mfplug.registry import current
from mfplug.registry.fingerprint import digest, fingerprints, source_hash
from mfplug.studies.cells import Cell

ENGINE = ("contracts", "dynamics", "system.py")
FIELD = (*ENGINE, "meanfield")
MEASURE = (*FIELD, "theory", "studies/measure.py")


def field_key(cell: Cell) -> str:
    """Return the key of a cell's mean field; cells that differ in N alone share it."""
    system = _fixed_system(cell)
    plugins = (system.potential, system.external, system.initial, cell.solver)
    return digest(
        {
            "what": "field",
            "system": system.to_dict(),
            "times": cell.times,
            "solver": cell.solver.to_dict(),
            "plugins": fingerprints(plugins, current()),
            "code": source_hash(*FIELD),
        }
    )


def ensemble_key(cell: Cell) -> str:
    """Return the key of a cell's ensemble, whatever the number of replicas."""
    system = cell.system
    plugins = (system.potential, system.external, system.initial, cell.integrator)
    return digest(
        {
            "what": "ensemble",
            "system": system.to_dict(),
            "particles": cell.particles,
            "times": cell.times,
            "step": cell.step,
            "integrator": cell.integrator.to_dict(),
            "forces": cell.forces,
            "seed": cell.seed,
            "plugins": fingerprints(plugins, current()),
            "code": source_hash(*ENGINE),
        }
    )


def rows_key(
    cell: Cell, metric: Metric, field: str | None = None, ensemble: str | None = None
) -> str:
    """Return the key of one metric's rows in one cell.

    ``field`` and ``ensemble`` are the cell's other keys, where they are known already.
    """
    system = cell.system
    # A metric without field and ensemble computes from the system's plugins itself.
    parts = () if metric.needs else (system.potential, system.external, system.initial)
    depends: dict[str, Any] = {
        "what": "rows",
        "metric": metric.to_dict(),
        "times": cell.times,
        "seed": cell.seed,
        "plugins": fingerprints((metric, *parts), current()),
        "code": source_hash(*MEASURE),
    }
    if "field" in metric.needs:
        depends["field"] = field or field_key(cell)
    if "ensemble" in metric.needs:
        depends["ensemble"] = ensemble or ensemble_key(cell)
        depends["replicas"] = cell.replicas
    if not metric.needs:
        depends |= {"system": system.to_dict(), "particles": cell.particles}
    return digest(depends)


def _fixed_system(cell: Cell) -> Any:
    """Return the system as the mean field sees it: N-dependent parameters at N."""
    system = cell.system
    if system.depends_on_N and cell.particles is not None:
        return system.smoothed(cell.particles)
    return system
