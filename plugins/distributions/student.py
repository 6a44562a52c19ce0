r"""Student's law: heavy tails and a bounded score."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mfplug import Distribution, ParameterError, hookimpl, param
from mfplug.contracts.rules import cube_nodes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class HeavyTailed(Distribution, ABC):
    r"""Product of a d-dimensional Student-t law in q and one in p.

    A subclass says how many degrees of freedom there are, and has the fields
    ``q_width`` and ``p_width``.
    """

    q_width: float = param(1.0, above=0.0, help="scale of the positions")
    p_width: float = param(1.0, above=0.0, help="scale of the momenta")

    @property
    @abstractmethod
    def freedom(self) -> float:
        """Return the degrees of freedom nu > 0."""

    def on(self, dimension: int, box: float | None = None) -> Self:
        """Return this distribution in d dimensions; a torus is refused."""
        if box is not None:
            raise ParameterError(
                f"distribution '{self.name}': it lives in free space; got box = "
                f"{box:g}, expected none. Take 'homogeneous' with a heavy-tailed "
                "momentum law, or leave out the box."
            )
        return super().on(dimension, box)

    def _factor(self, x: Array, width: float) -> Array:
        nu, d = self.freedom, self.dimension
        log_norm = (
            math.lgamma(0.5 * (nu + d))
            - math.lgamma(0.5 * nu)
            - 0.5 * d * math.log(nu * math.pi)
            - d * math.log(width)
        )
        square = np.sum((np.asarray(x, dtype=float) / width) ** 2, axis=-1)
        result: Array = np.exp(log_norm - 0.5 * (nu + d) * np.log1p(square / nu))
        return result

    def density(self, q: Array, p: Array) -> Array:
        """Return f_0(q, p), shape (...)."""
        return self._factor(q, self.q_width) * self._factor(p, self.p_width)

    def sample(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Return n independent points (q, p), each (n, d)."""
        normal = rng.standard_normal((2, n, self.dimension))
        stretch = np.sqrt(self.freedom / rng.chisquare(self.freedom, (2, n, 1)))
        q, p = normal * stretch
        return self.q_width * q, self.p_width * p

    def score(self, q: Array, p: Array) -> tuple[Array, Array]:
        """Return -(nu + d) x / (nu w^2 + |x|^2) for x = q and x = p."""
        return self._pull(q, self.q_width), self._pull(p, self.p_width)

    def _pull(self, x: Array, width: float) -> Array:
        nu = self.freedom
        x = np.asarray(x, dtype=float)
        square = np.sum(x**2, axis=-1, keepdims=True)
        return -(nu + self.dimension) * x / (nu * width**2 + square)

    @property
    def score_bound(self) -> float:
        """Return sup |score| = (nu + d) / (2 sqrt(nu)) hypot(1/q_width, 1/p_width)."""
        nu = self.freedom
        widths = math.hypot(1.0 / self.q_width, 1.0 / self.p_width)
        return (nu + self.dimension) / (2.0 * math.sqrt(nu)) * widths

    def symmetry_centre(self) -> tuple[Array, Array] | None:
        """Return the origin: both factors depend on the distance from it alone."""
        return np.zeros(self.dimension), np.zeros(self.dimension)

    def nodes(self, size: int) -> tuple[Array, Array, Array]:
        """Return a rule on the cube, carried to the law axis by axis."""
        d = self.dimension
        u, w = cube_nodes(2 * d, size)
        return (
            self.q_width * self._from_cube(u[:, :d]),
            self.p_width * self._from_cube(u[:, d:]),
            w,
        )

    def _from_cube(self, u: Array) -> Array:
        """Invert the conditional laws: given x_1..x_k, the next axis is Student too.

        It has nu + k degrees of freedom and scale sqrt((nu + |x|^2) / (nu + k)).
        """
        from scipy.special import stdtrit

        nu = self.freedom
        x = np.empty_like(u)
        square = np.zeros(len(u))
        for k in range(u.shape[1]):
            scale = np.sqrt((nu + square) / (nu + k))
            x[:, k] = scale * stdtrit(nu + k, u[:, k])
            square += x[:, k] ** 2
        return x


@dataclass(frozen=True)
class Student(HeavyTailed):
    r"""Independent Student-t laws in q and in p.

    .. math:: f_0 = g_w(q)\, g_{w'}(p), \quad g_w(x) =
              \frac{\Gamma((\nu + d)/2)}{\Gamma(\nu/2) (\nu \pi)^{d/2} w^d}
              \left(1 + \frac{|x|^2}{\nu w^2}\right)^{-(\nu + d)/2}

    Parameters
    ----------
    df : float
        nu > 0, degrees of freedom; moments of order below nu are finite.
    q_width, p_width : float
        Scales w, w' > 0.

    Notes
    -----
    The score is bounded, as Theorem 3.1 of the thesis asks:
    (nu + d) / (2 sqrt(nu) w) in q, at |q| = sqrt(nu) w, and likewise in p.
    """

    name: ClassVar[str] = "student"

    df: float = param(3.0, above=0.0, help="nu, degrees of freedom")

    @property
    def freedom(self) -> float:
        """Return df."""
        return self.df


@hookimpl
def mfplug_distributions() -> list[type[Distribution]]:
    """Return the distribution of this file."""
    return [Student]
