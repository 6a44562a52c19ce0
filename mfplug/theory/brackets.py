r"""Proved brackets of d_BL for large clouds, and for a cloud against a density.

Above: the cost of a transport plan between pieces of equal mass,

.. math:: d_{BL}(\mu, \nu) \le \sum_k \frac1M
          \min\bigl(1, (|c_k - c'_k|^2 + v_k + v'_k)^{1/2}\bigr)

with their centroids c and variances v (Jensen's inequality inside a piece). Below: the
test function g(y) = min_j min(|c'_j - y|, 1) + price_j of the plan's prices, which has
Lipschitz constant 1 and values in an interval of length 1,

.. math:: d_{BL}(\mu, \nu) \ge \int g\, d\nu - \int g\, d\mu .

Both hold however good the plan is: a poor one gives a wide bracket, never a wrong one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError
from mfplug.theory.auction import Market, Plan, coarsened, market
from mfplug.theory.cells import Cells
from mfplug.theory.density_plans import density_plans
from mfplug.theory.hilbert import Pieces, equal_pieces, hilbert_order
from mfplug.theory.price_tree import PriceTree
from mfplug.theory.transport import (
    bounded_lipschitz,
    checked_clouds,
    merged,
    period_sides,
    within_period,
)

Array = NDArray[np.float64]

#: The first step of the auction, in distances of nearest neighbours.
_FIRST = 8.0
#: Columns that a row remembers while steps are large: searches are frequent then.
_COARSE_ARCS = 8
#: Rows of a density for each point, times the gap, and how many they are at most.
_PIECES, _MOST_PIECES = 1.2, 64
#: The same where rows bid: k N pieces leave a relative width of about 0.2/k.
_BIDDING = 0.3
#: Points that are too many for an auction that only narrows a bracket a little.
_MANY = 3000
#: Lower bounds from one set of samples, at most.
_TRIES = 20
#: Rows, however few the points.
_FEWEST_ROWS = 4000
#: A smaller step that narrows the bracket by less than this part was in vain.
_GAIN = 0.05
#: Rounding of an exact distance.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Bracket:
    """``lower`` <= d <= ``upper``, with probability ``level``.

    The level is 1 for clouds. Against a density the mean of a test function is sampled.
    """

    lower: float
    upper: float
    level: float = 1.0

    @property
    def value(self) -> float:
        """The middle of the bracket."""
        return 0.5 * (self.lower + self.upper)

    @property
    def relative(self) -> float:
        """The width relative to the upper bound."""
        return (self.upper - self.lower) / self.upper if self.upper > 0.0 else 0.0


def bounded_lipschitz_bracket(
    x: ArrayLike,
    y: ArrayLike,
    weights_x: ArrayLike | None = None,
    weights_y: ArrayLike | None = None,
    period: Sequence[float] | None = None,
    gap: float = 0.05,
) -> Bracket:
    """Return proved bounds of d_BL of two clouds that may be too large for exact ones.

    Clouds of equal masses, of which one size divides the other, are bracketed as
    closely as wanted; other masses are cut into equal pieces, and where these are not
    small against the distance the bracket stays wide.

    Parameters
    ----------
    x, y, weights_x, weights_y, period
        As in :func:`mfplug.theory.bounded_lipschitz`.
    gap
        Wanted width relative to the upper bound. What is returned may be wider.

    Raises
    ------
    ParameterError
        As there, or if ``gap`` is not in ]0, 1[.
    """
    a, b, wa, wb = checked_clouds(x, y, weights_x, weights_y)
    sides = period_sides(period, a.shape[1])
    a, b = within_period(a, sides), within_period(b, sides)
    _check_gap(gap)
    few = merged(a, b) if wa is None and wb is None else None
    if few is not None:
        # Points that coincide bid against each other without end.
        value = bounded_lipschitz(*few, period)
        return Bracket(max(value - ROUNDING, 0.0), min(value + ROUNDING, 1.0))
    if wa is None and (wb is not None or len(a) > len(b)):
        a, b, wa, wb = b, a, wb, wa
    # Rows are the pieces of the first cloud, columns those of the second.
    if wa is None and wb is None and len(b) % len(a) == 0:
        rows, columns = _points(b), _points(a)
        a, b, wa, wb = b, a, wb, wa
    elif wb is None:
        count = len(b) * math.ceil(2 * len(a) / len(b))
        rows, columns = _pieces(a, wa, count), _points(b)
    else:
        count = 2 * max(len(a), len(b))
        rows, columns = _pieces(a, wa, count), _pieces(b, wb, count)

    def dual(test: PriceTree) -> float:
        return _mean(test(a), wa) - _mean(test(b), wb)

    value, lower = _improved(rows, columns, sides, gap, dual)
    return Bracket(max(lower, 0.0), min(value, 1.0))


def density_bracket(
    x: ArrayLike,
    cells: Cells,
    period: Sequence[float] | None = None,
    gap: float = 0.05,
    level: float = 0.999,
    seed: int = 0,
) -> Bracket:
    """Return bounds of d_BL of a cloud of equal masses and a density.

    By Newton's method on softened prices (:mod:`mfplug.theory.softened`); where mass
    travels far over other points, by an auction (:mod:`mfplug.theory.auction`).

    Parameters
    ----------
    x
        Cloud, shape (N, D).
    cells
        The density (:func:`mfplug.theory.cells.density_cells`). The sampling error and
        the remainder of the cells should be small against the distance.
    period, gap
        As in :func:`bounded_lipschitz_bracket`.
    level
        Probability that ``lower`` is one, by Hoeffding's inequality and the number of
        test functions that are tried.
    seed
        Of the points, one in every cell, that sample the test function.

    Raises
    ------
    ParameterError
        If shapes disagree, or ``gap`` or ``level`` is not in ]0, 1[.
    """
    a, b, _, masses = checked_clouds(x, cells.points, None, cells.masses)
    sides = period_sides(period, a.shape[1])
    a, b = within_period(a, sides), within_period(b, sides)
    _check_gap(gap)
    if not 0.0 < level < 1.0:
        raise ParameterError(
            f"bracket 'level': got {level}, expected a probability in ]0, 1[. "
            "Set level."
        )
    samples = within_period(cells.one_point_each(seed), sides)
    # The best of several lower bounds is taken: each of them has its part of the risk.
    sampling = cells.sampling_error(1.0 - (1.0 - level) / _TRIES)

    def dual(test: PriceTree) -> float:
        return _mean(test(samples), masses) - _mean(test(a), None)

    def pieces(many: float) -> Pieces:
        each = min(math.ceil(many / gap), _MOST_PIECES)
        each = max(each, math.ceil(_FEWEST_ROWS / len(a)))
        boxes, weights, spreads = cells.split(0.5 / (each * len(a)))
        boxes = within_period(boxes, sides)
        return equal_pieces(boxes, weights, spreads, each * len(a))

    def bracket(cost: float, below: float) -> Bracket:
        lower = below - sampling - cells.remainder
        return Bracket(max(lower, 0.0), min(cost + cells.remainder, 1.0), level)

    best: Bracket | None = None
    # Along a line all columns on one side of a point cost the same but for a constant.
    if a.shape[1] > 1:
        for cost, test in density_plans(pieces(_PIECES), a, sides, gap):
            found = bracket(cost, dual(test))
            if best is not None and found.relative > (1.0 - _GAIN) * best.relative:
                break
            best = found
            if best.relative <= gap:
                break
    if best is not None and (best.relative <= gap or len(a) > _MANY):
        return best
    found = bracket(*_improved(pieces(_BIDDING), _points(a), sides, gap, dual))
    return found if best is None or found.relative < best.relative else best


def _improved(
    rows: Pieces,
    columns: Pieces,
    sides: Array,
    gap: float,
    dual: Callable[[PriceTree], float],
) -> tuple[float, float]:
    """Return the cost of the best plan and its lower bound, by ever smaller steps.

    The first prices are those of a row for each column.
    """
    capacity = len(rows.centres) // len(columns.centres)
    current = market(rows, columns, sides)
    epsilon = _FIRST * float(current.tree(rows.centres).mean()) or 1e-6
    if capacity > 1:
        coarse = market(coarsened(rows, capacity), columns, sides, arcs=_COARSE_ARCS)
        _, epsilon = _settled(coarse, epsilon, 0.25)
        current = market(rows, columns, sides, coarse.tree.prices)
        epsilon *= 4.0
    best, width, end = None, math.inf, gap
    while True:
        plan, epsilon = _settled(current, epsilon, end)
        lower = dual(plan.test)
        found = plan.value - lower
        if best is None or found < width:
            best = plan.value, lower
        if found <= gap * plan.value or found > (1.0 - _GAIN) * width:
            return best
        width = found
        epsilon, end = 0.25 * epsilon, 0.25 * end


def _settled(current: Market, epsilon: float, end: float) -> tuple[Plan, float]:
    """Return the plan and step of phases until a step is ``end`` of the value."""
    while True:
        plan = current.phase(epsilon)
        if epsilon <= end * plan.value or plan.value == 0.0:
            return plan, epsilon
        epsilon *= 0.25


def _points(x: Array) -> Pieces:
    order = hilbert_order(x)
    return Pieces(np.ascontiguousarray(x[order]), np.zeros(len(x)))


def _pieces(x: Array, weights: Array | None, count: int) -> Pieces:
    masses = np.full(len(x), 1.0 / len(x)) if weights is None else weights
    keep = masses > 0.0
    return equal_pieces(x[keep], masses[keep], 0.0, count)


def _mean(values: Array, weights: Array | None) -> float:
    """Return a mean whose bits do not depend on the number of threads."""
    return float(values.mean() if weights is None else (weights * values).sum())


def _check_gap(gap: float) -> None:
    if not 0.0 < gap < 1.0:
        raise ParameterError(
            f"bracket 'gap': got {gap}, expected a relative width in ]0, 1[. Set gap."
        )
