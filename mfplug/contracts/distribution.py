"""Initial distributions f_0 on phase space."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.plugin import Plugin

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Distribution(Plugin, ABC):
    """One-particle law f_0 on phase space, normalised to 1.

    ``self.dimension`` (d) and ``self.box`` (side of the torus, or None) come from the
    :class:`mfplug.System`, through :meth:`on`; alone a distribution has d = 1.
    Particles start independently with this law unless the class overrides
    :meth:`joint`.
    """

    kind: ClassVar[str] = "distribution"
    dimension: ClassVar[int] = 1
    box: ClassVar[float | None] = None

    def on(self, dimension: int, box: float | None = None) -> Self:
        """Return this distribution in d dimensions, on a torus of side ``box``."""
        placed = copy.copy(self)
        object.__setattr__(placed, "dimension", dimension)
        object.__setattr__(placed, "box", box)
        return placed

    @abstractmethod
    def sample(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Return n independent points as (q, p), each of shape (n, d)."""

    @abstractmethod
    def density(self, q: Array, p: Array) -> Array:
        """Return f_0(q, p), shape (...), for arrays of shape (..., d).

        At a NaN it is NaN, as in any formula; a mean field refuses such points.
        """

    def score(self, q: Array, p: Array) -> tuple[Array, Array]:
        """Return (grad_q log f_0, grad_p log f_0), each of shape (..., d).

        The default takes central differences of log f_0 (relative error about 1e-9).
        """
        return self._difference(q, p, 0), self._difference(q, p, 1)

    def _difference(self, q: Array, p: Array, which: int) -> Array:
        point = [np.asarray(q, float), np.asarray(p, float)]
        step = 6e-6
        result = np.empty_like(point[which])
        for axis in range(self.dimension):
            values = []
            for sign in (1.0, -1.0):
                moved = [point[0].copy(), point[1].copy()]
                moved[which][..., axis] += sign * step
                values.append(np.log(self.density(moved[0], moved[1])))
            result[..., axis] = (values[0] - values[1]) / (2 * step)
        return result

    @property
    def score_bound(self) -> float:
        """Sup |grad_x log f_0|, infinite if unbounded; Theorem 3.1 needs it finite."""
        return float("inf")

    def symmetry_centre(self) -> tuple[Array, Array] | None:
        """Return the point (q, p), shapes (d,), about which f_0 is symmetric, or None.

        Symmetric means invariant under every permutation of the axes and every change
        of sign of an axis, each done to q - centre and p - centre together. Solvers
        may then follow a part of phase space only. None claims nothing.
        """
        return None

    @property
    def mollifier_width(self) -> float | None:
        """Delta if f_0 is a density mollified by (66), f^delta of Lemma 3.3."""
        return None

    def nodes(self, size: int) -> tuple[Array, Array, Array]:
        """Return fixed nodes (q, p, w) with sum_k w_k g(x_k) close to int g f_0.

        The default sends an unscrambled Sobol sequence through a wide Student law
        fitted to a fixed sample and weights it by the density; a distribution that
        knows a Gauss rule overrides it.

        Parameters
        ----------
        size
            Number of nodes to aim at.

        Returns
        -------
        q, p, w
            Arrays of shapes (M, d), (M, d), (M,), the weights summing to 1.

        Raises
        ------
        NumericsError
            If the density is negative, not finite, or 0 at all nodes.
        """
        from mfplug.contracts.quadrature import importance_nodes

        return importance_nodes(self, size)

    def joint(self, rng: np.random.Generator, N: int) -> tuple[Array, Array]:
        """Return the initial points of N particles, (N, d) each: independent here.

        A state that is not a product overrides this; ``density`` then is the f_0 that
        it is compared with.
        """
        return self.sample(rng, N)

    def joints(
        self, streams: Iterable[np.random.Generator], N: int
    ) -> tuple[Array, Array]:
        """Return the points of many replicas, (replicas, N, d) each.

        Replica r gets what ``joint(streams[r], N)`` gives, bit for bit. Ensembles of
        small clouds start faster where this is overridden, next to ``sample`` or
        ``joint``: a class that overrides one of those later is asked for them instead.
        """
        points = [self.joint(rng, N) for rng in streams]
        return np.stack([q for q, _ in points]), np.stack([p for _, p in points])
