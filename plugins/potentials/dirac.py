r"""Dirac's delta, smoothed: what a short-ranged potential looks like from far away."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mfplug import RadialPotential, hookimpl, param


@dataclass(frozen=True)
class Dirac(RadialPotential):
    r"""Strength times a smooth delta function of order four.

    .. math:: \phi = A\,(2 g_w - g_{\sqrt 2 w}), \quad
              g_w(q) = (2\pi w^2)^{-d/2} e^{-r^2 / 2 w^2}, \quad
              \hat\phi(k) = A\, e^{-x} (2 - e^{-x}), \; x = w^2 k^2 / 2

    int phi = A, second moments vanish, and phi^ is positive as that of the delta: for
    A > 0 it repels at every wave number. The force on a smooth density is
    -A grad rho (1 + O(w^4)).

    Parameters
    ----------
    strength : float
        A = int phi, energy times volume.
    width : float
        w > 0, length.
    dimension : int
        d; the system gives its own.
    """

    name: ClassVar[str] = "dirac"
    regularity: ClassVar[str] = "C_b^2"

    strength: float = param(1.0, help="A, the integral of phi; positive repels")
    width: float = param(0.1, above=0.0, help="w, length")
    dimension: int = param(1, at_least=1, at_most=3, help="d; the system's own")

    def on(self, dimension: int, box: float | None = None) -> Self:
        """Return this potential in d dimensions."""
        return type(self)(self.strength, self.width, dimension)

    def profile(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return phi as a function of s = r^2."""
        d, square = self.dimension, self.width**2
        height = self.strength / (2.0 * math.pi * square) ** (0.5 * d)
        wide = 0.5 ** (0.5 * d) * np.exp(-s / (4.0 * square))
        return height * (2.0 * np.exp(-s / (2.0 * square)) - wide)


@hookimpl
def mfplug_potentials() -> list[type[RadialPotential]]:
    """Return the potential of this file."""
    return [Dirac]
