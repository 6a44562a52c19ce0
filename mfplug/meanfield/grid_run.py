"""The Vlasov equation on a grid of phase space: split steps from level to level."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import NumericsError
from mfplug.meanfield.advection import Mover, sum_rows
from mfplug.meanfield.convolution import Convolution
from mfplug.meanfield.initial_grid import unresolved
from mfplug.meanfield.phase_grid import PhaseGrid

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]
Splitting = tuple[tuple[float, ...], tuple[float, ...]]

_B = (0.0829844064174052, 0.396309801498368, -0.0390563049223486)
_A = (0.245298957184271, 0.604872665711080)
_A3 = 0.5 - sum(_A)
_B4 = 1.0 - 2.0 * sum(_B)

#: Kicks (one more) and drifts of a step, by order. Order 2 is Strang's splitting; order
#: 4 the six-stage Runge-Kutta-Nystroem splitting of Blanes and Moan (J. Comput. Appl.
#: Math. 142 (2002) 313), whose conditions hold for the Vlasov equation because the
#: force does not change during a kick (Casas et al., Numer. Math. 135 (2017) 769).
SPLITTINGS: dict[int, Splitting] = {
    2: ((0.5, 0.5), (1.0,)),
    4: ((*_B, _B4, *_B[::-1]), (*_A, _A3, _A3, *_A[::-1])),
}

#: Mass in the outermost points that is taken for mass that leaves the grid.
ESCAPED = 1e-9
EDGE = 4
#: Share of the perturbation's square in the shortest waves that means they are lost.
LOST = 1e-3
#: A law that has more than this there at the start is not judged: it jumps.
JUMP = 1e-8
#: Below this, relative to f, a perturbation is rounding.
NOTHING = 1e-26
#: How often a run is looked at.
LOOKS = 40


class MassEscapes(NumericsError):
    """Mass reaches an edge of the grid; ``axis`` is q or p."""

    def __init__(self, axis: str, low: bool, high: bool, t: float, mass: float) -> None:
        self.axis, self.low, self.high, self.time = axis, low, high, t
        what = "p_max" if axis == "p" else "points_q"
        super().__init__(
            f"solver 'semi-lagrangian': mass leaves the grid in {axis} at t = {t:.4g}; "
            f"got {mass:.1e} at its edge, expected at most {ESCAPED:g}. Give a larger "
            f"{what} or end earlier."
        )


class FilamentsLost(NumericsError):
    """Structure of f_t has become finer than the grid at ``time``."""

    def __init__(self, axis: str, t: float, grid: PhaseGrid) -> None:
        self.axis, self.time = axis, t
        points = grid.p_points if axis == "p" else grid.q_points
        super().__init__(
            f"solver 'semi-lagrangian': the solution is lost at t = {t:.4g}; got "
            f"filaments below the grid of {points} points in {axis}, expected an end "
            f"before it. Give more points_{axis}, end earlier, or smooth the filaments "
            "(filaments: smooth)."
        )


class GridRun:
    """f on a grid and its march through the levels.

    Parameters
    ----------
    f
        Values of shape (momenta, positions); changed in place.
    degree, time_order
        Of the interpolation and of the splitting, 2 or 4.
    judge
        Whether mass at an edge or filaments below the grid end the run.
    smooth
        Whether they are damped instead, see :meth:`_smooth`.
    """

    def __init__(
        self,
        system: System,
        grid: PhaseGrid,
        f: Array,
        *,
        degree: int,
        time_order: int,
        judge: bool = True,
        smooth: bool = False,
    ) -> None:
        self.system, self.grid, self.f = system, grid, f
        self.judge, self.smooth = judge, smooth
        self.kicks, self.drifts = SPLITTINGS[time_order]
        self.mover = Mover(f.shape, degree, grid.periodic)
        self.convolution = Convolution(
            system.potential, grid.q_points, grid.q_spacing, grid.periodic
        )
        self._velocity = grid.p / system.mass / grid.q_spacing
        self._rho = np.empty(grid.q_points)
        self._start = self._shares() if judge else {}
        self.lost_at: float | None = None
        #: Values moved so far, each at each shift.
        self.work = 0

    def density(self) -> Array:
        """Return rho, the integral of f over p, shape (q_points,)."""
        sum_rows(self.f, self._rho)
        return self._rho * self.grid.p_spacing

    def force(self, t: float) -> Array:
        """Return the force on the positions of the grid."""
        force = self.convolution.force(self.density())
        external = self.system.external
        if external is not None:
            force = force - external.gradient(self.grid.q[:, None], t)[:, 0]
        if not np.isfinite(force).all():
            raise NumericsError(
                f"potential '{self.system.potential.name}': the mean-field force is "
                f"not finite at t = {t:g}; got NaN or infinity, expected numbers. "
                "Check the formula and its parameters."
            )
        return force

    def march(self, levels: Array) -> Iterator[Array]:
        """Yield rho at each level.

        The last kick of a step and the first of the next are one: rho does not change
        between them.

        Raises
        ------
        MassEscapes, FilamentsLost
            If the grid cannot hold the solution.
        """
        yield self.density().copy()
        every = max(1, (len(levels) - 1) // LOOKS)
        owed = 0.0
        for count, (t, t_next) in enumerate(pairwise(levels), 1):
            dt = float(t_next - t)
            now = float(t)
            for kick, drift in zip(self.kicks, self.drifts, strict=False):
                self._kick(now, owed + kick * dt)
                owed = 0.0
                self.mover.drift(self.f, (drift * dt) * self._velocity)
                self.work += self.f.size
                now += drift * dt
            owed = self.kicks[-1] * dt
            last = count == len(levels) - 1
            if last or count % every == 0 or self.smooth:
                self._kick(float(t_next), owed)
                owed = 0.0
            if self.smooth:
                self._smooth()
            if last or count % every == 0:
                self._look(float(t_next))
            yield self.density().copy()

    def _kick(self, t: float, dt: float) -> None:
        self.work += self.f.size
        self.mover.kick(self.f, self.force(t) * (dt / self.grid.p_spacing))

    def _smooth(self) -> None:
        """Damp the shortest waves in p: f - (1/2) (-delta^2/4)^8 f.

        The symbol 1 - sin^16(x/2) / 2 halves the shortest wave and keeps polynomials up
        to degree 15, so mass, momentum and energy stay.
        """
        difference = self.f
        for _ in range(8):
            padded = np.pad(difference, ((1, 1), (0, 0)))
            difference = 0.25 * (2.0 * padded[1:-1] - padded[2:] - padded[:-2])
        self.f -= 0.5 * difference

    def _shares(self) -> dict[str, float]:
        """Return how much of the perturbation is in the shortest waves of each axis.

        On the circle the perturbation is f less its mean over q, which moves nowhere.
        """
        part = self.f
        if self.grid.periodic:
            part = part - part.mean(axis=1, keepdims=True)
            if np.sum(part**2) < NOTHING * np.sum(self.f**2):
                return {}
        return {"p": unresolved(part, 0), "q": unresolved(part, 1)}

    def _look(self, t: float) -> None:
        """Refuse to go on where the grid does not hold the solution."""
        if not self.judge:
            return
        cell, edge = self.grid.q_spacing * self.grid.p_spacing, EDGE
        sides = [("p", self.f[:edge], self.f[-edge:])]
        if not self.grid.periodic:
            sides.append(("q", self.f[:, :edge], self.f[:, -edge:]))
        for axis, *parts in sides:
            low, high = (float(np.abs(part).sum()) * cell for part in parts)
            if not max(low, high) <= ESCAPED:
                raise MassEscapes(
                    axis, low > ESCAPED, high > ESCAPED, t, max(low, high)
                )
        for axis, share in self._shares().items():
            if share > LOST and self._start.get(axis, 0.0) < JUMP:
                self.lost_at = t if self.lost_at is None else self.lost_at
                if not self.smooth:
                    raise FilamentsLost(axis, t, self.grid)

    def invariants(self, t: float) -> dict[str, float]:
        """Return mass, momentum, kinetic and total energy, L2 norm and minimum of f."""
        grid = self.grid
        cell = grid.q_spacing * grid.p_spacing
        by_p = self.f.sum(axis=1) * cell
        rho = self.density()
        kinetic = float((by_p * grid.p**2).sum()) / (2.0 * self.system.mass)
        energy = kinetic + self.convolution.energy(rho)
        external = self.system.external
        if external is not None:
            value = external.energy(grid.q[:, None], t)
            energy += float((rho * value).sum()) * grid.q_spacing
        return {
            "mass": float(by_p.sum()),
            "momentum": float((by_p * grid.p).sum()),
            "kinetic": kinetic,
            "energy": energy,
            "l2": float(np.sqrt((self.f**2).sum() * cell)),
            "minimum": float(self.f.min()),
        }
