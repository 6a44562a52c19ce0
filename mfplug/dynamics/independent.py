"""The force on a particle among independent points of f_t: mean and variance.

What (6)-(7) and (56) say of one term of the sum, by quadrature of f_0 carried along the
mean field; nothing is sampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.plain import separations

if TYPE_CHECKING:
    from mfplug.contracts.meanfield import MeanField

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PairMoments:
    """Moments of grad phi(q - Q), Q with the density rho_t, at nodes q of rho_t.

    Attributes
    ----------
    weights : ndarray, shape (M,)
        Of the nodes; they sum to 1.
    mean : ndarray, shape (M, d)
        (grad phi * rho_t)(q).
    variance : ndarray, shape (M, d)
        Variance of each component of grad phi(q - Q), sigma^2(q) of audit E12.
    """

    weights: Array
    mean: Array
    variance: Array

    @property
    def sigma_squared(self) -> float:
        """E |delta K(q_1, q_2)|^2, averaged over both."""
        return float(self.weights @ self.variance.sum(axis=1))

    @property
    def mean_squared(self) -> float:
        """E |(grad phi * rho_t)(q_1)|^2, the square of the term j = i."""
        return float(self.weights @ np.sum(self.mean**2, axis=1))

    def rms(self, N: int) -> float:
        """Root mean square of N^-1 sum_{j != i} delta K for N independent points."""
        return float(np.sqrt((N - 1) * self.sigma_squared)) / N

    def rms_with_self(self, N: int) -> float:
        """Return the same with the deterministic term j = i."""
        return float(np.sqrt((N - 1) * self.sigma_squared + self.mean_squared)) / N


def pair_moments(field: MeanField, t: float, nodes: int = 1024) -> PairMoments:
    """Return the moments at a time, from a rule of f_0 with about so many nodes."""
    system = field.system
    q, p, w = system.initial.nodes(nodes)
    if t != field.times[0]:
        q, p = field.flow(q, p, field.times[0], t)
    x = np.ascontiguousarray(q.T)
    mean, square = np.empty_like(q), np.empty_like(q)
    for block, dx in separations(x, x, 1.0, system.box):
        gradient = np.asarray(system.potential.gradient(dx), dtype=float)
        mean[block] = np.einsum("kmd,m->kd", gradient, w)
        square[block] = np.einsum("kmd,m->kd", gradient**2, w)
    return PairMoments(w, mean, square - mean**2)
