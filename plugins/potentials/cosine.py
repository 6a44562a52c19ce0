r"""One Fourier mode on the torus: the Hamiltonian mean field model, Landau damping."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mfplug import ParameterError, Potential, hookimpl, param


@dataclass(frozen=True)
class Cosine(Potential):
    r"""One mode of the torus in each axis; ``strength`` < 0 attracts.

    .. math:: \phi(q) = A \sum_a \cos(2 \pi m q_a / \ell)

    Parameters
    ----------
    strength : float
        A, energy.
    mode : int
        m >= 1.
    box : float, optional
        The side l of the torus. The System gives its own; alone it has to be said.

    Raises
    ------
    ParameterError
        If the energy or the gradient is asked for while no box is known.

    Notes
    -----
    phi is C_b^2. With k = 2 pi m / l, ``sup |grad phi| = |A| k sqrt(d)`` in d
    dimensions, and the Lipschitz constant of grad phi is |A| k^2. Strength -1 on a box
    of 2 pi is the Hamiltonian mean field model; strength 2 / k^2 on a box of 2 pi / k
    with the unit Maxwellian has the Landau damping rates of the Vlasov-Poisson equation
    at k.
    """

    name: ClassVar[str] = "cosine"
    regularity: ClassVar[str] = "C_b^2"
    periodic: ClassVar[bool] = True
    dimension: ClassVar[int] = 1

    strength: float = param(1.0, help="A, energy; negative attracts")
    mode: int = param(1, at_least=1, help="m, waves in a box")
    box: float | None = param(
        None, above=0.0, help="l, side of the torus; the system gives its own"
    )

    def on(self, dimension: int, box: float | None = None) -> Self:
        """Return this potential in d dimensions, on the torus of side ``box``."""
        if self.box is not None and self.box != box:
            raise ParameterError(
                f"potential 'cosine': its box is not that of the system; got "
                f"{self.box!r}, expected {box!r}. Leave out `box` of the potential."
            )
        placed = replace(self, box=box)
        object.__setattr__(placed, "dimension", dimension)
        return placed

    @property
    def wavenumber(self) -> float:
        """Return k = 2 pi m / l."""
        if self.box is None:
            raise ParameterError(
                "potential 'cosine': it lives on a torus and knows no box; got none, "
                "expected a number > 0. Give the system a `box`."
            )
        return 2.0 * math.pi * self.mode / self.box

    def energy(self, dx: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return A sum_a cos(k dx_a)."""
        return self.strength * np.sum(np.cos(self.wavenumber * dx), axis=-1)

    def gradient(self, dx: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return -A k sin(k dx_a), axis by axis."""
        k = self.wavenumber
        return -self.strength * k * np.sin(k * dx)

    def modes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return k e_a and A for every axis a."""
        waves = self.wavenumber * np.eye(self.dimension)
        return waves, np.full(self.dimension, float(self.strength))

    @property
    def gradient_bound(self) -> float:
        """Return |A| k sqrt(d)."""
        return abs(self.strength) * self.wavenumber * math.sqrt(self.dimension)

    @property
    def gradient_lipschitz(self) -> float:
        """Return |A| k^2."""
        return abs(self.strength) * self.wavenumber**2


@hookimpl
def mfplug_potentials() -> list[type[Potential]]:
    """Return the potential of this file."""
    return [Cosine]
