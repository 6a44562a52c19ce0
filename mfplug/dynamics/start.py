"""The initial points of replicas, each from a stream of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.calls import calling
from mfplug.dynamics.seeding import streams
from mfplug.errors import NumericsError, PluginError

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]


def initial_points(
    system: System, particles: int, seed: int, replicas: range
) -> tuple[Array, Array]:
    """Return the initial points of some replicas, each (replicas, d, N).

    Raises
    ------
    PluginError, NumericsError
        If the initial law gives something else than finite points of this shape.
    """
    law = system.initial.at(particles).on(system.dimension, system.box)
    identity = [law.to_dict(), system.dimension, system.box, particles]
    shape = (len(replicas), particles, system.dimension)
    q, p = np.empty(shape), np.empty(shape)
    with calling(law, "sample()"):
        for k, rng in enumerate(streams(seed, "initial", identity, replicas)):
            points = law.joint(rng, particles)
            if len(points) != 2:
                raise PluginError(
                    f"distribution '{law.name}': sample() returned {len(points)} "
                    "arrays; expected (q, p). Mend it."
                )
            q[k], p[k] = (_shaped(law, x, shape[1:]) for x in points)
    if not (np.isfinite(q).all() and np.isfinite(p).all()):
        raise NumericsError(
            f"distribution '{law.name}': a sample is not finite; got NaN or "
            "infinity, expected numbers. Mend sample()."
        )
    return tuple(np.ascontiguousarray(np.swapaxes(x, 1, 2)) for x in (q, p))  # type: ignore[return-value]


def points_ahead(
    system: System, particles: int, seed: int, blocks: Sequence[range]
) -> Iterator[tuple[range, Array, Array]]:
    """Yield blocks of replicas and their initial points, q and p.

    The points of a block are drawn by a thread of its own while the one before it is
    advanced: drawing is Python, the steps are not, so together they fill the cores.
    """
    with ThreadPoolExecutor(1) as pool:
        ahead: Future[tuple[Array, Array]] | None = None
        for k, numbers in enumerate(blocks):
            if ahead is None:
                q, p = initial_points(system, particles, seed, numbers)
            else:
                q, p = ahead.result()
            ahead = None
            if k + 1 < len(blocks) and _side_by_side():
                following = (system, particles, seed, blocks[k + 1])
                ahead = pool.submit(initial_points, *following)
            yield numbers, q, p


def _side_by_side() -> bool:
    """Say whether compiled loops may run in two threads at once.

    A plugin may have some for its samples; Numba's plainest way to share a loop ends
    the process then. Which one is in use is known after the first loop.
    """
    import numba

    try:
        return str(numba.threading_layer()) in ("omp", "tbb")
    except ValueError:
        return False


def _shaped(law: Any, values: Any, shape: tuple[int, ...]) -> Array:
    found = np.asarray(values, dtype=float)
    if found.shape != shape:
        raise PluginError(
            f"distribution '{law.name}': a sample has the wrong shape; got "
            f"{found.shape}, expected {shape}. Mend sample()."
        )
    return found
