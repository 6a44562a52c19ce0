"""Better and better transport plans between a density and points.

From coarse to fine: a quarter of the columns each time, solved at once, tells the long
waves of the gains; then the softening of the finest ones is made smaller.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mfplug.theory.hilbert import Pieces, cut_pieces
from mfplug.theory.price_tree import PriceTree
from mfplug.theory.softened import (
    Columns,
    Softened,
    ascended,
    columns,
    remaining_cost,
)

Array = NDArray[np.float64]

#: The softening, in distances of neighbouring columns, of the first plan and of the
#: last. Newton's method would be far from the solution: there are larger ones before.
_SOFTENING, _LEAST_SOFTENING, _SOFT = 0.15, 0.01, (1.0, 0.4)
#: Columns are joined in fours until there are fewer than these.
_FEW, _JOINED = 400, 4
#: Rows of each coarse column, their softening, and how well coarse problems are solved.
_COARSE_ROWS, _COARSE_SOFTENING, _COARSE = 8, 0.5, 0.02
#: Rows of each of the finest columns for those, and how well they are solved.
_SOFT_ROWS, _SOFT_SMALL = 4, 0.05


def density_plans(
    rows: Pieces, points: Array, sides: Array, gap: float
) -> Iterator[tuple[float, PriceTree]]:
    """Yield upper bounds of the transport cost with test functions, ever better ones.

    There is none where Newton's method fails: where mass travels over many distances of
    columns, the costs of all columns along a ray differ by a constant.

    Parameters
    ----------
    rows
        Equal pieces of the density along a curve, a multiple of N of them.
    points, sides
        Shape (N, D); the periods of the coordinates (D,), 0 for none, within one period
        of which all lie.
    gap
        Relative width that is wanted of the bracket: plans are made so well that not
        much of it is due to their own errors.
    """
    n = len(points)
    to = columns(points, np.full(n, 1.0 / n), sides)
    gain = _from_coarser(rows, to)
    softening, each = _SOFTENING, len(rows.centres) // n
    few = _joined(rows, _SOFT_ROWS * n)
    for soft in _SOFT:
        gain, _ = ascended(Softened(few, to, _SOFT_ROWS, soft), gain, _SOFT_SMALL)
    while softening > _LEAST_SOFTENING:
        problem = Softened(rows, to, each, softening)
        gain, state = ascended(problem, gain, 0.1 * gap)
        left = remaining_cost(to, state.lack)
        if left > gap * state.cost:
            return
        yield state.cost + left, to.tree(gain)
        softening *= 0.5


def _from_coarser(rows: Pieces, to: Columns) -> Array:
    """Return gains of the columns that are right in the long waves."""
    n = len(to.masses)
    if n < _FEW:
        return np.zeros(n)
    fewer = to.coarser(_JOINED)
    coarse = _joined(rows, _COARSE_ROWS * len(fewer.masses))
    gain = _from_coarser(coarse, fewer)
    problem = Softened(coarse, fewer, _COARSE_ROWS, _COARSE_SOFTENING)
    gain, _ = ascended(problem, gain, _COARSE)
    return fewer.interpolated(gain, to.points)


def _joined(rows: Pieces, count: int) -> Pieces:
    return cut_pieces(rows.centres, np.ones(len(rows.centres)), rows.spread, count)
