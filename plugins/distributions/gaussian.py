r"""The Gaussian law: each axis of phase space a correlated pair (q, p)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug import Distribution, ParameterError, hookimpl, param
from mfplug.contracts.rules import gaussian_nodes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Gaussian(Distribution):
    r"""Independent axes, each Gaussian in (q_a, p_a) with one mean and covariance.

    .. math:: f_0 = \prod_a \frac{1}{2 \pi \sqrt{D}} e^{-x_a^T C^{-1} x_a / 2}, \quad
              x_a = (q_a - \bar q, p_a - \bar p), \quad
              C = \begin{pmatrix} qq & qp \\ qp & pp \end{pmatrix}, \quad D = \det C

    On a torus it is wrapped: the sum over all images of q.

    Parameters
    ----------
    mean_q, mean_p : float
        Means, length and momentum.
    qq, qp, pp : float
        Covariance of one axis; qq, pp > 0 and qp^2 < qq pp.

    Raises
    ------
    ParameterError
        If the covariance is not positive definite.

    Notes
    -----
    The score -C^-1 x_a is unbounded, so Theorem 3.1 of the thesis does not apply
    (Remark 3.1; audit, E24).
    """

    name: ClassVar[str] = "gaussian"

    mean_q: float = param(0.0, help="mean position on each axis")
    mean_p: float = param(0.0, help="mean momentum on each axis")
    qq: float = param(1.0, above=0.0, help="variance of a position")
    qp: float = param(0.0, help="covariance of position and momentum")
    pp: float = param(1.0, above=0.0, help="variance of a momentum")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self._determinant > 0.0:
            raise ParameterError(
                "distribution 'gaussian': the covariance is not positive definite; got "
                f"qq = {self.qq:g}, qp = {self.qp:g}, pp = {self.pp:g}, expected "
                "qp^2 < qq pp. Change qp."
            )

    @property
    def _determinant(self) -> float:
        return self.qq * self.pp - self.qp**2

    def _from_standard(self, z: Array) -> tuple[Array, Array]:
        """Turn independent standard pairs (..., n, 2d) into points, by Cholesky."""
        d, qq, qp = self.dimension, self.qq, self.qp
        q = math.sqrt(qq) * z[..., :d]
        p = math.sqrt((qq * self.pp - qp**2) / qq) * z[..., d:]
        # Small ensembles take thousands of such samples: nothing is added in vain.
        if qp != 0.0:
            p += qp / qq * q
        if self.mean_p != 0.0:
            p += self.mean_p
        if self.mean_q != 0.0:
            q += self.mean_q
        return q, p

    def sample(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Return n independent points (q, p), each (n, d); q is not wrapped."""
        return self._from_standard(rng.standard_normal((n, 2 * self.dimension)))

    def joints(
        self, streams: Iterable[np.random.Generator], N: int
    ) -> tuple[Array, Array]:
        """Return the points of many replicas, (replicas, N, d) each."""
        generators = list(streams)
        z = np.empty((len(generators), N, 2 * self.dimension))
        for rng, row in zip(generators, z, strict=True):
            rng.standard_normal(out=row)
        return self._from_standard(z)

    def nodes(self, size: int) -> tuple[Array, Array, Array]:
        """Return a rule of at most ``size`` nodes with exact mean and covariance."""
        z, w = gaussian_nodes(2 * self.dimension, size)
        return *self._from_standard(z), w

    def symmetry_centre(self) -> tuple[Array, Array] | None:
        """Return the means: every axis has the same law, symmetric about them."""
        return np.full(self.dimension, self.mean_q), np.full(
            self.dimension, self.mean_p
        )

    def _images(self, q: Array, p: Array) -> tuple[Array, Array, Array]:
        """Return C^-1 x and the log-weight for each image, shapes (..., d, images)."""
        u = (np.asarray(q, dtype=float) - self.mean_q)[..., None]
        v = (np.asarray(p, dtype=float) - self.mean_p)[..., None]
        if self.box is not None:
            # Images further than 9 standard deviations weigh less than 1e-17.
            reach = math.ceil(9.0 * math.sqrt(self.qq) / self.box + 0.5)
            nearest = u - self.box * np.round(u / self.box)
            u = nearest + self.box * np.arange(-reach, reach + 1)
        a = (self.pp * u - self.qp * v) / self._determinant
        b = (self.qq * v - self.qp * u) / self._determinant
        return a, b, -0.5 * (u * a + v * b)

    def density(self, q: Array, p: Array) -> Array:
        """Return f_0(q, p), shape (...)."""
        _, _, log_weight = self._images(q, p)
        norm = 2.0 * math.pi * math.sqrt(self._determinant)
        axes: Array = np.sum(np.exp(log_weight), axis=-1) / norm
        return np.prod(axes, axis=-1)

    def score(self, q: Array, p: Array) -> tuple[Array, Array]:
        """Return the score, exact also where the density underflows."""
        a, b, log_weight = self._images(q, p)
        weight = np.exp(log_weight - np.max(log_weight, axis=-1, keepdims=True))
        weight /= np.sum(weight, axis=-1, keepdims=True)
        return -np.sum(weight * a, axis=-1), -np.sum(weight * b, axis=-1)


@hookimpl
def mfplug_distributions() -> list[type[Distribution]]:
    """Return the distribution of this file."""
    return [Gaussian]
