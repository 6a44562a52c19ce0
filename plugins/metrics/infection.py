"""The optimal sectors c_k(t), and the pure-birth process of the proof."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug

if TYPE_CHECKING:
    from mfplug.theory.counting import CountingMeasure
    from mfplug.theory.counting.certify import Problem

Array = NDArray[np.float64]

#: Replicas without which a law says nothing, and parts that errors are taken from.
FEWEST, PARTS = 40, 4


@dataclass(frozen=True)
class Infection(mfplug.Observable):
    r"""Sectors of Definition 2.3 against the infection of (28)-(34), at each time.

    For a homogeneous state on a torus in d = 1, which is stationary: the number of
    particles in a half of the torus, averaged over where the half begins, has the
    binomial law if they are independent. At every time after the first, of its law in
    the replicas (one map of each particle, so that all of it bounds from below):

    - ``infection-alpha``: alpha, biased upwards by sampling; ``lower`` is a certificate
      of one half of the replicas on the other, ``upper`` the value plus 1.96 errors;
      ``infection-null`` is what the same replicas give at the first time, where the
      particles are independent;
    - ``sector``, index k: c_k of one optimal decomposition, between the least and the
      largest that the optimal face allows, if N is at most ``largest``;
      ``sector-near``, the same with the range of the decompositions that cost at most
      one standard error of alpha more: the proof takes such ones, (30), and the sample
      tells no closer; ``sector-error``, the standard error of c_k by four parts of
      the replicas; ``sector-mean``, sum (k/N) c_k: the rest of alpha is negative parts.

    Of the process, with S, \|\|delta K\|\|, N^(2 kappa) = 3 log N and Bernstein's tail:

    - ``birth``, index k: P(k_t = k), corrected; ``birth-mean``, E k_t/N;
      ``birth-negative``, the allowed negative parts; ``birth-bound``, their sum, at
      most 1; ``birth-logistic``, the logistic curve above the mean; ``birth-gronwall``
      (35) with lambda_1 and lambda_2 of Lemma 3.2 at this kappa;
    - ``birth-misfit``: the negative parts that a decomposition of the sampled law needs
      if its sectors are those of the process;
    - ``birth-beyond``, index ``printed`` and ``corrected``: the mass that has jumped
      beyond k = N.
    """

    name: ClassVar[str] = "infection"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)
    measures: ClassVar[tuple[str, ...]] = (
        "infection-alpha", "infection-null", "sector", "sector-near", "sector-mean",
        "sector-error", "birth", "birth-mean", "birth-negative", "birth-bound",
        "birth-logistic", "birth-gronwall", "birth-misfit", "birth-beyond",
    )  # fmt: skip

    largest: int = mfplug.param(
        16, at_least=0, help="largest N at which sectors have ranges"
    )

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        solving = 1e-6 * particles**3.0 + 0.01
        ranging = 5e-7 * particles**4.2 if particles <= self.largest else 0.0
        return times * (8.0 * solving + ranging + 4e-7 * particles * replicas)

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return sectors and process at every time after the first."""
        from mfplug.theory.counting.arcs import half_counts

        ensemble = sample.the_ensemble()
        constants = _constants(sample.system, ensemble.particles)
        if ensemble.replicas < FEWEST:
            raise mfplug.ParameterError(
                f"metric '{self.name}': too few replicas to say anything; got "
                f"{ensemble.replicas}, expected at least {FEWEST}. Simulate more."
            )
        counts = [
            half_counts(ensemble.q[place, :, :, 0], constants.box)
            for place in range(len(sample.times))
        ]
        null = mfplug.counting_measure(_law(counts[0]), (0.5, 0.5)).value
        rows = []
        for place, t in enumerate(sample.times[1:], start=1):
            rows.append(mfplug.Row("infection-null", t, null))
            rows += self._sectors(t, counts[place])
            elapsed = t - sample.times[0]
            rows += _process(t, elapsed, constants, _problem(counts[place]))
        return rows

    def _sectors(self, t: float, counts: Array) -> list[mfplug.Row]:
        from mfplug.theory.birth import mean_share

        count = counts.shape[0]
        a = mfplug.counting_measure(_law(counts), (0.5, 0.5))
        lower, error = _limits(counts)
        upper = min(1.0, a.value + 1.959964 * error)
        found = "infection-alpha", t, a.value, error, min(lower, a.value), upper
        rows = [
            mfplug.Row(*found, replicas=count),
            mfplug.Row("sector-mean", t, mean_share(a.sectors)),
        ]
        errors = _errors(counts)
        face = near = np.stack([a.sectors, a.sectors], axis=1)
        if counts.shape[1] - 1 <= self.largest:
            face, near = a.sector_ranges(), a.sector_ranges(error)
        for k, c in enumerate(a.sectors):
            rows.append(mfplug.Row("sector-error", t, float(errors[k]), index=str(k)))
            for name, ends in (("sector", face[k]), ("sector-near", near[k])):
                # The ends are right to the solver's tolerance, c_k is repaired.
                low, high = float(min(c, ends[0])), float(max(c, ends[1]))
                value = name, t, float(c), None, low, high, str(k)
                rows.append(mfplug.Row(*value, replicas=count))
        return rows


