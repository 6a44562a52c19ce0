"""The bounds of alpha_t for a homogeneous HMF state, and exact lower bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import mfplug

#: sup and variance of delta K = sin(q_i - q_j), by unit of the strength.
DEVIATION, VARIANCE = 1.0, 0.5


@dataclass(frozen=True)
class AlphaBounds(mfplug.Observable):
    r"""Upper and lower bounds of alpha_t for product data, HMF with Lorentz momenta.

    This state meets every hypothesis of Theorem 3.1 (on the circle), and is stationary,
    so that lambda_1 and lambda_2 are constant. ``alpha-gronwall`` is Theorem 3.1 with
    lambda_2 at its best kappa and Bernstein's tail (audit, E19); ``alpha-logistic`` the
    infection with a = N^(-1/2 + kappa), N^(2 kappa) = 3 log N, and b = ||delta K|| = 1:
    delta K is a sine, whose mean over rho is 0 (E12). Both rest on the repair of E6.
    ``alpha-entropy`` is the entropy bound, of dbar, proved in the limit.
    ``alpha-lower``: ``hmf``, (sqrt(C) - 1)/sqrt(pi N) in the limit N -> inf (audit,
    4.3); ``signs``, exact at each N up to 10 000, for the harmonic model (audit, 4.1)
    with v = C - 1. ``log10-needed``: log10 of the N from which a bound is below 1.
    """

    name: ClassVar[str] = "alpha-bounds"
    needs: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = (
        "alpha-gronwall", "alpha-logistic", "alpha-entropy", "alpha-lower",
        "log10-needed",
    )  # fmt: skip

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 0.1 + (times - 1) * (1e-3 + 1e-4 * min(particles, 10_000))

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return bounds at every time after the first."""
        N = sample.the_particles()
        width = self._width(sample.system)
        rows = []
        for t in sample.times[1:]:
            numbers = self._numbers(N, t - sample.times[0], width)
            rows += [mfplug.Row(m, t, v, index=i) for (m, i), v in numbers.items()]
        return rows

    def _width(self, system: mfplug.System) -> float:
        """Return gamma of the one state that the formulas are for."""
        box = 2.0 * math.pi
        given = system.initial.parameters() | system.potential.parameters()
        names = (system.potential.name, system.initial.name, given.get("momentum"))
        right = names == ("cosine", "homogeneous", "lorentz")
        right = right and given["strength"] == -1.0 and given["amplitude"] == 0.0
        right = right and system.box is not None and math.isclose(system.box, box)
        if not (right and system.external is None and system.dimension == 1):
            raise mfplug.ParameterError(
                f"metric '{self.name}': the system is not HMF with homogeneous Lorentz "
                f"data; got {names}, expected cosine of strength -1, homogeneous of "
                "momentum lorentz, box 2 pi. Change the system."
            )
        return float(given["width"])

    def _numbers(
        self, N: int, time: float, width: float
    ) -> dict[tuple[str, str], float]:
        from mfplug.theory.collective import (
            alpha_lower_limit,
            lorentz_collective_variance,
        )
        from mfplug.theory.entropy import entropy_bound, marton_bound
        from mfplug.theory.sign_law import LARGEST, sign_law

        variance = lorentz_collective_variance(time, width, attractive=True)
        entropy = entropy_bound(0.5 / width**2, time)
        numbers = {
            ("alpha-gronwall", "hmf"): _gronwall(N, time, width),
            ("alpha-logistic", "hmf"): _logistic(N, time, width),
            ("alpha-entropy", "hmf"): marton_bound(entropy, N),
            ("alpha-lower", "hmf"): alpha_lower_limit(variance) / math.sqrt(N),
            ("log10-needed", "gronwall"): _needed(lambda n: _gronwall(n, time, width)),
            ("log10-needed", "entropy"): math.log10(max(1.0, 0.5 * entropy)),
        }
        if N <= LARGEST:
            signs = sign_law(N, variance - 1.0)
            numbers["alpha-lower", "signs"] = signs.alpha_lower
        return numbers


def _gronwall(N: float, time: float, width: float) -> float:
    from mfplug.theory.deviations import bernstein_tail
    from mfplug.theory.propagation import alpha_bound, lambda_1, optimal_lambda_2

    tail = bernstein_tail(VARIANCE, DEVIATION)
    source = optimal_lambda_2(N, 1.0 / width, DEVIATION, tail).value
    return float(alpha_bound(0.0, lambda_1(1.0 / width, DEVIATION), source, time))


def _logistic(N: float, time: float, width: float) -> float:
    from mfplug.theory.propagation import logistic_bound

    level = math.sqrt(3.0 * math.log(N) / N)
    return float(logistic_bound(1.0 / width, DEVIATION, level, time))


def _needed(bound: Callable[[float], float]) -> float:
    """Return log10 of the N at which a falling bound is 1."""
    low, high = 0.0, 1.0
    while bound(10.0**high) > 1.0:
        low, high = high, 2.0 * high
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if bound(10.0**middle) > 1.0 else (low, middle)
    return high


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [AlphaBounds]
