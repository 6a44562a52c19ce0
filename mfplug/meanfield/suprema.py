r"""Suprema along the flow that enter Lemma 3.5, (69)-(70) of the thesis.

.. math:: \sup |s_t| \le e^{\int M} \sup |s_0|, \quad
          M(t) = \tfrac12 \sup_q \| I/m + DK(t, q) \|, \quad s_t = \nabla \log f_t

(audit, E22). The method: the largest value at points of f_t that cover it (nodes of f_0
carried by the flow, and the same stretched about their centre, for the tails), then a
pattern search from the best of them with steps halved down to 1e-3 of the spread. So
the result is a value that is attained: a lower bound of the supremum, and close to it
where the function has no spike between the points.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.meanfield import MeanField

Array = NDArray[np.float64]

#: Nodes of f_0 to begin with, and by how much they are stretched about their centre.
STARTS = {1: 1024, 2: 3000, 3: 4096}
#: The same for functions of q alone, which need fewer points to cover them.
STARTS_IN_SPACE = {1: 1024, 2: 1024, 3: 4096}
STRETCHES = (1.0, 2.0)
BEST = 8
ROUNDS = 24


class Supremum(NamedTuple):
    """A largest value and the point x = (q, p), or q, where it is attained."""

    value: float
    where: Array


def score_supremum(field: MeanField, t: float) -> Supremum:
    """Return sup |grad log f_t| over phase space, both parts of the score together.

    Infinite, at no point, where that of f_0 is: the flow is smooth both ways.
    """
    d = field.system.dimension
    if not np.isfinite(field.system.initial.score_bound):
        return Supremum(float("inf"), np.empty(0))

    def norm(x: Array) -> Array:
        score = np.concatenate(field.score(t, x[:, :d], x[:, d:]), axis=1)
        return np.sqrt(np.sum(score**2, axis=1))

    return _climb(norm, *_cover(field, t, STARTS))


def slope_supremum(field: MeanField, t: float) -> Supremum:
    """Return sup_q |DK(t, q)| in the operator norm, over where f_t has mass."""
    return _of_slope(field, t, 0.0)


def growth_supremum(field: MeanField, t: float) -> Supremum:
    """Return M(t) = 1/2 sup_q |I / m + DK(t, q)| in the operator norm.

    Along the flow ds/dt = -[[0, DK], [I/m, 0]] s, whose symmetric part has this norm.
    """
    found = _of_slope(field, t, 1.0 / field.system.mass)
    return Supremum(0.5 * found.value, found.where)


def _of_slope(field: MeanField, t: float, unit: float) -> Supremum:
    d = field.system.dimension

    def norm(q: Array) -> Array:
        matrix = unit * np.eye(d) + field.force_gradient(t, q)
        return np.linalg.norm(matrix, ord=2, axis=(-2, -1))

    points, spread = _cover(field, t, STARTS_IN_SPACE)
    return _climb(norm, points[:, :d], spread[:d])


def external_supremum(field: MeanField) -> float:
    """Return the largest |D^2 V_t| met along the flow, 0 without external potential.

    Over 1024 nodes of f_0 carried by the flow, at 33 times.
    """
    from mfplug.meanfield.pair_field import external_hessian

    external = field.system.external
    if external is None:
        return 0.0
    largest = 0.0
    for t in np.linspace(field.times[0], field.times[-1], 33):
        q, p, _ = field.system.initial.nodes(1024)
        q, _ = field.flow(q, p, field.times[0], float(t))
        matrix = external_hessian(external, q, float(t))
        largest = max(largest, float(np.linalg.norm(matrix, 2, (-2, -1)).max()))
    return largest


def _cover(field: MeanField, t: float, starts: dict[int, int]) -> tuple[Array, Array]:
    """Return points of f_t, shape (M, 2d), and their spread on each axis."""
    law = field.system.initial
    q, p, _ = law.nodes(starts[field.system.dimension])
    parts = []
    for stretch in STRETCHES:
        a, b = (x.mean(axis=0) + stretch * (x - x.mean(axis=0)) for x in (q, p))
        parts.append(np.concatenate(field.flow(a, b, field.times[0], t), axis=1))
    low, high = np.quantile(parts[0], [0.1, 0.9], axis=0)
    return np.concatenate(parts), np.maximum(high - low, 1e-9)


def _climb(
    function: Callable[[Array], Array], points: Array, spread: Array
) -> Supremum:
    """Return the largest value found from the best points by a pattern search."""
    values = np.nan_to_num(function(points), nan=-np.inf)
    best = np.argsort(-values, kind="stable")[:BEST]
    x, value = points[best], values[best]
    size = x.shape[1]
    pattern = np.concatenate([np.eye(size), -np.eye(size)]) * spread
    step = np.full(len(x), 0.25)
    for _ in range(ROUNDS):
        tried = x[:, None, :] + step[:, None, None] * pattern
        found = function(tried.reshape(-1, size)).reshape(len(x), -1)
        found = np.nan_to_num(found, nan=-np.inf)
        k = np.argmax(found, axis=1)
        rows = np.arange(len(x))
        better = found[rows, k] > value
        x = np.where(better[:, None], tried[rows, k], x)
        value = np.where(better, found[rows, k], value)
        step = np.where(better, step, 0.5 * step)
        if np.all(step < 1e-3):
            break
    top = int(np.argmax(value))
    return Supremum(float(value[top]), x[top])
