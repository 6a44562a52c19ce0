"""Quintic splines: tensor B-splines on uniform grids, evaluated by a compiled kernel."""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Nearer than this many cells to the border the knots are not uniform.
MARGIN = 8


def spline_coefficients(values: Array, axes: tuple[int, ...]) -> Array:
    """Return quintic B-spline coefficients along some axes (not-a-knot ends).

    Sites are 0, 1, 2, ... on each axis; the result has the shape of ``values``.
    """
    from scipy.interpolate import make_interp_spline

    for axis in axes:
        sites = np.arange(values.shape[axis], dtype=float)
        spline = make_interp_spline(sites, values, k=5, axis=axis)
        values = np.moveaxis(spline.c, 0, axis) if axis else spline.c
    return np.ascontiguousarray(values)


def time_basis(levels: Array, t: float) -> tuple[slice, Array]:
    """Return which levels carry the spline in time at t, and with which weights.

    The degree is 5, or less where there are fewer than six levels.
    """
    from scipy.interpolate import BSpline

    degree, knots = _time_knots(levels)
    row = BSpline.design_matrix(np.array([t]), knots, degree).toarray()[0]
    nonzero = np.flatnonzero(row)
    part = slice(int(nonzero[0]), int(nonzero[-1]) + 1)
    return part, row[part]


def time_coefficients(levels: Array, values: Array) -> Array:
    """Return the spline coefficients of values (levels on axis 0) in time."""
    from scipy.interpolate import make_interp_spline

    degree, knots = _time_knots(levels)
    if degree == 0:
        return values
    return np.ascontiguousarray(
        make_interp_spline(levels, values, k=degree, t=knots, axis=0).c
    )


def _time_knots(levels: Array) -> tuple[int, Array]:
    degree = min(5, len(levels) - 1)
    degree -= 1 - degree % 2 if degree else 0
    if degree == 0:
        return 0, np.array([levels[0] - 1.0, levels[-1] + 1.0])
    half = (degree + 1) // 2
    inner = levels[half : len(levels) - half]
    ends = np.full(degree + 1, levels[0]), np.full(degree + 1, levels[-1])
    return degree, np.concatenate([ends[0], inner, ends[1]])


@njit(cache=True, inline="always")
def _weights(u):  # type: ignore[no-untyped-def]  # compiled
    """Return the six quintic B-splines that are not zero at u in [0, 1)."""
    u2 = u * u
    u3 = u2 * u
    u4 = u3 * u
    u5 = u4 * u
    v = 1.0 - u
    return (
        v * v * v * v * v / 120.0,
        (5 * u5 - 20 * u4 + 20 * u3 + 20 * u2 - 50 * u + 26) / 120.0,
        (-10 * u5 + 30 * u4 - 60 * u2 + 66) / 120.0,
        (10 * u5 - 20 * u4 - 20 * u3 + 20 * u2 + 50 * u + 26) / 120.0,
        (-5 * u5 + 5 * u4 + 10 * u3 + 10 * u2 + 5 * u + 1) / 120.0,
        u5 / 120.0,
    )


@njit(cache=True, inline="always")
def _slopes(u):  # type: ignore[no-untyped-def]  # compiled
    """Return their derivatives."""
    u2 = u * u
    u3 = u2 * u
    u4 = u3 * u
    v = 1.0 - u
    return (
        -v * v * v * v / 24.0,
        (25 * u4 - 80 * u3 + 60 * u2 + 40 * u - 50) / 120.0,
        (-50 * u4 + 120 * u3 - 120 * u) / 120.0,
        (50 * u4 - 80 * u3 - 60 * u2 + 40 * u + 50) / 120.0,
        (-25 * u4 + 20 * u3 + 30 * u2 + 20 * u + 5) / 120.0,
        u4 / 24.0,
    )


@njit(cache=True, inline="always")
def _axis(x, derivative):  # type: ignore[no-untyped-def]  # compiled
    """Return (first coefficient, weights) of a point in units of the spacing."""
    j = int(np.floor(x))
    if derivative:
        return j - 2, _slopes(x - j)
    return j - 2, _weights(x - j)


@njit(cache=True, inline="always")
def _dot(w, line):  # type: ignore[no-untyped-def]  # compiled
    return (
        w[0] * line[0]
        + w[1] * line[1]
        + w[2] * line[2]
        + w[3] * line[3]
        + w[4] * line[4]
        + w[5] * line[5]
    )


@njit(cache=True, inline="always")
def _within(x, cells):  # type: ignore[no-untyped-def]  # compiled
    return x >= MARGIN and x < cells - 1 - MARGIN


@njit(cache=True, parallel=True, nogil=True)
def _evaluate_1(c, low, spacing, points, derivative, out, outside):  # type: ignore[no-untyped-def]  # compiled
    for k in prange(points.shape[1]):
        x = (points[0, k] - low[0]) / spacing[0]
        outside[k] = not _within(x, c.shape[1])
        if not outside[k]:
            i, w = _axis(x, derivative == 0)
            out[0, k] = _dot(w, c[0, i : i + 6])


@njit(cache=True, parallel=True, nogil=True)
def _evaluate_2(c, low, spacing, points, derivative, out, outside):  # type: ignore[no-untyped-def]  # compiled
    for k in prange(points.shape[1]):
        x = (points[0, k] - low[0]) / spacing[0]
        y = (points[1, k] - low[1]) / spacing[1]
        outside[k] = not (_within(x, c.shape[1]) and _within(y, c.shape[2]))
        if not outside[k]:
            i, v = _axis(x, derivative == 0)
            j, w = _axis(y, derivative == 1)
            for a in range(2):
                total = 0.0
                for m in range(6):
                    total += v[m] * _dot(w, c[a, i + m, j : j + 6])
                out[a, k] = total


@njit(cache=True, parallel=True, nogil=True)
def _evaluate_3(c, low, spacing, points, derivative, out, outside):  # type: ignore[no-untyped-def]  # compiled
    for k in prange(points.shape[1]):
        x = (points[0, k] - low[0]) / spacing[0]
        y = (points[1, k] - low[1]) / spacing[1]
        z = (points[2, k] - low[2]) / spacing[2]
        outside[k] = not (
            _within(x, c.shape[1]) and _within(y, c.shape[2]) and _within(z, c.shape[3])
        )
        if not outside[k]:
            i, u = _axis(x, derivative == 0)
            j, v = _axis(y, derivative == 1)
            n, w = _axis(z, derivative == 2)
            for a in range(3):
                total = 0.0
                for m in range(6):
                    row = 0.0
                    for o in range(6):
                        row += v[o] * _dot(w, c[a, i + m, j + o, n : n + 6])
                    total += u[m] * row
                out[a, k] = total


def evaluate(
    coefficients: Array,
    low: Array,
    spacing: Array,
    points: Array,
    derivative: int,
    out: Array,
    outside: NDArray[np.bool_],
) -> None:
    """Fill out[c, k] (or a derivative) at points[:, k]; flag points outside.

    Parameters
    ----------
    coefficients
        Shape (d, G1, ..., Gd).
    low, spacing
        First site and distance of sites on each axis, shape (d,).
    points
        Shape (d, K).
    derivative
        The axis to differentiate along, or -1.
    out, outside
        Filled: shapes (d, K) and (K,). Points outside are flagged and left alone.
    """
    kernels = (_evaluate_1, _evaluate_2, _evaluate_3)
    kernel = kernels[points.shape[0] - 1]
    kernel(coefficients, low, spacing, points, derivative, out, outside)
    if derivative >= 0:
        out[:, ~outside] /= spacing[derivative]
