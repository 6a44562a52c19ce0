"""Growth of the distance of two clouds, for Neunzert's estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug
from mfplug.contracts.integrator import State
from mfplug.dynamics.forces import Forces
from mfplug.dynamics.simulate import step_lengths

Array = NDArray[np.float64]

KINDS = ("shift", "kick", "squeeze", "noise")


@dataclass(frozen=True)
class CloudGrowth(mfplug.Observable):
    r"""Largest ratio d_BL(mu_t, nu_t) / d_BL(mu_0, nu_0) over pairs of clouds.

    Empirical measures of N particles solve the Vlasov equation exactly, so
    Neunzert's estimate (44) holds for any two of them. mu is a replica of the ensemble,
    nu the same cloud perturbed at the first time and advanced by the same integrator:
    ``shift`` moves q, ``kick`` moves p, ``squeeze`` scales q about its mean, ``noise``
    displaces each particle independently. Rows by kind of perturbation; the value is
    the largest ratio over the clouds, to be compared with e^(ct).
    """

    name: ClassVar[str] = "cloud-growth"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)

    clouds: int = mfplug.param(8, at_least=1, help="replicas that are used, at most")
    size: float = mfplug.param(0.05, above=0.0, help="size of the perturbation")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        pairs = min(self.clouds, replicas) * len(KINDS) * times
        return pairs * (3e-7 * particles**2 + 2e-3)

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the largest ratio for each perturbation and time."""
        from mfplug.theory.transport import bounded_lipschitz

        count = min(self.clouds, sample.ensemble.replicas)
        rows = []
        for kind in KINDS:
            moved = self._perturbed(sample, kind, count)
            first = None
            for k, (t, q, p) in enumerate(self._advance(sample.ensemble, *moved)):
                distances = np.array(
                    [
                        bounded_lipschitz(self._cloud(sample, k, r), _flat(q[r], p[r]))
                        for r in range(count)
                    ]
                )
                first = distances if first is None else first
                ratio = float(np.max(distances / first))
                rows.append(mfplug.Row(self.name, t, ratio, index=kind, replicas=count))
        return rows

    def _perturbed(
        self, sample: mfplug.Sample, kind: str, count: int
    ) -> tuple[Array, Array]:
        """Return perturbed initial points, shape (clouds, d, N)."""
        q = sample.ensemble.q_storage[0, :count].copy()
        p = sample.ensemble.p_storage[0, :count].copy()
        if kind == "shift":
            q[:, 0] += self.size
        elif kind == "kick":
            p[:, 0] += self.size
        elif kind == "squeeze":
            centre = q.mean(axis=2, keepdims=True)
            q = centre + (1 - self.size) * (q - centre)
        else:
            q += self.size * sample.rng.standard_normal(q.shape)
            p += self.size * sample.rng.standard_normal(p.shape)
        return q, p

    def _advance(self, ensemble: mfplug.Ensemble, q: Array, p: Array):  # noqa: ANN202
        """Yield (time, q, p) of the perturbed clouds at the snapshot times."""
        forces = Forces(ensemble.system, ensemble.particles)
        state = State(q, p, ensemble.system.mass)
        times = ensemble.times
        yield times[0], state.q, state.p
        for start, end in zip(times[:-1], times[1:], strict=True):
            t = start
            for dt in step_lengths(start, end, ensemble.step):
                state = ensemble.integrator.step(state, t, dt, forces)
                t += dt
            yield end, state.q, state.p

    @staticmethod
    def _cloud(sample: mfplug.Sample, k: int, r: int) -> Array:
        return _flat(sample.ensemble.q_storage[k, r], sample.ensemble.p_storage[k, r])


def _flat(q: Array, p: Array) -> Array:
    """Return points (N, 2d) from components (d, N)."""
    return np.ascontiguousarray(np.concatenate([q, p], axis=0).T)


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [CloudGrowth]
