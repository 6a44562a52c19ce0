"""The step in which characteristics are traced, from an error that is allowed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.meanfield import MeanField

Array = NDArray[np.float64]

#: About how many points are traced, and how often the step is halved at most.
TRACED, HALVINGS = 128, 6


def settled_flow_step(field: MeanField, allowed: float) -> tuple[float, float]:
    """Return a step of the characteristics and the error of tracing with it.

    Points of f_t at the last time are traced back to the first, with their tangent
    flow, and again with half the step: density and score are made of nothing else. The
    error is the largest change of position, momentum and Jacobian, each relative to
    its largest value. The step begins at the field's and is halved until the error is
    at most the allowed one, six times at most.
    """
    first, last = field.times[0], field.times[-1]
    q, p, _ = field.system.initial.nodes(TRACED)
    stride = max(1, len(q) // TRACED)
    q, p = field.flow(q[::stride], p[::stride], first, last)
    step, kept = field.flow_step, field.flow_step

    def traced(step: float) -> tuple[Array, ...]:
        field.flow_step = step
        return field.tangent_flow(q, p, last, first)

    try:
        found, halved = traced(step), traced(0.5 * step)
        error = _change(found, halved)
        for _ in range(HALVINGS):
            if error <= allowed:
                break
            step, found = 0.5 * step, halved
            halved = traced(0.5 * step)
            error = _change(found, halved)
    finally:
        field.flow_step = kept
    return step, error


def _change(one: tuple[Array, ...], other: tuple[Array, ...]) -> float:
    parts = []
    for a, b in zip(one, other, strict=True):
        largest = float(np.abs(b).max())
        parts.append(float(np.abs(a - b).max()) / largest if largest > 0.0 else 0.0)
    return max(parts)
