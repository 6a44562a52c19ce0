r"""Dormand and Prince's method of order 8 with error control in each replica."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug import Integrator, NumericsError, State, hookimpl, param
from mfplug.contracts.integrator import Force

Array = NDArray[np.float64]
Row = tuple[tuple[int, float], ...]

#: A step is halved at most so often: 1e-9 of what was asked for.
DEEPEST = 30


@dataclass(frozen=True)
class Dop853(Integrator):
    r"""Explicit Runge-Kutta of order 8, whose step is halved until the error is small.

    A step from t to t + h is accepted in a replica if

    .. math:: h \frac{|e_5|^2}{\sqrt{|e_5|^2 + 0.01 |e_3|^2}} \frac{1}{\sqrt n} \le 1,

    e_5 and e_3 being the embedded errors of order 5 and 3 in units of
    atol + rtol max(\|y\|, \|y^+\|) for each of the replica's n numbers. Where it is
    not, both halves of the step are made in the same way.

    Parameters
    ----------
    rtol, atol : float
        Relative and absolute tolerance of q and p, >= 1e-14 and > 0.

    Raises
    ------
    NumericsError
        If a step has been halved 30 times and is still not accurate.

    Notes
    -----
    Arrays with three axes are replicas along the first, others one system. Each replica
    has steps of its own, so a result does not depend on the replicas beside it; those
    with the same step are advanced together. Coefficients and error norm are those of
    ``scipy.integrate.DOP853`` (E. Hairer, S. P. Nørsett, G. Wanner, Solving Ordinary
    Differential Equations I, 2nd ed. (1993), section II.5; twelve forces a step). The
    error follows the tolerances; ``step`` is only the longest step that is tried.
    """

    name: ClassVar[str] = "dop853"
    order: ClassVar[int] = 8
    adaptive: ClassVar[bool] = True

    rtol: float = param(1e-9, at_least=1e-14, help="relative tolerance")
    atol: float = param(1e-12, above=0.0, help="absolute tolerance of q and p")

    def step(self, state: State, t: float, dt: float, force: Force) -> State:
        """Return the state at t + dt."""
        q, p, mass = state
        if q.ndim >= 3:
            return State(*self._advance(q, p, mass, t, dt, force, 0), mass)
        shape = q.shape

        def alone(time: float, x: Array) -> Array:
            return force(time, x.reshape(shape))[None]

        q, p = self._advance(q[None], p[None], mass, t, dt, alone, 0)
        return State(q[0], p[0], mass)

    def _advance(
        self,
        q: Array,
        p: Array,
        mass: float,
        t: float,
        dt: float,
        force: Force,
        depth: int,
    ) -> tuple[Array, Array]:
        """Return (q, p) at t + dt, in as many halves as each replica needs."""
        q_new, p_new, error = self._try(q, p, mass, t, dt, force)
        # A NaN is not accepted: it comes back in the halves, and is said at the end.
        again = ~(error <= 1.0)
        if not again.any():
            return q_new, p_new
        if depth == DEEPEST:
            raise NumericsError(
                f"integrator 'dop853': no step is short enough at t = {t:g}; got an "
                f"error of {float(np.max(error)):.2g} tolerances at a step of "
                f"{abs(dt):.1e}, expected at most 1. Raise rtol and atol, or soften "
                "the potential."
            )
        if again.all():
            q_old, p_old = q, p
        else:
            q_old, p_old = q[again], p[again]
        half = 0.5 * dt
        for start in (t, t + half):
            q_old, p_old = self._advance(
                q_old, p_old, mass, start, half, force, depth + 1
            )
        if again.all():
            return q_old, p_old
        q_new[again], p_new[again] = q_old, p_old
        return q_new, p_new

    def _try(
        self, q: Array, p: Array, mass: float, t: float, dt: float, force: Force
    ) -> tuple[Array, Array, Array]:
        """Return (q, p) after one step and each replica's error in tolerances."""
        nodes, stages, weights, fifth, third = _tableau()
        velocity, kicks = [p / mass], [force(t, q)]
        for node, row in zip(nodes, stages, strict=True):
            x = q + dt * _combined(row, velocity)
            velocity.append((p + dt * _combined(row, kicks)) / mass)
            kicks.append(force(t + node * dt, x))
        q_new = q + dt * _combined(weights, velocity)
        p_new = p + dt * _combined(weights, kicks)
        squares = []
        for row in (fifth, third):
            total = np.zeros(len(q))
            for old, new, slopes in ((q, q_new, velocity), (p, p_new, kicks)):
                scale = self.atol + self.rtol * np.maximum(np.abs(old), np.abs(new))
                ratio = _combined(row, slopes) / scale
                # One replica is one row: its sum is the same beside any others.
                total += np.sum((ratio**2).reshape(len(q), -1), axis=1)
            squares.append(total)
        size = np.sqrt(squares[0] + 0.01 * squares[1]) * np.sqrt(2 * q[0].size)
        with np.errstate(invalid="ignore"):
            error = np.where(size == 0.0, 0.0, abs(dt) * squares[0] / size)
        return q_new, p_new, error


def _combined(row: Row, slopes: list[Array]) -> Array:
    """Return sum_j c_j k_j, added in one order whatever the shape."""
    (first, factor), *rest = row
    result = factor * slopes[first]
    for index, factor in rest:
        result += factor * slopes[index]
    return result


@cache
def _tableau() -> tuple[tuple[float, ...], tuple[Row, ...], Row, Row, Row]:
    """Return nodes and rows of stages 2..12, weights, and the two error rows."""
    from scipy.integrate import DOP853

    def sparse(values: Array) -> Row:
        return tuple((j, float(c)) for j, c in enumerate(values) if c != 0.0)

    nodes = tuple(float(c) for c in DOP853.C[1:])
    stages = tuple(sparse(row) for row in DOP853.A[1:])
    # The last entry of the error rows belongs to the force after the step; it is 0.
    return nodes, stages, sparse(DOP853.B), sparse(DOP853.E5), sparse(DOP853.E3)


@hookimpl
def mfplug_integrators() -> list[type[Integrator]]:
    """Return the integrator of this file."""
    return [Dop853]
