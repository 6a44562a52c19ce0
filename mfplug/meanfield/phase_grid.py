"""The grid of phase space in d = 1, and which part of it a law needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import NumericsError, ParameterError
from mfplug.meanfield.initial_grid import density_at, unresolved

if TYPE_CHECKING:
    from mfplug.contracts.distribution import Distribution

Array = NDArray[np.float64]

#: f_0 is cut off where it is below this part of its maximum.
TAIL = 1e-13
#: Share of a spectrum, in square, above which it does not fit on the grid.
RESOLVED = 1e-20


def _points(low: float, spacing: float, count: int) -> Array:
    return np.asarray(low + spacing * np.arange(count), dtype=np.float64)


@dataclass(frozen=True)
class PhaseGrid:
    """Uniform points of position and momentum; f has shape (momenta, positions)."""

    q_low: float
    q_spacing: float
    q_points: int
    p_low: float
    p_spacing: float
    p_points: int
    periodic: bool

    @property
    def q(self) -> Array:
        """Positions, shape (q_points,)."""
        return _points(self.q_low, self.q_spacing, self.q_points)

    @property
    def p(self) -> Array:
        """Momenta, shape (p_points,)."""
        return _points(self.p_low, self.p_spacing, self.p_points)

    def widened(self, axis: str, low: bool, high: bool, part: float) -> PhaseGrid:
        """Return the grid with a part of its length added where asked, same spacing."""
        points = self.q_points if axis == "q" else self.p_points
        spacing = self.q_spacing if axis == "q" else self.p_spacing
        more = math.ceil(part * points)
        start = (self.q_low if axis == "q" else self.p_low) - low * more * spacing
        points += more * (low + high)
        if axis == "q":
            return replace(self, q_low=start, q_points=points)
        return replace(self, p_low=start, p_points=points)

    def scaled(self, by_q: float = 1.0, by_p: float = 1.0) -> PhaseGrid:
        """Return a grid of the same extent with ``by_q`` and ``by_p`` times the points.

        On a circle the number of points is kept even.
        """
        q_points = max(8, 2 * math.ceil(0.5 * by_q * self.q_points))
        p_points = max(16, math.ceil(by_p * self.p_points))
        q_length = self.q_spacing * (self.q_points - (not self.periodic))
        p_length = self.p_spacing * (self.p_points - 1)
        return replace(
            self,
            q_points=q_points,
            q_spacing=q_length / (q_points - (not self.periodic)),
            p_points=p_points,
            p_spacing=p_length / (p_points - 1),
        )


@dataclass(frozen=True)
class Extent:
    """Where a law has its mass: ranges, and its scale in both directions."""

    q: tuple[float, float]
    p: tuple[float, float]
    q_scale: float
    p_scale: float


def extent_of(law: Distribution, box: float | None, p_max: float) -> Extent:
    """Return the part of phase space outside of which f_0 is below ``TAIL``.

    Parameters
    ----------
    p_max
        Half-width in momentum to take instead; 0 to look for it.

    Raises
    ------
    NumericsError
        If the tails fall so slowly that no range holds them.
    """
    q, p, w = (np.asarray(x) for x in law.nodes(4096))
    q, p = q[:, 0], p[:, 0]
    q_mid, q_scale = _middle(q, w)
    p_mid, p_scale = _middle(p, w)
    some_q = np.linspace(q.min(), q.max(), 65) if box is None else np.arange(32) / 32
    if box is not None:
        some_q = some_q * box

    def in_p(x: Array) -> Array:
        return density_at(law, some_q, x).max(axis=1)

    if p_max > 0:
        p_range = (-p_max, p_max)
    else:
        p_range = _reach(law, "momentum", in_p, p_mid, p_scale)
    if box is not None:
        return Extent((0.0, box), p_range, box / 8.0, p_scale)
    some_p = np.linspace(*p_range, 129)

    def in_q(x: Array) -> Array:
        return density_at(law, x, some_p).max(axis=0)

    return Extent(
        _reach(law, "position", in_q, q_mid, q_scale), p_range, q_scale, p_scale
    )


def _middle(x: Array, w: Array) -> tuple[float, float]:
    """Return the weighted median and half the distance of the quartiles."""
    order = np.argsort(x, kind="stable")
    mass = np.cumsum(w[order])
    low, mid, high = (x[order][np.searchsorted(mass, v)] for v in (0.25, 0.5, 0.75))
    return float(mid), max(0.5 * float(high - low), 1e-9)


def _reach(
    law: Distribution,
    what: str,
    profile: Callable[[Array], Array],
    middle: float,
    scale: float,
) -> tuple[float, float]:
    away = scale * np.concatenate([[0.0], np.geomspace(0.05, 300.0, 500)])
    sides = [profile(middle - away), profile(middle + away)]
    least = TAIL * max(float(side.max()) for side in sides)
    ends = [int(np.flatnonzero(side > least).max(initial=0)) for side in sides]
    if max(ends) + 1 >= away.size:
        ratio = max(float(side[-1]) for side in sides) / least * TAIL
        hint = " Give p_max, or take `characteristics`."
        raise NumericsError(
            f"solver 'semi-lagrangian': the {what} tails of '{law.name}' do not fit on "
            f"a grid; got a density of {ratio:.1e} of its maximum at {away[-1]:.3g} "
            f"from its middle, expected less than {TAIL:g}.{hint}"
        )
    low, high = (away[end + 1] for end in ends)
    return middle - float(low), middle + float(high)


def first_grid(law: Distribution, box: float | None, extent: Extent) -> PhaseGrid:
    """Return the coarsest grid of a few that resolves f_0, or 512 momenta at a jump."""
    q_low, q_high = extent.q
    p_low, p_high = extent.p
    p_points = min(512, max(48, math.ceil(4.0 * (p_high - p_low) / extent.p_scale)))
    q_points = 32
    if box is None:
        q_points = min(512, max(48, math.ceil(4.0 * (q_high - q_low) / extent.q_scale)))
    grid = PhaseGrid(
        q_low,
        (q_high - q_low) / (q_points - (box is None)),
        q_points,
        p_low,
        (p_high - p_low) / (p_points - 1),
        p_points,
        box is not None,
    )
    start = grid
    for _ in range(8):
        f = density_at(law, grid.q, grid.p)
        by_q = 1.3 if unresolved(f, 1) > RESOLVED else 1.0
        by_p = 1.3 if unresolved(f, 0) > RESOLVED else 1.0
        if by_q == by_p == 1.0:
            return grid
        grid = grid.scaled(by_q, by_p)
        if max(grid.q_points, grid.p_points) > 1024:
            break
    # The spectrum of a jump never ends.
    wide = 512 / start.p_points
    return start.scaled(1.0 if box else 512 / start.q_points, max(1.0, wide))


def check_dimension(dimension: int) -> None:
    """Refuse more than one dimension."""
    if dimension != 1:
        raise ParameterError(
            f"solver 'semi-lagrangian': it works in one dimension; got d = {dimension},"
            " expected 1. Take `characteristics`."
        )
