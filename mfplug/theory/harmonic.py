r"""Exact laws of particles with harmonic forces and Gaussian initial data.

One axis, mass 1: pair potential ``phi = pair_strength r^2/2`` (eta; positive attracts)
and trap ``V = trap_strength q^2/2`` (Omega^2; either may be negative), so that

.. math:: \ddot q_i = -\Omega^2 q_i - \eta (q_i - \bar q).

Relative coordinates oscillate with frequency^2 omega^2 = Omega^2 + eta, the centre of
mass with Omega^2. With the propagators R (relative) and S (centre), x = (q, p), and iid
x_i(0) of law N(m_0, Sigma_0),

.. math:: x_i(t) = R (x_i(0) - x_c) + S x_c, \qquad x_c = N^{-1} \sum_j x_j(0).

Hence with A = R Sigma_0 R^T, C = S Sigma_0 S^T and D = C - A the Vlasov law is
f_t = N(S m_0, A), and under F_t cov(x_i, x_i) = A + D/N, cov(x_i, x_j) = D/N. Source:
audit, section 4.1. In d dimensions the axes are independent copies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError
from mfplug.theory import gaussian
from mfplug.theory.harmonic_numbers import ForceFluctuation, HarmonicDistances

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HarmonicLaw:
    """The exact law at one time; made by :func:`harmonic_law`.

    Arrays have the order (q, p): ``relative`` = R, ``centre`` = S, ``mean`` = S m_0,
    ``vlasov`` = A, ``centre_covariance`` = C, ``excess`` = D.
    """

    time: float
    pair_strength: float
    trap_strength: float
    initial_mean: Array
    initial_covariance: Array
    relative: Array
    centre: Array
    mean: Array
    vlasov: Array
    centre_covariance: Array
    excess: Array

    def nbody_map(self, points: ArrayLike) -> Array:
        """Carry initial points (..., N, 2) to time t by the exact N-body flow."""
        x = np.asarray(points, float)
        centre = x.mean(axis=-2, keepdims=True)
        return (x - centre) @ self.relative.T + centre @ self.centre.T

    def mean_field_map(self, points: ArrayLike) -> Array:
        """Carry points (..., 2) from time 0 to t along the mean-field flow."""
        x = np.asarray(points, float) - self.initial_mean
        return x @ self.relative.T + self.mean

    def mean_field_inverse(self, points: ArrayLike) -> Array:
        """Carry points (..., 2) from time t back to 0 along the mean-field flow."""
        r = self.relative
        inverse = np.array([[r[1, 1], -r[0, 1]], [-r[1, 0], r[0, 0]]])  # det R = 1
        x = np.asarray(points, float) - self.mean
        return x @ inverse.T + self.initial_mean

    def marginal_covariance(self, particles: int, s: int = 1) -> Array:
        """Covariance of F^s, shape (2s, 2s): I_s (x) A + J_s (x) D / N."""
        _check_counts(particles, s)
        shared = np.kron(np.ones((s, s)), self.excess / particles)
        return np.kron(np.eye(s), self.vlasov) + shared

    def excess_eigenvalues(self) -> Array:
        """Return e_1 <= e_2, the eigenvalues of A^-1 D (e_1 e_2 + e_1 + e_2 = 0)."""
        return gaussian.relative_excess(self.centre_covariance, self.vlasov)

    @property
    def tau(self) -> float:
        """Return tau >= 0, tau^2 = tr(A^-1 C) - 2 = tr(A^-1 D)."""
        return math.sqrt(max(float(np.trace(self._solve(self.excess))), 0.0))

    def distances(self, particles: int, s: int = 1) -> HarmonicDistances:
        """Return every closed-form distance at N = ``particles`` and index ``s``.

        F^s and f^(x)s differ only along (1, ..., 1)/sqrt(s), where they are
        N(0, A + (s/N) D) and N(0, A). For all N particles, as det A = det C:
        KL = tau^2/2, Hell^2 = 1 - 2/sqrt(4 + tau^2), L1 = (4/pi) arctan(tau/2).

        Raises
        ------
        ParameterError
            Unless 1 <= s <= N.
        """
        _check_counts(particles, s)
        a = self.vlasov
        b = a + (s / particles) * self.excess
        one = a + self.excess / particles
        qq, reference = float(one[0, 0]), float(a[0, 0])
        tau = self.tau
        return HarmonicDistances(
            particles=particles,
            index=s,
            l1_first=gaussian.l1(one, a),
            l1=gaussian.l1(b, a),
            kl=gaussian.kl(b, a),
            kl_reverse=gaussian.kl_reverse(b, a),
            hellinger_squared=gaussian.hellinger_squared(b, a),
            w2=gaussian.w2(b, a),
            w1_q=gaussian.w1_q(qq, reference),
            bl_q=gaussian.bl_q(qq, reference),
            l1_q=gaussian.l1_q(qq, reference),
            correlation_q=float(self.excess[0, 0]) / (particles * qq),
            tau=tau,
            l1_all=4.0 / math.pi * math.atan(tau / 2.0),
            kl_all=0.5 * tau**2,
            # 1 - 2/sqrt(4 + tau^2) without cancellation at small tau.
            hellinger_squared_all=-math.expm1(-0.5 * math.log1p(tau**2 / 4.0)),
        )

    def l1_limit(self, s: int = 1) -> float:
        """lim_N N ||F^s - f^(x)s||_1 = s E|e_1 (z_1^2 - 1) + e_2 (z_2^2 - 1)| / 2."""
        return s * gaussian.l1_limit(self.excess_eigenvalues())

    def coupling(self, particles: int, dimension: int = 1) -> float:
        r"""E |x_i(t) - xbar_i(t)|, xbar_i the mean-field path from the same point.

        xbar_i(t) = R (x_i(0) - m_0) + S m_0, so that x_i - xbar_i = (S - R)(x_c(0) -
        m_0) exactly: one Gaussian vector of covariance (S - R) Sigma_0 (S - R)^T / N
        per axis, the same for all i. So this is the mean over i and also the mean of
        the maximum over i. Euclidean norm of phase space in ``dimension`` equal axes.
        """
        return gaussian.mean_norm(self.coupling_covariance(particles), dimension)

    def coupling_covariance(self, particles: int) -> Array:
        """Covariance of x_i(t) - xbar_i(t) on one axis, shape (2, 2)."""
        _check_counts(particles, 1)
        shear = self.centre - self.relative
        return shear @ self.initial_covariance @ shear.T / particles

    def force_fluctuation(self, particles: int) -> ForceFluctuation:
        r"""Fluctuation N^-1 sum_j delta K(q_i, q_j) of (56), on one axis.

        delta K(q_i, q_j) = phi'(q_i - q_j) - (phi' * rho)(q_i) = -eta (q_j - mu), mu
        the mean position. Under F_t the variance of sum_j (q_j - mu) is
        (N-1)(A + D/N) + (N-1)(N-2) D/N = (N-1)(A + D (N-1)/N) over j != i, and N C over
        all j (qq entries). As phi'(0) = 0, the force that the particles exert minus the
        mean field is the sum over all j, self term included. In d axes multiply each
        rms by sqrt(d).
        """
        _check_counts(particles, 1)
        n, eta = particles, abs(self.pair_strength)
        a, d = float(self.vlasov[0, 0]), float(self.excess[0, 0])
        with_self = eta * math.sqrt(float(self.centre_covariance[0, 0]) / n)
        return ForceFluctuation(
            rms=eta * math.sqrt((n - 1) * (a + d * (n - 1) / n)) / n,
            rms_with_self=with_self,
            rms_iid=eta * math.sqrt((n - 1) * a) / n,
            mean_abs_with_self=math.sqrt(2.0 / math.pi) * with_self,
        )

    def entropy_rate(self) -> float:
        """d/dt KL(F_t | f_t^(x)N) = eta (A^-1 C)_{p,q} on one axis (audit, E6)."""
        return self.pair_strength * float(self._solve(self.centre_covariance)[1, 0])

    def _solve(self, matrix: Array) -> Array:
        """A^-1 matrix, A being 2 x 2 with det A = det Sigma_0."""
        a = self.vlasov
        adjugate = np.array([[a[1, 1], -a[0, 1]], [-a[1, 0], a[0, 0]]])
        result: Array = adjugate @ matrix / np.linalg.det(self.initial_covariance)
        return result


def propagator(frequency_squared: float, time: float) -> Array:
    """Return the matrix that carries (q, p) by q'' = -w2 q over ``time``.

    [[cos wt, sin(wt)/w], [-w sin wt, cos wt]]; cosh and sinh where w2 < 0, free flight
    [[1, t], [0, 1]] at 0.
    """
    w = math.sqrt(abs(frequency_squared))
    if w == 0.0:
        return np.array([[1.0, time], [0.0, 1.0]])
    if frequency_squared > 0.0:
        c, s, back = math.cos(w * time), math.sin(w * time), -w * math.sin(w * time)
    else:
        c, s, back = math.cosh(w * time), math.sinh(w * time), w * math.sinh(w * time)
    return np.array([[c, s / w], [back, c]])


def harmonic_law(
    time: float,
    pair_strength: float,
    trap_strength: float = 0.0,
    covariance: ArrayLike = ((1.0, 0.0), (0.0, 1.0)),
    mean: ArrayLike = (0.0, 0.0),
) -> HarmonicLaw:
    """Return the exact law at ``time`` of harmonic particles (audit 4.1), one axis.

    Parameters
    ----------
    time
        Any real number, units of time.
    pair_strength, trap_strength
        eta and Omega^2, 1/time^2; either sign.
    covariance, mean
        Sigma_0, shape (2, 2), and m_0, shape (2,), order (q, p).

    Raises
    ------
    ParameterError
        If a number is not finite or the covariance is not positive definite.

    Examples
    --------
    >>> law = harmonic_law(1.0, pair_strength=1.0)
    >>> round(law.distances(particles=10).l1, 12)
    0.077252992132
    """
    sigma = np.asarray(covariance, float)
    start = np.asarray(mean, float)
    _check_inputs(time, pair_strength, trap_strength, sigma, start)
    r = propagator(trap_strength + pair_strength, time)
    s = propagator(trap_strength, time)
    a, c = r @ sigma @ r.T, s @ sigma @ s.T
    a, c = 0.5 * (a + a.T), 0.5 * (c + c.T)
    return HarmonicLaw(
        time=time,
        pair_strength=pair_strength,
        trap_strength=trap_strength,
        initial_mean=start,
        initial_covariance=sigma,
        relative=r,
        centre=s,
        mean=s @ start,
        vlasov=a,
        centre_covariance=c,
        excess=c - a,
    )


def _check_inputs(
    time: float, pair: float, trap: float, sigma: Array, start: Array
) -> None:
    for name, value in (("time", time), ("pair", pair), ("trap", trap)):
        if not math.isfinite(value):
            raise ParameterError(
                f"harmonic law '{name}': got {value}, expected a finite number. Set it."
            )
    if start.shape != (2,) or not np.all(np.isfinite(start)):
        raise ParameterError(
            f"harmonic law 'mean': got {start.tolist()}, expected two finite numbers. "
            "Give (q, p) of one axis."
        )
    if sigma.shape != (2, 2):
        raise ParameterError(
            f"harmonic law 'covariance': got shape {sigma.shape}, expected (2, 2). "
            "Give ((qq, qp), (qp, pp)) of one axis."
        )
    gaussian.relative_excess(sigma, sigma)


def _check_counts(particles: int, s: int) -> None:
    if not 1 <= s <= particles:
        raise ParameterError(
            f"harmonic law 'index': got s = {s} with N = {particles}, expected "
            "1 <= s <= N. Take more particles or a smaller marginal."
        )
