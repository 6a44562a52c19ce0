r"""No interaction: particles that stay independent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug import RadialPotential, hookimpl


@dataclass(frozen=True)
class Free(RadialPotential):
    r"""No interaction.

    .. math:: \phi(q) = 0

    Notes
    -----
    Particles that start independent stay so: every distance between the N-body law
    and its mean field is exactly 0, whatever the external potential ((10) of the
    thesis), and the distance of the empirical measure to it is that of independent
    points. Both bounds, sup |grad phi| and the Lipschitz constant, are 0.
    """

    name: ClassVar[str] = "free"
    regularity: ClassVar[str] = "C_b^2"

    def profile(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return 0 for every s = r^2."""
        return 0.0 * s


@hookimpl
def mfplug_potentials() -> list[type[RadialPotential]]:
    """Return the potential of this file."""
    return [Free]
