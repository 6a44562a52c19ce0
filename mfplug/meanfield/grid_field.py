"""A mean field known by its spatial density on a grid, in d = 1."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import ParameterError
from mfplug.meanfield import splines
from mfplug.meanfield.convolution import Convolution
from mfplug.meanfield.pair_field import DIFFERENCE, StoredField

if TYPE_CHECKING:
    pass

Array = NDArray[np.float64]


class GridField(StoredField):
    """Pair force of a density on the line or the circle, a quintic spline in t and q.

    The force at the grid points is the convolution of the stored density, and it is
    interpolated. Outside of the grid of the line it is summed over the grid points.

    Parameters
    ----------
    arrays
        ``levels`` (T,), times of the stored levels; ``density`` (T, G), rho_t at the
        grid points; ``axis`` (2,), the first point and the spacing.

    Raises
    ------
    ParameterError
        If an array is missing or does not fit the others.
    """

    def _prepare(self, arrays: dict[str, Array]) -> None:
        shapes = {key: np.shape(value) for key, value in arrays.items()}
        levels = shapes.get("levels", (0,))
        density = shapes.get("density", ())
        if len(density) != 2 or density[:1] != levels or shapes.get("axis") != (2,):
            raise ParameterError(
                f"mean field: its arrays do not fit each other; got shapes {shapes}, "
                "expected levels (T,), density (T, G) and axis (2,). Solve for it "
                "again."
            )
        self._low, self._spacing = (float(x) for x in arrays["axis"])
        self._slice: tuple[float, Array] | None = None

    @cached_property
    def _coefficients(self) -> Array:
        """Coefficients in time and space, shape (T, G), with a margin on the circle."""
        density = self._arrays["density"]
        periodic = self.system.box is not None
        convolution = Convolution(
            self.system.potential, density.shape[1], self._spacing, periodic
        )
        force = convolution.force(density)
        if periodic:
            margin = splines.MARGIN
            waves = splines.periodic_coefficients(force, (1,))
            space = np.pad(waves, ((0, 0), (margin, margin + 2)), mode="wrap")
        else:
            space = splines.spline_coefficients(force, (1,))
        return splines.time_coefficients(self._arrays["levels"], space)

    @cached_property
    def _density_in_time(self) -> Array:
        return splines.time_coefficients(
            self._arrays["levels"], self._arrays["density"]
        )

    def spatial_density(self, t: float) -> tuple[Array, Array]:
        """Return (q, rho_t(q)) at the grid points."""
        levels = self._arrays["levels"]
        part, weights = splines.time_basis(levels, self.check_time(t))
        rho = _combined(weights, self._density_in_time[part])
        q = self._low + self._spacing * np.arange(rho.size)
        return np.asarray(q, dtype=np.float64), rho

    def _at(self, t: float) -> Array:
        """Return the coefficients in space at t, shape (1, G)."""
        if self._slice is None or self._slice[0] != t:
            part, weights = splines.time_basis(self._arrays["levels"], t)
            self._slice = (t, _combined(weights, self._coefficients[part])[None, :])
        return self._slice[1]

    def _pair(self, t: float, points: Array, derivative: int) -> Array:
        """Return the pair force, or its slope (derivative = 0), at points (1, K)."""
        box, low = self.system.box, self._low
        if box is not None:
            points = points - box * np.floor(points / box)
            # Rounding can put a point just below 0 onto the box itself.
            points = np.where(points >= box, 0.0, points)
            low -= splines.MARGIN * self._spacing
        out = np.zeros_like(points)
        outside = np.zeros(points.shape[1], dtype=np.bool_)
        splines.evaluate(
            self._at(t),
            np.array([low]),
            np.array([self._spacing]),
            points,
            derivative,
            out,
            outside,
        )
        if outside.any():
            out[0, outside] = self._direct(t, points[0, outside], derivative)
        return out

    def _direct(self, t: float, q: Array, derivative: int) -> Array:
        if derivative == 0:
            ahead = self._direct(t, q + DIFFERENCE, -1)
            return (ahead - self._direct(t, q - DIFFERENCE, -1)) / (2 * DIFFERENCE)
        at, rho = self.spatial_density(t)
        out = np.zeros_like(q)
        for x, mass in zip(at, rho * self._spacing, strict=True):
            out -= mass * self.system.potential.gradient((q - x)[:, None])[:, 0]
        return out

    def pair_force(self, t: float, points: Array) -> Array:
        """Return the pair force at points of shape (1, K)."""
        return self._pair(self.check_time(t), points, -1)

    def pair_slope(self, t: float, points: Array, axis: int) -> Array:
        """Return its derivative, shape (1, K)."""
        return self._pair(self.check_time(t), points, axis)


def _combined(weights: Array, values: Array) -> Array:
    """Return sum_k weights[k] values[k], added in order."""
    total = weights[0] * values[0]
    for weight, value in zip(weights[1:], values[1:], strict=True):
        total = total + weight * value
    return total
