"""The largest score along the flow of the mean field: Lemma 3.5."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

import mfplug


@dataclass(frozen=True)
class ScoreFlow(mfplug.Observable):
    r"""sup |s_t|, s_t = grad_x log f_t, beside e^(Mt) sup |s_0| for three M (E22).

    ``score-flow`` is the largest score that a search over phase space attains. Bounds:

    - ``score-flow-operator``: M = max(1/m, L), the operator norm in the proof;
    - ``score-flow-symmetric``: M = (1/m + L)/2, its symmetric part;
    - ``score-flow-logarithmic``: exp of the integral of
      1/2 sup_q ||I/m + DK(t, q)|| along the solution, by the trapezoidal rule.

    L bounds the Lipschitz constant of the whole force: that of grad phi, and the
    largest second derivative of the external potential met along the flow, which (10)
    adds. ``score-flow-printed`` is (70) for mollified data, with 3 sqrt(2d)/delta (2d =
    6 in the thesis). ``score-flow-exact`` is ||J^-T||/delta for one mollified point
    where phi = 0: J is then the matrix of a linear flow.
    """

    name: ClassVar[str] = "score-flow"
    needs: ClassVar[tuple[str, ...]] = ("field",)
    measures: ClassVar[tuple[str, ...]] = (
        "score-flow", "score-flow-operator", "score-flow-symmetric",
        "score-flow-logarithmic", "score-flow-printed", "score-flow-exact",
    )  # fmt: skip

    substeps: int = mfplug.param(
        4, at_least=1, help="intervals of the integral of M between two times"
    )

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 0.35 * times * self.substeps * dimension

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the supremum and its bounds at every time.

        Raises
        ------
        ParameterError
            If the score of f_0 is not bounded: the lemma then says nothing.
        """
        from mfplug.meanfield.suprema import external_supremum, score_supremum
        from mfplug.theory.score_growth import (
            operator_constant,
            score_growth_bound,
            symmetric_constant,
        )

        field, system = sample.the_field(), sample.system
        start = system.initial.score_bound
        if not math.isfinite(start):
            raise mfplug.ParameterError(
                f"metric '{self.name}': Lemma 3.5 needs a bounded score; got initial "
                f"'{system.initial.name}' with an unbounded one, expected a law such "
                "as 'mollified'. Change the initial law."
            )
        lipschitz = system.potential.gradient_lipschitz + external_supremum(field)
        constants = {
            "operator": operator_constant(lipschitz, system.mass),
            "symmetric": symmetric_constant(lipschitz, system.mass),
        }
        integral = self._integrals(field, sample.times)
        rows = []
        for t, log_growth in zip(sample.times, integral, strict=True):
            elapsed = t - sample.times[0]
            numbers = {
                f"{self.name}-{key}": float(score_growth_bound(start, M, elapsed))
                for key, M in constants.items()
            }
            numbers[f"{self.name}-logarithmic"] = start * math.exp(log_growth)
            delta = getattr(system.initial, "delta", None)
            if delta is not None:
                printed = 3.0 * math.sqrt(2.0 * system.dimension) / delta
                numbers[f"{self.name}-printed"] = float(
                    score_growth_bound(printed, constants["operator"], elapsed)
                )
                if system.potential.gradient_lipschitz == 0.0:
                    numbers[f"{self.name}-exact"] = _linear(field, t) / delta
            rows.append(mfplug.Row(self.name, t, score_supremum(field, t).value))
            rows += [mfplug.Row(name, t, value) for name, value in numbers.items()]
        return rows

    def _integrals(
        self, field: mfplug.MeanField, times: tuple[float, ...]
    ) -> list[float]:
        """Return the integral of 1/2 sup ||I/m + DK|| from the first time to each."""
        from mfplug.meanfield.suprema import growth_supremum

        total = [0.0]
        before = growth_supremum(field, times[0]).value
        for left, right in pairwise(times):
            step = (right - left) / self.substeps
            part = 0.0
            for k in range(1, self.substeps + 1):
                after = growth_supremum(field, left + k * step).value
                part += 0.5 * step * (before + after)
                before = after
            total.append(total[-1] + part)
        return total


def _linear(field: mfplug.MeanField, t: float) -> float:
    """Return ||J^-T||, by which a linear flow stretches the score of a point mass."""
    zero = np.zeros((1, field.system.dimension))
    _, _, jacobian = field.tangent_flow(zero, zero, field.times[0], t)
    return float(np.linalg.norm(np.linalg.inv(jacobian[0]), 2))


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [ScoreFlow]
