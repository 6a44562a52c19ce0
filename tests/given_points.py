"""Particles at points that a test gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfplug import Distribution

GAUSSIAN = {"name": "gaussian", "mean_q": 0.4, "mean_p": -0.3, "qq": 0.9, "pp": 1.6}


@dataclass(frozen=True)
class Given(Distribution):
    """Particles at given points: a state that is not a product."""

    name = "given"
    q: tuple = ((0.0,),)
    p: tuple = ((0.0,),)

    def sample(self, rng, n):
        """Not used."""
        raise NotImplementedError

    def density(self, q, p):
        """Not used."""
        raise NotImplementedError

    def joint(self, rng, N):
        """Return the given points."""
        return np.array(self.q), np.array(self.p)


def placed(q, p):
    """Return the state in which particle i stands at q[i] with momentum p[i]."""
    q, p = (tuple(tuple(map(float, np.atleast_1d(x))) for x in y) for y in (q, p))
    return Given(q, p)
