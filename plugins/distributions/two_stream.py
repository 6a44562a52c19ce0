r"""Two beams that run through each other, in free space."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mfplug import Distribution, ParameterError, hookimpl, param
from mfplug.contracts.rules import gaussian_nodes
from mfplug.theory.line_laws import GaussianLine, TwoStreamLine

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TwoStream(Distribution):
    r"""On each axis a Gaussian in q, and half and half beams at +v and -v in p.

    .. math:: f_0 = \prod_a g_{w}(q_a)\, \frac{g_{w'}(p_a - v) + g_{w'}(p_a + v)}{2},
              \quad g_w(x) = \frac{e^{-x^2 / (2 w^2)}}{\sqrt{2 \pi} w}

    Parameters
    ----------
    speed : float
        v >= 0, momentum of the beams; two humps if and only if v > p_width.
    p_width : float
        w' > 0, width of one beam.
    q_width : float
        w > 0, width of the cloud.

    Raises
    ------
    ParameterError
        On a torus, where ``homogeneous`` has beams.

    Notes
    -----
    The score, (-p + v tanh(v p / w'^2)) / w'^2 in p, is unbounded, so Theorem 3.1 of
    the thesis does not apply.
    """

    name: ClassVar[str] = "two-stream"

    speed: float = param(1.0, at_least=0.0, help="v, the beams move at +v and -v")
    p_width: float = param(1.0, above=0.0, help="width of one beam in p")
    q_width: float = param(1.0, above=0.0, help="width of the cloud in q")

    def on(self, dimension: int, box: float | None = None) -> Self:
        """Return this distribution in d dimensions; a torus is refused."""
        if box is not None:
            raise ParameterError(
                f"distribution 'two-stream': it lives in free space; got box = {box:g},"
                " expected none. Take 'homogeneous' with momentum 'two-stream', or "
                "leave out the box."
            )
        return super().on(dimension, box)

    @property
    def _cloud(self) -> GaussianLine:
        return GaussianLine(self.q_width)

    @property
    def _beams(self) -> TwoStreamLine:
        return TwoStreamLine(self.p_width, self.speed)

    def sample(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Return n independent points (q, p), each (n, d)."""
        shape = (n, self.dimension)
        return self._cloud.sample(rng, shape), self._beams.sample(rng, shape)

    def density(self, q: Array, p: Array) -> Array:
        """Return f_0(q, p), shape (...)."""
        return np.prod(self._cloud.density(q) * self._beams.density(p), axis=-1)

    def score(self, q: Array, p: Array) -> tuple[Array, Array]:
        """Return the score, exact also where the density underflows."""
        return self._cloud.score(q), self._beams.score(p)

    def nodes(self, size: int) -> tuple[Array, Array, Array]:
        """Return one Gaussian rule of size / 2^d nodes for each choice of beams."""
        d = self.dimension
        z, w = gaussian_nodes(2 * d, max(1, size // 2**d))
        beams = np.array(list(itertools.product((-self.speed, self.speed), repeat=d)))
        q = np.tile(self.q_width * z[:, :d], (len(beams), 1))
        p = np.concatenate([beam + self.p_width * z[:, d:] for beam in beams])
        return q, p, np.tile(w, len(beams)) * math.ldexp(1.0, -d)


@hookimpl
def mfplug_distributions() -> list[type[Distribution]]:
    """Return the distribution of this file."""
    return [TwoStream]
