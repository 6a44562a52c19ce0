"""The scaled pair potential phi_N that every way to sum works with, and its ranges."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.calls import calling
from mfplug.contracts.tracing import is_radial

if TYPE_CHECKING:
    from mfplug.contracts.potential import Potential

Array = NDArray[np.float64]

#: Separations that are looked at, in units of 1 / scale: 12 decades, 64 in each.
_DECADES, _PER_DECADE = (-6, 6), 64


class ScaledKernel:
    """phi_N(x) = factor phi(scale x), the pair potential with (5) of the thesis.

    Parameters
    ----------
    potential
        The plugin phi.
    dimension
        d.
    factor, scale
        N^(beta - 1) and N^(beta/d) for N particles; 1 and 1 for phi itself.
    box
        Side of the torus, where phi_N acts through its nearest image, or None.
    """

    def __init__(
        self,
        potential: Potential,
        dimension: int,
        factor: float = 1.0,
        scale: float = 1.0,
        box: float | None = None,
    ) -> None:
        self.potential = potential
        self.dimension = dimension
        self.factor = float(factor)
        self.scale = float(scale)
        self.box = None if box is None else float(box)
        self.radial = is_radial(potential)

    def energy(self, dx: Array) -> Array:
        """Return phi_N(dx), no images taken; dx (..., d) -> (...)."""
        with np.errstate(all="ignore"), calling(self.potential, "energy()"):
            value = np.asarray(self.potential.energy(self.scale * dx), dtype=float)
        return self.factor * value

    def gradient(self, dx: Array) -> Array:
        """Return grad phi_N(dx), no images taken; 0 at dx = 0; shape of dx."""
        with np.errstate(all="ignore"), calling(self.potential, "gradient()"):
            value = np.asarray(self.potential.gradient(self.scale * dx), dtype=float)
        apart = np.any(dx != 0.0, axis=-1, keepdims=True)
        return np.where(apart, self.factor * self.scale * value, 0.0)

    def energy_on(self, axes: list[Array]) -> Array:
        """Return phi_N on the grid with these coordinates, shape (n_1, ..., n_d)."""
        grids = np.meshgrid(*axes, indexing="ij", sparse=True)
        if self.radial:
            square = sum(np.square(self.scale * g) for g in grids)
            with np.errstate(all="ignore"), calling(self.potential, "profile()"):
                value = self.potential.profile(square)  # type: ignore[attr-defined]
            return self.factor * np.broadcast_to(value, np.shape(square))
        return self.energy(np.stack(np.broadcast_arrays(*grids), axis=-1))

    @cached_property
    def origin(self) -> float:
        """phi_N(0) if it is finite, otherwise 0."""
        value = float(np.ravel(self.energy(np.zeros((1, self.dimension))))[0])
        return value if np.isfinite(value) else 0.0

    @cached_property
    def periodic(self) -> bool:
        """Whether phi_N itself has the period ``box``, by its values."""
        if self.box is None:
            return False
        # Near 0 too: one of short range is 0 at all the points of a large box.
        near = self.sample(min(self.box, 4.0 * self.length))
        points = np.concatenate([self.sample(self.box), near])
        here = self.energy(points)
        level = np.abs(here - here.mean()).max() + 1e-9 * np.abs(here).max()
        for a in range(self.dimension):
            moved = points.copy()
            moved[:, a] += self.box
            if not np.all(np.abs(self.energy(moved) - here) <= 1e-9 * level):
                return False
        return True

    def sample(self, length: float, count: int = 24) -> Array:
        """Return the same points of [-length/2, length/2]^d every time, (count, d)."""
        half = 0.5 * length
        rng = np.random.default_rng(20)
        return rng.uniform(-half, half, size=(count, self.dimension))

    @cached_property
    def directions(self) -> Array:
        """Unit vectors along which the kernel is looked at, (n, d)."""
        d = self.dimension
        if self.radial or d == 1:
            return np.eye(d)[:1]
        signs = np.array(list(product((-1, 0, 1), repeat=d)), dtype=float)
        signs = signs[np.any(signs != 0, axis=1)]
        return signs / np.linalg.norm(signs, axis=1, keepdims=True)

    def slope(self, r: Array) -> Array:
        """Return max over the directions of |grad phi_N(r e)|, shape of r."""
        dx = r[:, None, None] * self.directions
        with np.errstate(all="ignore"):
            return np.linalg.norm(self.gradient(dx), axis=-1).max(axis=1)

    def height(self, r: Array) -> Array:
        """Return max over the directions of |phi_N(r e)|, shape of r."""
        return np.abs(self.energy(r[:, None, None] * self.directions)).max(axis=1)

    @cached_property
    def _radii(self) -> Array:
        low, high = _DECADES
        u = np.linspace(low, high, (high - low) * _PER_DECADE + 1)
        return 10.0**u / self.scale

    @cached_property
    def _slopes(self) -> Array:
        return np.nan_to_num(self.slope(self._radii), nan=0.0, posinf=np.inf)

    @cached_property
    def peak(self) -> float:
        """Largest |grad phi_N| seen, inf where it grows without limit."""
        top = float(self._slopes.max())
        return top if np.argmax(self._slopes) < len(self._slopes) - 1 else np.inf

    @cached_property
    def length(self) -> float:
        """Separation at which |grad phi_N| is largest."""
        return float(self._radii[np.argmax(self._slopes)])

    def reach(self, level: float) -> float:
        """Return the separation beyond which |grad phi_N| <= level peak, or inf."""
        allowed = level * float(self._slopes.max())
        return self._last(self.slope, self._slopes, allowed)

    def energy_reach(self, level: float) -> float:
        """Return the separation beyond which |phi_N| <= level max |phi_N|, or inf."""
        heights = np.nan_to_num(self.height(self._radii), nan=0.0, posinf=np.inf)
        finite = heights[np.isfinite(heights)]
        top = float(finite.max()) if finite.size else 0.0
        return self._last(self.height, heights, level * top)

    def _last(
        self, function: Callable[[Array], Array], values: Array, allowed: float
    ) -> float:
        above = np.flatnonzero(values > allowed)
        if above.size == 0:
            return 0.0
        k = int(above[-1])
        if k == len(values) - 1:
            return float("inf")
        low, high = self._radii[k], self._radii[k + 1]
        for _ in range(40):
            middle = 0.5 * (low + high)
            if function(np.array([middle]))[0] > allowed:
                low = middle
            else:
                high = middle
        return float(high)
