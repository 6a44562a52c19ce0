"""Steps in time of a block of replicas, one by one or, where it pays, many at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.calls import calling, returned
from mfplug.contracts.integrator import Integrator, Splitting, State, step_count
from mfplug.dynamics.forces import Forces
from mfplug.dynamics.loops import FEW
from mfplug.dynamics.pairs import pair_steps
from mfplug.dynamics.watch import EnergyWatch
from mfplug.errors import NumericsError, PluginError, shown

Array = NDArray[np.float64]
#: A state after a step: the time, the step, how many such steps, the state.
Moved = tuple[float, float, int, State]

#: Steps of small clouds between two looks at their energy, at most.
_CHUNK = 16


def advance(
    forces: Forces,
    method: Integrator,
    times: tuple[float, ...],
    step: float,
    q: Array,
    p: Array,
    first_replica: int,
    tell: Callable[[int], None],
) -> None:
    """Fill the snapshots of one block from its first one.

    Parameters
    ----------
    forces, method, times, step
        The system and how it is moved.
    q, p
        Snapshots, (times, replicas, d, N).
    first_replica
        Number of the first replica of the block.
    tell
        Called with the number of steps done since it was called last.

    Raises
    ------
    NumericsError
        If a force or the state is not finite, or the energy explodes.
    """
    # Copies: what is mapped to a file need not stay in memory.
    state = State(
        np.array(q[0], order="C"), np.array(p[0], order="C"), forces.system.mass
    )
    watch = EnergyWatch(forces, method, state, times[0], first_replica)
    move = _Together(forces, method) if compiled_steps(forces, method) else _one_by_one
    for k in range(1, len(times)):
        end = times[k]
        lengths = step_lengths(times[k - 1], end, step)
        # What overflows is found below, and said once.
        with np.errstate(all="ignore"), calling(method, "step()"):
            for t, dt, count, new in move(forces, method, state, times[k - 1], lengths):
                state = new
                watch.see(t, dt, state)
                tell(count)
        if not (np.isfinite(state.q).all() and np.isfinite(state.p).all()):
            raise NumericsError(
                f"integrator '{method.name}': the state is not finite at t = {end:g}; "
                "got NaN or infinity, expected numbers. Take a smaller step."
            )
        forces.verify(end, state.q)
        q[k], p[k] = state.q, state.p


def _one_by_one(
    forces: Forces, method: Integrator, state: State, t: float, lengths: list[float]
) -> Iterator[Moved]:
    shape = state.q.shape
    for dt in lengths:
        state = method.step(state, t, dt, forces)
        returned(method, "step()", state, State)
        _check_shape(method, state, shape)
        t += dt
        yield t, dt, 1, state


def _check_shape(method: Integrator, state: State, shape: tuple[int, ...]) -> None:
    for name, array in (("q", state.q), ("p", state.p)):
        real = isinstance(array, np.ndarray) and array.dtype.kind == "f"
        if not real or array.shape != shape:
            got = (
                f"{array.dtype} of shape {array.shape}"
                if hasattr(array, "dtype")
                else shown(array)
            )
            raise PluginError(
                f"integrator '{method.name}': step() returned a state that is none; "
                f"got {got} for {name}, expected real numbers of shape {shape}. Mend "
                "step()."
            )


def compiled_steps(forces: Forces, method: Integrator) -> bool:
    """Say whether the steps of such clouds are compiled; the integrator is a formula.

    It depends on the system, N, the method of the forces and the integrator alone.
    """
    return (
        forces.N <= FEW
        and forces.method == "direct"
        and forces.compiled.compiled
        and forces.system.external is None
        and type(method).step is Splitting.step
    )


class _Together:
    """Many steps in one call: clouds stay in the nearest cache.

    The forces at the end of a call are those at the start of the next.
    """

    def __init__(self, forces: Forces, method: Integrator) -> None:
        self.kernel = forces.pairs.kernel
        self.pull: Array | None = None
        # A step that is too long shows at once: the first ones are looked at closely.
        self.chunk = 1

    def __call__(
        self,
        forces: Forces,
        method: Integrator,
        state: State,
        t: float,
        lengths: list[float],
    ) -> Iterator[Moved]:
        """Yield the state after each few steps."""
        kernel, mass = self.kernel, state.mass
        weights = np.array(method.weights)  # type: ignore[attr-defined]
        q, p = state.q.copy(), state.p.copy()
        if self.pull is None:
            self.pull = forces(t, q).copy()
        for dt, equal in groupby(lengths):
            left = len(list(equal))
            while left:
                count = min(left, self.chunk)
                self.chunk = min(2 * self.chunk, _CHUNK)
                pair_steps(
                    forces.compiled,
                    q,
                    p,
                    self.pull,
                    count,
                    0.5 * dt * weights,
                    dt / mass * weights,
                    factor=kernel.factor * kernel.scale,
                    scale=kernel.scale,
                    box=kernel.box,
                )
                left -= count
                t += count * dt
                yield t, dt, count, State(q, p, mass)
                if not np.isfinite(self.pull.sum()):
                    forces(t, q.copy())  # says which particles, and why


def step_lengths(start: float, end: float, step: float) -> list[float]:
    """Return full steps from start to end and, where needed, a shortened last one."""
    count = step_count(start, end, step)
    whole = math.floor(count + 1e-9)
    if abs(count - whole) <= 1e-9 * max(1.0, count) and whole > 0:
        return [(end - start) / whole] * whole
    return [step] * whole + [end - start - whole * step]
