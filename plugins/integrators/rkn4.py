r"""Nyström's method of order 4: three forces a step, not symplectic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mfplug import Integrator, State, hookimpl
from mfplug.contracts.integrator import Force


@dataclass(frozen=True)
class Rkn4(Integrator):
    r"""Runge-Kutta-Nyström for m q'' = F(t, q).

    .. math:: k_1 &= F(t, q) / m \\
              k_2 &= F(t + \tfrac{h}{2}, q + \tfrac{h}{2} v + \tfrac{h^2}{8} k_1) / m \\
              k_3 &= F(t + h, q + h v + \tfrac{h^2}{2} k_2) / m \\
              q^+ &= q + h v + \tfrac{h^2}{6} (k_1 + 2 k_2), \quad
              v^+ = v + \tfrac{h}{6} (k_1 + 4 k_2 + k_3)

    Notes
    -----
    Order 4 (E. Hairer, S. P. Nørsett, G. Wanner, Solving Ordinary Differential
    Equations I, 2nd ed. (1993), section II.14). Neither symplectic nor reversible:
    energy drifts, steps by -h do not undo those by h, and phase volume changes, by
    1 + O(h^6) a step (the determinant as a series in h, one degree of freedom).
    """

    name: ClassVar[str] = "rkn4"
    order: ClassVar[int] = 4
    symplectic: ClassVar[bool] = False
    reversible: ClassVar[bool] = False

    def step(self, state: State, t: float, dt: float, force: Force) -> State:
        """Return the state at t + dt."""
        q, p, mass = state
        v = p / mass
        half = 0.5 * dt
        f1 = force(t, q)
        f2 = force(t + half, q + half * v + (dt**2 / (8.0 * mass)) * f1)
        f3 = force(t + dt, q + dt * v + (dt**2 / (2.0 * mass)) * f2)
        q = q + dt * v + (dt**2 / (6.0 * mass)) * (f1 + 2.0 * f2)
        return State(q, p + (dt / 6.0) * (f1 + 4.0 * f2 + f3), mass)


@hookimpl
def mfplug_integrators() -> list[type[Integrator]]:
    """Return the integrator of this file."""
    return [Rkn4]
