"""Averages over a density: points that cover a law, and functions to average."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Points of one set.
POINTS = 2048


@dataclass(frozen=True)
class Wide:
    """Independent axes: Cauchy where space is free, uniform along a torus."""

    centre: Array
    scale: Array
    box: float | None
    dimension: int

    @classmethod
    def around(cls, x: Array, d: int, box: float | None) -> Wide:
        """Return axes about as wide as samples x of a law, shape (n, 2 d)."""
        low, centre, high = np.quantile(x, [0.25, 0.5, 0.75], axis=0)
        scale = np.maximum(0.8 * (high - low), 1e-12)
        return cls(centre, scale, box, d)

    def points(self, seed: int) -> tuple[Array, Array]:
        """Return points and one over their density."""
        from scipy.stats import qmc

        axes = len(self.centre)
        u = qmc.Sobol(axes, rng=np.random.default_rng([5, seed])).random(POINTS)
        u = np.clip(u, 1e-12, 1 - 1e-12)
        z = np.tan(math.pi * (u - 0.5))
        x = self.centre + self.scale * z
        each = math.pi * self.scale * (1 + z**2)
        if self.box is not None:
            d = self.dimension
            x[:, :d], each[:, :d] = self.box * u[:, :d], self.box
        return x, np.prod(each, axis=1)


def waves(x: Array, wide: Wide) -> Array:
    """Return bounded functions of points: 1, cosines and sines, (tests, points)."""
    rng = np.random.default_rng(31)
    d = wide.dimension
    rows = [np.ones(len(x))]
    for _ in range(6):
        k = rng.standard_normal(2 * d) / wide.scale / math.sqrt(2 * d)
        if wide.box is not None:
            k[:d] = 2 * math.pi / wide.box * rng.integers(-1, 2, d)
        phase = (x - wide.centre) @ k
        rows += [np.cos(phase), np.sin(phase)]
    return np.array(rows)
