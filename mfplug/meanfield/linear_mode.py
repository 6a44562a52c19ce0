"""The linearised Vlasov equation for the first mode of N independent particles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

#: Momenta at which the law is taken, and how far they reach.
MOMENTA = 4001
WIDTHS = 12.0


class LinearMode:
    r"""The density mode of a homogeneous state, as the linearised equation has it.

    .. math:: \rho(t) = S(t) - \frac{A k^2}{2 m} \int_0^t (t - s)\,
              \chi(t - s)\, \rho(s)\,ds, \quad
              S(t) = \frac1N \sum_j e^{-i k (q_j + p_j t / m)}, \quad
              \chi(\tau) = \int e^{-i k p \tau / m} g(p)\,dp

    for phi = A cos(k q): S is the free motion, the integral the response. On a grid of
    times it is the trapezoid rule, which is a triangular system of equations, so that
    rho = M S with a fixed matrix. For independent particles S is a complex Gaussian
    process up to 1/N, with E S(t) conj S(s) = chi(t - s) / N.

    Parameters
    ----------
    system
        A ``cosine`` potential and a ``homogeneous`` law in d = 1, see
        :func:`mfplug.meanfield.linear.mode_options`.
    times
        Equidistant, shape (T,), from 0.
    """

    def __init__(self, system: System, times: Array) -> None:
        from scipy.linalg import solve_triangular, toeplitz

        from mfplug.meanfield.linear import mode_options

        mode_options(system)
        law: Any = system.initial
        potential: Any = system.potential
        self.times = times
        self.wavenumber = float(potential.wavenumber)
        speed = self.wavenumber / system.mass
        p = np.linspace(-1.0, 1.0, MOMENTA) * (law.speed + WIDTHS * law.width)
        g = law.law.density(p)
        phases = np.exp(-1j * speed * np.multiply.outer(times, p))
        self.chi: Complex = np.sum(phases * g, axis=1) / g.sum()
        kernel = -0.5 * potential.strength * self.wavenumber * speed
        step = float(times[1] - times[0])
        response = toeplitz(step * kernel * times * self.chi, np.zeros(len(times)))
        response[:, 0] *= 0.5
        # The integrand is 0 at s = t with the slope -kernel rho(t), which is the
        # error of the trapezoid rule there: with it the rule is of order 4.
        end = np.full(len(times), step**2 / 12.0 * kernel)
        end[0] = 0.0
        one: Complex = np.eye(len(times), dtype=np.complex128)
        self.matrix: Complex = solve_triangular(
            one - response - np.diag(end), one, lower=True
        )

    def at(self, step: int, free: Complex) -> Complex:
        """Return rho at one time of free motions known so far, (R, T) -> (R,)."""
        row = self.matrix[step, : step + 1]
        return np.asarray(np.sum(free[:, : step + 1] * row, axis=1))

    def sampled(self, rng: np.random.Generator, paths: int) -> Complex:
        """Return sqrt(N) rho of independent particles as N grows, shape (paths, T)."""
        values, vectors = np.linalg.eigh(self._covariance)
        kept = values > 1e-13 * values.max()
        root = vectors[:, kept] * np.sqrt(0.5 * values[kept])
        noise = rng.standard_normal((2, paths, int(kept.sum())))
        # Not a product of matrices: its order could depend on the threads.
        moved = np.einsum("ts,sk->tk", self.matrix, root)
        return np.einsum("tk,rk->rt", moved, noise[0] + 1j * noise[1])

    def variance(self) -> float:
        """Return N E |rho|^2 at the last time."""
        row = self.matrix[-1]
        value = np.einsum("s,st,t->", row, self._covariance, row.conj())
        return float(value.real)

    @property
    def _covariance(self) -> Complex:
        from scipy.linalg import toeplitz

        return np.asarray(toeplitz(self.chi, self.chi.conj()))
