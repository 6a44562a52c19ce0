r"""A travelling wave that drives the particles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug import External, hookimpl, param


@dataclass(frozen=True)
class Drive(External):
    r"""Travelling wave in each axis.

    .. math:: V_t(q) = A \sum_a \cos(k q_a - \omega t)

    Parameters
    ----------
    strength : float
        A, energy.
    wavenumber : float
        k, 1 / length. On a torus of side l the wave fits if k l / (2 pi) is whole.
    frequency : float
        omega, 1 / time. For omega = 0 the wave stands still.

    Notes
    -----
    V depends on time, so energy is not conserved: the particles' energy changes at the
    rate d/dt H = sum_i dV_t/dt(q_i). |grad V| <= |A k| sqrt(d).
    """

    name: ClassVar[str] = "drive"
    time_dependent: ClassVar[bool] = True

    strength: float = param(1.0, help="A, energy")
    wavenumber: float = param(1.0, help="k, 1 / length")
    frequency: float = param(1.0, help="omega, 1 / time")

    def energy(self, q: NDArray[np.float64], t: float) -> NDArray[np.float64]:
        """Return A sum_a cos(k q_a - omega t)."""
        phase = self.wavenumber * np.asarray(q) - self.frequency * t
        return self.strength * np.sum(np.cos(phase), axis=-1)

    def gradient(self, q: NDArray[np.float64], t: float) -> NDArray[np.float64]:
        """Return -A k sin(k q_a - omega t), axis by axis."""
        phase = self.wavenumber * np.asarray(q) - self.frequency * t
        return -self.strength * self.wavenumber * np.sin(phase)


@hookimpl
def mfplug_externals() -> list[type[External]]:
    """Return the external potential of this file."""
    return [Drive]
