"""Error of the trajectories against an integrator that is trusted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

import mfplug
from mfplug.dynamics.replay import replay


@dataclass(frozen=True)
class TrajectoryError(mfplug.Observable):
    r"""Distance in phase space from a reference solution of the same N-body problem.

    .. math:: \Big( \frac{1}{R N} \sum_{r, i} |x_i(t) - x_i^{ref}(t)|^2 \Big)^{1/2}

    The ``reference`` integrator starts from the same points, in the first ``clouds``
    replicas, with half the step; without one, it is the ensemble's own with a step 16
    times shorter. No sampling error.
    """

    name: ClassVar[str] = "trajectory-error"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)
    measures: ClassVar[tuple[str, ...]] = ("trajectory-error",)

    reference: mfplug.Integrator | None = mfplug.param(
        None, help="integrator that is trusted; none: the same with step / 16"
    )
    clouds: int = mfplug.param(4, at_least=1, help="replicas that are used, at most")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 4e-6 * particles**2 * min(self.clouds, replicas) + 0.3

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return one row, at the last time."""
        ensemble = sample.the_ensemble()
        ensemble = ensemble.take(slice(0, self.clouds))
        step = ensemble.step / (2 if self.reference else 16)
        q, p = replay(
            replace(ensemble, step=step),
            ensemble.q_storage[0],
            ensemble.p_storage[0],
            self.reference,
        )
        square = np.sum((q - ensemble.q_storage[-1]) ** 2, axis=1)
        square += np.sum((p - ensemble.p_storage[-1]) ** 2, axis=1)
        value = float(np.sqrt(square.mean()))
        return [
            mfplug.Row(
                self.name, sample.times[-1], value, replicas=int(ensemble.replicas)
            )
        ]


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [TrajectoryError]
