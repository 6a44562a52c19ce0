"""A mean field on a grid: a spline inside, the exact sum over nodes outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.compiled import compile_potential
from mfplug.dynamics.fields import field_forces
from mfplug.dynamics.sums.mirrored import group_order, images
from mfplug.errors import ParameterError
from mfplug.meanfield import splines
from mfplug.meanfield.pair_field import DIFFERENCE, StoredField

if TYPE_CHECKING:
    pass

Array = NDArray[np.float64]


class SplineField(StoredField):
    """Pair force of moving weighted nodes, interpolated in time and space.

    In free space the pair force is a quintic tensor spline within the grid; outside
    it is summed over the nodes, whose positions are a spline in time. So the
    field is defined in all space. On the torus the spline is periodic and there is no
    outside. In time it is a spline of degree 9.

    Parameters
    ----------
    arrays
        ``levels`` (T,), times of the stored levels; ``grid_low`` and ``grid_spacing``
        (d,); ``coefficients`` (T, d, G1, ..., Gd) of the tensor spline in time and
        space. In free space also ``nodes`` (T, d, M), positions at each level, and
        ``weights`` (M,). With ``frame`` (2, d) all positions are relative to a centre
        (its place at the first level, and its velocity), and the nodes stand for
        themselves and their images under the signed permutations of the axes.

    Raises
    ------
    ParameterError
        If an array is missing or does not fit the others.
    """

    def _prepare(self, arrays: dict[str, Array]) -> None:
        system = self.system
        _check_arrays(arrays, system.dimension, system.box is not None)
        self._levels = arrays["levels"]
        self._low = arrays["grid_low"]
        if system.box is None:
            self._nodes = splines.time_coefficients(self._levels, arrays["nodes"])
        else:
            self._low = self._low - splines.MARGIN * arrays["grid_spacing"]
        self._frame = arrays.get("frame")
        self._compiled = compile_potential(system.potential, system.dimension)
        self._slice: tuple[float, Array] | None = None

    def _at(self, t: float) -> Array:
        """Return the spatial coefficients at t, shape (d, G1, ..., Gd)."""
        if self._slice is None or self._slice[0] != t:
            field = _in_time(self._levels, self._arrays["coefficients"], t)
            if self.system.box is not None:
                # One image of the margin on each side, so that the kernels that know
                # no torus find all six coefficients of a point; one more above, for a
                # point just below the box that rounding puts on it.
                margin = splines.MARGIN
                field = np.pad(
                    field,
                    [(0, 0)] + [(margin, margin + 2)] * (field.ndim - 1),
                    mode="wrap",
                )
            self._slice = (t, np.ascontiguousarray(field))
        return self._slice[1]

    def node_positions(self, t: float) -> Array:
        """Return the positions of all nodes at t, shape (d, M); free space only."""
        nodes = _in_time(self._levels, self._nodes, t)
        if self._frame is not None:
            nodes = images(nodes) + self._centre(t)
        return np.ascontiguousarray(nodes)

    def node_weights(self) -> Array:
        """Return the weights of all nodes, shape (M,); free space only."""
        weights = self._arrays["weights"]
        if self._frame is None:
            return weights
        order = group_order(self.system.dimension)
        return np.tile(weights / order, order)

    def _centre(self, t: float) -> Array:
        """Return the centre of a field with a frame at t, shape (d, 1)."""
        frame = self._arrays["frame"]
        place: Array = frame[0] + (t - self._levels[0]) * frame[1]
        return place[:, None]

    def pair_force(self, t: float, points: Array) -> Array:
        """Return the pair force at points of shape (d, K)."""
        return self._pair(t, points, -1)

    def pair_slope(self, t: float, points: Array, axis: int) -> Array:
        """Return its derivative along an axis, shape (d, K)."""
        return self._pair(t, points, axis)

    def _pair(self, t: float, points: Array, derivative: int) -> Array:
        box = self.system.box
        if box is not None:
            points = points - box * np.floor(points / box)
            # Rounding can put a point just below 0 onto the box itself.
            points = np.where(points >= box, 0.0, points)
        out = np.zeros_like(points)
        outside = np.zeros(points.shape[1], dtype=np.bool_)
        spacing = self._arrays["grid_spacing"]
        within = points if self._frame is None else points - self._centre(t)
        splines.evaluate(
            self._at(t), self._low, spacing, within, derivative, out, outside
        )
        if outside.any():
            far = np.ascontiguousarray(points[:, outside])
            out[:, outside] = self._direct(t, far, derivative)
        return out

    def _direct(self, t: float, points: Array, derivative: int) -> Array:
        nodes, weights = self.node_positions(t), self.node_weights()
        if derivative < 0:
            return field_forces(self._compiled, nodes, weights, points)
        shift = np.zeros((points.shape[0], 1))
        shift[derivative] = DIFFERENCE
        ahead = field_forces(self._compiled, nodes, weights, points + shift)
        behind = field_forces(self._compiled, nodes, weights, points - shift)
        return (ahead - behind) / (2 * DIFFERENCE)


def _in_time(levels: Array, coefficients: Array, t: float) -> Array:
    """Return the spline in time at t, summed in a fixed order."""
    part, weights = splines.time_basis(levels, t)
    first, *rest = (w * c for w, c in zip(weights, coefficients[part], strict=True))
    return np.asarray(sum(rest, first))


def _check_arrays(arrays: dict[str, Array], d: int, periodic: bool) -> None:
    """Refuse arrays that cannot be those of a field in d dimensions."""
    ranks = {"levels": 1, "grid_low": 1, "grid_spacing": 1, "coefficients": d + 2}
    if not periodic:
        ranks |= {"nodes": 3, "weights": 1}
    if "frame" in arrays:
        ranks |= {"frame": 2}
    shapes = {name: np.shape(arrays[name]) for name in ranks if name in arrays}
    good = all(len(shapes.get(name, ())) == rank for name, rank in ranks.items())
    if good:
        levels = shapes["levels"][0]
        good = (
            shapes["grid_low"] == shapes["grid_spacing"] == (d,)
            and shapes["coefficients"][:2] == (levels, d)
            and (periodic or shapes["nodes"] == (levels, d, *shapes["weights"]))
            and shapes.get("frame", (2, d)) == (2, d)
        )
    if not good:
        raise ParameterError(
            f"mean field: its arrays do not fit each other; got shapes {shapes}, "
            f"expected {', '.join(ranks)} of a field in d = {d}. Solve for it again."
        )
