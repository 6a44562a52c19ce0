"""Averages over f_t: quadrature rules of f_0 carried by the flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.contracts.meanfield import MeanField
from mfplug.errors import ParameterError

Array = NDArray[np.float64]
Function = Callable[[Array, Array], Array]

#: Nodes of f_0 that are carried, by dimension, and momenta an axis for rho_t.
NODES = {1: 4096, 2: 30000, 3: 65536}
MOMENTA = {1: 400, 2: 72, 3: 36}
#: Mass beyond the range of momenta on each side of each axis.
TAIL = 1e-12
#: Nodes that show this range; a rule for a Gaussian ends at 4 to 5 deviations, so it is
#: widened.
RANGE_NODES = {1: 4096, 2: 4096, 3: 20000}
WIDER = 0.2


class Estimate(NamedTuple):
    """A computed value and an estimate of its absolute error, arrays of one shape."""

    value: Array
    error: Array


class Moments(NamedTuple):
    """Mean and covariance of f_t, in the order (q, p), each with its error.

    Shapes (2d,) and (2d, 2d).
    """

    mean: Estimate
    covariance: Estimate


def average(field: MeanField, t: float, function: Function, nodes: int = 0) -> Estimate:
    r"""Return :math:`\int g(q, p) f_t(q, p)\,dq\,dp`.

    The nodes of f_0 are carried to t: sum_k w_k g(Phi_t(x_k)). The error is the change
    from half as many nodes.

    Parameters
    ----------
    field, t
        The mean field and a time at which it is known.
    function
        g; takes q and p of shape (M, d) and returns shape (M, ...). On a torus it is
        given positions that are not wrapped.
    nodes
        How many nodes to aim at; 0: by dimension.

    Returns
    -------
    Estimate
        Of the shape that g has for one point.
    """
    count = nodes or NODES[field.system.dimension]
    values = [_sum(field, t, function, n) for n in (count, max(1, count // 2))]
    return Estimate(values[0], np.abs(values[0] - values[1]))


def _sum(field: MeanField, t: float, function: Function, nodes: int) -> Array:
    q, p, w = field.system.initial.nodes(nodes)
    values = np.asarray(function(*field.flow(q, p, field.times[0], t)), dtype=float)
    if values.shape[:1] != w.shape:
        raise ParameterError(
            f"average: the function returned the wrong shape; got {values.shape}, "
            f"expected {w.shape} and more. Return one value a point."
        )
    return np.sum(w.reshape(-1, *[1] * (values.ndim - 1)) * values, axis=0)


def moments(field: MeanField, t: float, nodes: int = 0) -> Moments:
    """Return mean and covariance of f_t, positions not wrapped on a torus.

    A law with heavy tails has none; then the error is as large as the value.
    """

    def products(q: Array, p: Array) -> Array:
        x = np.concatenate([q, p], axis=1)
        return np.concatenate([x[:, None, :], x[:, :, None] * x[:, None, :]], axis=1)

    found = average(field, t, products, nodes)
    mean, error = found.value[0], found.error[0]
    second = 2.0 * np.abs(mean[:, None] * error[None, :])
    return Moments(
        Estimate(mean, error),
        Estimate(
            found.value[1:] - mean[:, None] * mean[None, :], found.error[1:] + second
        ),
    )


def spatial_density(
    field: MeanField, t: float, q: ArrayLike, momenta: int = 0
) -> Estimate:
    r"""Return :math:`\rho_t(q) = \int f_t(q, p)\,dp`, shape (...).

    The trapezoid rule over the momenta that f_t reaches (all but 1e-12 of its mass on
    each side), with f_t by tracing back: faster than any power where f_t is smooth and
    resolved, slow where it jumps. The error is the change from half as many momenta.

    Parameters
    ----------
    field, t
        The mean field and a time.
    q
        Points, shape (..., d).
    momenta
        Nodes on each axis of p, an even number; 0: by dimension.
    """
    points = field.points(q)
    d = field.system.dimension
    count = momenta or MOMENTA[d]
    low, high = _momentum_range(field, t)
    step = (high - low) / count
    axes = [low[a] + step[a] * (np.arange(count) + 0.5) for a in range(d)]
    grid = np.stack([x.ravel() for x in np.meshgrid(*axes, indexing="ij")], axis=1)
    # Every second momentum of every axis, for the error.
    some = np.all(np.indices((count,) * d).reshape(d, -1) % 2 == 0, axis=0)
    cell = float(np.prod(step))
    flat = points.reshape(-1, d)
    value, coarse = np.empty(len(flat)), np.empty(len(flat))
    for k, point in enumerate(flat):
        f = field.density(t, np.broadcast_to(point, grid.shape), grid)
        value[k] = cell * f.sum()
        coarse[k] = 2**d * cell * f[some].sum()
    shape = points.shape[:-1]
    return Estimate(value.reshape(shape), np.abs(value - coarse).reshape(shape))


def _momentum_range(field: MeanField, t: float) -> tuple[Array, Array]:
    """Return what momenta f_t reaches on each axis, and more, shape (d,) each."""
    q, p, w = field.system.initial.nodes(RANGE_NODES[field.system.dimension])
    _, p = field.flow(q, p, field.times[0], t)
    lows, highs = [], []
    for x in p.T:
        order = np.argsort(x, kind="stable")
        mass = np.cumsum(w[order])
        inside = x[order][(mass >= TAIL) & (mass <= 1.0 - TAIL)]
        inside = inside if inside.size else x
        lows.append(inside.min())
        highs.append(inside.max())
    low, high = np.array(lows), np.array(highs)
    margin = WIDER * (high - low) + 1e-9
    return low - margin, high + margin
