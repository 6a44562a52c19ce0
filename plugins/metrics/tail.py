"""Large deviations of the force on one particle: Omega^k of Lemma 3.1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

import mfplug

if TYPE_CHECKING:
    from mfplug.theory.tails import FluctuationLaw

NODES = 2048


@dataclass(frozen=True)
class Tail(mfplug.Observable):
    r"""-log10 P(N^-1 sum_j delta K(q_i, q_j) > N^(-1/2 + kappa)), exact and bounded.

    For a homogeneous state on the circle, where delta K = grad phi(q_i - q_j) has one
    law for every q_i and no self term (audit, E12); N - 1 independent terms. The index
    of a row is kappa. ``tail-exact`` inverts the characteristic function,
    ``tail-sampled`` draws by exponential tilting, ``tail-chernoff`` is the best
    exponential bound for N terms, ``tail-printed`` Lemma 3.1 with r = 1,
    ``tail-corrected`` and ``tail-taylor`` (63) with its r and the constants 1/2 and 1/6
    (audit, E11), then ``tail-hoeffding`` and ``tail-bernstein``. An upper bound of the
    probability is a lower bound of these numbers, and negative where it exceeds 1.
    ``tail-log-r`` is the natural logarithm of the r of (63), outside the exponent, and
    ``tail-r-gap`` is 1 - r for the r of (60) inside the exponent that says the same.
    """

    name: ClassVar[str] = "tail"
    needs: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = (
        "tail-exact", "tail-chernoff", "tail-printed", "tail-corrected", "tail-taylor",
        "tail-hoeffding", "tail-bernstein", "tail-log-r", "tail-r-gap", "tail-sampled",
    )  # fmt: skip

    kappas: tuple[float, ...] = mfplug.param(
        (0.05, 0.1, 0.25), help="exponents of the threshold, in ]0, 1/2["
    )
    draws: int = mfplug.param(400, at_least=2, help="samples of a rare event")
    largest: int = mfplug.param(1000, at_least=1, help="largest N that is sampled")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.kappas or not all(0.0 < k < 0.5 for k in self.kappas):
            raise mfplug.ParameterError(
                f"metric 'tail': kappas are wrong; got {list(self.kappas)}, expected "
                "numbers between 0 and 1/2. Change them."
            )

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        sampled = 3e-7 * particles * self.draws * (particles <= self.largest)
        return len(self.kappas) * (0.2 + sampled)

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return all rows of every kappa, at the first time."""
        law, N = _law(sample.system), sample.the_particles()
        rows = []
        for kappa in self.kappas:
            found = self._numbers(law, N, kappa)
            rows += [
                mfplug.Row(f"tail-{name}", sample.times[0], value, index=f"{kappa:g}")
                for name, value in found.items()
            ]
            if self.largest >= N:
                rows.append(self._sampled(law, N, kappa, sample))
        return rows

    def _numbers(self, law: FluctuationLaw, N: int, kappa: float) -> dict[str, float]:
        from mfplug.theory.deviations import tail_bounds
        from mfplug.theory.tails import chernoff_bound, exact_tail

        level = float(N) ** (0.5 + kappa)
        bounds = tail_bounds(law, N, kappa)
        logs = {
            "exact": exact_tail(law, N - 1, level),
            "chernoff": chernoff_bound(law, N, level),
            "printed": bounds.printed,
            "corrected": bounds.corrected,
            "taylor": tail_bounds(law, N, kappa, 1.0 / 6.0).corrected,
            "hoeffding": bounds.hoeffding,
            "bernstein": bounds.bernstein,
        }
        found = {name: -value / math.log(10.0) for name, value in logs.items()}
        return found | {"log-r": bounds.log_r, "r-gap": 1.0 - bounds.r_inside}

    def _sampled(
        self, law: FluctuationLaw, N: int, kappa: float, sample: mfplug.Sample
    ) -> mfplug.Row:
        from mfplug.theory.tails import sampled_tail

        level = float(N) ** (0.5 + kappa)
        value, error = sampled_tail(law, N - 1, level, self.draws, sample.rng)
        index, t = f"{kappa:g}", sample.times[0]
        if value <= 0.0:
            why = f"none of {self.draws} samples is beyond the threshold"
            return mfplug.Row("tail-sampled", t, None, index=index, note=why)
        # Delta method for the logarithm.
        log, stderr = -math.log10(value), error / (value * math.log(10.0))
        return mfplug.Row(
            "tail-sampled",
            t,
            log,
            stderr,
            log - 1.96 * stderr,
            log + 1.96 * stderr,
            index,
            self.draws,
        )


def _law(system: mfplug.System) -> FluctuationLaw:
    """Return the law of delta K in a homogeneous state on the circle."""
    from mfplug.theory.tails import FluctuationLaw

    box, d = system.box, system.dimension
    amplitude = system.initial.parameters().get("amplitude")
    if box is None or d != 1 or amplitude != 0.0:
        raise mfplug.ParameterError(
            "metric 'tail': it needs a homogeneous state on the circle; got d = "
            f"{d}, box {box} and initial '{system.initial.name}', expected d = 1, a "
            "box and `homogeneous` with amplitude 0. Change the system."
        )
    potential = system.potential

    def values(positions: np.ndarray) -> np.ndarray:
        # The nearest image: positions are differences within half a box of 0.
        near = positions - box * np.rint(positions / box)
        return np.asarray(potential.gradient(near[:, None])[:, 0])

    grid = values(box * (np.arange(NODES) + 0.5) / NODES)
    return FluctuationLaw(
        grid,
        np.full(NODES, 1.0 / NODES),
        lambda rng, n: values(rng.uniform(0.0, box, n)),
    )


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [Tail]
