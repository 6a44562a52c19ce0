r"""The Yukawa potential: a softened inverse distance, screened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug import RadialPotential, hookimpl, param


@dataclass(frozen=True)
class Yukawa(RadialPotential):
    r"""Screened and softened inverse distance, repulsive for ``strength`` > 0.

    .. math:: \phi(q) = A e^{-\rho/\ell} / \rho, \qquad
              \rho = \sqrt{|q|^2 + \epsilon^2}

    Parameters
    ----------
    strength : float
        A, energy times length.
    screening : float
        l > 0, the screening length.
    softening : float
        epsilon > 0, length.

    Notes
    -----
    phi is C_b^2. With h(rho) = A e^(-rho/l) / rho, grad phi = h'(rho) q / rho and
    h'(rho) = -A e^(-rho/l) (1/(l rho) + 1/rho^2). |h'(rho)| / rho decreases, so the
    Lipschitz constant of grad phi is its value at r = 0,
    |A| e^(-eps/l) (1/(l eps^2) + 1/eps^3). In three dimensions and for epsilon -> 0
    it solves (-Laplace + l^-2) phi = 4 pi A delta.
    """

    name: ClassVar[str] = "yukawa"
    regularity: ClassVar[str] = "C_b^2"

    strength: float = param(1.0, help="A, energy times length; positive repels")
    screening: float = param(1.0, above=0.0, help="l, the screening length")
    softening: float = param(0.1, above=0.0, help="epsilon, length")

    def profile(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return A exp(-rho / l) / rho with rho^2 = s + epsilon^2, s = r^2."""
        rho = np.sqrt(s + self.softening**2)
        return self.strength * np.exp(-rho / self.screening) / rho


@hookimpl
def mfplug_potentials() -> list[type[RadialPotential]]:
    """Return the potential of this file."""
    return [Yukawa]
