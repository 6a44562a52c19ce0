"""Systems, clouds and differences that several checks use."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.distribution import Distribution
from mfplug.contracts.plugin import param
from mfplug.contracts.potential import RadialPotential
from mfplug.errors import MfplugError

Array = NDArray[np.float64]

#: The side of the torus of plugins that live on one only.
BOX = 5.3


@dataclass(frozen=True)
class Cloud(Distribution):
    """The Gaussian law of the probes, independent axes."""

    name: ClassVar[str] = "checks-cloud"
    width: float = param(0.8, above=0.0)
    speed: float = param(0.6, above=0.0)
    centre: float = param(0.0)
    drift: float = param(0.0)

    def sample(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Return n independent points."""
        shape = (n, self.dimension)
        q = self.centre + self.width * rng.standard_normal(shape)
        return q, self.drift + self.speed * rng.standard_normal(shape)

    def density(self, q: Array, p: Array) -> Array:
        """Return the product of the normal densities."""
        z = (
            np.sum((q - self.centre) ** 2, axis=-1) / self.width**2
            + np.sum((p - self.drift) ** 2, axis=-1) / self.speed**2
        )
        norm = (2 * math.pi * self.width * self.speed) ** self.dimension
        return np.exp(-z / 2) / norm

    def score(self, q: Array, p: Array) -> tuple[Array, Array]:
        """Return ((centre - q) / width^2, (drift - p) / speed^2)."""
        return (
            (self.centre - np.asarray(q)) / self.width**2,
            (self.drift - np.asarray(p)) / self.speed**2,
        )


@dataclass(frozen=True)
class Spring(RadialPotential):
    """The harmonic potential of the probes, phi = strength r^2 / 2."""

    name: ClassVar[str] = "checks-spring"
    regularity: ClassVar[str] = "unbounded"
    strength: float = param(0.7)

    def profile(self, s: Array) -> Array:
        """Return strength s / 2."""
        return self.strength * s / 2


@dataclass(frozen=True)
class Bell(RadialPotential):
    """A smooth repulsive potential of the probes, whose force is not linear."""

    name: ClassVar[str] = "checks-bell"
    regularity: ClassVar[str] = "C_b^2"
    strength: float = param(1.3)
    width: float = param(0.9, above=0.0)

    def profile(self, s: Array) -> Array:
        """Return strength exp(-s / (2 width^2))."""
        return self.strength * np.exp(-s / (2 * self.width**2))


def places(plugin: Any) -> Iterator[tuple[int, float | None, Any]]:
    """Yield (d, box, plugin there) for d = 1, 2, 3: free space, else a torus.

    A plugin that has a parameter ``box`` is put there.

    Raises
    ------
    MfplugError
        If it takes neither in any dimension.
    """
    found = False
    error: MfplugError | None = None
    for d in (1, 2, 3):
        for box in (None, getattr(plugin, "box", None), BOX):
            try:
                placed = plugin.on(d, box)
                _touch(placed, d)
            except MfplugError as refusal:
                error = error or refusal
                continue
            found = True
            yield d, box, placed
            break
    if not found and error is not None:
        raise error


def _touch(placed: Any, d: int) -> None:
    """Ask for one value: a plugin may refuse its place when it is used only."""
    if placed.kind == "potential":
        placed.energy(np.full((1, d), 0.3))


def directions(rng: np.random.Generator, size: int, d: int) -> Array:
    """Return random unit vectors, (size, d)."""
    x = rng.standard_normal((size, d))
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True))


#: Weights of the central difference of order 6, at 1, 2 and 3 steps.
_WEIGHTS = ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60))


def difference(f: Callable[[Array], Array], x: Array, h: float) -> Array:
    """Return the gradient of f at x, (n, d), by central differences of order 6.

    In extended precision where f keeps it, so that rounding is far below the error.
    """
    point = x.astype(np.longdouble)
    result = np.empty_like(point)
    for axis in range(x.shape[1]):
        e = np.zeros(x.shape[1], dtype=np.longdouble)
        e[axis] = h
        total = np.zeros(len(x), dtype=np.longdouble)
        for k, weight in _WEIGHTS:
            plus, minus = f(point + k * e), f(point - k * e)  # type: ignore[arg-type]
            total += np.longdouble(weight) * (np.asarray(plus) - np.asarray(minus))
        result[:, axis] = total / np.longdouble(h)
    return result.astype(float)


def gradient_error(
    f: Callable[[Array], Array], gradient: Array, x: Array, length: float
) -> Array:
    """Return |gradient - differences of f| at each point, the best of several steps.

    The best step differs from point to point; a wrong gradient is wrong with all.
    """
    errors = []
    for h in (3e-2, 1e-2, 2e-3, 4e-4, 5e-5):
        with np.errstate(all="ignore"):
            errors.append(np.abs(difference(f, x, h * length) - gradient).max(axis=1))
    return np.asarray(np.nanmin(np.array(errors), axis=0))
