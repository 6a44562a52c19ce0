"""From weighted nodes of f_0 to the pair force on a grid in time and space."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.compiled import compile_potential, field_energies, field_forces
from mfplug.meanfield.march import Ledger, march
from mfplug.meanfield.splines import (
    MARGIN,
    periodic_coefficients,
    spline_coefficients,
    time_coefficients,
)

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]
Sums = Callable[[Array, Array], Array]

#: The grid of a heavy-tailed law ends this many quartile distances from the median, by
#: dimension; what is outside is summed exactly.
REACH = {1: 12.0, 2: 5.0, 3: 4.0}

#: About how many points the interpolation is checked at.
CHECKED = 500


def march_grid(
    system: System,
    nodes: tuple[Array, Array, Array],
    levels: Array,
    size: int,
) -> tuple[dict[str, Array], dict[str, Any], tuple[Array, Array]]:
    """Return arrays of a :class:`SplineField`, drifts of a run, and a check.

    The check is (points, force), shapes (d, K): the sum over the nodes at the last
    level at some of them, which the spline has to meet.

    Parameters
    ----------
    nodes
        (q, p, w) of f_0, shapes (M, d), (M, d), (M,).
    levels
        Times of the levels.
    size
        Grid points an axis.
    """
    w = nodes[2]
    q, p = (np.ascontiguousarray(x.T) for x in nodes[:2])
    compiled = compile_potential(system.potential, system.dimension)

    def pair(targets: Array, sources: Array) -> Array:
        return field_forces(compiled, sources, w, targets, box=system.box)

    def energy(x: Array) -> float:
        values = field_energies(compiled, x, w, x, box=system.box)
        return float(0.5 * (w * values).sum())

    ledger = Ledger(system, w, energy)
    path = []
    for t, state in zip(
        levels, march(system, q, p, levels, lambda x: pair(x, x)), strict=True
    ):
        path.append(state.q)
        if t in (levels[0], levels[-1]):
            ledger.enter(float(t), state)
    if system.box is None:
        arrays = _on_all_space(np.stack(path), w, size, pair)
        arrays |= {"nodes": np.stack(path), "weights": w}
    else:
        arrays = _on_the_torus(path, system.box, size, pair)
    arrays["coefficients"] = time_coefficients(levels, arrays["coefficients"])
    last = path[-1]
    points = np.ascontiguousarray(last[:, :: max(1, last.shape[1] // CHECKED)])
    check = points, pair(points, last)
    return {"levels": levels, **arrays}, ledger.drift(), check


def _points(axes: list[Array]) -> Array:
    return np.stack([x.ravel() for x in np.meshgrid(*axes, indexing="ij")])


def _on_the_torus(
    path: list[Array], box: float, size: int, pair: Sums
) -> dict[str, Array]:
    d = path[0].shape[0]
    spacing = box / size
    line = spacing * np.arange(size, dtype=float)
    points = _points([line] * d)
    shape = (d, *(size,) * d)
    force = np.stack([pair(points, x).reshape(shape) for x in path])
    return {
        "grid_low": np.zeros(d),
        "grid_spacing": np.full(d, spacing),
        "coefficients": periodic_coefficients(force, tuple(range(2, 2 + d))),
    }


def _on_all_space(nodes: Array, w: Array, size: int, pair: Sums) -> dict[str, Array]:
    d = nodes.shape[1]
    low, high = extent(nodes, w)
    spacing = (high - low) / (size - 1 - 2 * MARGIN - 2)
    low = low - (MARGIN + 1) * spacing
    points = _points([low[a] + spacing[a] * np.arange(size) for a in range(d)])
    shape = (d, *(size,) * d)
    force = np.stack([pair(points, x).reshape(shape) for x in nodes])
    return {
        "grid_low": low,
        "grid_spacing": spacing,
        "coefficients": spline_coefficients(force, tuple(range(2, 2 + d))),
    }


def extent(nodes: Array, w: Array, tail: float = 1e-5) -> tuple[Array, Array]:
    """Return (low, high) of the box that holds the nodes at every level.

    All but a tail of the mass on each side of each axis, or what lies within ``REACH``
    quartile distances of the median, whichever is less.

    Parameters
    ----------
    nodes
        Positions, shape (T, d, M).
    w
        Weights, shape (M,).
    """
    d = nodes.shape[1]
    lows, highs = np.empty(nodes.shape[:2]), np.empty(nodes.shape[:2])
    marks = [tail, 0.25, 0.5, 0.75, 1.0 - tail]
    for k, level in enumerate(nodes):
        for a, x in enumerate(level):
            order = np.argsort(x, kind="stable")
            at = np.searchsorted(np.cumsum(w[order]), marks)
            low, first, middle, third, high = x[order[np.minimum(at, x.size - 1)]]
            reach = REACH[d] * (third - first)
            lows[k, a] = max(low, middle - reach)
            highs[k, a] = min(high, middle + reach)
    low, high = lows.min(axis=0), highs.max(axis=0)
    width = np.maximum(high - low, 1e-6)
    return low - 0.05 * width, high + 0.05 * width
