"""Total forces and energies of replicas of N particles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.calls import calling
from mfplug.errors import NumericsError, ParameterError, PluginError, did_you_mean

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]
METHODS = ("auto", "direct")


class Forces:
    """Forces dp_i/dt = -(pair term) - grad V_t(q_i) on arrays of shape (R, d, N).

    The pair term is N^(beta-1) sum_{j != i} grad phi(N^(beta/d) (q_i - q_j)) times
    N^(beta/d): equation (2) with the scaling (5). ``direct`` sums all pairs in a
    compiled kernel; it is what ``auto`` chooses.
    """

    def __init__(self, system: System, N: int, method: str = "auto") -> None:
        from mfplug.dynamics.compiled import compile_potential

        check_method(method)
        self.system = system.at(N)
        self.N = N
        self.method = "direct"
        self.compiled = compile_potential(self.system.potential, system.dimension)
        energy_factor, self.scale = system.pair_scaling(N)
        self.energy_factor = energy_factor
        self.factor = energy_factor * self.scale
        self._last: tuple[Array, float, Array] | None = None

    def __call__(self, t: float, q: Array) -> Array:
        """Return dp/dt, the shape of q: (replicas, d, N)."""
        from mfplug.dynamics.compiled import pair_forces

        # A splitting step ends where the next begins: the same array, the same force.
        if self._last is not None and q is self._last[0]:
            static = self.system.external is None
            if static or abs(t - self._last[1]) <= 1e-12 * max(1.0, abs(t)):
                return self._last[2]
        out = np.empty_like(q)
        pair_forces(
            self.compiled,
            q,
            out,
            factor=self.factor,
            scale=self.scale,
            box=self.system.box,
        )
        if self.system.external is not None:
            out -= np.swapaxes(self._external_gradient(q, t), 1, 2)
        if not np.isfinite(out.sum()) and not np.isfinite(out).all():
            self._refuse(t, out)
        self._last = (q, t, out)
        return out

    def _external_gradient(self, q: Array, t: float) -> Array:
        external = self.system.external
        points = np.swapaxes(q, 1, 2)
        with calling(external, "gradient()"):
            gradient = np.asarray(external.gradient(points, t))  # type: ignore[union-attr]
        if gradient.shape != points.shape:
            raise PluginError(
                f"external '{external.name}': gradient has the wrong shape; got "  # type: ignore[union-attr]
                f"{gradient.shape}, expected {points.shape}. Mend gradient()."
            )
        return gradient

    def _refuse(self, t: float, out: Array) -> None:
        bad = int(np.count_nonzero(~np.isfinite(out).all(axis=1)))
        names = f"potential '{self.system.potential.name}'"
        if self.system.external is not None:
            names += f" with external '{self.system.external.name}'"
        raise NumericsError(
            f"{names}: the force is not finite at t = {t:g} for {bad} of "
            f"{out.shape[0] * out.shape[2]} particles; got NaN or infinity, expected "
            "numbers. Check the formula and its parameters, or take a smaller step."
        )

    def energies(self, t: float, q: Array, p: Array) -> tuple[Array, Array]:
        """Return (kinetic, potential) energy of each replica, shape (R,) each.

        The potential part is sum_{i<j} phi_N^beta(q_i - q_j) + sum_i V_t(q_i).
        """
        from mfplug.dynamics.compiled import pair_energies

        kinetic = np.sum(p**2, axis=(1, 2)) / (2 * self.system.mass)
        potential = pair_energies(
            self.compiled,
            np.ascontiguousarray(q),
            factor=self.energy_factor,
            scale=self.scale,
            box=self.system.box,
        )
        if self.system.external is not None:
            values = self.system.external.energy(np.swapaxes(q, 1, 2), t)
            potential = potential + np.sum(values, axis=1)
        return kinetic, potential


def check_method(method: Any) -> str:
    """Return the name of a way to compute forces, if there is one of this name."""
    if not isinstance(method, str) or method not in METHODS:
        raise ParameterError(
            f"forces: unknown method; got {method!r}, expected {', '.join(METHODS)}. "
            + did_you_mean(str(method), METHODS)
        )
    return method
