"""Quintic tensor B-splines on uniform grids, evaluated by compiled kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.cache import prepare_numba
from mfplug.meanfield.collocation import interpolating_coefficients

prepare_numba()

from numba import njit, prange  # noqa: E402

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Six = tuple[float, float, float, float, float, float]
Function = TypeVar("Function", bound=Callable[..., Any])

#: Nearer than this many cells to the border the knots are not uniform.
MARGIN = 8


def spline_coefficients(values: Array, axes: tuple[int, ...]) -> Array:
    """Return quintic B-spline coefficients along some axes (not-a-knot ends).

    Sites are 0, 1, 2, ... on each axis; the result has the shape of ``values``.
    """
    for axis in axes:
        sites = np.arange(values.shape[axis], dtype=float)
        ends = np.full(6, sites[0]), np.full(6, sites[-1])
        knots = np.concatenate([ends[0], sites[3:-3], ends[1]])
        values = interpolating_coefficients(sites, knots, 5, values, axis)
    return values


def periodic_coefficients(values: Array, axes: tuple[int, ...]) -> Array:
    """Return periodic quintic B-spline coefficients along some axes.

    Sites are 0, 1, ..., n - 1 on each axis and n is 0 again. The values of the spline
    at its sites are a circular convolution of the coefficients, (1, 26, 66, 26, 1) /
    120, which is undone by the fast Fourier transform.
    """
    for axis in axes:
        n = values.shape[axis]
        angle = 2.0 * np.pi * np.arange(n // 2 + 1) / n
        symbol = (66.0 + 52.0 * np.cos(angle) + 2.0 * np.cos(2.0 * angle)) / 120.0
        shape = [1] * values.ndim
        shape[axis] = symbol.size
        waves = np.fft.rfft(values, axis=axis) / symbol.reshape(shape)
        values = np.fft.irfft(waves, n, axis=axis)
    return np.ascontiguousarray(values)


def time_basis(levels: Array, t: float) -> tuple[slice, Array]:
    """Return which levels carry the spline in time at t, and with which weights.

    The degree is 9, or less where there are fewer than ten levels.
    """
    from scipy.interpolate import BSpline

    degree, knots = time_knots(levels)
    row = BSpline.design_matrix(np.array([t]), knots, degree).toarray()[0]
    nonzero = np.flatnonzero(row)
    part = slice(int(nonzero[0]), int(nonzero[-1]) + 1)
    return part, row[part]


def time_coefficients(levels: Array, values: Array) -> Array:
    """Return the spline coefficients of values (levels on axis 0) in time."""
    degree, knots = time_knots(levels)
    if degree == 0:
        return values
    return interpolating_coefficients(levels, knots, degree, values, 0)


def time_knots(levels: Array) -> tuple[int, Array]:
    """Return degree and knots of the spline in time: 9, less below ten levels."""
    degree = min(9, len(levels) - 1)
    degree -= 1 - degree % 2 if degree else 0
    if degree == 0:
        return 0, np.array([levels[0] - 1.0, levels[-1] + 1.0])
    half = (degree + 1) // 2
    inner = levels[half : len(levels) - half]
    ends = np.full(degree + 1, levels[0]), np.full(degree + 1, levels[-1])
    return degree, np.concatenate([ends[0], inner, ends[1]])


def _inline(function: Function) -> Function:
    """Compile a function for use inside a kernel."""
    return cast(Function, njit(cache=True, inline="always")(function))


def _kernel(function: Function) -> Function:
    """Compile a loop over points; each is done by one thread."""
    return cast(Function, njit(cache=True, parallel=True, nogil=True)(function))


@_inline
def _weights(u: float) -> Six:
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


@_inline
def _slopes(u: float) -> Six:
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


@_inline
def _axis(x: float, derivative: bool) -> tuple[int, Six]:
    """Return (first coefficient, weights) of a point in units of the spacing."""
    j = int(np.floor(x))
    if derivative:
        return j - 2, _slopes(x - j)
    return j - 2, _weights(x - j)


@_inline
def _dot(w: Six, line: Array) -> float:
    return (
        w[0] * line[0]
        + w[1] * line[1]
        + w[2] * line[2]
        + w[3] * line[3]
        + w[4] * line[4]
        + w[5] * line[5]
    )


@_inline
def _within(x: float, cells: int) -> bool:
    return x >= MARGIN and x < cells - 1 - MARGIN


@_kernel
def _evaluate_1(
    c: Array,
    low: Array,
    spacing: Array,
    points: Array,
    derivative: int,
    out: Array,
    outside: Flags,
) -> None:
    for k in prange(points.shape[1]):
        x = (points[0, k] - low[0]) / spacing[0]
        outside[k] = not _within(x, c.shape[1])
        if not outside[k]:
            i, w = _axis(x, derivative == 0)
            out[0, k] = _dot(w, c[0, i : i + 6])


@_kernel
def _evaluate_2(
    c: Array,
    low: Array,
    spacing: Array,
    points: Array,
    derivative: int,
    out: Array,
    outside: Flags,
) -> None:
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


@_kernel
def _evaluate_3(
    c: Array,
    low: Array,
    spacing: Array,
    points: Array,
    derivative: int,
    out: Array,
    outside: Flags,
) -> None:
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
