"""Potentials and externals, right and with planted defects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

import mfplug
from mfplug.checks.probes import Bell

# --- potentials -----------------------------------------------------------------


@dataclass(frozen=True)
class Phi(mfplug.Potential):
    """A Gaussian bell, right in all it does."""

    name: ClassVar[str] = "planted"
    regularity: ClassVar[str] = "C_b^2"
    strength: float = mfplug.param(1.3)
    width: float = mfplug.param(0.7, above=0.0)

    def energy(self, dx):
        return self.strength * np.exp(-np.sum(dx**2, -1) / (2 * self.width**2))

    def gradient(self, dx):
        return -dx / self.width**2 * self.energy(dx)[..., None]

    @property
    def gradient_bound(self):
        return abs(self.strength) / self.width * np.exp(-0.5)

    @property
    def gradient_lipschitz(self):
        return abs(self.strength) / self.width**2


class WrongSign(Phi):
    def gradient(self, dx):
        return dx / self.width**2 * self.energy(dx)[..., None]


class WidthForItsSquare(Phi):
    def gradient(self, dx):
        return -dx / self.width * self.energy(dx)[..., None]


class NotEven(Phi):
    def energy(self, dx):
        return self.strength * np.exp(-np.sum((dx - 0.1) ** 2, -1) / 2)

    def gradient(self, dx):
        return -(dx - 0.1) * self.energy(dx)[..., None]


class KeepsTheAxis(Phi):
    def energy(self, dx):
        return self.strength * np.exp(-(dx**2) / (2 * self.width**2))


class NotFinite(Phi):
    def energy(self, dx):
        return np.where(np.sum(dx**2, -1) > 1.0, np.nan, super().energy(dx))


class BoundTooSmall(Phi):
    @property
    def gradient_bound(self):
        return 0.9 * super().gradient_bound


class LipschitzTooSmall(Phi):
    @property
    def gradient_lipschitz(self):
        return 0.5 * super().gradient_lipschitz


class WrongClass(Phi):
    regularity: ClassVar[str] = "singular"


class ChangesItsArgument(Phi):
    def energy(self, dx):
        result = super().energy(dx)
        dx *= 2.0
        return result


class Raises(Phi):
    def gradient(self, dx):
        raise ZeroDivisionError("no gradient today")


class NeedlessException(Phi):
    check_exceptions: ClassVar[Mapping[str, str]] = {"even": "it is odd"}


class TakesAnything(Phi):
    def __post_init__(self):
        pass


class Unequal(Phi):
    def __eq__(self, other):
        return self is other

    __hash__ = object.__hash__


class PeriodicByHalf(Phi):
    """In a box its energy gets the box's period, its slope that of half the box."""

    side: ClassVar[float | None] = None

    def on(self, dimension, box=None):
        placed = replace(self)
        object.__setattr__(placed, "side", box)
        return placed

    def energy(self, dx):
        if self.side is None:
            return super().energy(dx)
        return np.cos(2 * np.pi / self.side * dx).sum(-1)

    def gradient(self, dx):
        if self.side is None:
            return super().gradient(dx)
        return -np.sin(2 * np.pi / self.side * dx)


@dataclass(frozen=True)
class Spike(Bell):
    """A bell with a spike between the distances at which a kernel is looked at."""

    name: ClassVar[str] = "planted"

    def profile(self, s):
        return super().profile(s) + 1e-3 * np.exp(-(((s - 2.7) / 2e-3) ** 2))


# --- externals ------------------------------------------------------------------


@dataclass(frozen=True)
class V(mfplug.External):
    """A wave, right in all it does."""

    name: ClassVar[str] = "planted"
    time_dependent: ClassVar[bool] = True
    k: float = mfplug.param(1.4)

    def energy(self, q, t):
        return np.cos(self.k * q - 2.2 * t).sum(-1)

    def gradient(self, q, t):
        return -self.k * np.sin(self.k * q - 2.2 * t)


class LostFactor(V):
    def gradient(self, q, t):
        return -np.sin(self.k * q - 2.2 * t)


class TimeForgotten(V):
    time_dependent: ClassVar[bool] = False


class OneNumber(V):
    def energy(self, q, t):
        return np.cos(self.k * q - 2.2 * t).sum()
