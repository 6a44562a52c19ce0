r"""When equidistant momenta bring a wave back that had gone.

.. math:: \sum_l w_l e^{-i k p_l t / m}, \qquad p_l = p_0 + l h

has the period :math:`2 \pi m / (k h)` in t up to a phase, while the integral that it
stands for decays: then the initial wave is there again, at its full height. Nodes half
as many do the same, only earlier, as long as their spacing is another.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]

#: Momenta that differ by less, relative to the largest, are one.
SAME = 1e-9
#: Distances are common if so large a part of all is equal.
COMMON = 0.4
#: The wave of a Gaussian returns within so many widths in time of the period.
WIDTHS = 8.0
#: Two resolutions with returns closer than this are no test of each other.
APART = 0.95


def return_time(system: System, p: Array) -> float:
    """Return the time from the start after which a wave comes back, or infinity.

    Parameters
    ----------
    system
        On a torus; in free space nothing comes back.
    p
        Momenta of the nodes, shape (M, d). Only equidistant ones have a period, or a
        rule of which they are the middle.
    """
    if system.box is None:
        return math.inf
    spacings = np.array([_spacing(axis)[0] for axis in p.T])
    times = []
    for wave in _waves(system):
        turning = np.flatnonzero(wave)
        # Along an axis without a period nothing returns.
        if turning.size and np.all(np.isfinite(spacings[turning])):
            rates = np.abs(wave[turning]) * spacings[turning] / system.mass
            times.append(float((2.0 * math.pi / rates).max()))
    return min(times, default=math.inf)


def fading_time(system: System, p: Array, w: Array) -> float:
    """Return how long before its return a wave begins to show, at most.

    Parameters
    ----------
    p, w
        Momenta and weights of the nodes, shapes (M, d) and (M,).
    """
    widths = np.array([_width(axis, w) for axis in p.T])
    slowest = min(
        float(np.linalg.norm(wave * widths) / system.mass) for wave in _waves(system)
    )
    return WIDTHS / slowest if slowest > 0.0 else 0.0


def nodes_that_last(system: System, nodes: int, duration: float, most: int) -> int:
    """Return at least so many nodes that half of them bring no wave back in time.

    Half of them judge the error. On the line; in the plane and in space that would
    take far more nodes than all else, and the error says what it does.
    """
    if system.box is None or system.dimension > 1:
        return nodes
    while nodes < most:
        _, p, w = system.initial.nodes(nodes // 2)
        back = return_time(system, p)
        # Of a rule that is not equidistant throughout this would take far too many.
        if not math.isfinite(back) or _spacing(p[:, 0])[1] < 1.0:
            return nodes
        needed = duration + fading_time(system, p, w)
        if back >= needed:
            return nodes
        nodes = math.ceil(nodes * max(1.1, (needed / back) ** 2))
    return most


def _spacing(p: Array) -> tuple[float, float]:
    """Return the most common distance of values and its share, infinite if rare."""
    values = np.sort(p)
    steps = np.diff(values)
    steps = steps[steps > SAME * max(1e-300, float(np.abs(values[[0, -1]]).max()))]
    if steps.size == 0:
        return math.inf, 0.0
    middle = float(np.median(steps))
    share = float(np.mean(np.abs(steps - middle) <= 1e-6 * middle))
    return (middle, share) if share >= COMMON else (math.inf, share)


def _width(p: Array, w: Array) -> float:
    """Return the quartile distance over that of a standard Gaussian."""
    order = np.argsort(p, kind="stable")
    at = np.searchsorted(np.cumsum(w[order]), [0.25, 0.75])
    low, high = p[order][np.minimum(at, p.size - 1)]
    return float(high - low) / 1.349


def _waves(system: System) -> Array:
    """Return the wave numbers that act, shape (n, d): the lowest of any potential."""
    modes = system.potential.modes()
    if modes is not None:
        return np.asarray(modes[0])
    box = system.box or math.inf
    return 2.0 * math.pi / box * np.eye(system.dimension)
