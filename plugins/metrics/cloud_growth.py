"""Growth of the distance of two clouds, for Neunzert's estimate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug
from mfplug.contracts.integrator import State
from mfplug.dynamics.advance import step_lengths
from mfplug.dynamics.forces import Forces

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
    measures: ClassVar[tuple[str, ...]] = ("cloud-growth",)

    clouds: int = mfplug.param(8, at_least=1, help="replicas that are used, at most")
    size: float = mfplug.param(0.05, above=0.0, help="size of the perturbation")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        pairs = min(self.clouds, replicas) * len(KINDS) * times
        return pairs * (3e-7 * particles**2 + 2e-3)

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the largest ratio for each perturbation and time after the first."""
        from mfplug.theory.transport import bounded_lipschitz

        ensemble = sample.the_ensemble()
        count = min(self.clouds, ensemble.replicas)
        rows = []
        for kind in KINDS:
            moved = self._perturbed(ensemble, sample.rng, kind, count)
            first = None
            for k, (t, q, p) in enumerate(self._advance(ensemble, *moved)):
                distances = np.array(
                    [
                        bounded_lipschitz(_cloud(ensemble, k, r), _flat(q[r], p[r]))
                        for r in range(count)
                    ]
                )
                first = distances if first is None else first
                if k > 0:
                    rows.append(self._row(t, kind, first, distances))
        return rows

    def _row(self, t: float, kind: str, first: Array, distances: Array) -> mfplug.Row:
        # One particle is its own centre: squeezing does not move it.
        moved = first > 0
        if not moved.any():
            note = f"the perturbation '{kind}' moves no particle"
            return mfplug.Row(self.name, t, None, index=kind, note=note)
        ratio = float(np.max(distances[moved] / first[moved]))
        count = int(np.count_nonzero(moved))
        return mfplug.Row(self.name, t, ratio, index=kind, replicas=count)

    def _perturbed(
        self,
        ensemble: mfplug.Ensemble,
        rng: np.random.Generator,
        kind: str,
        count: int,
    ) -> tuple[Array, Array]:
        """Return perturbed initial points, shape (clouds, d, N)."""
        q = ensemble.q_storage[0, :count].copy()
        p = ensemble.p_storage[0, :count].copy()
        if kind == "shift":
            q[:, 0] += self.size
        elif kind == "kick":
            p[:, 0] += self.size
        elif kind == "squeeze":
            centre = q.mean(axis=2, keepdims=True)
            q = centre + (1 - self.size) * (q - centre)
        else:
            q += self.size * rng.standard_normal(q.shape)
            p += self.size * rng.standard_normal(p.shape)
        return q, p

    def _advance(
        self, ensemble: mfplug.Ensemble, q: Array, p: Array
    ) -> Iterator[tuple[float, Array, Array]]:
        """Yield (time, q, p) of the perturbed clouds at the snapshot times."""
        forces = Forces(ensemble.system, ensemble.particles)
        state = State(q, p, ensemble.system.mass)
        times = ensemble.times
        yield times[0], state.q, state.p
        for start, end in pairwise(times):
            t = start
            for dt in step_lengths(start, end, ensemble.step):
                state = ensemble.integrator.step(state, t, dt, forces)
                t += dt
            yield end, state.q, state.p


def _cloud(ensemble: mfplug.Ensemble, k: int, r: int) -> Array:
    return _flat(ensemble.q_storage[k, r], ensemble.p_storage[k, r])


def _flat(q: Array, p: Array) -> Array:
    """Return points (N, 2d) from components (d, N)."""
    return np.ascontiguousarray(np.concatenate([q, p], axis=0).T)


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [CloudGrowth]
