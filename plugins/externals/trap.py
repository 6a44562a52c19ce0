r"""A harmonic trap around the origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug import External, hookimpl, param


@dataclass(frozen=True)
class Trap(External):
    r"""Harmonic trap, confining for ``strength`` > 0.

    .. math:: V(q) = \Omega^2 |q|^2 / 2

    Parameters
    ----------
    strength : float
        Omega^2, energy / length^2 (mass times angular frequency squared).

    Notes
    -----
    It acts on Newton's and on Vlasov's side alike ((10) of the thesis), so it drops out
    of every difference of forces; it does enter the constant M of (70).
    """

    name: ClassVar[str] = "trap"

    strength: float = param(1.0, help="Omega^2, energy / length^2; positive confines")

    def energy(self, q: NDArray[np.float64], t: float) -> NDArray[np.float64]:
        """Return Omega^2 |q|^2 / 2, the same at all times."""
        return 0.5 * self.strength * np.sum(np.asarray(q) ** 2, axis=-1)

    def gradient(self, q: NDArray[np.float64], t: float) -> NDArray[np.float64]:
        """Return Omega^2 q, the same at all times."""
        return self.strength * np.asarray(q)


@hookimpl
def mfplug_externals() -> list[type[External]]:
    """Return the external potential of this file."""
    return [Trap]
