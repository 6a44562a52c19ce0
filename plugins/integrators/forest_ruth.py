r"""Forest and Ruth's fourth-order splitting: drifts outside, three forces a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mfplug import Integrator, State, hookimpl
from mfplug.contracts.integrator import Force

#: 2 theta + (1 - 2 theta) = 1 and 2 theta^3 + (1 - 2 theta)^3 = 0.
THETA = 1.0 / (2.0 - 2.0 ** (1.0 / 3.0))
#: Lengths of the kicks; a drift of half of each stands on both of its sides.
KICKS = (THETA, 1.0 - 2.0 * THETA, THETA)


@dataclass(frozen=True)
class ForestRuth(Integrator):
    r"""Drift-kick-drift steps of lengths theta h, (1 - 2 theta) h, theta h.

    .. math:: q \mathrel{+}= \tfrac{\theta_k h}{2 m} p, \quad
              p \mathrel{+}= \theta_k h F(t_k, q), \quad
              q \mathrel{+}= \tfrac{\theta_k h}{2 m} p, \qquad
              \theta = \frac{1}{2 - 2^{1/3}}

    Notes
    -----
    Order 4, symplectic and reversible (E. Forest, R. D. Ruth, Physica D 43 (1990) 105).
    It is ``yoshida4`` with drifts and kicks exchanged, so its errors are others. The
    middle step goes backwards, but the force is asked for within the step only, at
    t + 0.68 h, t + 0.5 h and t + 0.32 h.
    """

    name: ClassVar[str] = "forest-ruth"
    order: ClassVar[int] = 4
    symplectic: ClassVar[bool] = True
    reversible: ClassVar[bool] = True

    def step(self, state: State, t: float, dt: float, force: Force) -> State:
        """Return the state at t + dt."""
        q, p, mass = state
        for weight in KICKS:
            h = weight * dt
            q = q + (0.5 * h / mass) * p
            p = p + h * force(t + 0.5 * h, q)
            q = q + (0.5 * h / mass) * p
            t = t + h
        return State(q, p, mass)


@hookimpl
def mfplug_integrators() -> list[type[Integrator]]:
    """Return the integrator of this file."""
    return [ForestRuth]
