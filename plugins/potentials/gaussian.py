r"""The Gaussian potential: smooth, of short range, the workhorse of the studies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug import RadialPotential, hookimpl, param


@dataclass(frozen=True)
class Gaussian(RadialPotential):
    r"""Gaussian pair potential, repulsive for ``strength`` > 0.

    .. math:: \phi(q) = A \exp(-|q|^2 / (2 w^2))

    Parameters
    ----------
    strength : float
        A, energy.
    width : float
        w > 0, length.

    Notes
    -----
    phi is C_b^2, as section 1 of the thesis asks. ``sup |grad phi|`` is
    |A| e^(-1/2) / w, at r = w; the second derivative along r is A (r^2/w^2 - 1) / w^2
    times the exponential, largest in size at r = 0, so the Lipschitz constant of
    grad phi is |A| / w^2.

    Examples
    --------
    >>> Gaussian(strength=2.0, width=3.0).energy(np.zeros((2, 1)))
    array([2., 2.])
    """

    name: ClassVar[str] = "gaussian"
    regularity: ClassVar[str] = "C_b^2"

    strength: float = param(1.0, help="A, energy at r = 0; positive repels")
    width: float = param(1.0, above=0.0, help="w, length")

    def profile(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return A exp(-s / (2 w^2)), s = r^2."""
        return self.strength * np.exp(-s / (2.0 * self.width**2))


@hookimpl
def mfplug_potentials() -> list[type[RadialPotential]]:
    """Return the potential of this file."""
    return [Gaussian]
