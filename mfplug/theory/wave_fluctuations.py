r"""Fluctuations of a homogeneous state on the torus, by the linearised Vlasov equation.

For a potential phi = s cos(k q), sqrt(N) (mu_N - f) tested with h_a(p) e^(-i k q), h_a
even, tends to a Gaussian z_a (Braun and Hepp, Commun. Math. Phys. 56 (1977) 125).
The linearised equation, solved along free flights, gives

.. math:: z_a(t) = S_a(t) + \int_0^t K_a(t - s)\, z_1(s)\,ds, \qquad
          S_a(t) = N^{-1/2} \sum_j h_a(p_j)\, e^{-i k (q_j + p_j t / M)},

.. math:: K_a(\tau) = \tfrac{s k}{2} \int h_a g' \sin(u p)\,dp
          = -\tfrac{s k}{2} E\bigl[ h_a' \sin(u p) + u\, h_a \cos(u p) \bigr],
          \quad u = k \tau / M.

h_1 = 1 is the density wave, whose equation is that of
:mod:`mfplug.theory.linear_response`; h_2 = exp(-p^2 / 2 w^2), w the width of the
momenta, sees the slow particles only. On equidistant times z_a is a sum of free
motions, whose covariances are exact at every N: known moments of a control variate,
whatever the spacing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mfplug.theory.line_laws import LineLaw
from mfplug.theory.linear_response import FINE, ModeResponse, modes

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

#: The test functions e^(-i k q) h(p).
WAVES = ("wave", "slow-wave")
#: Momenta of the quadrature of what has the weight h_2.
MOMENTA = 1000
#: Spacing of the free motions that make a control variate, times the faster rate.
SPACING = 0.3


@dataclass(frozen=True)
class WaveFluctuations:
    """The limit of the fluctuations of the two waves of :data:`WAVES`.

    Attributes
    ----------
    response
        The density wave, k, s and M.
    law
        g, the law of the momenta.
    """

    response: ModeResponse
    law: LineLaw

    @cached_property
    def _momenta(self) -> tuple[Array, Array]:
        return self.law.rule(MOMENTA)

    def window(self, p: Array) -> Array:
        """Return h_2(p)."""
        return np.asarray(np.exp(-0.5 * (p / self.law.width) ** 2))

    def intervals(self, time: float) -> int:
        """Return how many free motions make a control variate at a time, at least 12.

        Their spacing is a part of 1 / (plasma frequency) and of 1 / (k w / M).
        """
        k, mass = self.response.wavenumber, self.response.mass
        plasma = math.sqrt(abs(self.response.strength) * k**2 / (2.0 * mass))
        rate = max(plasma, k * self.law.width / mass)
        return max(12, math.ceil(time * rate / SPACING))

    def weights(self, time: float, intervals: int) -> Array:
        """Return (2, J + 2): weights of S_1(s_0), ..., S_1(s_J) and of S_2(t).

        s_j = j t / J; the trapezoidal rule, an error of order 2 in t / J.
        """
        found = np.zeros((2, intervals + 2))
        found[0, :-1] = self.response.weights(time, intervals)
        step = time / intervals
        lags = step * (intervals - np.arange(intervals + 1.0))
        row = step * self._slow_kernel(lags)
        # The kernel vanishes at lag 0, so that the end needs no half weight.
        row[0] *= 0.5
        found[1, :-1] = self.response.carried(time, row)
        found[1, -1] = 1.0
        return found

    def covariance(self, time: float, intervals: int) -> Array:
        """Return the exact E[y_a conj(y_b)], (2, 2), of y = weights times (S_1, S_2).

        It holds for independent particles at every N.
        """
        v = self.weights(time, intervals)
        place = np.arange(intervals + 1)
        lags = time / intervals * place
        speed = self.response.wavenumber / self.response.mass
        free = np.empty((intervals + 2, intervals + 2))
        toeplitz = self.response.transform(np.asarray(speed * lags, dtype=float))
        free[:-1, :-1] = toeplitz[np.abs(place[:, None] - place)]
        p, w = self._momenta
        h = self.window(p)
        cross = np.cos(speed * np.multiply.outer(time - lags, p)) @ (w * h)
        free[:-1, -1] = free[-1, :-1] = cross
        free[-1, -1] = float(w @ h**2)
        return np.asarray(v @ free @ v.T)

    def fourth(self, time: float, intervals: int, particles: int) -> Array:
        r"""Return the exact E|y_a|^4 for N independent particles, shape (2,).

        2 (1 - 1/N) (E|c|^2)^2 + E|c|^4 / N, as positions are uniform. With h_2 in it c
        is e^(-i k q) (P + h_2 Q), whose \|P\|^4 is as without, and the rest has the
        weight h_2, so that a quadrature in p takes it.
        """
        v = self.weights(time, intervals)
        single = np.array([self.response.quartic(row[:-1], time) for row in v])
        p, w = self._momenta
        speed = self.response.wavenumber / self.response.mass
        lags = time / intervals * np.arange(intervals + 1.0)
        phase = np.exp(-1j * speed * np.multiply.outer(lags, p))
        plain = np.einsum("j,jm->m", v[1, :-1], phase)
        whole = plain + self.window(p) * phase[-1]
        single[1] += float(np.sum(w * (np.abs(whole) ** 4 - np.abs(plain) ** 4)))
        square = np.diagonal(self.covariance(time, intervals)) ** 2
        return np.asarray(2.0 * (1.0 - 1.0 / particles) * square + single / particles)

    def limit(self, time: float) -> Array:
        """Return lim E[z_a conj(z_b)], extrapolated from two rules of order 2.

        Examples
        --------
        >>> from mfplug.theory.line_laws import line_law
        >>> law = line_law("lorentz", 1.0)
        >>> hmf = WaveFluctuations(ModeResponse(law.transform, 1.0, -1.0), law)
        >>> round(float(hmf.limit(2.0)[0, 0]), 6)
        1.313083
        """
        if time == 0.0:
            p, w = self._momenta
            mean, square = (float(w @ self.window(p) ** n) for n in (1, 2))
            return np.array([[1.0, mean], [mean, square]])
        coarse, fine = (self.covariance(time, j) for j in (FINE // 2, FINE))
        return (4.0 * fine - coarse) / 3.0

    def equilibrium(self) -> Array:
        """Return the covariances in thermal equilibrium for large N, shape (2, 2).

        The density wave of a Maxwellian has the variance S = 1 / (1 + s / 2 w^2), which
        is k^2 / (1 + k^2) for s = 2 / k^2 and w = 1; momenta are independent of the
        positions. Both for mass 1.
        """
        wave = 1.0 / (1.0 + 0.5 * self.response.strength / self.law.width**2)
        free = self.limit(0.0)
        mean = free[0, 1]
        slow = free[1, 1] + mean**2 * (wave - 1.0)
        return np.array([[wave, mean * wave], [mean * wave, slow]])

    def values(self, q: Array, p: Array) -> Complex:
        """Return N^(-1/2) sum_j g_a(q_j, p_j) of points (R, N), shape (R, 2)."""
        wave = np.exp(-1j * self.response.wavenumber * q)
        sums = [wave.sum(axis=1), (self.window(p) * wave).sum(axis=1)]
        return np.asarray(np.stack(sums, axis=1) / math.sqrt(q.shape[1]))

    def answers(self, q: Array, p: Array, time: float, intervals: int) -> Complex:
        """Return y of initial points (R, N), as of the linear equation, (R, 2)."""
        k, velocity = self.response.wavenumber, p / self.response.mass
        free = modes(q, velocity, k, time / intervals, intervals)
        slow = self.values(q + time * velocity, p)[:, 1]
        everything = np.concatenate([free, slow[None]])
        # Not a product of matrices: its order could depend on the threads.
        return np.einsum("aj,jr->ra", self.weights(time, intervals), everything)

    def _slow_kernel(self, lags: Array) -> Array:
        """Return K_2 at some lags."""
        p, w = self._momenta
        h = self.window(p)
        u = self.response.wavenumber / self.response.mass * lags
        phase = np.multiply.outer(u, p)
        slope = -p / self.law.width**2 * h
        mean = np.sin(phase) @ (w * slope) + u * (np.cos(phase) @ (w * h))
        return -0.5 * self.response.strength * self.response.wavenumber * mean


def thermal_variance(rate: float, particles: int) -> float:
    r"""Return E|m|^2 of N angles with the density exp(-rate \|m\|^2), at this N.

    m = N^(-1/2) sum_j e^(-i theta_j). The weight is the Gaussian average of
    exp(i xi . m) over xi in the plane with the variance 2 rate, so that with u = \|xi\|

    .. math:: E|m|^2 = \frac{1}{a} - \frac{1}{4 a^2}
              \frac{\int u^3 e^{-u^2 / 4a} J_0(u / \sqrt N)^N du}
              {\int u e^{-u^2 / 4a} J_0(u / \sqrt N)^N du}, \quad a = rate,

    which tends to 1 / (1 + a).

    Examples
    --------
    >>> round(thermal_variance(4.0, 1), 6), round(thermal_variance(4.0, 64), 6)
    (1.0, 0.2005)
    """
    from scipy.integrate import quad
    from scipy.special import j0

    # Both factors are below a rounding error beyond.
    end = 16.0 * math.sqrt(rate)

    def moment(power: int) -> float:
        def integrand(u: float) -> float:
            wave = float(j0(u / math.sqrt(particles))) ** particles
            return u**power * math.exp(-(u**2) / (4.0 * rate)) * wave

        return float(quad(integrand, 0.0, end, limit=400, epsabs=0.0, epsrel=1e-12)[0])

    return 1.0 / rate - moment(3) / moment(1) / (4.0 * rate**2)
