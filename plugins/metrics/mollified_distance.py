"""The distance of a density to its mollified form, Lemma 3.4, and what it is for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import mfplug


@dataclass(frozen=True)
class MollifiedDistance(mfplug.Observable):
    r"""||f^delta - f||_1 for f = N(0, 1) on the line, and the N it allows and needs.

    ``mollified-distance`` is Lemma 3.4 by quadrature; ``mollified-distance-bound`` is
    (1/2) ||f''||_1 E r^2, sharp for delta -> 0. Density does not extend Theorem 3.1
    to f (audit, E24): ``log10-particles``, ``allowed``, is the largest N for which N
    copies of f and of f^delta are closer than ``gap`` in total variation; ``needed`` is
    the N below which Corollary 3.1 says nothing of f^delta, with the system's potential
    and the last time (a lower limit of it, whatever the tail of Lemma 3.1).
    """

    name: ClassVar[str] = "mollified-distance"
    needs: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = (
        "mollified-distance", "mollified-distance-bound", "log10-particles",
        "log10-particles-allowed",
    )  # fmt: skip

    gap: float = mfplug.param(0.1, above=0.0, below=1.0, help="allowed distance")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 0.6

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the distance, its bound, and the two numbers of particles."""
        from mfplug.theory.mollified import (
            mollified_distance_bound,
            mollified_gaussian_distance,
        )

        delta = sample.system.initial.mollifier_width
        if delta is None:
            raise mfplug.ParameterError(
                f"metric '{self.name}': the initial law is "
                f"'{sample.system.initial.name}', expected 'mollified'. Set `initial: "
                "{name: mollified}`."
            )
        distance = mollified_gaussian_distance(delta)
        # TV of N-fold products is at most N TV = N ||.||_1 / 2.
        allowed = math.log10(2.0 * self.gap / distance)
        numbers = {
            ("mollified-distance", ""): distance,
            ("mollified-distance-bound", ""): mollified_distance_bound(delta),
            ("log10-particles", "allowed"): allowed,
            ("log10-particles", "needed"): self._needed(sample, delta),
            ("log10-particles-allowed", "needed"): allowed,
        }
        return [mfplug.Row(m, None, v, index=i) for (m, i), v in numbers.items()]

    def _needed(self, sample: mfplug.Sample, delta: float) -> float:
        """Return log10 of the N below which Corollary 3.1 says nothing."""
        from mfplug.theory.corollary import corollary_particles
        from mfplug.theory.score_growth import symmetric_constant

        potential = sample.system.potential
        return corollary_particles(
            delta,
            potential.gradient_bound,
            symmetric_constant(potential.gradient_lipschitz),
            sample.times[-1] - sample.times[0],
        )


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [MollifiedDistance]
