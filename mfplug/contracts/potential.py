"""Pair potentials phi and external potentials V."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.plugin import Plugin

Array = NDArray[np.float64]

REGULARITIES = ("C_b^2", "Lipschitz", "singular", "unbounded", "unknown")


@dataclass(frozen=True)
class Potential(Plugin, ABC):
    """Pair potential phi; the force on particle i is -(1/N) sum_j grad phi(q_i - q_j).

    phi must be even, so that grad phi(0) = 0 and Newton's third law holds
    (thesis, (1)-(3)). ``regularity`` declares which hypotheses it meets: ``C_b^2``
    (bounded with bounded derivatives up to the second, what section 1 of the thesis
    asks), ``Lipschitz`` (grad phi bounded and Lipschitz), ``singular`` (grad phi
    unbounded at 0), ``unbounded`` (grad phi unbounded at infinity), ``unknown``.
    """

    kind: ClassVar[str] = "potential"
    regularity: ClassVar[str] = "unknown"

    def on(self, dimension: int, box: float | None = None) -> Self:
        """Return this potential in d dimensions, on a torus of side ``box``.

        A potential that has to know them overrides this, or refuses what it cannot do.
        """
        return self

    @abstractmethod
    def energy(self, dx: Array) -> Array:
        """Return phi(dx); dx has shape (..., d), the result shape (...)."""

    @abstractmethod
    def gradient(self, dx: Array) -> Array:
        """Return grad phi(dx), shape (..., d)."""

    def modes(self) -> tuple[Array, Array] | None:
        """Return (k, c) if phi(q) = sum_j c_j cos(k_j . q) on the torus, else None.

        k has shape (n, d), c shape (n,). A potential of a few Fourier modes gives them,
        and a solver then needs no grid: the mean field is the amplitudes of n modes.
        """
        return None

    @property
    def gradient_bound(self) -> float:
        """B = sup |grad phi|, infinite where unbounded; derived unless overridden."""
        from mfplug.contracts.tracing import gradient_bound

        return gradient_bound(self)

    @property
    def gradient_lipschitz(self) -> float:
        """L, the Lipschitz constant of grad phi; derived unless overridden."""
        from mfplug.contracts.tracing import gradient_lipschitz

        return gradient_lipschitz(self)


@dataclass(frozen=True)
class RadialPotential(Potential, ABC):
    """Potential of the distance alone, phi(q) = profile(|q|^2).

    One function is enough: first and second derivatives, the bounds and the compiled
    kernel follow from ``profile``, which takes s = r^2 (an array) and uses NumPy
    functions only; a case distinction is written with ``np.where``.
    """

    @abstractmethod
    def profile(self, s: Array) -> Array:
        """Return phi as a function of s = r^2 >= 0."""

    def energy(self, dx: Array) -> Array:
        """Return profile(|dx|^2)."""
        return self.profile(np.sum(np.asarray(dx) ** 2, axis=-1))

    def gradient(self, dx: Array) -> Array:
        """Return 2 profile'(|dx|^2) dx, the derivative taken symbolically."""
        from mfplug.contracts.tracing import radial_form

        dx = np.asarray(dx, dtype=float)
        s = np.sum(dx**2, axis=-1)
        # At s = 0 the derivative of a singular profile is infinite; the gradient of
        # an even function is 0 there.
        slope = radial_form(self).first(np.where(s == 0.0, 1.0, s))
        return np.where(s[..., None] == 0.0, 0.0, 2.0 * slope[..., None] * dx)


@dataclass(frozen=True)
class External(Plugin, ABC):
    """External potential V_t(q), (10) of the thesis; the force is -grad V_t(q)."""

    kind: ClassVar[str] = "external"
    time_dependent: ClassVar[bool] = False

    @abstractmethod
    def energy(self, q: Array, t: float) -> Array:
        """Return V_t(q); q has shape (..., d), the result shape (...)."""

    @abstractmethod
    def gradient(self, q: Array, t: float) -> Array:
        """Return grad V_t(q), shape (..., d)."""
