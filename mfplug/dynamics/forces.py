"""Total forces and energies of replicas of N particles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.calls import values_at
from mfplug.dynamics.start import initial_points
from mfplug.dynamics.sums import METHODS, PairSum
from mfplug.dynamics.sums.refuse import check_method
from mfplug.errors import NumericsError

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]
__all__ = ["METHODS", "Forces", "check_method"]

#: Particles of the cloud on which a series is measured before the first step.
SAMPLED = 1 << 15


class Forces:
    """Forces dp_i/dt = -(pair term) - grad V_t(q_i) on arrays of shape (R, d, N).

    The pair term is N^(beta-1) sum_{j != i} grad phi(N^(beta/d) (q_i - q_j)) times
    N^(beta/d): equation (2) with the scaling (5), summed by one of the ways of
    :class:`mfplug.dynamics.sums.PairSum`.

    Parameters
    ----------
    system
        The physical system.
    N
        Particles of a replica.
    method
        One of ``auto``, ``direct``, ``fourier``, ``split``, ``sorted``, ``separable``,
        ``cells``.
    tolerance
        Of ``fourier`` and ``split``: root mean square error of a force, relative to
        that of the forces. It is measured against all pairs on a sample of the
        particles, first at initial points of their own (so that nothing depends on
        which replicas are computed here), then at every snapshot.

    Raises
    ------
    ParameterError, PluginError, NumericsError
        If the method cannot serve the potential or does not reach the tolerance.
    """

    def __init__(
        self, system: System, N: int, method: str = "auto", tolerance: float = 1e-10
    ) -> None:
        self.system = system.at(N)
        self.N = N
        factor, scale = system.pair_scaling(N)
        self.pairs = PairSum(
            self.system.potential,
            system.dimension,
            N,
            method,
            factor=factor,
            scale=scale,
            box=system.box,
            tolerance=tolerance,
        )
        self.compiled = self.pairs.direct.compiled
        self.error = self._calibrate() if self.pairs.approximate else 0.0
        self._last: tuple[Array, float, Array] | None = None

    @property
    def method(self) -> str:
        """The way the pairs are summed."""
        return self.pairs.method

    @property
    def info(self) -> dict[str, Any]:
        """How the forces are computed, as plain data."""
        result = self.pairs.info
        if self.pairs.approximate:
            result["error"] = self.error
        compiled = {"compiled": self.compiled.compiled, "why": self.compiled.reason}
        return result | compiled

    def _calibrate(self) -> float:
        """Return the error of a series at the first points of replica 0, seed 0."""
        q, _ = initial_points(self.system, self.N, 0, range(1))
        cloud = np.ascontiguousarray(q[0, :, :SAMPLED])
        weights = np.ones(cloud.shape[1])
        return self.pairs.calibrate(cloud, weights, cloud)

    def verify(self, t: float, q: Array) -> None:
        """Compare a series with all pairs on a sample of the first replica.

        Raises
        ------
        NumericsError
            If the error is more than ten times the tolerance.
        """
        if not self.pairs.approximate:
            return
        cloud = np.ascontiguousarray(q[0])
        error = self.pairs.error(cloud, np.ones(cloud.shape[1]), cloud, count=8)
        if not error <= 10.0 * self.pairs.tolerance:
            raise NumericsError(
                f"potential '{self.system.potential.name}': forces '{self.method}' "
                f"left the tolerance at t = {t:g}; got an error of {error:.1e}, "
                f"expected {self.pairs.tolerance:.1e}. Take a smaller tolerance, or "
                "forces 'direct'."
            )

    def __call__(self, t: float, q: Array) -> Array:
        """Return dp/dt, the shape of q: (replicas, d, N)."""
        # A splitting step ends where the next begins: the same array, the same force.
        if self._last is not None and q is self._last[0]:
            static = self.system.external is None
            if static or abs(t - self._last[1]) <= 1e-12 * max(1.0, abs(t)):
                return self._last[2]
        out = self.pairs.clouds(q)
        external = self.system.external
        if external is not None:
            pull = values_at(external, "gradient", np.swapaxes(q, 1, 2), t)
            out -= np.swapaxes(pull, 1, 2)
        if not np.isfinite(out.sum()) and not np.isfinite(out).all():
            self._refuse(t, out)
        self._last = (q, t, out)
        return out

    def _refuse(self, t: float, out: Array) -> None:
        bad = int(np.count_nonzero(~np.isfinite(out).all(axis=1)))
        names = f"potential '{self.system.potential.name}'"
        if self.system.external is not None:
            names += f" with external '{self.system.external.name}'"
        raise NumericsError(
            f"{names}: the force is not finite at t = {t:g} for {bad} of "
            f"{out.shape[0] * out.shape[2]} particles; got NaN or infinity, expected "
            "numbers. Check the formula and its parameters, or take a smaller step."
        )

    def energies(self, t: float, q: Array, p: Array) -> tuple[Array, Array]:
        """Return (kinetic, potential) energy of each replica, shape (R,) each.

        The potential part is sum_{i<j} phi_N^beta(q_i - q_j) + sum_i V_t(q_i).
        """
        kinetic = np.sum(p**2, axis=(1, 2)) / (2 * self.system.mass)
        potential = self.pairs.cloud_energies(q)
        external = self.system.external
        if external is not None:
            values = values_at(external, "energy", np.swapaxes(q, 1, 2), t)
            potential = potential + np.sum(values, axis=1)
        return kinetic, potential
