"""How far the way forth and back leads from the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import mfplug
from mfplug.dynamics.replay import replay


@dataclass(frozen=True)
class Reversibility(mfplug.Observable):
    r"""Distance from the start after all steps and the same steps with -dt.

    .. math:: \max_i |\Phi_{-\Delta t}^n \Phi_{\Delta t}^n x_i(0) - x_i(0)|

    over all particles and the first ``clouds`` replicas. Newton's equations are
    reversible, (2); a symmetric integrator is so up to rounding, any other of even
    order p up to O(dt^(p + 1)), because the leading errors of one step and of the step
    back cancel. No sampling error.
    """

    name: ClassVar[str] = "reversibility"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)
    measures: ClassVar[tuple[str, ...]] = ("reversibility",)

    clouds: int = mfplug.param(4, at_least=1, help="replicas that are used, at most")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 1e-6 * particles**2 * min(self.clouds, replicas) + 0.2

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return one row, at the last time."""
        ensemble = sample.the_ensemble()
        ensemble = ensemble.take(slice(0, self.clouds))
        q, p = replay(
            ensemble,
            ensemble.q_storage[-1].copy(),
            ensemble.p_storage[-1].copy(),
            backwards=True,
        )
        square = np.sum((q - ensemble.q_storage[0]) ** 2, axis=1)
        square += np.sum((p - ensemble.p_storage[0]) ** 2, axis=1)
        value = float(np.sqrt(square.max()))
        return [
            mfplug.Row(
                self.name, sample.times[-1], value, replicas=int(ensemble.replicas)
            )
        ]


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [Reversibility]
