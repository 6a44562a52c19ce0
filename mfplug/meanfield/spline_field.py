"""A mean field known through weighted nodes: a spline inside, the exact sum outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.contracts.meanfield import MeanField
from mfplug.dynamics.compiled import compile_potential, field_forces
from mfplug.errors import ParameterError
from mfplug.meanfield import splines

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]

#: Step of the central differences that replace a second derivative not known in form.
DIFFERENCE = 1e-5


class SplineField(MeanField):
    """Pair force of moving weighted nodes, interpolated in time and space.

    Within the grid the pair force is a quintic tensor spline in space and time;
    outside it is summed over the nodes, whose positions are a quintic spline in time.
    The external force is evaluated as it is. So the field is defined in all space.

    Parameters
    ----------
    levels : ndarray, shape (T,)
        Times of the stored levels.
    grid_low, grid_spacing : ndarray, shape (d,)
    grid_force : ndarray, shape (T, d, G1, ..., Gd)
        Pair force on the grid at each level.
    nodes : ndarray, shape (T, d, M)
        Node positions at each level.
    weights : ndarray, shape (M,)

    Raises
    ------
    ParameterError
        If an array is missing or does not fit the others.
    """

    def __init__(
        self,
        system: System,
        times: Sequence[float],
        arrays: dict[str, Array],
        *,
        solver: Any,
        info: dict[str, Any],
        flow_step: float,
    ) -> None:
        super().__init__(system, times, solver=solver, info=info, flow_step=flow_step)
        d = system.dimension
        _check_arrays(arrays, d)
        self._arrays = arrays
        force = arrays["grid_force"]
        space = splines.spline_coefficients(force, tuple(range(2, 2 + d)))
        self._levels = arrays["levels"]
        self._force = splines.time_coefficients(self._levels, space)
        self._nodes = splines.time_coefficients(self._levels, arrays["nodes"])
        self._compiled = compile_potential(system.potential, d)
        self._slice: tuple[float, Array] | None = None

    def arrays(self) -> dict[str, Array]:
        """Return the arrays from which the field is restored."""
        return self._arrays

    def _at(self, t: float) -> Array:
        """Return the spatial coefficients at t, shape (d, G1, ..., Gd)."""
        if self._slice is None or self._slice[0] != t:
            part, weights = splines.time_basis(self._levels, t)
            field = np.tensordot(weights, self._force[part], axes=1)
            self._slice = (t, np.ascontiguousarray(field))
        return self._slice[1]

    def node_positions(self, t: float) -> Array:
        """Return the positions of the nodes at t, shape (d, M)."""
        part, weights = splines.time_basis(self._levels, t)
        return np.ascontiguousarray(np.tensordot(weights, self._nodes[part], axes=1))

    def _pair(self, t: float, points: Array, derivative: int) -> Array:
        """Return the pair force, or its derivative along an axis, at points (d, K)."""
        out = np.zeros_like(points)
        outside = np.zeros(points.shape[1], dtype=np.bool_)
        splines.evaluate(
            self._at(t),
            self._arrays["grid_low"],
            self._arrays["grid_spacing"],
            points,
            derivative,
            out,
            outside,
        )
        if outside.any():
            far = np.ascontiguousarray(points[:, outside])
            out[:, outside] = self._direct(t, far, derivative)
        return out

    def _direct(self, t: float, points: Array, derivative: int) -> Array:
        nodes, weights = self.node_positions(t), self._arrays["weights"]
        if derivative < 0:
            return field_forces(self._compiled, nodes, weights, points)
        shift = np.zeros((points.shape[0], 1))
        shift[derivative] = DIFFERENCE
        ahead = field_forces(self._compiled, nodes, weights, points + shift)
        behind = field_forces(self._compiled, nodes, weights, points - shift)
        return (ahead - behind) / (2 * DIFFERENCE)

    def force(self, t: float, q: ArrayLike) -> Array:
        """Return K(t, q), shape (..., d)."""
        t, points = self.check_time(t), self.points(q)
        flat = np.ascontiguousarray(points.reshape(-1, points.shape[-1]).T)
        result = self._pair(t, flat, -1).T.reshape(points.shape)
        if self.system.external is not None:
            result = result - self.system.external.gradient(points, t)
        return result

    def force_gradient(self, t: float, q: ArrayLike) -> Array:
        """Return DK(t, q), shape (..., d, d)."""
        t, points = self.check_time(t), self.points(q)
        d = points.shape[-1]
        flat = np.ascontiguousarray(points.reshape(-1, d).T)
        columns = [
            self._pair(t, flat, axis).T.reshape(points.shape) for axis in range(d)
        ]
        result = np.stack(columns, axis=-1)
        if self.system.external is not None:
            result = result - external_hessian(self.system.external, points, t)
        return result


def _check_arrays(arrays: dict[str, Array], d: int) -> None:
    """Refuse arrays that cannot be those of a field in d dimensions."""
    ranks = {
        "levels": 1,
        "grid_low": 1,
        "grid_spacing": 1,
        "grid_force": d + 2,
        "nodes": 3,
        "weights": 1,
    }
    shapes = {name: np.shape(arrays[name]) for name in ranks if name in arrays}
    good = all(len(shapes.get(name, ())) == rank for name, rank in ranks.items())
    if good:
        levels = shapes["levels"][0]
        good = (
            shapes["grid_low"] == shapes["grid_spacing"] == (d,)
            and shapes["grid_force"][:2] == shapes["nodes"][:2] == (levels, d)
            and shapes["nodes"][2] == shapes["weights"][0]
        )
    if not good:
        raise ParameterError(
            f"mean field: its arrays do not fit each other; got shapes {shapes}, "
            f"expected {', '.join(ranks)} of a field in d = {d}. Solve for it again."
        )


def external_hessian(external: Any, points: Array, t: float) -> Array:
    """Return the matrix of second derivatives of V_t by central differences."""
    columns = []
    for axis in range(points.shape[-1]):
        shift = np.zeros(points.shape[-1])
        shift[axis] = DIFFERENCE
        ahead = external.gradient(points + shift, t)
        behind = external.gradient(points - shift, t)
        columns.append((ahead - behind) / (2 * DIFFERENCE))
    return np.stack(columns, axis=-1)
