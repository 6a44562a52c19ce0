"""States with m bad particles: Remark 2.1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mfplug import Distribution, hookimpl, param

from ._joint import Compared
from .gaussian import Gaussian

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BadParticles(Compared):
    r"""m particles with the law g, the others with f_0: no product of f_0.

    .. math:: F_0 = g^{\otimes m} \otimes f_0^{\otimes (N - m)}, \quad
              \text{symmetrised or not}

    Parameters
    ----------
    good, bad : Distribution
        f_0 and g. The state is compared with f_0: ``density`` and all else that is said
        of one particle is of ``good``.
    count : int
        m >= 0; of fewer particles all are bad.
    symmetric : bool
        Whether any m particles are bad, drawn anew for each replica, or the first m.

    Notes
    -----
    Remark 2.1 of the thesis. Not symmetrised, the L1 distance to f_0^N is that of g^m
    to f_0^m for every N, 2 for disjoint supports; symmetrised it can tend to 0 (audit,
    E8). The counting measure is at most m/N in both.
    """

    name: ClassVar[str] = "bad-particles"

    good: Distribution = param(Gaussian(), help="f_0, the law of the good particles")
    bad: Distribution = param(
        Gaussian(mean_q=5.0), help="g, the law of the bad particles"
    )
    count: int = param(1, at_least=0, help="m, number of bad particles")
    symmetric: bool = param(True, help="any m particles are bad, or the first m")

    @property
    def reference(self) -> Distribution:
        """The law f_0 of the good particles."""
        return self.good

    def on(self, dimension: int, box: float | None = None) -> Self:
        """Return this state in d dimensions, where both laws can be."""
        self.bad.on(dimension, box)
        return super().on(dimension, box)

    def joint(self, rng: np.random.Generator, N: int) -> tuple[Array, Array]:
        """Return the initial points of N particles, (N, d) each."""
        m = min(self.count, N)
        bad = self.bad.on(self.dimension, self.box).sample(rng, m)
        good = self._placed.sample(rng, N - m)
        q, p = (np.concatenate(pair) for pair in zip(bad, good, strict=True))
        if self.symmetric:
            order = rng.permutation(N)
            q, p = q[order], p[order]
        return q, p


@hookimpl
def mfplug_distributions() -> list[type[Distribution]]:
    """Return the distribution of this file."""
    return [BadParticles]
