r"""Exact lower bounds without sampling error: the signs of exchangeable Gaussians.

Particles of the harmonic model (audit, 4.1) have q_i = sqrt(A) xi_i + sqrt(D/N) z with
one z for all. Their signs have the law

.. math:: F(n) = \int \varphi(z) \binom{N}{n} \Phi(gz)^n \Phi(-gz)^{N-n}\,dz,
          \qquad g = \sqrt{v/N},\ v = D/A,

for n positive ones, against the binomial law of independent ones. A map of each
particle cannot raise alpha or dbar (audit, 3.4d), so what holds for signs bounds both
from below.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import ParameterError

Array = NDArray[np.float64]

#: Largest N: the table of the integrand stays below 100 MB.
LARGEST = 10_000
_NODES, _REACH = 240, 9.0


@dataclass(frozen=True, eq=False)
class SignLaw:
    """Laws of the number n = 0 ... N of positive signs, correlated and independent."""

    particles: int
    correlated: Array
    independent: Array

    @property
    def alpha_lower(self) -> float:
        """(E|S_N| - E_iid|S_N|)/N <= alpha, S_N the sum of signs (audit, 3.4k)."""
        n = np.arange(self.particles + 1)
        size = np.abs(2.0 * n - self.particles)
        return float(size @ (self.correlated - self.independent)) / self.particles

    @property
    def hamming(self) -> float:
        """Dbar of the signs: the transport distance of the two laws of n, over N."""
        gap = np.cumsum(self.correlated - self.independent)
        return float(np.abs(gap).sum()) / self.particles


def sign_law(particles: int, ratio: float) -> SignLaw:
    """Return the exact law of the signs of N exchangeable Gaussians.

    Parameters
    ----------
    particles
        N, 1 to 10 000.
    ratio
        v = D/A in [0, 100]: N times the correlation, over 1 + v/N.

    Raises
    ------
    ParameterError
        If N or v is out of range.

    Examples
    --------
    >>> round(sign_law(10, 1.0).alpha_lower, 10)
    0.0648610594
    """
    from scipy.special import gammaln, log_ndtr

    if not (1 <= particles <= LARGEST and 0.0 <= ratio <= 100.0):
        raise ParameterError(
            f"sign law: got N = {particles} and v = {ratio}, expected 1 <= N <= "
            f"{LARGEST} and 0 <= v <= 100. Change them."
        )
    n = np.arange(particles + 1, dtype=float)
    count = gammaln(particles + 1) - gammaln(n + 1) - gammaln(particles - n + 1)
    # The integrand is as narrow as 1/sqrt(v) where the correlations are strong.
    count_z = math.ceil(_NODES * max(1.0, math.sqrt(ratio)))
    node, weight = np.polynomial.legendre.leggauss(count_z)
    z = _REACH * node
    share = _REACH * weight * np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
    g = math.sqrt(ratio / particles)
    up, down = log_ndtr(g * z), log_ndtr(-g * z)
    correlated = np.zeros(particles + 1)
    # Blocks bound the memory; the sum over z keeps its order.
    for start in range(0, particles + 1, 1024):
        part = slice(start, start + 1024)
        k = n[part, None]
        table = np.exp(count[part, None] + k * up + (particles - k) * down)
        correlated[part] = (table * share).sum(axis=1)
    independent = np.exp(count - particles * math.log(2.0))
    return SignLaw(particles, correlated, independent)
