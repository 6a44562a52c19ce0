"""What a mean-field solver says that it conserves, measured along its own flow."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mfplug.checks.core import CheckFailed, Refused
from mfplug.checks.probes import Bell, Cloud, Spring
from mfplug.contracts.meanfield import MeanField
from mfplug.contracts.solver import Solver
from mfplug.errors import ParameterError
from mfplug.registry import names
from mfplug.system import System

Array = NDArray[np.float64]
INVARIANTS = ("mass", "momentum", "energy")

#: Larger than what interpolating the force adds, far below what a mistake makes.
LIMIT = 1e-3
#: Points on a side of the square over which the density is summed lie 0.3 widths apart:
#: for a smooth density the sum is then right to 1e-10.
END, MASS, NODES, SIDE = 1.1, 1.7, 600, 47


def _systems() -> Iterator[System]:
    """Yield systems that move and are not centred: smooth, singular limit, harmonic."""
    law = Cloud(width=0.8, speed=0.6, centre=0.3, drift=0.5)
    for d in (1, 2, 3):
        for beta in (0.0, 0.5):
            yield System(
                dimension=d, potential=Bell(), initial=law, mass=MASS, beta=beta
            )
        yield System(dimension=d, potential=Spring(), initial=law, mass=MASS)
    # A solver in space may ask for a centre that stays: then momentum says less.
    for d in (2, 3):
        yield System(dimension=d, potential=Bell(), initial=Cloud(), mass=MASS)
    if "harmonic" in names("potential") and "gaussian" in names("distribution"):
        initial = {"name": "gaussian", "mean_q": 0.3, "mean_p": 0.5, "qq": 0.6}
        yield System(
            dimension=1,
            potential={"name": "harmonic", "strength": 0.7},  # type: ignore[arg-type]
            initial=initial,  # type: ignore[arg-type]
            mass=MASS,
        )


def _solve(solver: Solver) -> MeanField:
    refusal = ""
    for system in _systems():
        try:
            return solver.solve(system, (0.0, END))
        except ParameterError as error:
            refusal = str(error)
    raise Refused(f"it takes none of the probes: {refusal}")


def _energy(field: MeanField, q: Array, p: Array, w: Array) -> float:
    pairs = field.system.potential.energy(q[:, None] - q[None])
    kinetic = np.sum(w * np.sum(p**2, axis=-1)) / (2 * field.system.mass)
    return float(kinetic + 0.5 * w @ pairs @ w)


def _mass(field: MeanField, q: Array, p: Array, w: Array) -> float:
    """Return how far the density at the end is from one of mass 1.

    In one dimension it is integrated over all that the nodes reach. In more it is
    compared, at the nodes, with f_0 where they came from: it has to be carried along.
    """
    if field.system.dimension > 1:
        q0, p0 = field.flow(q, p, END, 0.0)
        before = field.system.initial.density(q0, p0)
        after = field.density(END, q, p)
        return float(np.abs(after - before).max() / before.max())
    axes = []
    for x in (q[:, 0], p[:, 0]):
        mean = float(w @ x)
        reach = 7.0 * float(np.sqrt(w @ (x - mean) ** 2))
        axes.append(np.linspace(mean - reach, mean + reach, SIDE))
    grid = np.meshgrid(*axes, indexing="ij")
    f = field.density(END, grid[0][..., None], grid[1][..., None])
    cell = (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0])
    return abs(float(f.sum() * cell) - 1.0)


def conserved(solver: Solver) -> str:
    """Check mass, momentum and energy of f_t along the flow of the field."""
    unknown = [name for name in solver.conserves if name not in INVARIANTS]
    if unknown:
        raise CheckFailed(
            f"conserves names {unknown[0]!r}; expected any of {', '.join(INVARIANTS)}"
        )
    field = _solve(solver)
    q, p, w = field.system.initial.nodes(NODES)
    q1, p1 = field.flow(q, p, 0.0, END)
    scale = float(np.sqrt(w @ np.sum(p**2, axis=-1)))
    before = _energy(field, q, p, w)
    changes = {
        "mass": _mass(field, q1, p1, w),
        "momentum": float(np.abs(w @ (p1 - p)).max()) / scale,
        "energy": abs(_energy(field, q1, p1, w) - before) / abs(before),
    }
    said = ", ".join(f"{name} {change:.1g}" for name, change in changes.items())
    for name in solver.conserves:
        if not changes[name] <= LIMIT:
            raise CheckFailed(
                f"conserves names '{name}', but it changes by {changes[name]:.2g} of "
                f"its size until t = {END}; expected below {LIMIT:g}"
            )
    return f"declared {', '.join(solver.conserves) or 'none'}; changes: {said}"
