"""The weighted-particle method of characteristics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug
from mfplug.contracts.integrator import State, splitting_step
from mfplug.contracts.meanfield import KAHAN_LI_6

if TYPE_CHECKING:
    from mfplug.meanfield.spline_field import SplineField

Array = NDArray[np.float64]

NODES = {1: 2048, 2: 16384, 3: 65536}
GRID = {1: 512, 2: 128, 3: 48}


@dataclass(frozen=True)
class Characteristics(mfplug.Solver):
    r"""Deterministic weighted nodes of f_0, carried by the force that they generate.

    .. math:: \dot q_k = p_k / m, \quad
              \dot p_k = -\nabla V_t(q_k) - \sum_l w_l \nabla\phi(q_k - q_l)

    The nodes (q_k, p_k, w_k) are a quadrature rule of f_0 (``Distribution.nodes``), so
    sum_k w_k delta(x - x_k(t)) is an exact measure-valued solution of the Vlasov
    equation (9), as near to f_t as the rule is to f_0 (Neunzert's estimate (44)).
    Time stepping is of order 6 (Kahan and Li 1997); the pair force is stored as a
    quintic spline in time and space.
    """

    name: ClassVar[str] = "characteristics"
    order: ClassVar[int] = 6
    conserves: ClassVar[tuple[str, ...]] = ("mass", "momentum")

    nodes: int = mfplug.param(0, at_least=0, help="nodes to aim at; 0: by dimension")
    grid: int = mfplug.param(0, at_least=0, help="grid points an axis; 0: by dimension")
    step: float = mfplug.param(0.1, above=0.0, help="time step of nodes and levels")

    def solve(self, system: mfplug.System, times: Sequence[float]) -> SplineField:
        """Return the field of the nodes' motion."""
        self._check(system)
        d = system.dimension
        q, p, w = system.initial.nodes(self.nodes or NODES[d])
        levels, nodes, momenta = self._march(system, q, p, w, times)
        low, spacing, force = self._tabulate(system, nodes, w)
        arrays = {
            "levels": levels,
            "grid_low": low,
            "grid_spacing": spacing,
            "grid_force": force,
            "nodes": nodes,
            "weights": w,
        }
        info: dict[str, Any] = {
            "nodes": len(w),
            "grid": int(force.shape[-1]),
            "levels": len(levels),
        }
        info |= self._conservation(system, levels, nodes, momenta, w)
        field = self.restore(system, times, arrays, info)
        field.info["interpolation_error"] = self._interpolation_error(field)
        return field

    def restore(
        self,
        system: mfplug.System,
        times: Sequence[float],
        arrays: Mapping[str, Array],
        info: Mapping[str, Any],
    ) -> SplineField:
        """Return the field from its arrays."""
        from mfplug.meanfield.spline_field import SplineField

        return SplineField(
            system,
            times,
            dict(arrays),
            solver=self,
            info=dict(info),
            flow_step=self.step,
        )

    def _check(self, system: mfplug.System) -> None:
        if system.box is not None:
            raise mfplug.ParameterError(
                f"solver 'characteristics': the torus is not supported; got box = "
                f"{system.box:g}, expected none. Use all space."
            )
        if system.potential.regularity == "singular":
            raise mfplug.ParameterError(
                "solver 'characteristics': it needs a smooth potential; got "
                f"'{system.potential.name}', which is singular. Soften it."
            )
        if 0 < self.grid < 3 * 8:
            raise mfplug.ParameterError(
                f"solver 'characteristics': grid is too small; got {self.grid}, "
                "expected 0 or at least 24. Change it."
            )

    def _march(
        self,
        system: mfplug.System,
        q: Array,
        p: Array,
        w: Array,
        times: Sequence[float],
    ) -> tuple[Array, Array, Array]:
        """Return levels (T,), node positions and momenta (T, d, M)."""
        from mfplug.dynamics.compiled import compile_potential, field_forces

        compiled = compile_potential(system.potential, system.dimension)

        def force(t: float, x: Array) -> Array:
            pair = field_forces(compiled, x, w, x)
            if system.external is not None:
                pair = pair - system.external.gradient(x.T, t).T
            if not np.isfinite(pair).all():
                raise mfplug.NumericsError(
                    f"potential '{system.potential.name}': the mean-field force is not "
                    f"finite at t = {t:g}; got NaN or infinity, expected numbers. "
                    "Check the formula and its parameters."
                )
            return pair

        first, last = times[0], times[-1]
        # Six levels at least, so that the spline in time has its full degree.
        steps = max(5, int(np.ceil((last - first) / self.step - 1e-9)))
        levels = (
            np.linspace(first, last, steps + 1) if last > first else np.array([first])
        )
        state = State(np.ascontiguousarray(q.T), np.ascontiguousarray(p.T), system.mass)
        path = [state]
        for t, t_next in pairwise(levels):
            state = splitting_step(KAHAN_LI_6, state, t, t_next - t, force)
            path.append(state)
        return levels, np.stack([s.q for s in path]), np.stack([s.p for s in path])

    def _tabulate(
        self, system: mfplug.System, nodes: Array, w: Array
    ) -> tuple[Array, Array, Array]:
        """Return the grid and the pair force on it at each level."""
        from mfplug.dynamics.compiled import compile_potential, field_forces
        from mfplug.meanfield.splines import MARGIN

        d = system.dimension
        size = self.grid or GRID[d]
        low, high = _extent(nodes, w)
        spacing = (high - low) / (size - 1 - 2 * MARGIN - 2)
        low = low - (MARGIN + 1) * spacing
        axes = [low[a] + spacing[a] * np.arange(size) for a in range(d)]
        points = np.stack([x.ravel() for x in np.meshgrid(*axes, indexing="ij")])
        compiled = compile_potential(system.potential, d)
        shape = (d, *(size,) * d)
        levels = [field_forces(compiled, x, w, points).reshape(shape) for x in nodes]
        return low, spacing, np.stack(levels)

    def _conservation(
        self,
        system: mfplug.System,
        levels: Array,
        nodes: Array,
        momenta: Array,
        w: Array,
    ) -> dict[str, float]:
        """Return the relative drift of energy and momentum of the nodes."""
        from mfplug.dynamics.compiled import compile_potential, field_energies

        compiled = compile_potential(system.potential, system.dimension)
        energies, impulse = [], []
        for k in (0, -1):
            pair = 0.5 * w @ field_energies(compiled, nodes[k], w, nodes[k])
            kinetic = 0.5 * w @ np.sum(momenta[k] ** 2, axis=0) / system.mass
            energy = float(kinetic + pair)
            if system.external is not None:
                energy += float(w @ system.external.energy(nodes[k].T, levels[k]))
            energies.append(energy)
            impulse.append(momenta[k] @ w)
        scale = float(0.5 * w @ np.sum(momenta[0] ** 2, axis=0)) + abs(energies[0])
        return {
            "energy_drift": abs(energies[1] - energies[0]) / scale,
            "momentum_drift": float(np.abs(impulse[1] - impulse[0]).max()),
        }

    def _interpolation_error(self, field: SplineField) -> float:
        """Return max |spline - sum over nodes| / max |force|, between the levels."""
        from mfplug.dynamics.compiled import compile_potential, field_forces

        system = field.system
        levels, w = field.arrays()["levels"], field.arrays()["weights"]
        compiled = compile_potential(system.potential, system.dimension)
        worst = scale = 0.0
        for t in (0.5 * (levels[0] + levels[min(1, len(levels) - 1)]), levels[-1]):
            nodes = field.node_positions(t)
            points = np.ascontiguousarray(nodes[:, :: max(1, nodes.shape[1] // 500)])
            exact = field_forces(compiled, nodes, w, points)
            spline = field._pair(t, points, -1)
            worst = max(worst, float(np.abs(spline - exact).max()))
            scale = max(scale, float(np.abs(exact).max()))
        return worst / scale if scale > 0 else 0.0


def _extent(nodes: Array, w: Array, tail: float = 1e-5) -> tuple[Array, Array]:
    """Return the box that holds all but a tail of the mass at every level."""
    lows, highs = [], []
    for level in nodes:
        for_axis = []
        for x in level:
            order = np.argsort(x, kind="stable")
            mass = np.cumsum(w[order])
            inside = np.flatnonzero((mass >= tail) & (mass <= 1 - tail))
            edge = (inside[0], inside[-1]) if inside.size else (0, -1)
            for_axis.append((x[order[edge[0]]], x[order[edge[1]]]))
        lows.append([a for a, _ in for_axis])
        highs.append([b for _, b in for_axis])
    low, high = np.min(lows, axis=0), np.max(highs, axis=0)
    width = np.maximum(high - low, 1e-6)
    return low - 0.05 * width, high + 0.05 * width


@mfplug.hookimpl
def mfplug_solvers() -> list[type[mfplug.Solver]]:
    """Return the solver."""
    return [Characteristics]
