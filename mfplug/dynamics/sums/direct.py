"""Sums over all pairs."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.compiled import CompiledPotential, compile_potential
from mfplug.dynamics.fields import field_energies, field_forces
from mfplug.dynamics.pairs import pair_energies, pair_forces
from mfplug.dynamics.sums.kernel import ScaledKernel

Array = NDArray[np.float64]


class DirectSum:
    """Every pair, by the compiled kernel of the potential or its NumPy functions."""

    name = "direct"

    def __init__(
        self, kernel: ScaledKernel, compiled: CompiledPotential | None = None
    ) -> None:
        self.kernel = kernel
        self._compiled = compiled

    @cached_property
    def compiled(self) -> CompiledPotential:
        """The potential, ready to be summed."""
        if self._compiled is not None:
            return self._compiled
        return compile_potential(self.kernel.potential, self.kernel.dimension)

    def forces(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return -sum_m w_m grad phi_N(x_k - y_m), shape (d, K)."""
        k = self.kernel
        box = None if k.box is None else k.scale * k.box
        total = field_forces(
            self.compiled, k.scale * sources, weights, k.scale * targets, box=box
        )
        return k.factor * k.scale * total

    def energies(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return sum_m w_m phi_N(x_k - y_m), shape (K,)."""
        k = self.kernel
        box = None if k.box is None else k.scale * k.box
        total = field_energies(
            self.compiled, k.scale * sources, weights, k.scale * targets, box=box
        )
        return k.factor * total

    def cloud_energies(self, x: Array) -> Array:
        """Return sum_{i<j} phi_N(x_i - x_j) of each cloud, shape (R,)."""
        k = self.kernel
        return pair_energies(
            self.compiled, x, factor=k.factor, scale=k.scale, box=k.box
        )

    def clouds(self, x: Array, weight: float) -> Array:
        """Return the forces of each cloud on itself, all weights equal; (R, d, N)."""
        k = self.kernel
        out = np.empty_like(x)
        pair_forces(
            self.compiled,
            x,
            out,
            factor=weight * k.factor * k.scale,
            scale=k.scale,
            box=k.box,
        )
        return out
