"""The constant M of (70), with an external potential."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import mfplug


@dataclass(frozen=True)
class GrowthConstant(mfplug.Observable):
    r"""M of Lemma 3.5, which bounds the growth e^(Mt) of the score along the flow.

    ``growth-constant`` with index ``operator``, max(1/m, L), the M of (70), and
    ``symmetric``, (1/m + L)/2; at the last time. L bounds the Lipschitz constant of the
    force: that of grad phi, and the largest second derivative of V_t met along the
    flow. So an external potential, which drops out of all differences, does enter here.
    Neither needs a bounded score of f_0.
    """

    name: ClassVar[str] = "growth-constant"
    needs: ClassVar[tuple[str, ...]] = ("field",)
    measures: ClassVar[tuple[str, ...]] = ("growth-constant",)

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 0.5

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the two constants."""
        from mfplug.meanfield.suprema import external_supremum
        from mfplug.theory.score_growth import operator_constant, symmetric_constant

        system = sample.system
        lipschitz = system.potential.gradient_lipschitz
        lipschitz += external_supremum(sample.the_field())
        values = {
            "operator": operator_constant(lipschitz, system.mass),
            "symmetric": symmetric_constant(lipschitz, system.mass),
        }
        return [
            mfplug.Row(self.name, sample.times[-1], float(value), index=index)
            for index, value in values.items()
        ]


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [GrowthConstant]
