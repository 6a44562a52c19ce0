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
def _weights(u, w):  # type: ignore[no-untyped-def]  # compiled
    u2 = u * u
    u3 = u2 * u
    u4 = u3 * u
    u5 = u4 * u
    v = 1.0 - u
    w[0] = v * v * v * v * v / 120.0
    w[1] = (5 * u5 - 20 * u4 + 20 * u3 + 20 * u2 - 50 * u + 26) / 120.0
    w[2] = (-10 * u5 + 30 * u4 - 60 * u2 + 66) / 120.0
    w[3] = (10 * u5 - 20 * u4 - 20 * u3 + 20 * u2 + 50 * u + 26) / 120.0
    w[4] = (-5 * u5 + 5 * u4 + 10 * u3 + 10 * u2 + 5 * u + 1) / 120.0
    w[5] = u5 / 120.0


@njit(cache=True, inline="always")
def _slopes(u, w):  # type: ignore[no-untyped-def]  # compiled
    u2 = u * u
    u3 = u2 * u
    u4 = u3 * u
    v = 1.0 - u
    w[0] = -v * v * v * v / 24.0
    w[1] = (25 * u4 - 80 * u3 + 60 * u2 + 40 * u - 50) / 120.0
    w[2] = (-50 * u4 + 120 * u3 - 120 * u) / 120.0
    w[3] = (50 * u4 - 80 * u3 - 60 * u2 + 40 * u + 50) / 120.0
    w[4] = (-25 * u4 + 20 * u3 + 30 * u2 + 20 * u + 5) / 120.0
    w[5] = u4 / 24.0


@njit(cache=True, parallel=True, nogil=True)
def evaluate(  # type: ignore[no-untyped-def]  # compiled
    coefficients, low, spacing, points, derivative, out, outside
):
    """Fill out[c, k] (or a derivative) at points[:, k]; flag points outside.

    coefficients: (components, G1, G2, G3) with trailing axes of length 1 below three
    dimensions; derivative: the axis to differentiate along, or -1.
    """
    components = coefficients.shape[0]
    d, count = points.shape
    for k in prange(count):
        base = np.zeros(3, np.int64)
        w = np.zeros((3, 6))
        size = np.ones(3, np.int64)
        inside = True
        for a in range(3):
            w[a, 0] = 1.0
        for a in range(d):
            x = (points[a, k] - low[a]) / spacing[a]
            cells = coefficients.shape[a + 1]
            if not (x >= MARGIN and x < cells - 1 - MARGIN):
                inside = False
            else:
                j = int(np.floor(x))
                base[a] = j - 2
                size[a] = 6
                if derivative == a:
                    _slopes(x - j, w[a])
                else:
                    _weights(x - j, w[a])
        outside[k] = not inside
        if inside:
            scale = 1.0
            if derivative >= 0:
                scale = 1.0 / spacing[derivative]
            for c in range(components):
                total = 0.0
                for i0 in range(size[0]):
                    row = 0.0
                    for i1 in range(size[1]):
                        line = 0.0
                        for i2 in range(size[2]):
                            line += w[2, i2] * coefficients[
                                c, base[0] + i0, base[1] + i1, base[2] + i2
                            ]
                        row += w[1, i1] * line
                    total += w[0, i0] * row
                out[c, k] = total * scale
