r"""The water-bag: constant on a box of phase space."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mfplug import Distribution, ParameterError, hookimpl, param
from mfplug.contracts.rules import cube_nodes, legendre_rule, torus_nodes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Waterbag(Distribution):
    r"""Uniform on the box |q_a| <= w, |p_a| <= w' around the origin, a = 1..d.

    .. math:: f_0 = (4 w w')^{-d} \text{ inside, } 0 \text{ outside}

    Parameters
    ----------
    q_width : float, optional
        w > 0, half-width in each position. Left out, the law fills the torus, with q
        in [0, box); in free space it is 1.
    p_width : float
        w' > 0, half-width in each momentum.

    Raises
    ------
    ParameterError
        If the bag is wider than the torus.

    Notes
    -----
    f_0 jumps, so its score is unbounded (``score_bound`` is infinite) though it is 0
    almost everywhere inside; outside it is 0/0, returned as NaN.
    """

    name: ClassVar[str] = "waterbag"

    q_width: float | None = param(
        None, above=0.0, help="half-width in q; left out: the whole torus, else 1"
    )
    p_width: float = param(1.0, above=0.0, help="half-width in p")

    def on(self, dimension: int, box: float | None = None) -> Self:
        """Return this distribution in d dimensions, on a torus of side ``box``."""
        if box is not None and self.q_width is not None and 2 * self.q_width > box:
            raise ParameterError(
                "distribution 'waterbag': q_width does not fit into the torus; got "
                f"{self.q_width:g}, expected at most {box / 2:g}. Leave it out to fill "
                "the torus."
            )
        return super().on(dimension, box)

    def _span(self) -> tuple[float, float]:
        """Return the lower end and the length of the interval of each position."""
        if self.q_width is None and self.box is not None:
            return 0.0, self.box
        half = 1.0 if self.q_width is None else self.q_width
        return -half, 2.0 * half

    def _from_cube(self, u: Array) -> tuple[Array, Array]:
        low, length = self._span()
        q = low + length * u[:, : self.dimension]
        return q, self.p_width * (2.0 * u[:, self.dimension :] - 1.0)

    def sample(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Return n independent points (q, p), each (n, d)."""
        return self._from_cube(rng.random((n, 2 * self.dimension)))

    def symmetry_centre(self) -> tuple[Array, Array] | None:
        """Return the middle of the bag, which is a cube in q and in p."""
        low, length = self._span()
        return np.full(self.dimension, low + 0.5 * length), np.zeros(self.dimension)

    def nodes(self, size: int) -> tuple[Array, Array, Array]:
        """Return a rule of at most ``size`` nodes.

        A rule on the cube, carried to the box; where the bag fills the torus,
        equidistant positions times Gauss-Legendre momenta.
        """
        if self.box is not None and self.q_width is None:
            return torus_nodes(
                self.dimension, self.box, partial(legendre_rule, self.p_width), size
            )
        u, w = cube_nodes(2 * self.dimension, size)
        return *self._from_cube(u), w

    def _inside(self, q: Array, p: Array) -> NDArray[np.bool_]:
        low, length = self._span()
        # The distance from the middle of the bag, on a torus to the nearest image.
        away = np.asarray(q, dtype=float) - (low + 0.5 * length)
        if self.box is not None:
            away = away - self.box * np.round(away / self.box)
        near = np.all(np.abs(away) <= 0.5 * length, axis=-1)
        inside: NDArray[np.bool_] = near & np.all(np.abs(p) <= self.p_width, axis=-1)
        return inside

    def density(self, q: Array, p: Array) -> Array:
        """Return f_0(q, p), shape (...); NaN at a NaN, which is neither in nor out."""
        _, length = self._span()
        height = (2.0 * self.p_width * length) ** -self.dimension
        density = np.where(self._inside(q, p), height, 0.0)
        lost = np.isnan(q).any(axis=-1) | np.isnan(p).any(axis=-1)
        return np.where(lost, np.nan, density)

    def score(self, q: Array, p: Array) -> tuple[Array, Array]:
        """Return 0 inside and NaN outside, where there is no score."""
        flat = np.where(self._inside(q, p), 0.0, np.nan)[..., None]
        shape = (*flat.shape[:-1], self.dimension)
        return np.broadcast_to(flat, shape).copy(), np.broadcast_to(flat, shape).copy()


@hookimpl
def mfplug_distributions() -> list[type[Distribution]]:
    """Return the distribution of this file."""
    return [Waterbag]
