"""Gronwall's lemma against integrated equations."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import mfplug

#: Far below every other rate: here e^(c1 t) - 1 loses all digits without expm1.
SLOW = 1e-9


@dataclass(frozen=True)
class Gronwall(mfplug.Observable):
    r"""Solutions of differential inequalities beside the bounds of section 2.2.

    ``gronwall-value`` at each time, by case: ``linear`` f' = c1 f + c2 and ``slow``,
    the same with c1 = 1e-9, saturate Corollary 2.1; ``varying`` f' = c1 (1 + cos 3t) f
    saturates Theorem 2.1; ``logistic`` f' = (1 - f)(c1 f + c2), the infection that the
    proof of Lemma 3.2 describes, stays below; ``jump`` is f(0) = 0, f(t) = 1 for t > 0,
    which is differentiable on (0, inf) with f' <= 0: the counter-example to Theorem
    2.1 as printed, which does not ask for continuity at 0 (audit, E1). Solved by an
    eighth-order Runge-Kutta method, to compare with ``gronwall-printed`` and
    ``gronwall-corrected`` (the same, with f(0+) for f(0)).
    """

    name: ClassVar[str] = "gronwall"
    needs: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = (
        "gronwall-value",
        "gronwall-printed",
        "gronwall-corrected",
    )

    growth: float = mfplug.param(1.2, above=0.0, help="c1, 1/time")
    source: float = mfplug.param(0.05, above=0.0, help="c2, per time")
    start: float = mfplug.param(0.01, above=0.0, at_most=1.0, help="f(0)")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 0.05

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return values and bounds of every case at every time."""
        rows = []
        first = sample.times[0]
        elapsed = [t - first for t in sample.times]
        for case, slope in self._equations().items():
            values = _solve(slope, self.start, elapsed)
            for t, dt, value in zip(sample.times, elapsed, values, strict=True):
                bound = self._bound(case, dt)
                rows += _three(t, case, value, bound, bound)
        for t, dt in zip(sample.times, elapsed, strict=True):
            value = 1.0 if dt > 0.0 else 0.0
            # As printed from f(0) = 0; corrected from f(0+) = 1.
            rows += _three(t, "jump", value, 0.0, 1.0)
        return rows

    def _equations(self) -> dict[str, Callable[[float, float], float]]:
        a, b = self.growth, self.source
        return {
            "linear": lambda t, f: a * f + b,
            "slow": lambda t, f: SLOW * f + b,
            "varying": lambda t, f: a * (1.0 + math.cos(3.0 * t)) * f,
            "logistic": lambda t, f: (1.0 - f) * (a * f + b),
        }

    def _bound(self, case: str, time: float) -> float:
        from mfplug.theory import gronwall_bound, linear_gronwall_bound

        if case == "varying":
            return gronwall_bound(
                self.start, lambda s: self.growth * (1.0 + math.cos(3.0 * s)), time
            )
        growth = SLOW if case == "slow" else self.growth
        return float(linear_gronwall_bound(self.start, growth, self.source, time))


def _solve(
    slope: Callable[[float, float], float], start: float, times: list[float]
) -> list[float]:
    """Return the solution at times that begin with 0."""
    from scipy.integrate import solve_ivp

    if len(times) == 1:
        return [start]
    found = solve_ivp(
        lambda t, f: [slope(t, f[0])],
        (0.0, times[-1]),
        [start],
        method="DOP853",
        t_eval=times,
        rtol=1e-12,
        atol=1e-15,
    )
    if not found.success:
        raise mfplug.NumericsError(
            f"metric 'gronwall': the equation was not solved ({found.message}); "
            "expected a solution. Take a shorter time."
        )
    return [float(value) for value in found.y[0]]


def _three(
    t: float, case: str, value: float, printed: float, corrected: float
) -> list[mfplug.Row]:
    numbers = {"value": value, "printed": printed, "corrected": corrected}
    return [mfplug.Row(f"gronwall-{k}", t, v, index=case) for k, v in numbers.items()]


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [Gronwall]
