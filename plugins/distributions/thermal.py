r"""Thermal equilibrium of particles that repel by a cosine potential."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mfplug import Distribution, ParameterError, hookimpl, param

from ._joint import Compared
from .homogeneous import Homogeneous

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Thermal(Compared):
    r"""The Gibbs state of N particles of mass 1 with phi = A sum_a cos(k q_a), A >= 0.

    .. math:: F_0 \propto \exp\Bigl( -\frac{1}{2 w^2} \sum_i p_i^2
              - \frac{A}{2 w^2} \sum_a |m_a|^2 \Bigr), \qquad
              m_a = N^{-1/2} \sum_i e^{-i k q_{ia}}, \quad k = 2 \pi m / \ell

    Independent uniform positions are kept with the probability exp(-A |m_a|^2 / 2 w^2),
    axis by axis, which is exact at every N; 1 / (1 + A / 2 w^2) of them are if N is
    large. The state is stationary under the particles' own motion, and E|m_a|^2 is
    :func:`mfplug.theory.wave_fluctuations.thermal_variance`. It is compared with the
    homogeneous Maxwellian.

    Parameters
    ----------
    strength : float
        A >= 0, that of the system's potential ``cosine``.
    width : float
        w, standard deviation of a momentum: the temperature is w^2.
    mode : int
        m, waves in a box, that of the potential.

    Raises
    ------
    ParameterError
        Without a box.
    """

    name: ClassVar[str] = "thermal"

    strength: float = param(
        1.0, at_least=0.0, at_most=1e4, help="A, of the potential cosine; it repels"
    )
    width: float = param(1.0, above=0.0, help="w, the root of the temperature")
    mode: int = param(1, at_least=1, help="m, waves in a box")

    def on(self, dimension: int, box: float | None = None) -> Self:
        """Return this state in d dimensions, on a torus of side ``box``."""
        if box is None:
            raise ParameterError(
                "distribution 'thermal': it lives on a torus; got no box, expected a "
                "number > 0. Give the system a `box`."
            )
        return super().on(dimension, box)

    @property
    def reference(self) -> Distribution:
        """The homogeneous Maxwellian."""
        return Homogeneous(momentum="gaussian", width=self.width)

    def joint(self, rng: np.random.Generator, N: int) -> tuple[Array, Array]:
        """Return the points of N particles in equilibrium, (N, d) each."""
        side = float(self.box or 1.0)
        k = 2.0 * math.pi * self.mode / side
        rate = 0.5 * self.strength / self.width**2
        q = np.empty((N, self.dimension))
        for axis in range(self.dimension):
            while True:
                q[:, axis] = side * rng.random(N)
                square = np.abs(np.exp(-1j * k * q[:, axis]).sum()) ** 2 / N
                if rng.random() < math.exp(-rate * float(square)):
                    break
        return q, self.width * rng.standard_normal((N, self.dimension))


@hookimpl
def mfplug_distributions() -> list[type[Distribution]]:
    """Return the distribution of this file."""
    return [Thermal]
