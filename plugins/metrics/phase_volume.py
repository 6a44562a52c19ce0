"""Liouville's theorem for the integrated flow of all particles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug
from mfplug.dynamics.replay import replay

Array = NDArray[np.float64]

#: Central differences of order 6; with the step below their own error is 1e-12.
SHIFTS = (-3, -2, -1, 1, 2, 3)
WEIGHTS = (-1 / 60, 3 / 20, -3 / 4, 3 / 4, -3 / 20, 1 / 60)
STEP = 1e-3


@dataclass(frozen=True)
class PhaseVolume(mfplug.Observable):
    r"""Change of phase volume, and of the symplectic form, over the whole time.

    .. math:: |\det J - 1|, \qquad \max |J^T \Omega J - \Omega|, \qquad
              J = \frac{\partial X(t)}{\partial X(0)}

    of the flow of all N particles, 2 d N dimensions ((26), (27): integrals over phase
    space do not change). J is taken by differences of order 6 of the integrated flow at
    the first replica. Rows ``volume`` and ``symplectic``; no sampling error.
    """

    name: ClassVar[str] = "phase-volume"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)
    measures: ClassVar[tuple[str, ...]] = ("phase-volume",)

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 4e-7 * particles**3 * dimension * times + 0.5

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return rows volume and symplectic, at the last time."""
        jacobian = self._jacobian(sample.the_ensemble())
        half = len(jacobian) // 2
        omega = np.kron([[0.0, 1.0], [-1.0, 0.0]], np.eye(half))
        form = float(np.abs(jacobian.T @ omega @ jacobian - omega).max())
        sign, log = np.linalg.slogdet(jacobian)
        volume = float(abs(sign * np.exp(log) - 1.0))
        t = sample.times[-1]
        return [
            mfplug.Row(self.name, t, volume, index="volume", replicas=1),
            mfplug.Row(self.name, t, form, index="symplectic", replicas=1),
        ]

    def _jacobian(self, ensemble: mfplug.Ensemble) -> Array:
        """Return dX(t)/dX(0), shape (2dN, 2dN), in the order (all q, all p)."""
        q, p = ensemble.q_storage[0, 0], ensemble.p_storage[0, 0]
        x = np.concatenate([q.ravel(), p.ravel()])
        units = STEP * np.eye(len(x))
        moved = np.stack([x + k * units for k in SHIFTS]).reshape(-1, len(x))
        shape = (len(moved), *q.shape)
        ends = replay(
            ensemble,
            np.ascontiguousarray(moved[:, : q.size]).reshape(shape),
            np.ascontiguousarray(moved[:, q.size :]).reshape(shape),
        )
        flat = np.concatenate([e.reshape(len(moved), -1) for e in ends], axis=1)
        differences = flat.reshape(len(SHIFTS), len(x), len(x))
        return np.tensordot(WEIGHTS, differences, 1).T / STEP


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [PhaseVolume]
