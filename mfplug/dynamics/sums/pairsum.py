"""The sum over weighted sources of a pair potential, by the fastest way there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.sums.choose import CLOUD, ENERGY, candidates
from mfplug.dynamics.sums.contract import check_potential
from mfplug.dynamics.sums.direct import DirectSum
from mfplug.dynamics.sums.fourier import FourierSum, TooManyModes
from mfplug.dynamics.sums.kernel import ScaledKernel
from mfplug.dynamics.sums.pair_cost import direct_seconds
from mfplug.dynamics.sums.refuse import (
    check_method,
    check_tolerance,
    check_torus,
    unavailable,
)
from mfplug.dynamics.sums.split import SplitSum
from mfplug.errors import NumericsError, ParameterError

if TYPE_CHECKING:
    from mfplug.contracts.potential import Potential

Array = NDArray[np.float64]
#: Up to so many particles the pairs are summed faster than anything else is set up.
_FEW = 256


class Sum(Protocol):
    """One way to sum."""

    name: str

    def forces(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return the forces at the targets, (d, K)."""

    def energies(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return the potential at the targets, (K,)."""

    def clouds(self, x: Array, weight: float) -> Array:
        """Return the forces of each cloud on itself, (R, d, N)."""


class PairSum:
    r"""Force and potential at points x_k of sources y_m with weights w_m.

    .. math:: F(x_k) = -\sum_m w_m \nabla\phi_N(x_k - y_m), \qquad
              U(x_k) = \sum_m w_m \phi_N(x_k - y_m), \qquad
              \phi_N(x) = \text{factor}\; \phi(\text{scale}\; x)

    in free space or, with nearest images, on a torus. A source at the place of the
    target adds no force, and phi_N(0) (0 where it is not finite) to the potential.
    Points are component by component, shape (d, K).

    Parameters
    ----------
    potential
        The plugin phi, placed in its space (``potential.on(d, box)``).
    dimension
        d = 1, 2 or 3.
    size
        How many sources and targets there will be, about: with the potential and d,
        all that ``auto`` decides from.
    method
        ``direct`` (all pairs), ``fourier`` (smooth kernels, FINUFFT), ``split``
        (radial kernels that are sharp near 0: cells and FINUFFT), ``sorted``
        (piecewise polynomials of the distance, d = 1), ``separable`` (a few waves, or a
        polynomial), ``cells`` (a range shorter than the clouds), or ``auto``.
    factor, scale
        Of phi_N; (5) of the thesis has N^(beta - 1) and N^(beta/d).
    box
        Side of the torus, or None.
    tolerance
        Of ``fourier`` and ``split``: the error of a force relative to the largest one
        that the sources can exert, sum |w_m| sup |grad phi_N|. The other ways are exact
        up to rounding.
    threads
        Threads of the transforms; those of the compiled loops if None. The bits do not
        depend on it.

    Raises
    ------
    ParameterError
        If the method is unknown or cannot serve this potential, or the torus is shorter
        than its range.
    """

    def __init__(
        self,
        potential: Potential,
        dimension: int,
        size: int,
        method: str = "auto",
        *,
        factor: float = 1.0,
        scale: float = 1.0,
        box: float | None = None,
        tolerance: float = 1e-10,
        threads: int | None = None,
    ) -> None:
        self.asked = check_method(method)
        self.tolerance = check_tolerance(tolerance)
        self.kernel = ScaledKernel(potential, dimension, factor, scale, box)
        check_potential(potential, dimension)
        check_torus(self.kernel)
        self.direct = DirectSum(self.kernel)
        self.size = size
        self.seconds = 0.0
        self.sum, self.why = self._choose(size, threads or _threads())

    @property
    def method(self) -> str:
        """The way that was chosen."""
        return self.sum.name

    @property
    def approximate(self) -> bool:
        """Whether the sums have an error that the tolerance sets."""
        return isinstance(self.sum, FourierSum | SplitSum)

    def _choose(self, size: int, threads: int) -> tuple[Sum, str]:
        if self.asked == "direct":
            self.seconds = direct_seconds(self.kernel, float(size) ** 2)
            return self.direct, "asked for"
        found = candidates(self.kernel, size, self.tolerance, threads, self.asked)
        if self.asked != "auto":
            if self.asked not in found:
                unavailable(self.kernel, self.asked, self.tolerance)
            self.seconds, best = found[self.asked]
            return best, "asked for"
        self.seconds, best = min(found.values(), key=lambda pair: pair[0])
        return best, (
            f"about {self.seconds:.1e} s a force for {size} points by one thread"
        )

    @property
    def energy_cost(self) -> float:
        """The potential energy of a cloud in units of its forces, about."""
        pairs = ENERGY * direct_seconds(self.kernel, float(self.size) ** 2)
        if self._by_pairs(self.size):
            return pairs / self.seconds
        return 1.0 + CLOUD / self.seconds

    def _by_pairs(self, size: int) -> bool:
        """Say whether the energy of such a cloud is summed over all pairs."""
        few = size <= _FEW and self.direct.compiled.compiled
        return few or self.method == "direct"

    def forces(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return F at the targets, shape (d, K).

        Parameters
        ----------
        sources, targets
            Points, float64, shapes (d, M) and (d, K).
        weights
            Shape (M,).
        """
        y, w, x = self._arrays(sources, weights, targets)
        try:
            return self.sum.forces(y, w, x)
        except TooManyModes:
            if self.asked != "auto":
                raise
            return self.direct.forces(y, w, x)

    def energies(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return U at the targets, shape (K,); parameters as of :meth:`forces`."""
        y, w, x = self._arrays(sources, weights, targets)
        try:
            return self.sum.energies(y, w, x)
        except TooManyModes:
            if self.asked != "auto":
                raise
            return self.direct.energies(y, w, x)

    def clouds(self, x: Array, weight: float = 1.0) -> Array:
        """Return the forces of clouds on themselves, every source of the same weight.

        Parameters
        ----------
        x
            Shape (R, d, N): R clouds that do not feel each other.
        weight
            Of each source.
        """
        x = np.ascontiguousarray(x, dtype=float)
        try:
            return self.sum.clouds(x, float(weight))
        except TooManyModes:
            if self.asked != "auto":
                raise
        # Each cloud decides for itself, so that the bits do not depend on the others.
        w = np.full(x.shape[2], float(weight))
        return np.stack([self.forces(cloud, w, cloud) for cloud in x])

    def cloud_energies(self, x: Array) -> Array:
        """Return sum_{i<j} phi_N(x_i - x_j) of each cloud, shape (R,); x (R, d, N)."""
        x = np.ascontiguousarray(x, dtype=float)
        if self._by_pairs(x.shape[2]):
            return self.direct.cloud_energies(x)
        w = np.ones(x.shape[2])
        alone = x.shape[2] * self.kernel.origin
        twice = [float(self.energies(cloud, w, cloud).sum()) for cloud in x]
        return 0.5 * (np.array(twice) - alone)

    def _arrays(
        self, sources: Array, weights: Array, targets: Array
    ) -> tuple[Array, Array, Array]:
        y = np.ascontiguousarray(sources, dtype=float)
        x = y if targets is sources else np.ascontiguousarray(targets, dtype=float)
        w = np.ascontiguousarray(weights, dtype=float)
        d = self.kernel.dimension
        for name, points in (("sources", y), ("targets", x)):
            if points.ndim != 2 or points.shape[0] != d:
                raise ParameterError(
                    f"potential '{self.kernel.potential.name}': {name} cannot be used; "
                    f"got shape {points.shape}, expected ({d}, points). Transpose them."
                )
        if w.shape != y.shape[1:]:
            raise ParameterError(
                f"potential '{self.kernel.potential.name}': weights do not fit the "
                f"sources; got shape {w.shape}, expected {y.shape[1:]}. Give one "
                "weight a source."
            )
        return y, w, x

    def error(
        self, sources: Array, weights: Array, targets: Array, count: int = 32
    ) -> float:
        """Return the root mean square error of some forces, relative to theirs.

        Parameters
        ----------
        sources, weights, targets
            As of :meth:`forces`.
        count
            How many targets, spread evenly through them, are summed over all pairs.
        """
        y, w, x = self._arrays(sources, weights, targets)
        some = np.unique(np.linspace(0, x.shape[1] - 1, count).astype(int))
        sample = np.ascontiguousarray(x[:, some])
        exact = self.direct.forces(y, w, sample)
        wrong = self.forces(y, w, sample) - exact
        size = float(np.sqrt(np.mean(exact**2)))
        error = float(np.sqrt(np.mean(wrong**2)))
        return error / size if size > 0 else error

    def calibrate(self, sources: Array, weights: Array, targets: Array) -> float:
        """Check a series against all pairs and tighten it; return the error.

        The error is that of :meth:`error`; the other ways have none to measure. Then
        the sums at such points meet the tolerance in this sense too, or
        ``auto`` has gone back to all pairs.

        Raises
        ------
        NumericsError
            If the series was asked for and does not reach the tolerance.
        """
        error = 0.0
        for _ in range(3):
            if not isinstance(self.sum, FourierSum | SplitSum):
                return 0.0
            error = self.error(sources, weights, targets)
            if error <= self.tolerance:
                return error
            tighter = 0.3 * self.sum.tolerance * self.tolerance / error
            if self.sum.tolerance <= 1e-14:
                break
            self.sum = self.sum.tightened(max(tighter, 1e-14))
        if self.asked != "auto":
            raise NumericsError(
                f"potential '{self.kernel.potential.name}': forces '{self.asked}' "
                f"cannot reach the tolerance; got an error of {error:.1e}, expected "
                f"{self.tolerance:.1e}. Take forces 'auto', or a larger tolerance."
            )
        self.sum, self.why = self.direct, f"{self.method} reached {error:.1e} only"
        return 0.0

    @property
    def info(self) -> dict[str, Any]:
        """What was chosen and why, as plain data."""
        result: dict[str, Any] = {"forces": self.method, "chosen": self.why}
        if self.approximate:
            result["tolerance"] = self.tolerance
        return result


def _threads() -> int:
    import numba

    return int(numba.get_num_threads())
