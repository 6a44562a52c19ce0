r"""Homogeneous states of the torus, with a small wave if wanted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mfplug import Distribution, ParameterError, hookimpl, param
from mfplug.contracts.rules import torus_nodes
from mfplug.theory.line_laws import LAWS, LineLaw, line_law

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Homogeneous(Distribution):
    r"""Uniform on the torus up to one mode, times a momentum law on each axis.

    .. math:: f_0 = \frac{1 + A \cos(2 \pi m q_1 / \ell)}{\ell^d} \prod_a g(p_a)

    Parameters
    ----------
    momentum : str
        g: gaussian, lorentz, student, waterbag or two-stream, all centred at 0.
    width : float
        Scale of g, > 0; the half-width of the waterbag, the width of one beam.
    df : float
        Degrees of freedom, > 0; only the student law has them.
    speed : float
        The beams of the two-stream law move at +speed and -speed.
    amplitude : float
        A, -1 < A < 1.
    mode : int
        m >= 1.

    Raises
    ------
    ParameterError
        If the system has no box.

    Notes
    -----
    For A = 0 the state is stationary: the mean-field force vanishes. With the lorentz
    or student law the score is bounded, as Theorem 3.1 of the thesis asks: in q_1 by
    |A| k / sqrt(1 - A^2), k = 2 pi m / l, and on each axis of p by the sup of g'/g,
    1 / width for the lorentz law. The gaussian, waterbag and two-stream laws have an
    unbounded score.
    """

    name: ClassVar[str] = "homogeneous"

    momentum: str = param("gaussian", choices=LAWS, help="law of each momentum")
    width: float = param(1.0, above=0.0, help="scale of the momentum law")
    df: float = param(3.0, above=0.0, help="degrees of freedom (student)")
    speed: float = param(1.0, at_least=0.0, help="speed of the beams (two-stream)")
    amplitude: float = param(0.0, above=-1.0, below=1.0, help="A, of the wave in q_1")
    mode: int = param(1, at_least=1, help="m, waves in the box")

    def on(self, dimension: int, box: float | None = None) -> Self:
        """Return this distribution in d dimensions, on a torus of side ``box``."""
        if box is None:
            raise _no_box()
        return super().on(dimension, box)

    @property
    def law(self) -> LineLaw:
        """The law of one momentum component."""
        return line_law(self.momentum, self.width, self.df, self.speed)

    @property
    def _side(self) -> float:
        if self.box is None:
            raise _no_box()
        return self.box

    @property
    def _wavenumber(self) -> float:
        return 2.0 * math.pi * self.mode / self._side

    def _wave(self, q: Array) -> Array:
        """Return 1 + A cos(k q_1), shape (...)."""
        first = np.asarray(q, dtype=float)[..., 0]
        return 1.0 + self.amplitude * np.cos(self._wavenumber * first)

    def sample(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Return n independent points (q, p), each (n, d), with q in [0, box).

        A uniform q_1 is kept with probability (1 + A cos k q_1) / 2, else moved by half
        a wave length: both give (1 + A cos k q_1) / 2, so the sum is the law.
        """
        q = self._side * rng.random((n, self.dimension))
        moved = 2.0 * rng.random(n) >= self._wave(q)
        q[:, 0] = (q[:, 0] + moved * (0.5 * self._side / self.mode)) % self._side
        return q, self.law.sample(rng, (n, self.dimension))

    def density(self, q: Array, p: Array) -> Array:
        """Return f_0(q, p), shape (...)."""
        momenta = np.prod(self.law.density(p), axis=-1)
        return self._wave(q) / self._side**self.dimension * momenta

    def score(self, q: Array, p: Array) -> tuple[Array, Array]:
        """Return (grad_q log f_0, grad_p log f_0), each (..., d)."""
        q, k = np.asarray(q, dtype=float), self._wavenumber
        by_q = np.zeros_like(q)
        by_q[..., 0] = -self.amplitude * k * np.sin(k * q[..., 0]) / self._wave(q)
        return by_q, self.law.score(p)

    @property
    def score_bound(self) -> float:
        """Return the sup over phase space, hypot of that of q_1 and of each p_a."""
        wave = self.amplitude / math.sqrt(1.0 - self.amplitude**2)
        by_q = abs(wave) * self._wavenumber if self.amplitude else 0.0
        return math.hypot(by_q, math.sqrt(self.dimension) * self.law.score_bound)

    def nodes(self, size: int) -> tuple[Array, Array, Array]:
        """Return a rule of at most ``size`` nodes; the wave enters by the weights.

        Equidistant positions, exact for every mode that they resolve, times a rule of
        the momentum law on each axis.
        """
        q, p, w = torus_nodes(self.dimension, self._side, self.law.rule, size)
        w = w * self._wave(q)
        return q, p, w / w.sum()


def _no_box() -> ParameterError:
    return ParameterError(
        "distribution 'homogeneous': it lives on a torus; got no box, expected a "
        "number > 0. Give the system a `box`."
    )


@hookimpl
def mfplug_distributions() -> list[type[Distribution]]:
    """Return the distribution of this file."""
    return [Homogeneous]
