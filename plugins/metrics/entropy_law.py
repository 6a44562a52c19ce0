"""The entropy route on the solvable model, exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import mfplug


@dataclass(frozen=True)
class EntropyLaw(mfplug.Observable):
    r"""Relative entropies and Hamming distances of the harmonic model (audit, 4.1).

    ``entropy`` is H_t = KL(F_t | f_t^N), independent of N; ``hamming-lower`` the exact
    dbar of the signs of q, a lower bound of dbar; ``hamming-bound`` sqrt(H/2N) by
    Marton's inequality. ``marginal-entropy`` is KL(F^s | f^s), s = 1, 2, 3, beside what
    subadditivity gives, (s/N) H (``marginal-entropy-chain``), and its exact leading
    term (s/N)^2 sum e_j^2/4 (``marginal-entropy-leading``).
    """

    name: ClassVar[str] = "entropy-law"
    needs: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = (
        "entropy", "hamming-lower", "hamming-bound", "marginal-entropy",
        "marginal-entropy-chain", "marginal-entropy-leading",
    )  # fmt: skip

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return (times - 1) * (0.01 + 1e-4 * min(particles, 10_000))

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the rows at every time after the first."""
        from mfplug.theory.entropy import marginal_entropy_limit, marton_bound
        from mfplug.theory.harmonic import harmonic_law
        from mfplug.theory.sign_law import sign_law

        N = sample.the_particles()
        strength = self._strength(sample.system)
        given = sample.system.initial.parameters()
        start = ((given["qq"], given["qp"]), (given["qp"], given["pp"]))
        rows = []
        for t in sample.times[1:]:
            law = harmonic_law(t - sample.times[0], strength, 0.0, start)
            entropy = law.distances(N).kl_all
            ratio = float(law.excess[0, 0] / law.vlasov[0, 0])
            numbers = {
                ("entropy", ""): entropy,
                ("hamming-lower", ""): sign_law(N, ratio).hamming,
                ("hamming-bound", ""): marton_bound(entropy, N),
            }
            e = law.excess_eigenvalues()
            for s in (1, 2, 3):
                exact = law.distances(N, s).kl
                lead = marginal_entropy_limit((float(e[0]), float(e[1])), s) / N**2
                numbers["marginal-entropy", str(s)] = exact
                numbers["marginal-entropy-chain", str(s)] = s / N * entropy
                numbers["marginal-entropy-leading", str(s)] = lead
            rows += [mfplug.Row(m, t, v, index=i) for (m, i), v in numbers.items()]
        return rows

    def _strength(self, system: mfplug.System) -> float:
        """Return the strength of an attractive harmonic system without external."""
        strength = system.potential.parameters().get("strength", math.nan)
        right = system.potential.name == "harmonic" and strength > 0.0
        right = right and system.initial.name == "gaussian" and system.dimension == 1
        if not right or system.external is not None or system.mass != 1.0:
            raise mfplug.ParameterError(
                f"metric '{self.name}': it has closed forms for attractive harmonic "
                f"systems only; got {system.potential.name} with "
                f"{system.initial.name}, expected harmonic, gaussian, d = 1, mass 1. "
                "Change the system."
            )
        return float(strength)


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [EntropyLaw]
