"""Weighted nodes of f_0 carried by the force that they generate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.integrator import State, splitting_step
from mfplug.contracts.meanfield import KAHAN_LI_6
from mfplug.errors import NumericsError

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]
PairForce = Callable[[Array], Array]


def time_levels(first: float, last: float, step: float) -> Array:
    """Return equidistant levels at most ``step`` apart; six at least.

    Six levels give the spline in time its full degree. A single time has one level.
    """
    if last == first:
        return np.array([first])
    steps = max(5, int(np.ceil((last - first) / step - 1e-9)))
    return np.linspace(first, last, steps + 1)


def march(
    system: System, q: Array, p: Array, levels: Array, pair: PairForce
) -> Iterator[State]:
    """Yield the state of the nodes at each level, by a splitting of order 6.

    Parameters
    ----------
    q, p
        Nodes at the first level, shape (d, M).
    levels
        Times of the levels; one step leads from each to the next.
    pair
        Pair force on nodes at given positions, shape (d, M) both.

    Raises
    ------
    NumericsError
        If the force is not finite.
    """
    force = _Force(system, pair)
    state = State(q, p, system.mass)
    yield state
    for t, t_next in pairwise(levels):
        state = splitting_step(KAHAN_LI_6, state, t, t_next - t, force)
        yield state


class _Force:
    """The total force on the nodes; the pair force is kept for the last positions.

    A step ends where the next begins, at the same array.
    """

    def __init__(self, system: System, pair: PairForce) -> None:
        self.system = system
        self.pair = pair
        self._last: tuple[Array, Array] | None = None

    def __call__(self, t: float, q: Array) -> Array:
        if self._last is None or self._last[0] is not q:
            self._last = (q, self.pair(q))
        total = self._last[1]
        if self.system.external is not None:
            total = total - self.system.external.gradient(q.T, t).T
        if not np.isfinite(total).all():
            raise NumericsError(
                f"potential '{self.system.potential.name}': the mean-field force is "
                f"not finite at t = {t:g}; got NaN or infinity, expected numbers. "
                "Check the formula and its parameters."
            )
        return total


class Ledger:
    """Energy and momentum of the nodes at the ends of a run, and their drift.

    Parameters
    ----------
    system, weights
        The system and the weights of the nodes, shape (M,).
    pair_energy
        Half of int int phi rho rho at given positions of the nodes.
    """

    def __init__(
        self,
        system: System,
        weights: Array,
        pair_energy: Callable[[Array], float],
    ) -> None:
        self.system = system
        self.weights = weights
        self.pair_energy = pair_energy
        self._entries: list[tuple[float, float, Array]] = []

    def enter(self, t: float, state: State) -> None:
        """Note the energy and momentum of a state."""
        w = self.weights
        kinetic = float(0.5 * (w * np.sum(state.p**2, axis=0)).sum() / state.mass)
        energy = kinetic + self.pair_energy(state.q)
        if self.system.external is not None:
            energy += float((w * self.system.external.energy(state.q.T, t)).sum())
        self._entries.append((kinetic, energy, (w * state.p).sum(axis=1)))

    def drift(self) -> dict[str, float]:
        """Return the drifts between the first and the last entry.

        ``energy_drift`` is relative to kinetic energy plus |energy| at the start.
        """
        (kinetic, start, impulse), (_, end, later) = self._entries[0], self._entries[-1]
        scale = kinetic + abs(start)
        return {
            "energy_drift": abs(end - start) / scale if scale > 0 else 0.0,
            "momentum_drift": float(np.abs(later - impulse).max()),
        }