@dataclass(frozen=True)
class _Constants:
    """What the process needs: N, kappa, S, B = sup |delta K|, its variance."""

    particles: int
    kappa: float
    score: float
    force: float
    variance: float
    box: float

    @property
    def level(self) -> float:
        """N^(-1/2 + kappa)."""
        return float(self.particles ** (self.kappa - 0.5))


def _constants(system: mfplug.System, particles: int) -> _Constants:
    """Return the constants of a system, if it is one that they are known for."""
    law, potential, box = system.initial, system.potential, system.box
    plain = system.dimension == 1 and system.external is None and system.beta == 0.0
    plain = plain and law.name == "homogeneous" and system.mass == 1.0
    flat = plain and law.parameters()["amplitude"] == 0.0
    if not flat or box is None or not math.isfinite(law.score_bound):
        raise mfplug.ParameterError(
            "metric 'infection': the process is not known for this system; got "
            f"'{potential.name}' with '{law.name}' in d = {system.dimension}, expected "
            "homogeneous data of amplitude 0 with a bounded score (lorentz, student), "
            "d = 1, mass 1, beta = 0 and no external potential. Change the system."
        )
    power = 3.0 * math.log(particles) if particles > 1 else 0.0
    if not 1.0 < power < particles:
        raise mfplug.ParameterError(
            f"metric 'infection': too few particles; got N = {particles}, expected at "
            "least 5, so that N^(2 kappa) = 3 log N has kappa < 1/2. Take more."
        )
    kappa = 0.5 * math.log(power) / math.log(particles)
    # Equidistant points: exact for a cosine, and for every smooth periodic force.
    places: Array = box * ((np.arange(4096) + 0.5)[:, None] / 4096 - 0.5)
    variance = float(np.mean(potential.gradient(places) ** 2))
    force = float(potential.gradient_bound)
    return _Constants(particles, kappa, law.score_bound, force, variance, box)


def _process(
    t: float, elapsed: float, known: _Constants, problem: Problem
) -> list[mfplug.Row]:
    from mfplug.theory import birth, propagation
    from mfplug.theory.counting.variants import given_sectors
    from mfplug.theory.deviations import bernstein_tail

    N, kappa, S, B = known.particles, known.kappa, known.score, known.force
    tail = bernstein_tail(known.variance, B)
    # The mean force vanishes, so that |delta K| <= B, and not 2B.
    process = birth.corrected_process(N, kappa, S, B)
    law = process.law(elapsed)
    mean = birth.mean_share(law)
    negative = birth.negative_mass(process, law, kappa, S, B, tail)
    printed = birth.printed_process(N, kappa, S, B).law(elapsed)
    source = propagation.lambda_2(N, kappa, S, B, tail)
    growth = propagation.lambda_1(S, B)
    numbers = {
        ("birth-mean", ""): mean,
        ("birth-negative", ""): negative,
        ("birth-bound", ""): min(1.0, mean + negative),
        ("birth-logistic", ""): float(
            propagation.logistic_bound(S, B, known.level, elapsed)
        ),
        ("birth-gronwall", ""): float(
            propagation.alpha_bound(0.0, growth, source, elapsed)
        ),
        ("birth-misfit", ""): given_sectors(problem, law),
        ("birth-beyond", "printed"): max(0.0, 1.0 - math.fsum(printed)),
        ("birth-beyond", "corrected"): max(0.0, 1.0 - math.fsum(law)),
    }
    numbers |= {("birth", str(k)): float(p) for k, p in enumerate(law)}
    return [mfplug.Row(m, t, v, index=i) for (m, i), v in numbers.items()]


def _law(counts: Array) -> dict[tuple[int, ...], float]:
    law = counts.mean(axis=0)
    N = law.size - 1
    return {(n, N - n): float(w) for n, w in enumerate(law)}


def _problem(counts: Array) -> Problem:
    from mfplug.theory.counting.measure import checked_cells, problem_of

    return problem_of(_law(counts), checked_cells((0.5, 0.5)))


def _limits(counts: Array) -> tuple[float, float]:
    """Return the lower confidence limit of alpha, and the standard error.

    Certificates of one half of the replicas, averaged on the other; the error is that
    of one half, as for occupations that are sampled one by one.
    """
    half = counts.shape[0] // 2
    parts = counts[:half], counts[half:]
    means, errors = [], []
    for one, other in (parts, parts[::-1]):
        found: CountingMeasure = mfplug.counting_measure(_law(one), (0.5, 0.5))
        values = other @ found.potential[found.problem.lattice.occupations[:, 0]]
        means.append(float(values.mean()))
        errors.append(float(values.std(ddof=1)) / math.sqrt(values.size))
    error = max(*errors, 1e-12)
    return max(0.0, float(np.mean(means)) - 1.959964 * error), error


def _errors(counts: Array) -> Array:
    """Return standard errors of the sectors by parts of the replicas."""
    size = counts.shape[0] // PARTS
    parts = [counts[n * size : (n + 1) * size] for n in range(PARTS)]
    found = [mfplug.counting_measure(_law(p), (0.5, 0.5)).sectors for p in parts]
    return np.asarray(np.std(found, axis=0, ddof=1) / math.sqrt(PARTS))


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [Infection]
