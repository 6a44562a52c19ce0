"""A radial profile and its slope between the radii of a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfplug.meanfield import splines

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


def coefficients(values: Array, parity: int) -> Array:
    """Return quintic coefficients of profiles on radii 0, h, 2h, ..., (G, n).

    The profiles are continued to negative radii as even (parity 1) or odd (-1)
    functions, which is what a smooth function of space looks like along a line through
    its centre; so the spline has no end at 0.
    """
    both = np.concatenate([parity * values[:0:-1], values])
    return splines.spline_coefficients(both, (0,))


def evaluate(
    column: Array, reach: float, r: Array, slope: bool = False
) -> tuple[Array, Flags]:
    """Return the profile (or its slope) at radii, and which of them lie outside.

    Parameters
    ----------
    column
        Coefficients of one profile, shape (2 G - 1,).
    reach
        The last radius of the table.
    r
        Radii >= 0, shape (K,).

    Returns
    -------
    value, outside
        Shapes (K,); the value is 0 where the radius lies outside.
    """
    low = np.array([-reach])
    spacing = np.array([2.0 * reach / (len(column) - 1)])
    out = np.zeros((1, len(r)))
    outside: Flags = np.zeros(len(r), dtype=np.bool_)
    where = np.ascontiguousarray(r[None, :])
    splines.evaluate(
        np.ascontiguousarray(column[None, :]),
        low,
        spacing,
        where,
        0 if slope else -1,
        out,
        outside,
    )
    return np.asarray(out[0]), outside
