"""The semi-Lagrangian method on a grid of phase space."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug
from mfplug.contracts.integrator import step_count

if TYPE_CHECKING:
    from mfplug.meanfield.grid_error import GridResolution
    from mfplug.meanfield.grid_field import GridField
    from mfplug.meanfield.phase_grid import PhaseGrid

Array = NDArray[np.float64]

#: A grid that the solver chooses has at most so many points an axis.
MOST_POINTS = 4096
#: How often a grid is widened or refined before the solver gives up.
TRIALS = 24


@dataclass(frozen=True)
class SemiLagrangian(mfplug.Solver):
    r"""f on a grid of phase space (d = 1), moved by split steps along characteristics.

    .. math:: f(q, p) \to f(q - p\,\tau/m, p), \qquad f(q, p) \to f(q, p - K\tau)

    Each shift moves whole lines of the grid, by centred Lagrange interpolation of odd
    ``degree``: conservative, and exact for the first two moments of p in a kick. The
    force is the convolution of grad phi with the density by fast Fourier transforms. In
    time Strang's splitting (order 2) or that of Blanes and Moan (order 4). The field
    is stored as the density at each step.

    Without ``points_q`` and ``points_p`` the grid is chosen: it covers f_0 down to
    1e-13 of its maximum, resolves it, and is widened or refined while mass reaches its
    edge or filaments become finer than it. With ``tolerance`` grid and step are refined
    until the estimated error of the force, relative to its largest value, is below it.
    ``info`` says the estimate (``error``, the change from a coarser resolution, which
    bounds the error of the finer one), the grid, the drift of the invariants,
    ``lost_at``, when filaments became finer than the grid, and ``work``, the number of
    values moved, each at each shift.

    Raises
    ------
    NumericsError
        If the grid cannot hold the solution: filaments (with the time), mass at its
        edge, tails of f_0; if f_0 is negative or not normalised; if a tolerance is out
        of reach.
    """

    name: ClassVar[str] = "semi-lagrangian"
    order: ClassVar[int] = 4
    conserves: ClassVar[tuple[str, ...]] = ("mass", "momentum")

    points_q: int = mfplug.param(0, at_least=0, help="grid points in q; 0: chosen")
    points_p: int = mfplug.param(0, at_least=0, help="grid points in p; 0: chosen")
    p_max: float = mfplug.param(0.0, at_least=0.0, help="largest |p|; 0: from f_0")
    step: float = mfplug.param(0.1, above=0.0, help="time step")
    degree: int = mfplug.param(
        9, choices=(3, 5, 7, 9, 11, 13, 15, 17), help="of shifts"
    )
    time_order: int = mfplug.param(4, choices=(2, 4), help="order in the time step")
    filaments: str = mfplug.param(
        "refuse",
        choices=("refuse", "smooth"),
        help="what to do when finer than the grid",
    )
    tolerance: float = mfplug.param(
        0.0, at_least=0.0, help="relative error of the force to reach; 0: as it comes"
    )

    def solve(self, system: mfplug.System, times: Sequence[float]) -> GridField:
        """Return the field, with its error in ``info``."""
        from mfplug.meanfield.grid_error import GridResolution, difference

        self._check(system)
        start = GridResolution(self._grid(system, times[-1] - times[0]), self.step)
        if self.tolerance > 0.0:
            return self._to_tolerance(system, times, start)
        coarse, now = self._settled(system, times, start)
        field = self._run(system, times, now)
        field.info["error"] = difference(field, coarse)
        return field

    def restore(
        self,
        system: mfplug.System,
        times: Sequence[float],
        arrays: Mapping[str, Array],
        info: Mapping[str, Any],
    ) -> GridField:
        """Return the field from its arrays."""
        from mfplug.meanfield.grid_field import GridField

        return GridField(
            system, times, arrays, solver=self, info=info, flow_step=info["step"]
        )

    def _check(self, system: mfplug.System) -> None:
        from mfplug.meanfield.phase_grid import check_dimension
        from mfplug.meanfield.room import check_room

        check_dimension(system.dimension)
        size = max(1, self.points_q) * max(1, self.points_p)
        check_room(self, size, f"points_q x points_p = {size}")
        if system.potential.regularity == "singular":
            raise mfplug.ParameterError(
                "solver 'semi-lagrangian': it needs a smooth potential; got "
                f"'{system.potential.name}', which is singular. Soften it."
            )
        least = 2 * (self.degree + 1)
        for key in ("points_q", "points_p"):
            value = getattr(self, key)
            if 0 < value < least or (key == "points_q" and value % 2):
                raise mfplug.ParameterError(
                    f"solver 'semi-lagrangian': {key} is not allowed; got {value}, "
                    f"expected 0 or at least {least}, points_q even. Change it."
                )

    def _grid(self, system: mfplug.System, duration: float) -> PhaseGrid:
        """Return the grid to begin with."""
        from mfplug.meanfield.initial_grid import density_at, unresolved
        from mfplug.meanfield.phase_grid import RESOLVED, extent_of, first_grid

        law = system.initial
        extent = extent_of(law, system.box, self.p_max)
        grid = first_grid(law, system.box, extent)
        smooth = unresolved(density_at(law, grid.q, grid.p), 0) <= RESOLVED
        by_p = 1.5
        if system.box is not None and smooth:
            # exp(i k (q - p t / m)) has k t / m waves in p.
            finest = math.pi * system.box * system.mass / (2.0 * math.pi)
            by_p = max(by_p, 1.5 * duration * grid.p_spacing / finest)
        # The Lagrange polynomials need more points than the spectrum has waves.
        grid = grid.scaled(1.5, by_p if smooth else 1.0)
        return grid.scaled(
            self.points_q / grid.q_points if self.points_q else 1.0,
            self.points_p / grid.p_points if self.points_p else 1.0,
        )

    def _settled(
        self, system: mfplug.System, times: Sequence[float], now: GridResolution
    ) -> tuple[GridField, GridResolution]:
        """Return the coarse field and a resolution that holds the solution."""
        from mfplug.meanfield.grid_run import FilamentsLost, MassEscapes

        for _ in range(TRIALS):
            judge = not self.points_p
            try:
                return self._run(
                    system, times, now.coarser(True, True, True), judge
                ), now
            except MassEscapes as escape:
                if (escape.axis == "p" and self.p_max) or (
                    escape.axis == "q" and self.points_q
                ):
                    raise
                # What escapes early goes far.
                share = (times[-1] - times[0]) / (escape.time - times[0])
                grid = now.grid.widened(
                    escape.axis, escape.low, escape.high, min(1.0, 0.3 * share)
                )
                now = replace(now, grid=grid)
            except FilamentsLost as lost:
                more = min(3.0, 1.1 * (times[-1] - times[0]) / (lost.time - times[0]))
                more = max(1.25, more)
                by_q, by_p = (more, 1.0) if lost.axis == "q" else (1.0, more)
                grid = now.grid.scaled(by_q, by_p)
                if max(grid.q_points, grid.p_points) > MOST_POINTS:
                    raise
                now = replace(now, grid=grid)
        raise mfplug.NumericsError(
            f"solver 'semi-lagrangian': no grid holds the solution; got {TRIALS} "
            "trials, expected fewer. End earlier, or give p_max, points_q and points_p."
        )

    def _run(
        self,
        system: mfplug.System,
        times: Sequence[float],
        now: GridResolution,
        judge: bool = True,
    ) -> GridField:
        """Return the field at one resolution, without an estimate of its error."""
        from mfplug.meanfield.grid_error import drifts
        from mfplug.meanfield.grid_run import GridRun
        from mfplug.meanfield.initial_grid import load

        steps = max(5, math.ceil(step_count(times[0], times[-1], now.step) - 1e-9))
        levels = (
            np.linspace(times[0], times[-1], steps + 1)
            if times[-1] > times[0]
            else np.array([times[0]])
        )
        grid = now.grid
        run = GridRun(
            system,
            grid,
            load(system.initial, grid),
            degree=self.degree,
            time_order=self.time_order,
            judge=judge,
            smooth=self.filaments == "smooth",
        )
        start = run.invariants(times[0])
        density = np.stack(list(run.march(levels)))
        end = run.invariants(times[-1])
        arrays = {
            "levels": levels,
            "density": density,
            "axis": np.array([grid.q_low, grid.q_spacing]),
        }
        info: dict[str, Any] = {
            "points_q": grid.q_points,
            "points_p": grid.p_points,
            "p_range": [grid.p_low, grid.p_low + grid.p_spacing * (grid.p_points - 1)],
            "step": float(levels[1] - levels[0]) if len(levels) > 1 else now.step,
            "levels": len(levels),
            "lost_at": run.lost_at,
            "work": run.work,
        }
        return self.restore(system, times, arrays, info | drifts(start, end))

    def _to_tolerance(
        self, system: mfplug.System, times: Sequence[float], now: GridResolution
    ) -> GridField:
        """Refine grid and step, each where its part of the error asks for it."""
        from mfplug.meanfield.grid_error import GridResolution, difference

        _, now = self._settled(system, times, now)
        orders = {"q": self.degree, "p": self.degree, "step": self.time_order}
        goal = self.tolerance / len(orders)
        for _ in range(TRIALS):
            field = self._run(system, times, now)
            # All three coarser at once, and only then one by one, costs less.
            coarse = self._run(system, times, now.coarser(True, True, True), False)
            field.info["error"] = difference(field, coarse)
            if field.info["error"] <= self.tolerance:
                return field
            parts = {
                key: difference(
                    field,
                    self._run(
                        system, times, now.coarser(*(k == key for k in orders)), False
                    ),
                )
                for key in orders
            }
            more = {
                key: min(2.0, max(1.15, 1.1 * (parts[key] / goal) ** (1 / order)))
                if parts[key] > goal
                else 1.0
                for key, order in orders.items()
            }
            now = GridResolution(
                now.grid.scaled(more["q"], more["p"]), now.step / more["step"]
            )
            if max(now.grid.q_points, now.grid.p_points) > MOST_POINTS:
                break
        raise mfplug.NumericsError(
            "solver 'semi-lagrangian': the tolerance is out of reach; got an error of "
            f"{field.info['error']:.1e} with {field.info['points_q']} x "
            f"{field.info['points_p']} points, expected {self.tolerance:g}. Take a "
            "larger tolerance, a shorter time or a smoother initial law."
        )


@mfplug.hookimpl
def mfplug_solvers() -> list[type[mfplug.Solver]]:
    """Return the solver."""
    return [SemiLagrangian]
