"""The weighted-particle method of characteristics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug

if TYPE_CHECKING:
    from mfplug.meanfield.pair_field import PairField
    from mfplug.meanfield.refine import Resolution

Array = NDArray[np.float64]

#: What is taken where nothing is said, by dimension.
NODES = {1: 8192, 2: 30000, 3: 500000}
MODE_NODES = {1: 16384, 2: 65536, 3: 262144}
GRID = {1: 512, 2: 128, 3: 48}
STEP = {1: 0.1, 2: 0.2, 3: 0.25}
MODE_STEP = 0.1
#: Where the search for a tolerance begins and ends.
FIRST_NODES = {1: 512, 2: 4096, 3: 16384}
FIRST_GRID = {1: 64, 2: 48, 3: 40}
MOST_NODES = 1 << 23
LEAST_GRID = 24
#: So many nodes at most are taken unasked to keep waves from coming back.
MOST_LASTING = 1 << 18
#: With a larger part of the largest force as error, the grid does not hold the force.
HELD = 0.5
#: A force below this part of the largest that a particle can exert is rounding.
CANCELLED = 1e-10


@dataclass(frozen=True)
class Characteristics(mfplug.Solver):
    r"""Deterministic weighted nodes of f_0, carried by the force that they generate.

    .. math:: \dot q_k = p_k / m, \quad
              \dot p_k = -\nabla V_t(q_k) - \sum_l w_l \nabla\phi(q_k - q_l)

    The nodes (q_k, p_k, w_k) are a quadrature rule of f_0 (``Distribution.nodes``), so
    sum_k w_k delta(x - x_k(t)) is an exact measure-valued solution of the Vlasov
    equation (9), as near to f_t as the rule is to f_0 (Neunzert's estimate (44)).
    Time stepping is of order 6 (Kahan and Li 1997). The pair force is stored as a
    spline, of degree 5 in space and 9 in time, periodic on the torus; that of a
    potential of a few Fourier modes as their amplitudes, without a grid and at the cost
    of the nodes.

    ``info`` of the field says its error relative to the largest pair force, from a
    second resolution: ``error`` is the sum of ``node_error`` (change from half the
    nodes), ``step_error`` (change when the step is halved, with few nodes) and
    ``interpolation_error`` (spline against the sum over nodes). With ``tolerance``
    the solver chooses nodes, grid and step so that ``error`` stays below it, and a
    step of the characteristics (``flow_step``, else ``step``) so that what they carry
    back, density and score, is as good: ``flow_error``. Without it a field with a
    ``node_error`` above 0.25 is refused. ``work`` is the number of forces
    on nodes, each at each stage of each step. On a torus equidistant momenta bring
    waves back that had gone, at ``return_time``; where ``nodes`` is not given, d = 1
    has so many that this lies beyond the last time, up to 2^18 of them.

    Raises
    ------
    NumericsError
        If the mass has spread so far that the grid cannot hold the force; if the nodes
        are too coarse, with a number that may do; if a tolerance is out of reach.
    """

    name: ClassVar[str] = "characteristics"
    order: ClassVar[int] = 6
    conserves: ClassVar[tuple[str, ...]] = ("mass", "momentum")

    nodes: int = mfplug.param(0, at_least=0, help="nodes to aim at; 0: by dimension")
    grid: int = mfplug.param(0, at_least=0, help="grid points an axis; 0: by dimension")
    step: float = mfplug.param(
        0.0, at_least=0.0, help="time step of the nodes; 0: by dimension"
    )
    tolerance: float = mfplug.param(
        0.0,
        at_least=0.0,
        help="relative error of force and flow; 0: as it comes",
    )

    def solve(self, system: mfplug.System, times: Sequence[float]) -> PairField:
        """Return the field of the nodes' motion, with its error in ``info``."""
        return self.solve_as(self.name, system, times)

    def solve_as(
        self, who: str, system: mfplug.System, times: Sequence[float]
    ) -> PairField:
        """Return the field, solved on behalf of a solver that errors shall name."""
        from mfplug.meanfield.flow_step import settled_flow_step
        from mfplug.meanfield.recurrence import nodes_that_last
        from mfplug.meanfield.refine import (
            check_nodes,
            solve_to_tolerance,
            solve_with_error,
        )

        self._check(system)
        modes = system.potential.modes() is not None

        def run(resolution: Resolution) -> PairField:
            return self._run(system, times, resolution)

        if self.tolerance > 0.0:
            start = self._resolution(system, FIRST_NODES, FIRST_GRID)
            field, found, resolution = solve_to_tolerance(
                run, start, grid_error, self.tolerance, MOST_NODES
            )
            step, error = settled_flow_step(field, self.tolerance / 3.0)
            field.flow_step = step
            field.info |= {"flow_step": step, "flow_error": error}
        else:
            resolution = self._resolution(system, MODE_NODES if modes else NODES, GRID)
            if not self.nodes:
                lasting = nodes_that_last(
                    system, resolution.nodes, times[-1] - times[0], MOST_LASTING
                )
                resolution = replace(resolution, nodes=lasting)
            field, found = solve_with_error(run, resolution, grid_error)
            self._check_grid(field)
            check_nodes(
                who, field, found, resolution, lambda r: self._run(system, times[:1], r)
            )
        field.info |= {
            "error": found.total,
            "node_error": found.nodes,
            "step_error": found.step,
            "interpolation_error": found.grid,
            **{f"asked_{key}": value for key, value in asdict(resolution).items()},
        }
        return field

    def _resolution(
        self, system: mfplug.System, nodes: dict[int, int], grid: dict[int, int]
    ) -> Resolution:
        from mfplug.meanfield.refine import Resolution

        d = system.dimension
        has_grid = system.potential.modes() is None
        return Resolution(
            self.nodes or nodes[d],
            (self.grid or grid[d]) * has_grid,
            self.step or (STEP[d] if has_grid else MODE_STEP),
        )

    def _run(
        self, system: mfplug.System, times: Sequence[float], resolution: Resolution
    ) -> PairField:
        """Return the field at one resolution, without an estimate of its error."""
        from mfplug.contracts.meanfield import KAHAN_LI_6
        from mfplug.meanfield.march import time_levels
        from mfplug.meanfield.mirrors import fold, march_folded
        from mfplug.meanfield.modes import march_modes
        from mfplug.meanfield.recurrence import return_time
        from mfplug.meanfield.tabulate import march_grid

        nodes = system.initial.nodes(resolution.nodes)
        clock = time_levels(times[0], times[-1], resolution.step)
        info = {
            "nodes": len(nodes[2]),
            "grid": resolution.grid,
            "levels": len(clock.levels),
            "step": clock.step,
            # The sum of modes is exact in space.
            "interpolation_error": 0.0,
            "work": len(nodes[2]) * len(KAHAN_LI_6) * clock.steps,
        }
        back = return_time(system, nodes[1])
        if math.isfinite(back):
            info["return_time"] = back
        if not resolution.grid:
            arrays, drift = march_modes(system, nodes, clock)
            return self.restore(system, times, arrays, info | drift)
        folded = fold(system, nodes)
        if folded is None:
            march = march_grid(system, nodes, clock, resolution.grid)
        else:
            info["folded"] = len(folded.w)
            info["work"] = len(folded.w) * len(KAHAN_LI_6) * clock.steps
            march = march_folded(system, folded, clock, resolution.grid)
        arrays, drift, (points, exact) = march
        field = self.restore(system, times, arrays, info | drift)
        scale = float(np.abs(exact).max())
        error = float(np.abs(field.pair_force(times[-1], points) - exact).max())
        # Where forces cancel to rounding there is nothing to interpolate.
        bound = system.potential.gradient_bound
        floor = CANCELLED * bound if math.isfinite(bound) else 0.0
        field.info["interpolation_error"] = error / scale if scale > floor else 0.0
        return field

    def restore(
        self,
        system: mfplug.System,
        times: Sequence[float],
        arrays: Mapping[str, Array],
        info: Mapping[str, Any],
    ) -> PairField:
        """Return the field from its arrays."""
        from mfplug.meanfield.modes import ModeField
        from mfplug.meanfield.spline_field import SplineField

        kind = SplineField if system.potential.modes() is None else ModeField
        step = info.get("flow_step") or info["step"] or MODE_STEP
        return kind(system, times, arrays, solver=self, info=info, flow_step=step)

    def _check_grid(self, field: PairField) -> None:
        """Refuse a field whose grid, which follows the mass, is too coarse by now."""
        error = field.info["interpolation_error"]
        if error > HELD:
            low, spacing = (field.arrays()[f"grid_{x}"][0] for x in ("low", "spacing"))
            size = field.info["grid"]
            raise mfplug.NumericsError(
                "solver 'characteristics': the grid cannot hold the force where the "
                f"mass has gone; got an error of {error:.2g} of the largest force on "
                f"{size} points an axis from {low:.3g} to "
                f"{low + spacing * (size - 1):.3g}, expected at most {HELD:g}. Give "
                "more grid points or end earlier."
            )

    def _check(self, system: mfplug.System) -> None:
        from mfplug.meanfield.room import check_room

        if system.potential.regularity == "singular":
            raise mfplug.ParameterError(
                "solver 'characteristics': it needs a smooth potential; got "
                f"'{system.potential.name}', which is singular. Soften it."
            )
        d = system.dimension
        check_room(self, d * self.nodes, f"nodes = {self.nodes}")
        check_room(self, d * self.grid**d, f"grid = {self.grid}")
        if 0 < self.grid < LEAST_GRID:
            raise mfplug.ParameterError(
                f"solver 'characteristics': grid is too small; got {self.grid}, "
                f"expected 0 or at least {LEAST_GRID}. Change it."
            )


def grid_error(field: PairField) -> float:
    """Return the error of interpolation in space, which a run has measured."""
    return float(field.info["interpolation_error"])


@mfplug.hookimpl
def mfplug_solvers() -> list[type[mfplug.Solver]]:
    """Return the solver."""
    return [Characteristics]
