"""The mean field: a force field in space-time, and all that follows from it."""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.contracts.integrator import State, splitting_step
from mfplug.errors import ParameterError, shown

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]

#: Symmetric composition of nine leapfrogs, order 6 (Kahan and Li, Math. Comp. 66
#: (1997) 1089, scheme s9odr6a). All its intermediate times stay within the step, so a
#: field is never asked outside the interval on which it is known.
_OUTER = (
    0.39216144400731413928,
    0.33259913678935943860,
    -0.70624617255763935981,
    0.082213596293550800230,
)
KAHAN_LI_6 = (*_OUTER, 1.0 - 2.0 * sum(_OUTER), *reversed(_OUTER))


class MeanField(ABC):
    """Force K(t, q) = -grad V_t(q) - (grad phi * rho_t)(q) on [times[0], times[-1]].

    A subclass gives ``force``, ``force_gradient`` and ``arrays``; flow, density and
    score follow from them in any dimension, because f_t is f_0 carried along the
    characteristics q' = p/m, p' = K(t, q).

    Attributes
    ----------
    system : System
    times : tuple of float
        The times asked for; the field is defined between the first and the last.
    info : dict
        What the solver says of itself: resolution, error estimates, conservation.
    flow_step : float
        Largest step of the characteristics (order 6 in it).
    """

    def __init__(
        self,
        system: System,
        times: Sequence[float],
        *,
        solver: Any,
        info: dict[str, Any] | None = None,
        flow_step: float = 0.1,
    ) -> None:
        self.system = system
        self.times = tuple(float(t) for t in times)
        self.solver = solver
        self.info = dict(info or {})
        self.flow_step = flow_step

    @abstractmethod
    def force(self, t: float, q: ArrayLike) -> Array:
        """Return K(t, q) = dp/dt, shape (..., d), for q of shape (..., d)."""

    @abstractmethod
    def force_gradient(self, t: float, q: ArrayLike) -> Array:
        """Return DK(t, q) with DK[..., a, b] = dK_a/dq_b, shape (..., d, d)."""

    @abstractmethod
    def arrays(self) -> dict[str, Array]:
        """Return the arrays from which the solver restores this field."""

    def check_time(self, t: float) -> float:
        """Return t, moved onto the interval where only rounding put it outside.

        Raises
        ------
        ParameterError
            If t lies outside [times[0], times[-1]].
        """
        first, last = self.times[0], self.times[-1]
        slack = 1e-9 * max(1.0, abs(first), abs(last))
        # An array of one number, as NumPy's reductions give, is a number too.
        given: Any = t
        number = np.ndim(given) == 0 and isinstance(given, numbers.Real | np.ndarray)
        if not (number and first - slack <= t <= last + slack):
            raise ParameterError(
                f"mean field: time is outside the solved interval; got {shown(t)}, "
                f"expected {first:g} to {last:g}. Solve again with this time among "
                "`times`."
            )
        return min(max(float(t), first), last)

    def points(self, q: ArrayLike) -> Array:
        """Return q as an array of shape (..., d).

        Raises
        ------
        ParameterError
            If they are no numbers, or the last axis does not have length d.
        """
        try:
            array = np.asarray(q, dtype=float)
        except (TypeError, ValueError):
            raise ParameterError(
                f"mean field: points are no numbers; got {shown(q)}, expected an array "
                f"of shape (..., {self.system.dimension}). Give numbers."
            ) from None
        d = self.system.dimension
        if array.ndim == 0 or array.shape[-1] != d:
            raise ParameterError(
                f"mean field: points have the wrong shape; got {array.shape}, expected "
                f"(..., {d}). Put the {d} coordinate(s) on the last axis."
            )
        return array

    def finite_points(self, q: ArrayLike) -> Array:
        """Return :meth:`points` that are carried, or where f_t is asked for.

        A NaN lies neither inside nor outside the support of a density: 0, which a
        comparison with its edge makes of it, is a wrong number. The force at a NaN is
        NaN, as in any formula.

        Raises
        ------
        ParameterError
            As :meth:`points`, and if one is NaN or infinite.
        """
        array = self.points(q)
        finite = np.isfinite(array)
        if not finite.all():
            raise ParameterError(
                f"mean field: points are not finite; got {array[~finite][0]} and "
                f"{np.count_nonzero(~finite) - 1} more, expected finite numbers. Leave "
                "these points out."
            )
        return array

    def flow(
        self, q: ArrayLike, p: ArrayLike, t0: float, t1: float
    ) -> tuple[Array, Array]:
        """Carry points along the characteristics from t0 to t1, also backwards.

        Parameters
        ----------
        q, p
            Positions and momenta, shape (..., d).

        Returns
        -------
        q, p
            The same at t1.

        Raises
        ------
        ParameterError
            If a time is outside the solved interval, a point is not finite, or the
            last axis is not d.
        """
        t0, t1 = self.check_time(t0), self.check_time(t1)
        state = State(self.finite_points(q), self.finite_points(p), self.system.mass)
        steps = max(1, int(np.ceil(abs(t1 - t0) / self.flow_step - 1e-9)))
        dt = (t1 - t0) / steps

        def force(t: float, x: Array) -> Array:
            return self.force(self.check_time(t), x)

        for k in range(steps if t1 != t0 else 0):
            state = splitting_step(KAHAN_LI_6, state, t0 + k * dt, dt, force)
        return state.q, state.p

    def tangent_flow(
        self, q: ArrayLike, p: ArrayLike, t0: float, t1: float
    ) -> tuple[Array, Array, Array]:
        """Carry points and the Jacobian of the flow; returns (q, p, J).

        J has shape (..., 2d, 2d), J = d(q, p)(t1) / d(q, p)(t0), the matrix of
        Lemma 3.5 in the order (q, p) (audit, E22).
        """
        t0, t1 = self.check_time(t0), self.check_time(t1)
        x, v = self.finite_points(q).copy(), self.finite_points(p).copy()
        d, mass = self.system.dimension, self.system.mass
        jacobian = np.broadcast_to(np.eye(2 * d), (*x.shape[:-1], 2 * d, 2 * d)).copy()
        steps = max(1, int(np.ceil(abs(t1 - t0) / self.flow_step - 1e-9)))
        dt = (t1 - t0) / steps
        for k in range(steps if t1 != t0 else 0):
            t = t0 + k * dt
            for weight in KAHAN_LI_6:
                h = weight * dt
                for half in (0, 1):
                    now = self.check_time(t)
                    v = v + 0.5 * h * self.force(now, x)
                    jacobian[..., d:, :] += (
                        0.5 * h * self.force_gradient(now, x) @ jacobian[..., :d, :]
                    )
                    if half == 0:
                        x = x + (h / mass) * v
                        jacobian[..., :d, :] += (h / mass) * jacobian[..., d:, :]
                        t += h
        return x, v, jacobian

    def density(self, t: float, q: ArrayLike, p: ArrayLike) -> Array:
        """Return f_t(q, p), shape (...): f_0 at the point traced back to times[0].

        The flow keeps the volume of phase space, so f_t is constant along it. Raises as
        :meth:`flow`.
        """
        q0, p0 = self.flow(q, p, t, self.times[0])
        return self.system.initial.density(q0, p0)

    def score(self, t: float, q: ArrayLike, p: ArrayLike) -> tuple[Array, Array]:
        """Return (grad_q log f_t, grad_p log f_t), shape (..., d) each.

        grad log f_t(x) = J^T (grad log f_0)(x_0), x_0 = Phi_{t -> 0}(x) and J its
        Jacobian, from :meth:`tangent_flow`.
        """
        q0, p0, jacobian = self.tangent_flow(q, p, t, self.times[0])
        s0 = np.concatenate(self.system.initial.score(q0, p0), axis=-1)
        s = np.einsum("...ba,...b->...a", jacobian, s0)
        d = self.system.dimension
        return s[..., :d], s[..., d:]

    def sample(self, t: float, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Return n independent points of f_t: points of f_0 pushed forward."""
        q, p = self.system.initial.sample(rng, n)
        return self.flow(q, p, self.times[0], t)
