r"""A bump of compact support, twice continuously differentiable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug import RadialPotential, hookimpl, param


@dataclass(frozen=True)
class Bump(RadialPotential):
    r"""Bump of compact support, repulsive for ``strength`` > 0.

    .. math:: \phi(q) = A (1 - |q|^2/R^2)^3 \text{ for } |q| < R, \text{ else } 0

    Parameters
    ----------
    strength : float
        A, energy at r = 0.
    radius : float
        R > 0, the range.

    Notes
    -----
    Value, first and second derivative vanish at r = R, so phi is C_b^2; its third
    derivative jumps there. With u = r/R the radial derivative is
    -6 A u (1 - u^2)^2 / R, so ``sup |grad phi| = 96 |A| / (25 sqrt(5) R)``, taken at
    u = 1/sqrt(5). The Lipschitz constant of grad phi is 6 |A| / R^2, taken at r = 0.
    """

    name: ClassVar[str] = "bump"
    regularity: ClassVar[str] = "C_b^2"

    strength: float = param(1.0, help="A, energy at r = 0; positive repels")
    radius: float = param(1.0, above=0.0, help="R, the range, length")

    def profile(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return A (1 - s/R^2)^3 where s < R^2, else 0; s = r^2."""
        inside = s < self.radius**2
        return self.strength * np.where(inside, (1.0 - s / self.radius**2) ** 3, 0.0)


@hookimpl
def mfplug_potentials() -> list[type[RadialPotential]]:
    """Return the potential of this file."""
    return [Bump]
