"""States of N particles that are no product, and the law they are compared with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mfplug import Distribution

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Compared(Distribution, ABC):
    """A joint state whose f_0 is another distribution.

    ``sample``, ``density``, ``score``, ``score_bound`` and ``nodes`` are those of
    :attr:`reference`; a subclass says what :meth:`joint` is.
    """

    @property
    @abstractmethod
    def reference(self) -> Distribution:
        """The one-particle law f_0 that the state is compared with."""

    @abstractmethod
    def joint(self, rng: np.random.Generator, N: int) -> tuple[Array, Array]:
        """Return the initial points of N particles, (N, d) each."""

    @property
    def _placed(self) -> Distribution:
        return self.reference.on(self.dimension, self.box)

    def on(self, dimension: int, box: float | None = None) -> Self:
        """Return this state in d dimensions, where its f_0 can be."""
        self.reference.on(dimension, box)
        return super().on(dimension, box)

    def sample(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Return n independent points of f_0, (n, d) each."""
        return self._placed.sample(rng, n)

    def density(self, q: Array, p: Array) -> Array:
        """Return f_0(q, p), shape (...)."""
        return self._placed.density(q, p)

    def score(self, q: Array, p: Array) -> tuple[Array, Array]:
        """Return the score of f_0."""
        return self._placed.score(q, p)

    @property
    def score_bound(self) -> float:
        """Return the sup of the score of f_0."""
        return self._placed.score_bound

    def nodes(self, size: int) -> tuple[Array, Array, Array]:
        """Return the nodes of f_0."""
        return self._placed.nodes(size)
