r"""Exact transport distances between two clouds of phase-space points.

The bounded-Lipschitz distance with test functions g in [0, 1] of Lipschitz constant 1
equals the transport cost with min(|x - y|, 1) (audit, E7). Equal clouds are an
assignment problem, on a sparse graph where they are large
(:mod:`mfplug.theory.assignment`); clouds of unequal size or weight, and those in which
most points coincide, go to the network simplex of POT;
Wasserstein distances on the line need only sorting.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import NumericsError, ParameterError, shown

Array = NDArray[np.float64]

# Pivots of the network simplex; 3000 against 4000 points take about 1e6.
_PIVOTS = 100_000_000

# Equal clouds at least this large go to the sparse assignment.
_SPARSE = 400

# Coordinates whose squares can be added up.
_FARTHEST = 1e150

# Entries of a matrix of costs of distinct points, at most.
_DISTINCT = 16_000_000


def bounded_lipschitz(
    x: ArrayLike,
    y: ArrayLike,
    weights_x: ArrayLike | None = None,
    weights_y: ArrayLike | None = None,
    period: Sequence[float] | None = None,
) -> float:
    """Return d_BL of two clouds: optimal transport with cost min(|x - y|, 1).

    Parameters
    ----------
    x, y
        Clouds of shapes (n, D) and (m, D). Positions and momenta count in one unit of
        length: d_BL is not scale invariant.
    weights_x, weights_y
        Masses >= 0 summing to 1, shapes (n,) and (m,); equal when None.
    period
        Period of each coordinate, infinite where there is none, for points on a torus:
        the nearest image counts.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ParameterError
        If shapes, weights or periods are wrong or a point is not finite.
    NumericsError
        If the network simplex does not reach the optimum.

    Examples
    --------
    >>> bounded_lipschitz([[0.0], [5.0]], [[0.25], [9.0]])
    0.625
    """
    a, b, wa, wb = checked_clouds(x, y, weights_x, weights_y)
    if wa is None and wb is None and len(a) == len(b) >= _SPARSE:
        few = merged(a, b)
        if few is not None:
            return bounded_lipschitz(*few, period)
        from mfplug.theory.assignment import truncated_assignment

        sides = None if period is None else period_sides(period, a.shape[1])
        if sides is not None:
            a, b = within_period(a, sides), within_period(b, sides)
        first, second = np.ascontiguousarray(a), np.ascontiguousarray(b)
        return truncated_assignment(first, second, sides).value
    cost = _squared_distances(a, b, period)
    np.sqrt(cost, out=cost)
    np.minimum(cost, 1.0, out=cost)
    return _optimal_cost(cost, wa, wb)


def wasserstein1(
    x: ArrayLike,
    y: ArrayLike,
    weights_x: ArrayLike | None = None,
    weights_y: ArrayLike | None = None,
    period: Sequence[float] | None = None,
) -> float:
    """Return W1 of two clouds (Euclidean cost); arguments of :func:`bounded_lipschitz`.

    Raises
    ------
    ParameterError, NumericsError
        As :func:`bounded_lipschitz`.
    """
    a, b, wa, wb = checked_clouds(x, y, weights_x, weights_y)
    if a.shape[1] == 1 and period is None:
        return _on_the_line(a[:, 0], b[:, 0], wa, wb, 1)
    cost = _squared_distances(a, b, period)
    return _optimal_cost(np.sqrt(cost, out=cost), wa, wb)


def wasserstein2(
    x: ArrayLike,
    y: ArrayLike,
    weights_x: ArrayLike | None = None,
    weights_y: ArrayLike | None = None,
    period: Sequence[float] | None = None,
) -> float:
    """Return W2, the root of the optimal mean squared distance.

    Arguments of :func:`bounded_lipschitz`.

    Raises
    ------
    ParameterError, NumericsError
        As :func:`bounded_lipschitz`.
    """
    a, b, wa, wb = checked_clouds(x, y, weights_x, weights_y)
    if a.shape[1] == 1 and period is None:
        return math.sqrt(_on_the_line(a[:, 0], b[:, 0], wa, wb, 2))
    return math.sqrt(_optimal_cost(_squared_distances(a, b, period), wa, wb))


def merged(a: Array, b: Array) -> tuple[Array, Array, Array, Array] | None:
    """Return the distinct points of two clouds with their masses if they are few.

    Coinciding points all have the same nearest neighbours: the sparse assignment would
    need as many rounds as there are pairs of them.
    """
    most = min(len(a) * len(b) // 4, _DISTINCT)
    # A cloud has at least as many distinct points as first coordinates.
    if np.unique(a[:, 0]).size * np.unique(b[:, 0]).size > most:
        return None
    x, many = np.unique(a, axis=0, return_counts=True)
    y, others = np.unique(b, axis=0, return_counts=True)
    if len(x) * len(y) > most:
        return None
    return x, y, many / len(a), others / len(b)


def _optimal_cost(cost: Array, wa: Array | None, wb: Array | None) -> float:
    """Minimal cost of a plan with the given marginals; None means equal masses."""
    if wa is None and wb is None and cost.shape[0] == cost.shape[1]:
        from scipy.optimize import linear_sum_assignment

        rows, columns = linear_sum_assignment(cost)
        return math.fsum(cost[rows, columns]) / len(rows)
    with warnings.catch_warnings():
        # Its sources warn when Python compiles them for the first time.
        warnings.simplefilter("ignore")
        import ot

    first = np.full(cost.shape[0], 1.0 / cost.shape[0]) if wa is None else wa
    second = np.full(cost.shape[1], 1.0 / cost.shape[1]) if wb is None else wb
    with warnings.catch_warnings():
        # POT warns where we raise; its own record of the trouble is in the log.
        warnings.simplefilter("ignore")
        value, log = ot.emd2(first, second, cost, numItermax=_PIVOTS, log=True)
    if log["warning"] is not None or not math.isfinite(float(value)):
        raise NumericsError(
            f"transport 'emd2': {cost.shape[0]} against {cost.shape[1]} points did not "
            f"reach the optimum; got '{log['warning']}', expected none. "
            "Take fewer points."
        )
    return max(float(value), 0.0)


def _on_the_line(
    x: Array, y: Array, wa: Array | None, wb: Array | None, power: int
) -> float:
    """int_0^1 |Q_x(u) - Q_y(u)|^power du, with the quantile functions Q."""
    order_x, order_y = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    sx, sy = x[order_x], y[order_y]
    if wa is None and wb is None and len(x) == len(y):
        return math.fsum(np.abs(sx - sy) ** power) / len(x)
    cx = _cumulative(len(x), wa, order_x)
    cy = _cumulative(len(y), wb, order_y)
    levels = np.union1d(cx, cy)
    width = np.diff(levels, prepend=0.0)
    # On ]levels[k-1], levels[k]] both quantile functions are constant.
    gap = sx[np.searchsorted(cx, levels)] - sy[np.searchsorted(cy, levels)]
    return math.fsum(width * np.abs(gap) ** power)


def _cumulative(n: int, weights: Array | None, order: NDArray[np.intp]) -> Array:
    if weights is None:
        return np.arange(1, n + 1) / n
    total = np.cumsum(weights[order])
    # The last level is 1 for both clouds, whatever the rounding of the sums.
    total[total >= total[-1]] = 1.0
    return np.minimum(total, 1.0)


def _squared_distances(x: Array, y: Array, period: Sequence[float] | None) -> Array:
    """Squared distances (n, m), coordinate by coordinate; to the nearest image."""
    sides = period_sides(period, x.shape[1])
    total = np.zeros((len(x), len(y)))
    for axis in range(x.shape[1]):
        gap = x[:, axis, None] - y[None, :, axis]
        if sides[axis] > 0.0:
            gap -= sides[axis] * np.rint(gap / sides[axis])
        np.multiply(gap, gap, out=gap)
        total += gap
    return total


def period_sides(period: Sequence[float] | None, axes: int) -> Array:
    """Return the period of each of the coordinates, with 0 for none, shape (axes,).

    Raises
    ------
    ParameterError
        If there are not as many positive numbers, infinite ones allowed.
    """
    if period is None:
        return np.zeros(axes)
    sides = _numbers("period", period)
    if sides.shape != (axes,) or not np.all(sides > 0.0):
        raise ParameterError(
            f"transport 'period': got {shown(period)}, expected {axes} positive "
            "numbers, inf where there is no period. Give one a coordinate."
        )
    return np.where(np.isfinite(sides), sides, 0.0)


def within_period(x: Array, sides: Array) -> Array:
    """Return points (n, D) moved by whole periods into [0, side[."""
    turns = np.zeros_like(x)
    np.divide(x, sides, out=turns, where=sides > 0.0)
    moved = x - sides * np.floor(turns)
    # Rounding may leave a point at the far end, or just below 0.
    outside = (moved < 0.0) | (moved >= sides)
    return np.where((sides > 0.0) & outside, 0.0, moved)


def checked_clouds(
    x: ArrayLike, y: ArrayLike, weights_x: ArrayLike | None, weights_y: ArrayLike | None
) -> tuple[Array, Array, Array | None, Array | None]:
    """Return two clouds and their normalised masses, None for equal ones.

    Raises
    ------
    ParameterError
        As :func:`bounded_lipschitz`.
    """
    a, b = _numbers("x", x), _numbers("y", y)
    for name, cloud in (("x", a), ("y", b)):
        if (
            cloud.ndim != 2
            or 0 in cloud.shape
            or not np.all(np.abs(cloud) <= _FARTHEST)
        ):
            raise ParameterError(
                f"transport '{name}': got shape {cloud.shape} or a point that is not "
                "finite, expected finite (n, D). Give one cloud of points."
            )
    if a.shape[1] != b.shape[1]:
        raise ParameterError(
            f"transport 'y': got dimension {b.shape[1]}, expected {a.shape[1]} as x "
            "has. Compare clouds of one space."
        )
    return a, b, _masses("x", a, weights_x), _masses("y", b, weights_y)


def _numbers(name: str, values: ArrayLike) -> Array:
    try:
        return np.asarray(values, float)
    except (TypeError, ValueError):
        raise ParameterError(
            f"transport '{name}': not real numbers; got {shown(values)}, expected an "
            "array of them. Mend it."
        ) from None


def _masses(name: str, cloud: Array, weights: ArrayLike | None) -> Array | None:
    if weights is None:
        return None
    w = _numbers(f"weights_{name}", weights)
    total = float(w.sum())
    if w.shape != (len(cloud),) or not np.all(w >= 0.0) or not abs(total - 1.0) < 1e-9:
        raise ParameterError(
            f"transport 'weights_{name}': got shape {w.shape} and sum {total}, "
            f"expected ({len(cloud)},) numbers >= 0 with sum 1. Normalise them."
        )
    return w / total
