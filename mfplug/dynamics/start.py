"""The initial points of replicas, each from a stream of its own."""

from __future__ import annotations

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


def _shaped(law: Any, values: Any, shape: tuple[int, ...]) -> Array:
    found = np.asarray(values, dtype=float)
    if found.shape != shape:
        raise PluginError(
            f"distribution '{law.name}': a sample has the wrong shape; got "
            f"{found.shape}, expected {shape}. Mend sample()."
        )
    return found
