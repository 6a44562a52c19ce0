"""Time-stepping of q' = p / m, p' = force(t, q)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.plugin import Plugin
from mfplug.errors import ParameterError

Array = NDArray[np.float64]
Force = Callable[[float, Array], Array]

#: Steps between two times, at most: weeks for any N, and a list that still fits.
MOST_STEPS = 100_000_000


class State(NamedTuple):
    """Positions, momenta and the mass; arrays of one shape, whatever it is."""

    q: Array
    p: Array
    mass: float = 1.0


@dataclass(frozen=True)
class Integrator(Plugin, ABC):
    """One step of Newton's equations for arrays of any shape.

    ``force(t, q)`` returns dp/dt in the shape of q. A step returns a new state and
    leaves the given one alone. What is declared is tested: the order by a measured
    slope, reversibility and symplecticity by their definitions.
    """

    kind: ClassVar[str] = "integrator"
    order: ClassVar[int] = 0
    symplectic: ClassVar[bool] = False
    reversible: ClassVar[bool] = False
    #: Whether a step is subdivided until it is accurate: the error then follows the
    #: integrator's own tolerances, not dt, and ``order`` is that of the formulas.
    adaptive: ClassVar[bool] = False

    @abstractmethod
    def step(self, state: State, t: float, dt: float, force: Force) -> State:
        """Return the state at t + dt; dt may be negative."""


@dataclass(frozen=True)
class Splitting(Integrator):
    """Kick-drift-kick leapfrogs of the lengths ``weights`` times the step.

    Because the steps follow from ``weights`` alone, those of small clouds are compiled
    together with their forces.
    """

    weights: ClassVar[tuple[float, ...]] = (1.0,)

    def step(self, state: State, t: float, dt: float, force: Force) -> State:
        """Return the state at t + dt."""
        return splitting_step(self.weights, state, t, dt, force)


def splitting_step(
    weights: tuple[float, ...], state: State, t: float, dt: float, force: Force
) -> State:
    """Compose kick-drift-kick leapfrogs of lengths ``weights * dt``.

    Neighbouring half kicks stand at the same positions and time, so they share one
    evaluation of the force: len(weights) + 1 evaluations a step.
    """
    q, p, mass = state
    kick = force(t, q)
    for weight in weights:
        h = weight * dt
        p = p + 0.5 * h * kick
        q = q + (h / mass) * p
        t = t + h
        kick = force(t, q)
        p = p + 0.5 * h * kick
    return State(q, p, mass)


def step_count(start: float, end: float, step: float) -> float:
    """Return the number of steps from start to end, a fraction included.

    Raises
    ------
    ParameterError
        If they are more than anything could do.
    """
    with np.errstate(all="ignore"):
        count = float(np.divide(end - start, step))
    if not count <= MOST_STEPS:
        raise ParameterError(
            f"step: too many steps; got {count:.2g} of {step:g} from t = {start:g} to "
            f"{end:g}, expected at most {MOST_STEPS:g}. Take a larger step or a "
            "shorter time."
        )
    return count
