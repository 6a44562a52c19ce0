r"""The swarming potential: short repulsion, long attraction, smooth at the origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug import RadialPotential, hookimpl, param

#: The interface of mfplug that this file is written for.
MFPLUG_API_VERSION = 1


@dataclass(frozen=True)
class Swarm(RadialPotential):
    r"""Generalised Morse potential of swarms.

    .. math:: \phi(q) = R e^{-\rho / r} - A e^{-\rho / a}, \qquad
              \rho = \sqrt{|q|^2 + \epsilon^2}

    Parameters
    ----------
    repulsion, attraction : float
        R and A, energies >= 0.
    repulsion_length, attraction_length : float
        r and a, lengths > 0.
    softening : float
        epsilon > 0, length; it rounds the cusp at q = 0, so that phi is C_b^2.

    Notes
    -----
    Without softening this is the potential of M. R. D'Orsogna, Y.-L. Chuang,
    A. L. Bertozzi and L. S. Chayes, Phys. Rev. Lett. 96 (2006) 104302. Its integral
    over space decides what many particles do: positive, R r^d > A a^d, and they keep
    their distance (H-stable); negative, and they collapse as N grows (catastrophic).
    The mean-field limit holds for both.

    Examples
    --------
    >>> bool(Swarm().integral_sign(2) > 0)
    False
    """

    name: ClassVar[str] = "swarm"
    regularity: ClassVar[str] = "C_b^2"

    repulsion: float = param(1.0, at_least=0.0, help="R, energy")
    attraction: float = param(0.5, at_least=0.0, help="A, energy")
    repulsion_length: float = param(0.5, above=0.0, help="r, length")
    attraction_length: float = param(1.0, above=0.0, help="a, length")
    softening: float = param(0.2, above=0.0, help="epsilon, length")

    def profile(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return R exp(-rho / r) - A exp(-rho / a), s = |q|^2."""
        rho = np.sqrt(s + self.softening**2)
        return self.repulsion * np.exp(
            -rho / self.repulsion_length
        ) - self.attraction * np.exp(-rho / self.attraction_length)

    def integral_sign(self, dimension: int) -> float:
        """Return R r^d - A a^d: positive for H-stable, negative for catastrophic."""
        return (
            self.repulsion * self.repulsion_length**dimension
            - self.attraction * self.attraction_length**dimension
        )


@hookimpl
def mfplug_potentials() -> list[type[RadialPotential]]:
    """Return the potentials of this file."""
    return [Swarm]
