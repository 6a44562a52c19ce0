"""Weighted nodes of f_0 carried by the force that they generate."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.integrator import State, splitting_step, step_count
from mfplug.contracts.meanfield import KAHAN_LI_6
from mfplug.errors import NumericsError

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]
PairForce = Callable[[Array], Array]


#: Levels in a step and in all, at least: enough for the spline in time.
LEVELS_A_STEP = 2
LEAST_LEVELS = 10


class Clock(NamedTuple):
    """Equidistant levels; every ``stride``-th ends a step of the nodes."""

    levels: Array
    stride: int

    @property
    def step(self) -> float:
        """The step of the nodes, 0 where there is one level."""
        if len(self.levels) == 1:
            return 0.0
        return float(self.levels[self.stride] - self.levels[0])

    @property
    def steps(self) -> int:
        """The number of steps."""
        return (len(self.levels) - 1) // self.stride


def time_levels(first: float, last: float, step: float) -> Clock:
    """Return levels on [first, last] with steps of at most ``step``."""
    if last == first:
        return Clock(np.array([first]), 1)
    steps = max(1, math.ceil(step_count(first, last, step) - 1e-9))
    stride = max(LEVELS_A_STEP, math.ceil((LEAST_LEVELS - 1) / steps))
    return Clock(np.linspace(first, last, stride * steps + 1), stride)


def march(
    system: System, q: Array, p: Array, clock: Clock, pair: PairForce
) -> Iterator[tuple[float, Array, Array | None]]:
    """Yield (t, q, p) of the nodes at each level; p only where a step ends.

    Steps are a splitting of order 6. Within a step the positions are the quintic
    Hermite interpolant of position, velocity and acceleration at its ends, whose error
    is of order 6 too and which costs no force.

    Parameters
    ----------
    q, p
        Nodes at the first level, shape (d, M).
    clock
        The levels.
    pair
        Pair force on nodes at given positions, shape (d, M) both.

    Raises
    ------
    NumericsError
        If the force is not finite.
    """
    force, mass = _Force(system, pair), system.mass
    state = State(q, p, mass)
    yield float(clock.levels[0]), q, p
    ends = clock.levels[:: clock.stride]
    for number, (t, t_next) in enumerate(pairwise(ends)):
        h = t_next - t
        before = (state.q, h * state.p / mass, h**2 * force(t, state.q) / mass)
        state = splitting_step(KAHAN_LI_6, state, t, h, force)
        after = (state.q, h * state.p / mass, h**2 * force(t_next, state.q) / mass)
        for k in range(1, clock.stride):
            inner = clock.levels[number * clock.stride + k]
            yield float(inner), _hermite(before, after, (inner - t) / h), None
        yield float(t_next), state.q, state.p


def _hermite(
    before: tuple[Array, Array, Array], after: tuple[Array, Array, Array], u: float
) -> Array:
    """Return the quintic with value, slope and curvature at u = 0 and u = 1."""
    v = 1.0 - u

    def half(u: float, v: float) -> tuple[float, float, float]:
        return (
            v**3 * (1.0 + 3.0 * u + 6.0 * u**2),
            u * v**3 * (1.0 + 3.0 * u),
            (0.5 * u**2 * v**3),
        )

    a, b, c = half(u, v)
    d, e, f = half(v, u)
    return (
        a * before[0]
        + b * before[1]
        + c * before[2]
        + d * after[0]
        - e * after[1]
        + f * after[2]
    )


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

    def enter(self, t: float, q: Array, p: Array) -> None:
        """Note the energy and momentum of nodes at t, shapes (d, M)."""
        w = self.weights
        kinetic = float(0.5 * (w * np.sum(p**2, axis=0)).sum() / self.system.mass)
        energy = kinetic + self.pair_energy(q)
        if self.system.external is not None:
            energy += float((w * self.system.external.energy(q.T, t)).sum())
        self._entries.append((kinetic, energy, (w * p).sum(axis=1)))

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
