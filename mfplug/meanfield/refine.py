"""Error of a mean field from a second resolution, and resolution from an error."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import NumericsError
from mfplug.meanfield.pair_field import PairField
from mfplug.meanfield.recurrence import APART

Array = NDArray[np.float64]

#: The step is judged by runs with this part of the nodes.
FEW = 16
#: Nodes of which half change the force by more than this part of it are too few. All of
#: them err by a quarter of the change at most where the rule converges at all (study
#: ``vlasov-nodes``), which leaves a few percent.
ALLOWED = 0.25
#: A force below this part of what one particle can exert is none, as that of a
#: homogeneous state: there is nothing to compare its error with.
NOISE = 1e-8
#: How often a coarser rule is looked for whose waves come back at another time, and the
#: error of nodes of which nothing is known.
RETRIES, UNKNOWN = 3, 1.0
#: How often nodes are doubled in search of a number that does.
DOUBLINGS = 6
#: The search goes no further than this number of nodes.
SEARCHED = 1 << 21


@dataclass(frozen=True)
class Resolution:
    """Nodes of f_0, grid points an axis (0: no grid) and the step in time."""

    nodes: int
    grid: int
    step: float


Run = Callable[[Resolution], PairField]


@dataclass(frozen=True)
class ForceError:
    """Estimated errors of the pair force, relative to its largest value.

    Attributes
    ----------
    nodes, step, grid
        Contributions of the quadrature, of the step (time-stepping and interpolation
        in time), and of the interpolation in space.
    """

    nodes: float
    step: float
    grid: float

    @property
    def total(self) -> float:
        """Return the sum of the contributions."""
        return self.nodes + self.step + self.grid


def probes(field: PairField, count: int = 200) -> list[tuple[float, Array]]:
    """Return (t, points) at which forces are compared, points of shape (d, K).

    Two times between levels, the last one, and when a wave returns that had gone
    (``info["return_time"]``); on a torus, where waves fade, the first one too, so that
    errors are relative to the wave that was. Positions that carry mass: nodes of f_0
    moved by the field.
    """
    first, last = field.times[0], field.times[-1]
    law = field.system.initial
    q, p, _ = law.nodes(max(count, 4 ** (2 * field.system.dimension)))
    stride = max(1, len(q) // count)
    q, p = q[::stride], p[::stride]
    found, before = [], first
    times = [first + part * (last - first) for part in (0.37, 0.76, 1.0)]
    if field.system.box is not None:
        times = [first, *times]
    back = field.info.get("return_time", np.inf)
    if first + back < last:
        times = sorted([*times, first + back])
    for t in times if last > first else (first,):
        q, p = field.flow(q, p, before, t)
        before = t
        found.append((t, np.ascontiguousarray(q.T)))
    return found


def force_scale(field: PairField, at: list[tuple[float, Array]]) -> float:
    """Return the largest pair force at the probes, or 1 where there is none."""
    largest = max(float(np.abs(field.pair_force(t, x)).max()) for t, x in at)
    return largest if largest > 0.0 else 1.0


def difference(a: PairField, b: PairField, at: list[tuple[float, Array]]) -> float:
    """Return the largest difference of two pair forces at the probes."""
    return max(
        float(np.abs(a.pair_force(t, x) - b.pair_force(t, x)).max()) for t, x in at
    )


def step_error(run: Run, resolution: Resolution) -> float:
    """Return the relative change of the force when the step is halved, on few nodes."""
    few = replace(resolution, nodes=max(1, resolution.nodes // FEW))
    whole, half = run(few), run(replace(few, step=0.5 * resolution.step))
    at = probes(half)
    return difference(whole, half, at) / force_scale(half, at)


def hidden_return(coarse: PairField, fine: PairField) -> bool:
    """Return whether waves come back to both fields at once, before the end.

    Their difference does not show it then. So it is where their momenta are equally
    spaced, which happens between two numbers that a product rule knows.
    """
    back, there = (f.info.get("return_time", np.inf) for f in (coarse, fine))
    if there >= fine.times[-1] - fine.times[0]:
        return False
    return bool(APART <= back / there <= 1.0 / APART)


def solve_with_error(
    run: Run, resolution: Resolution, grid_error: Callable[[PairField], float]
) -> tuple[PairField, ForceError]:
    """Return the field at a resolution with its estimated error.

    The error of the quadrature is the change from half as many nodes, which is the
    error of the coarser solution and bounds that of the finer one; the error of the
    step is the change when it is halved, with few nodes.
    """
    fine = run(resolution)
    half = replace(resolution, nodes=max(1, resolution.nodes // 2))
    coarse = run(half)
    for _ in range(RETRIES):
        if not hidden_return(coarse, fine):
            break
        half = replace(half, nodes=max(1, int(0.7 * half.nodes)))
        coarse = run(half)
    at = probes(fine)
    scale = force_scale(fine, at)
    nodes = difference(fine, coarse, at) / scale
    error = ForceError(
        max(nodes, UNKNOWN) if hidden_return(coarse, fine) else nodes,
        step_error(run, resolution),
        grid_error(fine),
    )
    return fine, error


def check_nodes(
    who: str, field: PairField, error: ForceError, now: Resolution, start: Run
) -> None:
    """Refuse a field whose nodes are too coarse for the force that they exert.

    Parameters
    ----------
    who
        Name of the solver, for the message.
    start
        Run that ends at the first time, to find how many nodes do there.

    Raises
    ------
    NumericsError
        If half the nodes change the force by more than ``ALLOWED``, with a number of
        nodes that may do, or because their momenta bring waves back.
    """
    if error.nodes <= ALLOWED:
        return
    bound = field.system.potential.gradient_bound
    if force_scale(field, probes(field)) <= NOISE * bound < np.inf:
        return
    # Half as many have them back earlier: the momenta of an axis are so many fewer.
    power = 2 * field.system.dimension
    back = field.info.get("return_time", np.inf)
    expected = 2.0 ** (1.0 / power) * (field.times[-1] - field.times[0])
    if back < expected:
        more = _rounded(1.3 * now.nodes * (expected / back) ** power)
        raise NumericsError(
            f"solver '{who}': the equidistant momenta of {now.nodes} nodes, or of half "
            f"as many, bring waves back; got {back:.4g} as the time of their return, "
            f"expected more than {expected:.4g}. Give nodes: {more} or more, or end "
            "earlier."
        )
    raise NumericsError(
        f"solver '{who}': {now.nodes} nodes cannot hold the force; got a change of "
        f"{error.nodes:.2g} of the largest force from half as many, expected at most "
        f"{ALLOWED:g}. Give nodes: {enough_nodes(start, now)} or more, or take a wider "
        "potential."
    )


def _rounded(nodes: float) -> int:
    """Return a number of nodes in two digits, rounded up."""
    digits = 10 ** max(0, math.floor(math.log10(nodes)) - 1)
    return digits * math.ceil(nodes / digits)


def enough_nodes(start: Run, now: Resolution) -> int:
    """Return nodes that hold the force at the first time, and are twice as dense.

    Nodes are doubled until that changes the first force by less than ``ALLOWED``.
    """
    nodes = now.nodes
    coarse = start(now)
    least = nodes << (2 * coarse.system.dimension)
    at = probes(coarse)
    for _ in range(DOUBLINGS):
        if 2 * nodes > SEARCHED:
            break
        fine = start(replace(now, nodes=2 * nodes))
        if difference(fine, coarse, at) <= ALLOWED * force_scale(fine, at):
            break
        nodes, coarse = 2 * nodes, fine
    return max(least, 2 * nodes)


def solve_to_tolerance(
    run: Run,
    start: Resolution,
    grid_error: Callable[[PairField], float],
    tolerance: float,
    most_nodes: int,
) -> tuple[PairField, ForceError, Resolution]:
    """Return the field, its error and the resolution that keeps it below a tolerance.

    Step and grid are each brought below a third of it with few nodes; then the nodes
    are doubled until the sum of all three is below it.

    Raises
    ------
    NumericsError
        If ``most_nodes``, 1024 grid points or 64 halvings of the step do not do.
    """
    goal = tolerance / 3.0
    now = start
    step = step_error(run, now)
    while step > goal:
        # Order 6: the error falls by 64 when the step is halved.
        now = replace(now, step=now.step / 2.0)
        if now.step < start.step / 64.0:
            raise _out_of_reach("step", step, goal, f"step {now.step:g}")
        step = step_error(run, now)
    while now.grid:
        few = replace(now, nodes=max(1, now.nodes // FEW))
        grid = grid_error(run(few))
        if grid <= goal:
            break
        factor = min(2.0, max(1.2, (grid / goal) ** (1 / 6)))
        now = replace(now, grid=int(factor * now.grid) + 1)
        if now.grid > 1024:
            raise _out_of_reach("grid", grid, goal, f"grid {now.grid}")
    fine, error = run(now), ForceError(np.inf, step, 0.0)
    while error.total > tolerance:
        coarse, now = fine, replace(now, nodes=2 * now.nodes)
        if now.nodes > most_nodes:
            left = tolerance - error.step - error.grid
            raise _out_of_reach("quadrature", error.nodes, left, f"nodes {now.nodes}")
        fine = run(now)
        if hidden_return(coarse, fine):
            continue
        at = probes(fine)
        nodes = difference(fine, coarse, at) / force_scale(fine, at)
        error = ForceError(nodes, step, grid_error(fine))
    return fine, error, now


def _out_of_reach(what: str, error: float, allowed: float, last: str) -> NumericsError:
    return NumericsError(
        f"solver: the tolerance is out of reach; got error {error:.1e} of the {what} "
        f"before {last}, expected at most {allowed:.1e}. Take a larger "
        "tolerance, a shorter time or a smoother initial law."
    )
