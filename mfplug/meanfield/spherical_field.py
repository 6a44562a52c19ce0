"""The mean field of an isotropic cloud: one radial profile in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import ParameterError
from mfplug.meanfield import radial_spline
from mfplug.meanfield.pair_field import StoredField
from mfplug.meanfield.splines import time_basis, time_coefficients

if TYPE_CHECKING:
    from mfplug.contracts.potential import Potential

Array = NDArray[np.float64]

#: Where the table meets the force of a point, in units of its last radius.
EDGE = 0.95


class RadialForce:
    """The force -U'(r) q / r of a radial profile, and its derivatives.

    Beyond the table all mass is taken to sit at the centre: the force is that of the
    potential itself, times a factor that makes it continuous.

    Parameters
    ----------
    potential
        phi.
    column
        Coefficients of the profile (see :mod:`mfplug.meanfield.radial_spline`).
    reach
        The last radius of the table.
    """

    def __init__(self, potential: Potential, column: Array, reach: float) -> None:
        self.potential, self.column, self.reach = potential, column, reach

    def force(self, q: Array) -> Array:
        """Return the force at q, shape (d, K)."""
        r, profile = self._profile(q)
        return np.divide(profile, r, out=np.zeros_like(r), where=r > 0.0) * q

    def slope(self, q: Array, axis: int) -> Array:
        """Return the derivative of the force along an axis, shape (d, K)."""
        r, profile = self._profile(q)
        rise, outside = radial_spline.evaluate(self.column, self.reach, r, slope=True)
        if outside.any():
            step = 1e-4 * self.reach
            far = r[outside]
            ahead, behind = (self._far(far + sign * step, len(q)) for sign in (1, -1))
            rise[outside] = (ahead - behind) / (2.0 * step)
        # Near the centre force / r is the slope, without a division by a small number.
        share = np.divide(profile, r, out=rise.copy(), where=r > 1e-6 * self.reach)
        unit = np.divide(q, r, out=np.zeros_like(q), where=r > 0.0)
        out = (rise - share) * unit * unit[axis]
        out[axis] += share
        return out

    def _profile(self, q: Array) -> tuple[Array, Array]:
        r = np.sqrt(np.sum(q**2, axis=0))
        profile, outside = radial_spline.evaluate(self.column, self.reach, r)
        if outside.any():
            profile[outside] = self._far(r[outside], len(q))
        return r, profile

    def _far(self, r: Array, d: int) -> Array:
        """Return the force of all mass at the centre, made continuous."""
        edge = EDGE * self.reach
        (inside,), _ = radial_spline.evaluate(self.column, self.reach, np.array([edge]))
        points = np.zeros((len(r) + 1, d))
        points[:-1, 0], points[-1, 0] = r, edge
        alone = -self.potential.gradient(points)[:, 0]
        if alone[-1] == 0.0:
            return np.zeros_like(r)
        return np.asarray(inside * alone[:-1] / alone[-1])


class SphericalField(StoredField):
    r"""K = -grad V - sum_n c_n(t) grad (phi * h_n), radial; c_n a spline in time.

    Parameters
    ----------
    arrays
        ``levels`` (T,); ``amplitudes`` (T, n), the c_n at each level; ``force``
        (G, n), -(phi * h_n)' on G radii from 0 to ``reach``, shape (1,).

    Raises
    ------
    ParameterError
        If an array is missing or does not fit the others.
    """

    def _prepare(self, arrays: dict[str, Array]) -> None:
        shapes = {key: np.shape(value) for key, value in arrays.items()}
        levels, force = shapes.get("levels", ()), shapes.get("force", ())
        fit = len(levels) == 1 and len(force) == 2 and shapes.get("reach") == (1,)
        if not fit or shapes.get("amplitudes") != (levels[0], force[1]):
            raise ParameterError(
                f"mean field: its arrays do not fit each other; got shapes {shapes}, "
                "expected levels, amplitudes, force and reach. Solve for it again."
            )
        self._columns = radial_spline.coefficients(arrays["force"], -1)
        self._spline = time_coefficients(arrays["levels"], arrays["amplitudes"])
        self._now: tuple[float, RadialForce] | None = None

    def amplitudes(self, t: float) -> Array:
        """Return c_n(t), shape (n,): rho_t = sum_n c_n h_n."""
        part, weights = time_basis(self._arrays["levels"], self.check_time(t))
        return np.asarray(np.sum(weights[:, None] * self._spline[part], axis=0))

    def _at(self, t: float) -> RadialForce:
        if self._now is None or self._now[0] != t:
            column = np.sum(self._columns * self.amplitudes(t), axis=1)
            reach = float(self._arrays["reach"][0])
            self._now = (t, RadialForce(self.system.potential, column, reach))
        return self._now[1]

    def pair_force(self, t: float, points: Array) -> Array:
        """Return the pair force at points of shape (d, K)."""
        return self._at(t).force(points)

    def pair_slope(self, t: float, points: Array, axis: int) -> Array:
        """Return its derivative along an axis, shape (d, K)."""
        return self._at(t).slope(points, axis)
