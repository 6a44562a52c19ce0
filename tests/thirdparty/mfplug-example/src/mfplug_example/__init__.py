"""A pair potential from outside: A / cosh(rho / w)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mfplug import RadialPotential, hookimpl, param


@dataclass(frozen=True)
class Sech(RadialPotential):
    """phi(q) = A / cosh(rho / w), rho^2 = |q|^2 + w^2."""

    name: ClassVar[str] = "sech"
    regularity: ClassVar[str] = "C_b^2"

    strength: float = param(1.0, help="A, energy; positive repels")
    width: float = param(1.0, above=0.0, help="w, length")

    def profile(self, s: np.ndarray) -> np.ndarray:
        """Return A / cosh(rho / w), s = r^2."""
        # Not 1 / cosh: its derivative overflows far out.
        decay = np.exp(-np.sqrt(s / self.width**2 + 1.0))
        return 2.0 * self.strength * decay / (1.0 + decay**2)


@hookimpl
def mfplug_potentials() -> list[type[RadialPotential]]:
    """Return the potential."""
    return [Sech]
