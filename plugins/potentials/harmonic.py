r"""Springs between all pairs: the model that is solved exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug import RadialPotential, hookimpl, param


@dataclass(frozen=True)
class Harmonic(RadialPotential):
    r"""Spring between every two particles, attractive for ``strength`` > 0.

    .. math:: \phi(q) = \eta |q|^2 / 2

    Parameters
    ----------
    strength : float
        eta, energy / length^2.

    Notes
    -----
    grad phi is unbounded, so the theorems of the thesis do not apply; its Lipschitz
    constant is |eta|. The N-body problem and its mean field are both solved exactly
    (``theory.harmonic``), with closed forms for every distance between them.
    """

    name: ClassVar[str] = "harmonic"
    regularity: ClassVar[str] = "unbounded"

    strength: float = param(1.0, help="eta, energy / length^2; positive attracts")

    def profile(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return eta s / 2, s = r^2."""
        return 0.5 * self.strength * s


@hookimpl
def mfplug_potentials() -> list[type[RadialPotential]]:
    """Return the potential of this file."""
    return [Harmonic]
