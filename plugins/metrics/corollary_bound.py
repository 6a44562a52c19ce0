"""The double-exponential bound of Corollary 3.1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import mfplug


@dataclass(frozen=True)
class CorollaryBound(mfplug.Observable):
    r"""Corollary 3.1 for product data f_0^delta, as printed and corrected (audit, E23).

    ``log10-alpha-bound`` is log10 of the corrected bound, with lambda_2 at the best
    kappa and Bernstein's tail for |delta K| <= 2B, sigma^2 <= B^2. With Theorem 2.2,
    ||F^1 - f||_1 <= 2 alpha: ``marginal-corrected`` (alpha is at most 1), and
    ``marginal-printed`` from (72), which is 0 for product data. ``log10-needed`` is
    log10 of the N below which the corollary says nothing, whatever the tail.
    """

    name: ClassVar[str] = "corollary-bound"
    needs: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = (
        "marginal-printed", "marginal-corrected", "log10-alpha-bound", "log10-needed",
    )  # fmt: skip

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 0.02 * times

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the rows at every time after the first."""
        from mfplug.theory.corollary import (
            corollary_bound,
            corollary_particles,
            printed_corollary_bound,
        )
        from mfplug.theory.deviations import bernstein_tail
        from mfplug.theory.propagation import optimal_lambda_2
        from mfplug.theory.score_growth import symmetric_constant

        potential, initial = sample.system.potential, sample.system.initial
        delta = initial.mollifier_width
        if delta is None or sample.system.external is not None:
            raise mfplug.ParameterError(
                f"metric '{self.name}': the corollary is for mollified data without "
                f"external; got '{initial.name}', expected 'mollified'. Change the "
                "system."
            )
        force = potential.gradient_bound
        stretch = symmetric_constant(potential.gradient_lipschitz)
        tail = bernstein_tail(force**2, 2.0 * force)
        source = optimal_lambda_2(sample.the_particles(), 1.0, force, tail).value
        rows = []
        for t in sample.times[1:]:
            time = t - sample.times[0]
            log10 = corollary_bound(delta, force, stretch, source, time)
            printed = printed_corollary_bound(delta, 2.0 * force, stretch, time, 0.0)
            numbers = {
                # Theorem 2.2 in its sharp form: ||F^1 - f||_1 <= 2 alpha, alpha <= 1.
                ("marginal-printed", "1"): 2.0 * printed,
                ("marginal-corrected", "1"): 2.0 * 10.0 ** min(0.0, log10),
                ("log10-alpha-bound", ""): log10,
                ("log10-needed", ""): corollary_particles(delta, force, stretch, time),
            }
            rows += [mfplug.Row(m, t, v, index=i) for (m, i), v in numbers.items()]
        return rows


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [CorollaryBound]
