"""The exactly solvable case: harmonic pair potential, harmonic trap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

import mfplug

Array = NDArray[np.float64]


def propagator(stiffness: float, t: float, mass: float) -> tuple[float, ...]:
    """Return (a, b, c, d): q(t) = a q + b p, p(t) = c q + d p for p' = -stiffness q.

    Negative stiffness gives hyperbolic functions, zero free motion (audit, 4.1).
    """
    if stiffness == 0.0:
        return 1.0, t / mass, 0.0, 1.0
    w = np.sqrt(abs(stiffness) / mass)
    if stiffness > 0:
        cos, sin, sign = np.cos(w * t), np.sin(w * t), -1.0
    else:
        cos, sin, sign = np.cosh(w * t), np.sinh(w * t), 1.0
    return float(cos), float(sin / (w * mass)), float(sign * w * mass * sin), float(cos)


class LinearField(mfplug.MeanField):
    """K(t, q) = -Omega^2 q - eta (q - m_q(t)), its flow in closed form.

    m_q is the mean position of f_t; mean and deviations move with stiffnesses Omega^2
    and Omega^2 + eta.
    """

    def __init__(
        self,
        system: mfplug.System,
        times: Sequence[float],
        mean: Array,
        *,
        solver: Any,
        info: Mapping[str, Any],
    ) -> None:
        super().__init__(system, times, solver=solver, info=dict(info))
        self._mean = np.asarray(mean, dtype=float)
        if self._mean.shape != (2, system.dimension):
            raise mfplug.ParameterError(
                "mean field: the mean has the wrong shape; got "
                f"{self._mean.shape}, expected (2, {system.dimension}). Solve for it "
                "again."
            )
        self.pair = stiffness_of(system.potential)
        self.trap = stiffness_of(system.external)

    def arrays(self) -> dict[str, Array]:
        """Return the mean of f_0, (q, p) by rows."""
        return {"mean": self._mean}

    def mean(self, t: float) -> tuple[Array, Array]:
        """Return the mean (q, p) of f_t, shape (d,) each."""
        return self._move(self.trap, t - self.times[0], *self._mean)

    def _move(
        self, stiffness: float, t: float, q: Array, p: Array
    ) -> tuple[Array, Array]:
        a, b, c, d = propagator(stiffness, t, self.system.mass)
        return a * q + b * p, c * q + d * p

    def force(self, t: float, q: ArrayLike) -> Array:
        """Return K(t, q), shape (..., d)."""
        q = self.points(q)
        centre = self.mean(self.check_time(t))[0]
        return -self.trap * q - self.pair * (q - centre)

    def force_gradient(self, t: float, q: ArrayLike) -> Array:
        """Return DK = -(Omega^2 + eta) times the identity, shape (..., d, d)."""
        q = self.points(q)
        self.check_time(t)
        d = q.shape[-1]
        matrix = -(self.trap + self.pair) * np.eye(d)
        return np.broadcast_to(matrix, (*q.shape[:-1], d, d)).copy()

    def flow(
        self, q: ArrayLike, p: ArrayLike, t0: float, t1: float
    ) -> tuple[Array, Array]:
        """Carry points from t0 to t1 by the matrix exponential."""
        t0, t1 = self.check_time(t0), self.check_time(t1)
        q0, p0 = self.mean(t0)
        q1, p1 = self.mean(t1)
        dq, dp = self.finite_points(q) - q0, self.finite_points(p) - p0
        dq, dp = self._move(self.trap + self.pair, t1 - t0, dq, dp)
        return q1 + dq, p1 + dp

    def tangent_flow(
        self, q: ArrayLike, p: ArrayLike, t0: float, t1: float
    ) -> tuple[Array, Array, Array]:
        """Carry points and the Jacobian, which is the same everywhere."""
        x, v = self.flow(q, p, t0, t1)
        a, b, c, d = propagator(self.trap + self.pair, t1 - t0, self.system.mass)
        one = np.eye(self.system.dimension)
        jacobian = np.block([[a * one, b * one], [c * one, d * one]])
        return x, v, np.broadcast_to(jacobian, (*x.shape[:-1], *jacobian.shape)).copy()


def stiffness_of(plugin: Any) -> float:
    """Return the strength of a harmonic pair or external potential, 0 if none."""
    if plugin is None or plugin.name == "free":
        return 0.0
    return float(plugin.strength)


@dataclass(frozen=True)
class HarmonicExact(mfplug.Solver):
    r"""Exact mean field for phi = eta r^2 / 2 and V = Omega^2 q^2 / 2.

    .. math:: K(t, q) = -\Omega^2 q - \eta (q - \bar q(t)), \quad
              \ddot{\bar q} = -\Omega^2 \bar q / m

    Closed forms of the audit, section 4.1; any f_0 with a mean.
    """

    name: ClassVar[str] = "harmonic-exact"
    order: ClassVar[int] = 99
    conserves: ClassVar[tuple[str, ...]] = ("mass", "momentum", "energy")

    def cost(self, system: mfplug.System, times: Sequence[float]) -> float:
        """Return the seconds that a field takes: it is a formula."""
        return 0.005

    def solve(self, system: mfplug.System, times: Sequence[float]) -> LinearField:
        """Return the linear field."""
        self._check(system)
        q, p, w = system.initial.nodes(4096)
        return self.restore(system, times, {"mean": np.stack([w @ q, w @ p])}, {})

    def restore(
        self,
        system: mfplug.System,
        times: Sequence[float],
        arrays: Mapping[str, Array],
        info: Mapping[str, Any],
    ) -> LinearField:
        """Return the field from the stored mean."""
        return LinearField(system, times, arrays["mean"], solver=self, info=info)

    def _check(self, system: mfplug.System) -> None:
        if system.potential.name not in ("harmonic", "free"):
            raise mfplug.ParameterError(
                "solver 'harmonic-exact': the potential is not harmonic; got "
                f"'{system.potential.name}', expected harmonic or free. Use another "
                "solver, such as characteristics."
            )
        if system.external is not None and system.external.name != "trap":
            raise mfplug.ParameterError(
                "solver 'harmonic-exact': the external potential is not harmonic; got "
                f"'{system.external.name}', expected trap or none. Use another solver."
            )
        if system.box is not None:
            raise mfplug.ParameterError(
                "solver 'harmonic-exact': the torus is not supported; got box = "
                f"{system.box:g}, expected none. Use all space."
            )


@mfplug.hookimpl
def mfplug_solvers() -> list[type[mfplug.Solver]]:
    """Return the solver."""
    return [HarmonicExact]
