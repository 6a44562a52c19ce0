r"""Leapfrog (velocity Verlet): order 2, one force a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mfplug import Integrator, hookimpl
from mfplug.contracts.integrator import Splitting


@dataclass(frozen=True)
class Leapfrog(Splitting):
    r"""Half a kick, a drift, half a kick.

    .. math:: p' = p + \tfrac{h}{2} F(t, q), \quad q^+ = q + \tfrac{h}{m} p', \quad
              p^+ = p' + \tfrac{h}{2} F(t + h, q^+)

    Notes
    -----
    Order 2, symplectic and reversible: a step by -h undoes a step by h. The energy
    error stays O(h^2) over times exponentially long in 1/h (E. Hairer, Ch. Lubich,
    G. Wanner, Geometric Numerical Integration, 2nd ed. (2006), sections I.1 and IX.8).
    """

    name: ClassVar[str] = "leapfrog"
    order: ClassVar[int] = 2
    symplectic: ClassVar[bool] = True
    reversible: ClassVar[bool] = True
    weights: ClassVar[tuple[float, ...]] = (1.0,)


@hookimpl
def mfplug_integrators() -> list[type[Integrator]]:
    """Return the integrator of this file."""
    return [Leapfrog]
