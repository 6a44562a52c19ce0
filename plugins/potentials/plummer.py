r"""The Plummer potential: Coulomb's or Newton's in three dimensions, softened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug import RadialPotential, hookimpl, param


@dataclass(frozen=True)
class Plummer(RadialPotential):
    r"""Softened inverse distance; ``strength`` > 0 repels, < 0 is gravity.

    .. math:: \phi(q) = A / \sqrt{|q|^2 + \epsilon^2}

    Parameters
    ----------
    strength : float
        A, energy times length.
    softening : float
        epsilon > 0, length; may depend on N, written ``{times: a, N: b}``.

    Notes
    -----
    phi is C_b^2 for every epsilon > 0. ``sup |grad phi| = 2 |A| / (3 sqrt(3) eps^2)``,
    at r = epsilon / sqrt(2); the Lipschitz constant of grad phi is |A| / epsilon^3,
    taken at r = 0. Both diverge as epsilon -> 0, which is how a cut-off that shrinks
    with N probes singular forces (N. Boers and P. Pickl, J. Stat. Phys. 164 (2016) 1).
    """

    name: ClassVar[str] = "plummer"
    regularity: ClassVar[str] = "C_b^2"

    strength: float = param(1.0, help="A, energy times length; positive repels")
    softening: float = param(
        1.0, above=0.0, may_depend_on_N=True, help="epsilon, length"
    )

    def profile(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return A / sqrt(s + epsilon^2), s = r^2."""
        return self.strength / np.sqrt(s + self.softening**2)


@hookimpl
def mfplug_potentials() -> list[type[RadialPotential]]:
    """Return the potential of this file."""
    return [Plummer]
