"""Newton's equations for replicas of N particles."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.integrator import Integrator, Splitting
from mfplug.dynamics.account import Account
from mfplug.dynamics.advance import advance, compiled_steps, step_lengths
from mfplug.dynamics.blocks import in_order, threads
from mfplug.dynamics.ensemble import Ensemble
from mfplug.dynamics.forces import Forces
from mfplug.dynamics.loops import FEW
from mfplug.dynamics.seeding import check_seed
from mfplug.dynamics.start import initial_points
from mfplug.dynamics.storage import available_memory, snapshots
from mfplug.errors import ParameterError
from mfplug.registry import create_from

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]

#: Replicas are advanced in blocks of about this many particles: small enough for the
#: cache, large enough that Python's overhead vanishes.
BLOCK_PARTICLES = 65536

#: Bytes that a step needs for each component of a particle: state, forces, what the
#: integrator and the method of the forces put beside them.
WORK = 30 * 8.0

__all__ = [
    "available_memory",
    "check_first",
    "check_step",
    "check_times",
    "initial_points",
    "positive_integer",
    "simulate",
    "step_lengths",
]


def simulate(
    system: System,
    particles: int,
    replicas: int = 1,
    times: Sequence[float] = (0.0, 1.0),
    step: float = 0.05,
    integrator: str | Integrator | dict[str, Any] = "leapfrog",
    forces: str = "auto",
    seed: int = 0,
    first_replica: int = 0,
    tolerance: float = 1e-10,
    storage: str | Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Ensemble:
    """Advance independent replicas of the N-particle system; keep the snapshots.

    Parameters
    ----------
    system
        The physical system.
    particles
        N >= 1.
    replicas
        Number of replicas, numbered from ``first_replica``. The initial points of a
        replica depend on the initial law, N, seed and its number alone.
    times
        Increasing snapshot times; the first is the initial time.
    step
        Time step; a snapshot that is no multiple is met by a shortened last step.
    integrator
        A plugin, its name, or ``{"name": ..., parameter: value}``.
    forces
        How the pairs are summed: ``auto``, ``direct``, ``fourier``, ``split``,
        ``sorted``, ``separable`` or ``cells`` (:class:`mfplug.dynamics.sums.PairSum`).
    seed
        An integer >= 0.
    first_replica
        Number of the first replica, an integer >= 0.
    tolerance
        Of ``fourier`` and ``split``: error of a force, relative to the forces.
    storage
        Folder for a file of the snapshots where they do not fit into memory; None: the
        system's folder for temporary files. The bits do not depend on it.
    progress
        Called now and then with the part that is done, from 0 to 1.

    Returns
    -------
    Ensemble
        ``q`` and ``p`` of shape (times, replicas, particles, d). Its ``info`` says how
        the forces were summed, and under ``conserved`` how far energy, momentum and
        angular momentum have moved (:class:`mfplug.dynamics.account.Account`).

    Raises
    ------
    ParameterError
        If a number is out of range, or there is no room for the snapshots.
    NumericsError
        If a force is not finite, or the energy explodes.
    """
    particles = positive_integer("particles", particles)
    replicas = positive_integer("replicas", replicas)
    times = check_times(times)
    step = check_step(step)
    seed = check_seed(seed)
    first_replica = check_first(first_replica)
    method = create_from("integrator", integrator)
    shape = (len(times), replicas, system.dimension, particles)
    block = max(1, BLOCK_PARTICLES // particles)
    work = WORK * system.dimension * min(block, replicas) * particles
    if particles <= FEW:
        work *= threads()  # of which each may have a block of its own
    room = snapshots(shape, work, storage)
    q, p = room.q, room.p
    forces_of = Forces(system, particles, forces, tolerance)
    steps = sum(len(step_lengths(a, b, step)) for a, b in pairwise(times))
    account = Account(forces_of, times, steps * _forces_a_step(method))
    tell = _Teller(progress, steps * replicas)
    last = first_replica + replicas
    blocks = [
        range(start, min(last, start + block))
        for start in range(first_replica, last, block)
    ]
    apart = compiled_steps(forces_of, method)

    def part(numbers: range) -> slice:
        return slice(numbers.start - first_replica, numbers.stop - first_replica)

    def draw(numbers: range) -> tuple[Array, Array]:
        return initial_points(system, particles, seed, numbers)

    def move(numbers: range, *points: Array) -> None:
        here = part(numbers)
        q[0, here], p[0, here] = points
        # What the forces remember belongs to one block.
        own = copy.copy(forces_of)
        advance(
            own, method, times, step, q[:, here], p[:, here], numbers.start,
            lambda steps: tell(steps * len(numbers)),
        )  # fmt: skip

    for numbers in in_order(blocks, draw, move, apart=apart):
        account.add(q[:, part(numbers)], p[:, part(numbers)], numbers.start)
        room.written()
    return Ensemble(
        forces_of.system,
        particles,
        times,
        q,
        p,
        seed,
        first_replica,
        step,
        method,
        forces_of.info | {"conserved": account.info},
    )


def _forces_a_step(method: Integrator) -> float:
    if isinstance(method, Splitting):
        return float(len(method.weights))
    return float(max(1, method.order - 1))


class _Teller:
    """Turns steps of replicas into the part that is done."""

    def __init__(self, progress: Callable[[float], None] | None, steps: int) -> None:
        self.progress = progress
        self.steps = max(1, steps)
        self.done = 0
        self.one = Lock()

    def __call__(self, steps: int) -> None:
        with self.one:
            self.done += steps
            if self.progress is not None:
                self.progress(self.done / self.steps)


def positive_integer(name: str, value: Any) -> int:
    """Return a count if it is an integer >= 1."""
    good = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not good or value < 1:
        raise ParameterError(
            f"{name}: not allowed; got {value!r}, expected an integer >= 1. Change it."
        )
    return int(value)


def check_first(value: Any) -> int:
    """Return the number of a replica if it is an integer >= 0."""
    good = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not good or value < 0:
        raise ParameterError(
            f"first_replica: not allowed; got {value!r}, expected an integer >= 0. "
            "Change it."
        )
    return int(value)


def check_step(step: Any) -> float:
    """Return the time step if it is a finite number > 0."""
    number = isinstance(step, int | float | np.integer | np.floating)
    good = number and not isinstance(step, bool)
    if not good or not math.isfinite(step) or step <= 0:
        raise ParameterError(
            f"step: not allowed; got {step!r}, expected a number > 0. Change it."
        )
    return float(step)


def check_times(times: Any) -> tuple[float, ...]:
    """Return the snapshot times if they are finite and strictly increasing."""
    try:
        result = tuple(float(t) for t in times)
    except (TypeError, ValueError):
        result = ()
    rising = all(a < b for a, b in pairwise(result))
    if not result or not rising or not all(map(math.isfinite, result)):
        raise ParameterError(
            f"times: not allowed; got {times!r}, expected finite, strictly increasing "
            "numbers. Change them."
        )
    return result
