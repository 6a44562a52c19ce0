r"""Two particles that refute Lemma 3.2 as it is printed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mfplug import Distribution, ParameterError, hookimpl, param
from mfplug.contracts.rules import cube_nodes
from mfplug.theory.line_laws import StudentLine

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StripedPair(Distribution):
    r"""The counter-example of the audit, E6: N = 2 on the line.

    .. math:: x_2 \sim f_0 = t_3(q)\, \tfrac12 \mathrm{sech}^2(p), \qquad
              p_1 \sim N(v, s^2), \quad
              q_1 = q_2 - \varepsilon(p_2) + N(0, s^2), \quad
              \varepsilon(p) = \mathrm{sgn} \sin(\pi M p)

    The two are exchanged with probability 1/2. F_0 lies in sector 1, so alpha_0 <= 1/2.
    Under phi(r) = -exp((1 - r^2)/2), which is the potential ``gaussian`` with strength
    -e^(1/2) and width 1, the good particle is kicked by -epsilon(p_2)/2: at t = 1/M
    half of the momenta, in stripes, are empty, and alpha is nearly 1, after a time that
    is as short as one likes. The bound (65) stays at 1/2 + O(1/M).

    Parameters
    ----------
    stripes : float
        M > 0, stripes of each sign in a momentum interval of 2.
    speed : float
        v, momentum of the bad particle.
    spread : float
        s > 0, its standard deviation in q and p.

    Raises
    ------
    ParameterError
        In more dimensions, on a torus, or for other than two particles.

    Notes
    -----
    The state is compared with f_0, whose score is at most 2 in p and 2/sqrt(3) in q:
    all hypotheses of Lemma 3.2 hold.
    """

    name: ClassVar[str] = "striped-pair"

    stripes: float = param(50.0, above=0.0, help="M, stripes of momentum")
    speed: float = param(4.0, help="momentum of the bad particle")
    spread: float = param(
        0.01, above=0.0, help="standard deviation of the bad particle"
    )

    def on(self, dimension: int, box: float | None = None) -> Self:
        """Return this state on the line; everything else is refused."""
        if dimension != 1 or box is not None:
            raise ParameterError(
                f"distribution 'striped-pair': it lives on the line; got d = "
                f"{dimension} and box = {box}, expected d = 1 and no box. Change the "
                "system."
            )
        return super().on(dimension, box)

    def sample(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Return n independent points of f_0, each (n, 1)."""
        q = _positions().sample(rng, (n, 1))
        return q, np.arctanh(2.0 * rng.random((n, 1)) - 1.0)

    def density(self, q: Array, p: Array) -> Array:
        """Return f_0(q, p), shape (...)."""
        p = np.abs(np.asarray(p, dtype=float))
        # 1 / (2 cosh^2 p), which does not overflow.
        momenta = 2.0 * np.exp(-2.0 * p) / (1.0 + np.exp(-2.0 * p)) ** 2
        return np.prod(_positions().density(q) * momenta, axis=-1)

    def score(self, q: Array, p: Array) -> tuple[Array, Array]:
        """Return the score of f_0; -2 tanh p in p."""
        return _positions().score(q), -2.0 * np.tanh(np.asarray(p, dtype=float))

    @property
    def score_bound(self) -> float:
        """Return sup |score| = (4/3 + 4)^(1/2)."""
        return math.hypot(_positions().score_bound, 2.0)

    def nodes(self, size: int) -> tuple[Array, Array, Array]:
        """Return a rule of f_0: Gauss-Legendre in both quantiles."""
        u, w = cube_nodes(2, size)
        return _positions().quantile(u[:, :1]), np.arctanh(2.0 * u[:, 1:] - 1.0), w

    def joint(self, rng: np.random.Generator, N: int) -> tuple[Array, Array]:
        """Return the two particles, one good and one bad, in random order."""
        if N != 2:
            raise ParameterError(
                f"distribution 'striped-pair': it is a state of two particles; got N = "
                f"{N}, expected 2. Change N."
            )
        q, p = self.sample(rng, 1)
        sign = np.sign(np.sin(math.pi * self.stripes * p))
        noise = self.spread * rng.standard_normal((2, 1, 1))
        q = np.concatenate([q - sign + noise[0], q])
        p = np.concatenate([self.speed + noise[1], p])
        order = rng.permutation(2)
        return q[order], p[order]


def _positions() -> StudentLine:
    return StudentLine(1.0, 3.0)


@hookimpl
def mfplug_distributions() -> list[type[Distribution]]:
    """Return the distribution of this file."""
    return [StripedPair]
