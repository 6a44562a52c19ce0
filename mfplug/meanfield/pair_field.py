"""A mean field whose pair force is stored and whose external force is known."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.contracts.meanfield import MeanField
from mfplug.contracts.potential import External

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]

#: Step of the central differences that replace a second derivative not known in form.
DIFFERENCE = 1e-5


class PairField(MeanField):
    """K = -grad V_t - grad phi * rho_t; a subclass gives the second term.

    The external force is evaluated as it is, at any time, so that only the pair force
    carries an error of interpolation.
    """

    @abstractmethod
    def pair_force(self, t: float, points: Array) -> Array:
        """Return -(grad phi * rho_t) at points of shape (d, K), the same shape."""

    @abstractmethod
    def pair_slope(self, t: float, points: Array, axis: int) -> Array:
        """Return its derivative along an axis, shape (d, K)."""

    def force(self, t: float, q: ArrayLike) -> Array:
        """Return K(t, q), shape (..., d)."""
        t, points = self.check_time(t), self.points(q)
        flat = np.ascontiguousarray(points.reshape(-1, points.shape[-1]).T)
        result = self.pair_force(t, flat).T.reshape(points.shape)
        if self.system.external is not None:
            result = result - self.system.external.gradient(points, t)
        return result

    def force_gradient(self, t: float, q: ArrayLike) -> Array:
        """Return DK(t, q), shape (..., d, d)."""
        t, points = self.check_time(t), self.points(q)
        d = points.shape[-1]
        flat = np.ascontiguousarray(points.reshape(-1, d).T)
        columns = [
            self.pair_slope(t, flat, axis).T.reshape(points.shape) for axis in range(d)
        ]
        result = np.stack(columns, axis=-1)
        if self.system.external is not None:
            result = result - external_hessian(self.system.external, points, t)
        return result


class StoredField(PairField):
    """A pair field that is made from its arrays, and stored as them.

    Parameters
    ----------
    system, times, solver, info, flow_step
        As of a :class:`mfplug.MeanField`.
    arrays
        What the subclass says.

    Raises
    ------
    ParameterError
        If an array is missing or does not fit the others.
    """

    def __init__(
        self,
        system: System,
        times: Sequence[float],
        arrays: Mapping[str, Array],
        *,
        solver: Any,
        info: Mapping[str, Any],
        flow_step: float,
    ) -> None:
        super().__init__(
            system, times, solver=solver, info=dict(info), flow_step=flow_step
        )
        self._arrays = dict(arrays)
        self._prepare(self._arrays)

    @abstractmethod
    def _prepare(self, arrays: dict[str, Array]) -> None:
        """Check the arrays and derive from them what is evaluated."""

    def arrays(self) -> dict[str, Array]:
        """Return the arrays from which the field is restored."""
        return self._arrays


def external_hessian(external: External, points: Array, t: float) -> Array:
    """Return the matrix of second derivatives of V_t by central differences."""
    columns = []
    for axis in range(points.shape[-1]):
        shift = np.zeros(points.shape[-1])
        shift[axis] = DIFFERENCE
        ahead = external.gradient(points + shift, t)
        behind = external.gradient(points - shift, t)
        columns.append((ahead - behind) / (2 * DIFFERENCE))
    return np.stack(columns, axis=-1)
