r"""Certified brackets of d_BL for large clouds, and for a cloud against a density.

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
from mfplug.theory.auction import Plan, coarsened, market
from mfplug.theory.hilbert import Pieces, equal_pieces, hilbert_order
from mfplug.theory.price_tree import periods
from mfplug.theory.transport import checked_clouds

Array = NDArray[np.float64]

#: Arcs of a row to its nearest columns, at first; phases multiply epsilon by 1/4.
NEIGHBOURS = 24
#: Rows for each point, where a density is cut into pieces.
PIECES = 6


@dataclass(frozen=True)
class Bracket:
    """``lower`` <= d <= ``upper``.

    Against a density that is given by points, ``lower`` is a confidence limit of
    probability ``level`` and ``stderr`` the standard error behind it; else they are 1
    and 0.
    """

    lower: float
    upper: float
    stderr: float = 0.0
    level: float = 1.0

    @property
    def value(self) -> float:
        """The middle of the bracket."""
        return 0.5 * (self.lower + self.upper)


@dataclass(frozen=True, eq=False)
class Atoms:
    """A measure as atoms: ``points`` (n, D), ``masses`` (n,) summing to 1.

    ``spread`` is the trace of the covariance of the cell that an atom stands for, 0 for
    points; ``remainder`` a bound of the distance of the cells from the measure itself.
    """

    points: Array
    masses: Array
    spread: float = 0.0
    remainder: float = 0.0


def bounded_lipschitz_bracket(
    x: ArrayLike,
    y: ArrayLike,
    weights_x: ArrayLike | None = None,
    weights_y: ArrayLike | None = None,
    period: Sequence[float] | None = None,
    gap: float = 0.05,
) -> Bracket:
    """Return proved bounds of d_BL of two clouds, of any size.

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
    a, b = _wrapped(a, period), _wrapped(b, period)
    _check_gap(gap)
    if wa is None and wb is None and len(b) % len(a) == 0:
        rows, columns = _points(b), _points(a)
    elif wa is None:
        count = len(a) * math.ceil(2 * len(b) / len(a))
        rows, columns = _pieces(b, wb, count), _points(a)
    else:
        count = 2 * max(len(a), len(b))
        rows, columns = _pieces(b, wb, count), _pieces(a, wa, count)

    def dual(plan: Plan) -> float:
        return _mean(plan.test(b), wb) - _mean(plan.test(a), wa)

    plan, lower = _improved(rows, columns, period, gap, dual)
    return Bracket(max(lower, 0.0), min(plan.value, 1.0))


def density_bracket(
    x: ArrayLike,
    atoms: Atoms,
    draw: Callable[[int], Array],
    period: Sequence[float] | None = None,
    gap: float = 0.05,
    points: int = 1_000_000,
    level: float = 0.999,
) -> Bracket:
    """Return bounds of d_BL of a cloud of equal masses and a density.

    Parameters
    ----------
    x
        Cloud, shape (N, D).
    atoms
        The density: cells with their masses (:func:`cell_atoms`) make ``upper`` a
        proved bound; independent points of it, many more than N, make it one on average
        over them, because E d(mu, nu) >= d(mu, E nu).
    draw
        Returns n independent points of the density, shape (n, D).
    period, gap
        As in :func:`bounded_lipschitz_bracket`.
    points
        Independent points on which the test function is averaged.
    level
        Probability with which ``lower`` is one.

    Raises
    ------
    ParameterError
        If shapes disagree or ``gap`` is wrong.
    """
    from scipy.special import ndtri

    a, b, _, wb = checked_clouds(x, atoms.points, None, atoms.masses)
    a, b = _wrapped(a, period), _wrapped(b, period)
    _check_gap(gap)
    assert_masses = atoms.masses if wb is None else wb
    rows = equal_pieces(b, assert_masses, atoms.spread, PIECES * len(a))
    check = _wrapped(draw(min(points, 20 * len(a))), period)

    def dual(plan: Plan) -> float:
        return float(plan.test(check).mean() - plan.test(a).mean())

    plan, _ = _improved(rows, _points(a), period, gap, dual)
    # Points that had no part in choosing the test function: no bias.
    at = plan.test(_wrapped(draw(points), period))
    error = float(at.std(ddof=1)) / math.sqrt(points)
    lower = float(at.mean() - plan.test(a).mean()) - float(ndtri(level)) * error
    upper = min(plan.value + atoms.remainder, 1.0)
    return Bracket(min(max(lower, 0.0), upper), upper, error, level)


