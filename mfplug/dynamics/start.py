"""The initial points of replicas, each from a stream of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.calls import calling
from mfplug.contracts.distribution import Distribution
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
    generators = streams(seed, "initial", identity, replicas)
    hook = _hook(law)
    with calling(law, hook):
        if hook == "joints()":
            found = law.joints(generators, particles)
            q, p = (_shaped(law, hook, x, shape) for x in _two(law, hook, found))
        else:
            q, p = _one_by_one(law, hook, generators, shape)
    if not (np.isfinite(q).all() and np.isfinite(p).all()):
        raise NumericsError(
            f"distribution '{law.name}': a sample is not finite; got NaN or "
            f"infinity, expected numbers. Mend {hook}."
        )
    return tuple(np.ascontiguousarray(np.swapaxes(x, 1, 2)) for x in (q, p))  # type: ignore[return-value]


def _hook(law: Distribution) -> str:
    """Return the method of the law that draws the points, and is to blame for them.

    Many replicas at once where the law can, and draws them as it would one by one.
    """
    owners = [
        next(k for k, owner in enumerate(type(law).__mro__) if name in vars(owner))
        for name in ("joints", "sample", "joint")
    ]
    own = type(law).joints is not Distribution.joints
    if own and owners[0] <= min(owners[1:]):
        return "joints()"
    return "sample()" if type(law).joint is Distribution.joint else "joint()"


def _one_by_one(
    law: Distribution,
    hook: str,
    generators: Iterable[np.random.Generator],
    shape: tuple[int, ...],
) -> tuple[Array, Array]:
    q, p = np.empty(shape), np.empty(shape)
    for k, rng in enumerate(generators):
        points = _two(law, hook, law.joint(rng, shape[1]))
        q[k], p[k] = (_shaped(law, hook, x, shape[1:]) for x in points)
    return q, p


def _two(law: Distribution, hook: str, points: Any) -> Any:
    if len(points) != 2:
        raise PluginError(
            f"distribution '{law.name}': {hook} returned {len(points)} arrays; "
            "expected (q, p). Mend it."
        )
    return points


def _shaped(law: Any, hook: str, values: Any, shape: tuple[int, ...]) -> Array:
    found = np.asarray(values, dtype=float)
    if found.shape != shape:
        raise PluginError(
            f"distribution '{law.name}': a sample has the wrong shape; got "
            f"{found.shape}, expected {shape}. Mend {hook}."
        )
    return found
