"""Newton's equations for replicas of N particles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.calls import calling, returned
from mfplug.contracts.integrator import Integrator, State
from mfplug.dynamics.ensemble import Ensemble
from mfplug.dynamics.forces import Forces
from mfplug.dynamics.seeding import check_seed, streams
from mfplug.dynamics.storage import available_memory, snapshots
from mfplug.dynamics.watch import EnergyWatch
from mfplug.errors import NumericsError, ParameterError, PluginError
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
        How the pairs are summed: ``auto``, ``direct``, ``fourier``, ``sorted``,
        ``separable`` or ``cells`` (:class:`mfplug.dynamics.sums.PairSum`).
    seed
        An integer >= 0.
    first_replica
        Number of the first replica, an integer >= 0.
    tolerance
        Of ``fourier``: error of a force, relative to the forces.
    storage
        Folder for a file of the snapshots where they do not fit into memory; None: the
        system's folder for temporary files. The bits do not depend on it.

    Returns
    -------
    Ensemble
        ``q`` and ``p`` of shape (times, replicas, particles, d).

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
    room = snapshots(shape, work, storage)
    q, p = room.q, room.p
    forces_of = Forces(system, particles, forces, tolerance)
    for start in range(0, replicas, block):
        part = slice(start, min(replicas, start + block))
        numbers = range(first_replica + part.start, first_replica + part.stop)
        q[0, part], p[0, part] = initial_points(system, particles, seed, numbers)
        _advance(forces_of, method, times, step, q[:, part], p[:, part], numbers.start)
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
        forces_of.info,
    )


def initial_points(
    system: System, particles: int, seed: int, replicas: range
) -> tuple[Array, Array]:
    """Return the initial points of some replicas, each (replicas, d, N)."""
    law = system.initial.at(particles).on(system.dimension, system.box)
    identity = [law.to_dict(), system.dimension, system.box, particles]
    shape = (len(replicas), system.dimension, particles)
    q, p = np.empty(shape), np.empty(shape)
    for k, rng in enumerate(streams(seed, "initial", identity, replicas)):
        with calling(law, "sample()"):
            points = [np.asarray(x, dtype=float) for x in law.joint(rng, particles)]
        if len(points) != 2:
            raise PluginError(
                f"distribution '{law.name}': sample() returned {len(points)} arrays; "
                "expected (q, p). Mend it."
            )
        for target, values in zip((q, p), points, strict=True):
            if values.shape != (particles, system.dimension):
                raise PluginError(
                    f"distribution '{law.name}': a sample has the wrong shape; got "
                    f"{values.shape}, expected {(particles, system.dimension)}. "
                    "Mend sample()."
                )
            if not np.isfinite(values).all():
                raise NumericsError(
                    f"distribution '{law.name}': a sample is not finite; got NaN or "
                    "infinity, expected numbers. Mend sample()."
                )
            target[k] = values.T
    return q, p


def _advance(
    forces: Forces,
    method: Integrator,
    times: tuple[float, ...],
    step: float,
    q: Array,
    p: Array,
    first_replica: int,
) -> None:
    """Fill the snapshots of one block from its first one."""
    mass = forces.system.mass
    # Copies: what is mapped to a file need not stay in memory.
    state = State(np.array(q[0], order="C"), np.array(p[0], order="C"), mass)
    watch = EnergyWatch(forces, method, state, times[0], first_replica)
    for k in range(1, len(times)):
        t, end = times[k - 1], times[k]
        # What overflows is found below, and said once.
        with np.errstate(all="ignore"), calling(method, "step()"):
            for dt in step_lengths(t, end, step):
                state = method.step(state, t, dt, forces)
                returned(method, "step()", state, State)
                t += dt
                watch.see(t, dt, state)
        if not (np.isfinite(state.q).all() and np.isfinite(state.p).all()):
            raise NumericsError(
                f"integrator '{method.name}': the state is not finite at t = {end:g}; "
                "got NaN or infinity, expected numbers. Take a smaller step."
            )
        forces.verify(end, state.q)
        q[k], p[k] = state.q, state.p


def step_lengths(start: float, end: float, step: float) -> list[float]:
    """Return full steps from start to end and, where needed, a shortened last one."""
    count = (end - start) / step
    whole = math.floor(count + 1e-9)
    if abs(count - whole) <= 1e-9 * max(1.0, count) and whole > 0:
        return [(end - start) / whole] * whole
    return [step] * whole + [end - start - whole * step]


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
