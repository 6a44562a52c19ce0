"""Distributions with planted defects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

import mfplug
from mfplug.checks.probes import Cloud


@dataclass(frozen=True)
class WrongWidth(Cloud):
    """Samples are wider than the density says."""

    name: ClassVar[str] = "planted"

    def sample(self, rng, n):
        q, p = super().sample(rng, n)
        return 1.03 * q, p


class NotNormalised(WrongWidth):
    def sample(self, rng, n):
        return Cloud.sample(self, rng, n)

    def density(self, q, p):
        return 1.01 * super().density(q, p)


class ScoreOfTheWidth(NotNormalised):
    def density(self, q, p):
        return Cloud.density(self, q, p)

    def score(self, q, p):
        return -q / self.width, -p / self.speed**2


class BoundedScore(ScoreOfTheWidth):
    score_bound = 4.0

    def score(self, q, p):
        return Cloud.score(self, q, p)


class OwnStream(BoundedScore):
    score_bound = float("inf")

    def sample(self, rng, n):
        return Cloud.sample(self, np.random.default_rng(), n)


class NodesOfAnother(BoundedScore):
    score_bound = float("inf")

    def nodes(self, size):
        return replace(self, width=1.3 * self.width).on(self.dimension)._plain(size)

    def _plain(self, size):
        return Cloud.nodes(self, size)


class WrongCentre(NodesOfAnother):
    def nodes(self, size):
        return Cloud.nodes(self, size)

    def symmetry_centre(self):
        return np.full(self.dimension, 0.2), np.zeros(self.dimension)


class Transposed(NodesOfAnother):
    def nodes(self, size):
        return Cloud.nodes(self, size)

    def sample(self, rng, n):
        q, p = Cloud.sample(self, rng, n)
        return q.T, p.T


class JointTransposed(BoundedScore):
    score_bound = float("inf")

    def joint(self, rng, N):
        q, p = self.sample(rng, N)
        return q.T, p.T


class JointOfItsOwn(JointTransposed):
    def joint(self, rng, N):
        return self.sample(np.random.default_rng(), N)


class JointNeedsAFile(JointTransposed):
    def joint(self, rng, N):
        raise mfplug.ParameterError("distribution 'planted': there is no file.")
