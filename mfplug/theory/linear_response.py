r"""The collective mode of a homogeneous state on the torus, to leading order.

Particles of a potential phi = s cos(k q) feel the mode m = N^(-1/2) sum_j e^(-i k q_j)
alone. With m_0(t) the mode of the free flights of the same initial points and g^ the
characteristic function of the momenta (audit, 4.3)

.. math:: m = m_0 + G * m, \qquad
          G(\tau) = -\tfrac{s k^2}{2 M} \tau\, \hat g(k \tau / M),

up to terms of relative size N^(-1/2), M the mass of a particle. On equidistant times
the trapezoidal rule turns this into m(t) = sum_j w_j m_0(s_j). As E m_0(t) m_0(u)^* =
g^(k (t - u) / M) for every N, moments of that sum are known exactly, whatever the
spacing: they make control variates.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import ParameterError

Array = NDArray[np.float64]
Transform = Callable[[Array], Array]

#: Intervals of the finest rule from which the limit of the variance is extrapolated.
FINE = 400


@dataclass(frozen=True)
class ModeResponse:
    """How a homogeneous state answers its own fluctuation.

    Attributes
    ----------
    transform : callable
        g^(tau) = E exp(-i p tau), real and even.
    wavenumber, strength, mass : float
        k, s and M.
    """

    transform: Transform
    wavenumber: float
    strength: float
    mass: float = 1.0

    def weights(self, time: float, intervals: int) -> Array:
        """Return w_0, ..., w_J at the times j t / J, so that m(t) ~ sum w_j m_0.

        Raises
        ------
        ParameterError
            If the time or the number of intervals is not positive.
        """
        if not (time > 0.0 and math.isfinite(time) and intervals >= 1):
            raise ParameterError(
                f"linear response: got t = {time} and {intervals} intervals, expected "
                "t > 0 and at least 1. Change them."
            )
        last = np.zeros(intervals + 1)
        last[-1] = 1.0
        return self.carried(time, last)

    def carried(self, time: float, row: Array) -> Array:
        """Return v with sum_j row_j m(s_j) = sum_j v_j m_0(s_j) at equidistant s_j.

        Parameters
        ----------
        time
            The last of the times, t > 0.
        row : ndarray, shape (J + 1,)
            Weights of the mode at s_j = j t / J.
        """
        from scipy.linalg import solve_triangular

        intervals = row.size - 1
        step = time / intervals
        lags: Array = step * np.arange(intervals + 1.0)
        kernel = -0.5 * self.strength * self.wavenumber**2 / self.mass * lags
        kernel *= self.transform(self.wavenumber * lags / self.mass)
        place = np.arange(intervals + 1)
        gap = place[:, None] - place
        volterra = step * np.where(gap > 0, kernel[np.abs(gap)], 0.0)
        volterra[:, 0] *= 0.5
        matrix = np.eye(intervals + 1) - volterra
        return np.asarray(solve_triangular(matrix, row, trans="T", lower=True))

    def variance(self, time: float, intervals: int) -> float:
        """Return the exact variance of sum_j w_j m_0(s_j)."""
        w = self.weights(time, intervals)
        place = np.arange(intervals + 1)
        lags = self.wavenumber * (time / intervals) / self.mass * (1.0 * place)
        covariance = self.transform(lags.astype(np.float64))[
            np.abs(place[:, None] - place)
        ]
        return float(w @ covariance @ w)

    def fourth(self, time: float, intervals: int, particles: int) -> float:
        r"""Return the exact E|y|^4 of y = sum_j w_j m_0(s_j) for N particles.

        y = N^(-1/2) sum_i c_i with independent c_i, and E c_i^2 = 0 because the
        positions are uniform: E|y|^4 = 2 (1 - 1/N) (E|c|^2)^2 + E|c|^4 / N.
        """
        single = self.quartic(self.weights(time, intervals), time)
        square = self.variance(time, intervals) ** 2
        return 2.0 * (1.0 - 1.0 / particles) * square + single / particles

    def quartic(self, row: Array, time: float) -> float:
        """Return E|c|^4 of one particle's c = sum_j row_j e^(-i k p s_j / M).

        The s_j = j t / J as in :meth:`carried`.
        """
        # |c|^4 sums over differences of two times, of which there are 2 J + 1.
        pairs = np.correlate(row, row, "full")
        place = np.arange(pairs.size)
        step = time / (row.size - 1)
        lags = self.wavenumber * step / self.mass * (1.0 * place)
        transform = self.transform(lags.astype(np.float64))
        return float(pairs @ transform[np.abs(place[:, None] - place)] @ pairs)

    def limit(self, time: float) -> float:
        """Return C(t) = lim E|m|^2, extrapolated from two rules of order 2.

        Examples
        --------
        >>> lorentz = ModeResponse(lambda tau: np.exp(-np.abs(tau)), 1.0, -1.0)
        >>> round(lorentz.limit(2.0), 6)
        1.313083
        """
        if time == 0.0:
            return 1.0
        coarse, fine = (self.variance(time, j) for j in (FINE // 2, FINE))
        return (4.0 * fine - coarse) / 3.0


def modes(q: Array, p: Array, wavenumber: float, step: float, count: int) -> Array:
    """Return N^(-1/2) sum_j e^(-i k (q_j + v_j l h)) for l = 0, ..., count.

    Parameters
    ----------
    q, p : ndarray, shape (R, N)
        Positions and velocities.
    step
        h.

    Returns
    -------
    ndarray of complex, shape (count + 1, R)
    """
    phase = np.exp(-1j * wavenumber * q)
    turn = np.exp(-1j * wavenumber * step * p)
    found = np.empty((count + 1, q.shape[0]), dtype=complex)
    for place in range(count + 1):
        found[place] = phase.sum(axis=1)
        phase *= turn
    return np.asarray(found / math.sqrt(q.shape[1]))
