"""The counter-example to Lemma 3.2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import mfplug


@dataclass(frozen=True)
class CounterExample(mfplug.Observable):
    r"""Alpha of two particles that jumps from 1/2 to 1 in the time 1/M (audit, E6).

    ``counter-example-alpha`` is the counting measure on three cells at M t = ``phase``,
    a lower bound of alpha_t; at t = 0 alpha is 1/2, as one particle is bad.
    ``counter-example-printed`` is what Lemma 3.2 with Gronwall's lemma allows, the tail
    set to 1 and kappa = 0.01: it does not depend on M but through t.
    ``counter-example-limit`` is min(1, 1/2 + M t), the limit M -> inf of alpha. The
    system's own potential and law take no part: they are those of the example.
    """

    name: ClassVar[str] = "counter-example"
    needs: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = (
        "counter-example-alpha",
        "counter-example-limit",
        "counter-example-printed",
    )

    M: float = mfplug.param(
        200.0, at_least=8.0, at_most=1e5, help="stripes by unit of momentum"
    )
    phase: float = mfplug.param(1.0, at_least=0.0, at_most=1.0, help="M t")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 0.15

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return alpha, its limit, and the bound of the lemma."""
        from mfplug.theory import counterexample
        from mfplug.theory.propagation import alpha_bound, lambda_1, lambda_2

        law = counterexample.coarse_law(self.M, self.phase)
        score, force = counterexample.SCORE, counterexample.FORCE_BOUND
        source = lambda_2(
            counterexample.PARTICLES, 0.01, score, force, lambda N, kappa: 1.0
        )
        time = self.phase / self.M
        printed = float(alpha_bound(0.5, lambda_1(score, force), source, time))
        numbers = {
            "alpha": law.alpha,
            "limit": counterexample.limit_alpha(self.phase),
            "printed": printed,
        }
        return [mfplug.Row(f"{self.name}-{k}", None, v) for k, v in numbers.items()]


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [CounterExample]