def cell_atoms(
    density: Callable[[Array], Array], low: ArrayLike, high: ArrayLike, side: int
) -> Atoms:
    r"""Return the cells of a box as atoms, with the masses of a smooth density.

    Midpoint rule on ``side`` cells along each axis. ``remainder`` adds what lies
    outside of the box and the distance of f from cells of constant density: with the
    first differences of the masses w of neighbours along axis a,

    .. math:: (\tfrac{\sqrt D}8 + \tfrac1{24})\, h \sum_a \sum |\Delta_a w| ,

    the mean of \|f - \bar f\| in a cell over half its diameter, and the error of the
    midpoint rule.

    Parameters
    ----------
    density
        f at points (n, D), shape (n,).
    low, high
        Corners of the box, shape (D,).
    side
        Cells along each axis, >= 2.
    """
    start, end = np.asarray(low, float), np.asarray(high, float)
    steps = (end - start) / side
    axes = [start[k] + steps[k] * (np.arange(side) + 0.5) for k in range(start.size)]
    masses = np.empty((side,) * start.size)
    rest = np.stack(np.meshgrid(*axes[1:], indexing="ij"), axis=-1)
    slab = rest.reshape(-1, start.size - 1)
    for k in range(side):
        part = np.concatenate([np.full((len(slab), 1), axes[0][k]), slab], axis=1)
        masses[k] = np.reshape(density(part), masses[k].shape)
    masses *= float(np.prod(steps))
    total = float(masses.sum())
    change = sum(
        float(np.abs(np.diff(masses, axis=a)).sum()) * steps[a]
        for a in range(start.size)
    )
    remainder = (math.sqrt(start.size) / 8.0 + 1.0 / 24.0) * change + abs(1.0 - total)
    flat = masses.ravel()
    # Cells of no mass to speak of are left to the remainder.
    keep = flat > 1e-9 * total / flat.size
    remainder += float(flat[~keep].sum())
    index = np.stack(np.unravel_index(np.flatnonzero(keep), masses.shape), axis=1)
    points = start + steps * (index + 0.5)
    kept = flat[keep]
    return Atoms(points, kept / kept.sum(), float((steps**2).sum()) / 12.0, remainder)


def _improved(
    rows: Pieces,
    columns: Pieces,
    period: Sequence[float] | None,
    gap: float,
    dual: Callable[[Plan], float],
) -> tuple[Plan, float]:
    """Return the best plan and lower bound, by smaller steps and then more arcs."""
    capacity = len(rows.centres) // len(columns.centres)
    neighbours = NEIGHBOURS
    coarse = market(coarsened(rows, capacity), columns, 1, period, neighbours)
    epsilon = float(coarse.costs[:, 0].mean()) or 1e-6
    while True:
        value = coarse.phase(epsilon).value
        if epsilon <= 0.25 * gap * value:
            break
        epsilon *= 0.25
    fine = market(rows, columns, capacity, period, neighbours)
    fine.lowest = coarse.lowest
    best = None
    while True:
        plan = fine.phase(epsilon)
        lower = dual(plan)
        if best is None or plan.value - lower < best[0].value - best[1]:
            best = plan, lower
        if plan.value - lower <= gap * plan.value:
            return best
        print("   phase", epsilon, plan.value, lower, neighbours)
        if epsilon > 0.05 * gap * plan.value:
            epsilon *= 0.25
        elif neighbours < min(len(columns.centres), 8 * NEIGHBOURS):
            neighbours *= 2
            prices = fine.lowest
            fine = market(rows, columns, capacity, period, neighbours)
            fine.lowest = prices
        else:
            return best


def _points(x: Array) -> Pieces:
    order = hilbert_order(x)
    return Pieces(np.ascontiguousarray(x[order]), np.zeros(len(x)))


def _pieces(x: Array, weights: Array | None, count: int) -> Pieces:
    masses = np.full(len(x), 1.0 / len(x)) if weights is None else weights
    keep = masses > 0.0
    return equal_pieces(x[keep], masses[keep], 0.0, count)


def _mean(values: Array, weights: Array | None) -> float:
    return float(values.mean() if weights is None else weights @ values)


def _wrapped(x: Array, period: Sequence[float] | None) -> Array:
    sides = periods(period, x.shape[1])
    shifted = x - np.where(sides > 0, sides * np.floor(x / np.where(sides > 0, sides, 1)), 0)
    # Rounding may leave a tiny negative number at the far end.
    return np.where((sides > 0) & (shifted >= sides), 0.0, shifted)


def _check_gap(gap: float) -> None:
    if not 0.0 < gap < 1.0:
        raise ParameterError(
            f"bracket 'gap': got {gap}, expected a relative width in ]0, 1[. Set gap."
        )
