"""The mean field of a potential that is a few Fourier modes on the torus."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import ParameterError
from mfplug.meanfield.march import Clock, Ledger, march
from mfplug.meanfield.pair_field import StoredField
from mfplug.meanfield.splines import time_knots
from mfplug.meanfield.waves import cos_sin

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]


class ModeSums:
    r"""Sums over nodes for :math:`\phi(q) = \sum_j c_j \cos(k_j \cdot q)`.

    .. math:: C_j + i S_j = \sum_l w_l e^{i k_j \cdot q_l}, \quad
              -(\nabla\phi * \rho)(q)
              = \sum_j c_j k_j (C_j \sin k_j \cdot q - S_j \cos k_j \cdot q)

    The cost is that of the nodes, not of their pairs.

    Parameters
    ----------
    waves, amplitudes
        k_j, shape (n, d), and c_j, shape (n,).
    """

    def __init__(self, waves: Array, amplitudes: Array) -> None:
        self.waves = waves
        self.amplitudes = amplitudes

    def _trigonometry(self, q: Array) -> Iterator[tuple[int, Array, Array]]:
        """Yield (j, cos k_j.q, sin k_j.q) for q of shape (d, K)."""
        for j, wave in enumerate(self.waves):
            axes = np.flatnonzero(wave)
            phase = sum((wave[a] * q[a] for a in axes[1:]), wave[axes[0]] * q[axes[0]])
            yield j, *cos_sin(phase)

    def density(self, q: Array, w: Array) -> Array:
        """Return (C_j, S_j) of weighted nodes, shape (n, 2)."""
        # np.sum, not a product of matrices: its order never depends on threads.
        sums = [((w * c).sum(), (w * s).sum()) for _, c, s in self._trigonometry(q)]
        return np.array(sums)

    def force(self, density: Array, q: Array) -> Array:
        """Return the force at q, shape (d, K)."""
        out = np.zeros_like(q)
        for j, cos, sin in self._trigonometry(q):
            self._add(out, j, density[j, 0] * sin - density[j, 1] * cos)
        return out

    def self_force(self, q: Array, w: Array) -> Array:
        """Return the force of weighted nodes on themselves, shape (d, M)."""
        out = np.zeros_like(q)
        for j, cos, sin in self._trigonometry(q):
            self._add(out, j, (w * cos).sum() * sin - (w * sin).sum() * cos)
        return out

    def slope(self, density: Array, q: Array, axis: int) -> Array:
        """Return the derivative of the force along an axis, shape (d, K)."""
        out = np.zeros_like(q)
        for j, cos, sin in self._trigonometry(q):
            wave = self.waves[j, axis] * (density[j, 0] * cos + density[j, 1] * sin)
            self._add(out, j, wave)
        return out

    def _add(self, out: Array, j: int, wave: Array) -> None:
        for axis in np.flatnonzero(self.waves[j]):
            out[axis] += self.amplitudes[j] * self.waves[j, axis] * wave

    def energy(self, density: Array) -> float:
        """Return 1/2 int int phi rho rho = 1/2 sum_j c_j (C_j^2 + S_j^2)."""
        return float(0.5 * (self.amplitudes * np.sum(density**2, axis=1)).sum())


class ModeField(StoredField):
    """Pair force of a few modes: exact in space, a spline of degree 9 in time.

    Parameters
    ----------
    arrays
        ``levels`` (T,), the times of the stored levels; ``densities`` (T, n, 2), the
        sums C_j and S_j of :class:`ModeSums` at each level.

    Raises
    ------
    ParameterError
        If an array is missing or does not fit the others.
    """

    def _prepare(self, arrays: dict[str, Array]) -> None:
        self.sums = mode_sums(self.system)
        shapes = {key: np.shape(value) for key, value in arrays.items()}
        levels = shapes.get("levels", (0,))[0]
        if shapes.get("densities") != (levels, len(self.sums.waves), 2):
            raise ParameterError(
                f"mean field: its arrays do not fit each other; got shapes {shapes}, "
                "expected levels and densities of the potential's modes. Solve for it "
                "again."
            )

    @cached_property
    def _spline(self) -> Any:
        from scipy.interpolate import make_interp_spline

        levels, values = self._arrays["levels"], self._arrays["densities"]
        degree, knots = time_knots(levels)
        return make_interp_spline(levels, values, k=degree, t=knots, axis=0)

    def mode_density(self, t: float) -> Array:
        """Return (C_j, S_j) = int (cos, sin)(k_j . q) rho_t dq, shape (n, 2)."""
        if len(self._arrays["levels"]) == 1:
            return self._arrays["densities"][0]
        return np.asarray(self._spline(self.check_time(t)))

    def pair_force(self, t: float, points: Array) -> Array:
        """Return the pair force at points of shape (d, K)."""
        return self.sums.force(self.mode_density(t), points)

    def pair_slope(self, t: float, points: Array, axis: int) -> Array:
        """Return its derivative along an axis, shape (d, K)."""
        return self.sums.slope(self.mode_density(t), points, axis)


def mode_sums(system: System) -> ModeSums:
    """Return the sums of the potential's modes.

    Raises
    ------
    ParameterError
        If the potential is not a finite sum of modes.
    """
    modes = system.potential.modes()
    if modes is None:
        raise ParameterError(
            f"potential '{system.potential.name}': it is no sum of Fourier modes; got "
            "none, expected modes(). Solve for the field again."
        )
    return ModeSums(*modes)


def march_modes(
    system: System, nodes: tuple[Array, Array, Array], clock: Clock
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the arrays of a :class:`ModeField` and the drifts of a run.

    Parameters
    ----------
    nodes
        (q, p, w) of f_0, shapes (M, d), (M, d), (M,).
    clock
        The levels.
    """
    sums = mode_sums(system)
    w = nodes[2]
    q, p = (np.ascontiguousarray(x.T) for x in nodes[:2])
    ledger = Ledger(system, w, lambda x: sums.energy(sums.density(x, w)))
    densities: list[Array] = []
    for t, x, momenta in march(system, q, p, clock, lambda x: sums.self_force(x, w)):
        densities.append(sums.density(x, w))
        if momenta is not None and len(densities) in (1, len(clock.levels)):
            ledger.enter(t, x, momenta)
    arrays = {"levels": clock.levels, "densities": np.stack(densities)}
    return arrays, ledger.drift()
