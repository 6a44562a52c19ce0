"""The sign in the expansion of a function carried by the flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug
from mfplug.contracts.integrator import State
from mfplug.dynamics.forces import Forces

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TransportRemainder(mfplug.Observable):
    r"""What is left of the first-order expansion (26), (52) of g along the flow.

    .. math:: \frac{\langle |g(\Phi_{-h} X) - g(X) \pm h\, (\nabla_q g \cdot \dot q +
              \nabla_p g \cdot \dot p)| \rangle}
              {h\, \langle |\nabla_q g \cdot \dot q + \nabla_p g \cdot \dot p| \rangle},
              \qquad g(X) = \frac1N \sum_i \sin(q_{i1} + 2 p_{i1})

    at the first time, averaged over replicas, Newton's flow Phi by the ensemble's
    integrator. ``corrected`` has the sign of the Taylor series (audit, E14) and is
    O(h); ``printed`` has the other one and tends to 2.
    """

    name: ClassVar[str] = "transport-remainder"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)
    measures: ClassVar[tuple[str, ...]] = ("transport-remainder",)

    h: float = mfplug.param(0.01, above=0.0, help="the short time")

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return rows corrected and printed, at the first time."""
        ensemble = sample.the_ensemble()
        t, mass = ensemble.times[0], ensemble.system.mass
        forces = Forces(ensemble.system, ensemble.particles)
        q, p = ensemble.q_storage[0].copy(), ensemble.p_storage[0].copy()
        slope = np.cos(q[:, 0] + 2.0 * p[:, 0])
        rate = np.mean(slope * (p[:, 0] / mass + 2.0 * forces(t, q)[:, 0]), axis=1)
        state = ensemble.integrator.step(State(q, p, mass), t, -self.h, forces)
        change = _value(state.q, state.p) - _value(q, p)
        scale = self.h * float(np.mean(np.abs(rate)))
        if scale == 0.0:
            note = "nothing moves"
            return [mfplug.Row(self.name, t, None, index="corrected", note=note)]
        return [
            mfplug.mean_row(
                self.name, t, np.abs(change + sign * self.h * rate) / scale, index
            )
            for index, sign in (("corrected", 1.0), ("printed", -1.0))
        ]


def _value(q: Array, p: Array) -> Array:
    """Return g of each replica, shape (R,)."""
    return np.mean(np.sin(q[:, 0] + 2.0 * p[:, 0]), axis=1)


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [TransportRemainder]
