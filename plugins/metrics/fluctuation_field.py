"""Covariances of the fluctuation field, beside the linearised Vlasov equation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug

if TYPE_CHECKING:
    from mfplug.meanfield.dual import DualSolution
    from mfplug.theory.basis import PolynomialBasis
    from mfplug.theory.field_moments import FieldMoments
    from mfplug.theory.line_laws import LineLaw
    from mfplug.theory.wave_fluctuations import WaveFluctuations

Array = NDArray[np.float64]
Observed = Callable[[Array, Array], Array]

#: Test functions on the line.
FUNCTIONS: dict[str, Observed] = {
    "q": lambda q, p: q,
    "p": lambda q, p: p,
    "q2": lambda q, p: q**2,
    "qp": lambda q, p: q * p,
    "p2": lambda q, p: p**2,
    "bump": lambda q, p: np.exp(-0.5 * (q**2 + p**2)),
}
#: Particles that are done at once; bounds the memory.
BLOCK = 200_000
#: Replicas without which the control variates are worth less than they cost.
FEWEST = 50


@dataclass(frozen=True)
class FluctuationField(mfplug.Observable):
    r"""N Cov(<g, mu_N>, <h, mu_N>) of smooth functions, and what theory says.

    The fluctuations sqrt(N) (mu_N - f_t) tend to a Gaussian field that the Vlasov
    equation linearised about f_t moves (Braun and Hepp, Commun. Math. Phys. 56 (1977)
    125). Rows at every time after the first, the index a function or a pair g.h:

    - ``field-covariance`` N Cov(<g, mu_N>, <h, mu_N>) over the replicas;
    - ``field-limit``, its limit for large N by the linearised Vlasov equation;
    - ``field-ratio``, the first of a function with itself over the second;
    - ``field-kurtosis`` E z^4 / (E z^2)^2 of z = <g, mu_N> less its mean, and
      ``field-gaussian``, what a Gaussian has: 3, or 2 for a wave, which is complex;
    - ``field-excess``, the difference of these two, of order 1/N.

    Three kinds of system are known:

    - a ``cosine`` potential with a ``homogeneous`` law without a wave, d = 1: functions
      ``wave`` e^(-i k q) and ``slow-wave`` e^(-i k q - p^2 / 2 w^2), w the width of the
      momenta, by a Volterra equation (:mod:`mfplug.theory.wave_fluctuations`);
    - the same waves with the law ``thermal``, the equilibrium of the particles, which
      is stationary; ``field-thermal`` is the exact variance of the wave at this N;
    - the line with any smooth potential: ``functions``, carried back to t = 0 by the
      adjoint of the Vlasov equation on nodes (:mod:`mfplug.meanfield.dual`).

    The answer of the linear equation to each replica's own initial points is a control
    variate, but for the law ``thermal``: its moments are known at every N, whether the
    equation is right or not. On the line it is projected on polynomials of bounded
    variables, of degree ``degree``.
    """

    name: ClassVar[str] = "fluctuation-field"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)
    measures: ClassVar[tuple[str, ...]] = (
        "field-covariance", "field-limit", "field-ratio", "field-kurtosis",
        "field-gaussian", "field-excess", "field-thermal",
    )  # fmt: skip

    functions: tuple[str, ...] = mfplug.param(
        ("q", "q2", "bump"), help="test functions on the line: " + ", ".join(FUNCTIONS)
    )
    nodes: int = mfplug.param(1600, at_least=16, help="nodes of f_0 on the line")
    degree: int = mfplug.param(
        12, at_least=1, at_most=16, help="of the control variate on the line"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        unknown = [g for g in self.functions if g not in FUNCTIONS]
        if unknown or not self.functions:
            raise mfplug.ParameterError(
                f"metric '{self.name}': unknown functions; got {list(self.functions)}, "
                f"expected some of {', '.join(FUNCTIONS)}. Change them."
            )

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 4e-7 * particles * replicas * times + 1.0

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the rows of every time after the first."""
        ensemble, system = sample.the_ensemble(), sample.system
        if ensemble.replicas < FEWEST:
            raise mfplug.ParameterError(
                f"metric '{self.name}': too few replicas to say anything; got "
                f"{ensemble.replicas}, expected at least {FEWEST}. Simulate more."
            )
        if system.initial.name == "thermal":
            return _thermal_rows(sample)
        if _homogeneous(system):
            return _wave_rows(sample)
        plain = system.dimension == 1 and system.box is None and system.beta == 0.0
        if not plain or system.potential.regularity == "singular":
            raise mfplug.ParameterError(
                f"metric '{self.name}': the linearised equation is not known here; got "
                f"'{system.potential.name}' with '{system.initial.name}' in d = "
                f"{system.dimension}, expected a smooth potential on the line, or "
                "cosine with homogeneous of amplitude 0 on a torus, beta = 0. Change "
                "the system."
            )
        return _line_rows(sample, self)


def _homogeneous(system: mfplug.System) -> bool:
    """Whether the state is one whose waves obey a Volterra equation."""
    given = (
        system.potential.name,
        system.initial.name,
        system.initial.parameters().get("amplitude"),
    )
    plain = system.external is None and system.dimension == 1 and system.beta == 0.0
    return given == ("cosine", "homogeneous", 0.0) and plain


def _wave_rows(sample: mfplug.Sample) -> list[mfplug.Row]:
    """Return the rows of a homogeneous state on the torus."""
    from mfplug.dynamics.copies import blocks
    from mfplug.theory.field_moments import field_moments
    from mfplug.theory.wave_fluctuations import WAVES

    system, ensemble = sample.system, sample.the_ensemble()
    law: Any = system.initial.law  # type: ignore[attr-defined]
    theory = _theory(system, law)
    rows = []
    for place, t in enumerate(sample.times[1:], start=1):
        elapsed = t - sample.times[0]
        intervals = theory.intervals(elapsed)
        values, answers = [], []
        for part in blocks(ensemble, BLOCK):
            q, p = (x[:, part, :, 0] for x in (ensemble.q, ensemble.p))
            values.append(theory.values(q[place], p[place]))
            answers.append(theory.answers(q[0], p[0], elapsed, intervals))
        found = field_moments(
            np.concatenate(values),
            np.concatenate(answers),
            theory.covariance(elapsed, intervals),
            theory.fourth(elapsed, intervals, ensemble.particles),
        )
        rows += _rows(WAVES, t, found, theory.limit(elapsed), ensemble.replicas, True)
    return rows


def _theory(system: mfplug.System, law: LineLaw) -> WaveFluctuations:
    """Return the linear theory of a cosine potential with a law of the momenta."""
    from mfplug.theory.linear_response import ModeResponse
    from mfplug.theory.wave_fluctuations import WaveFluctuations

    potential: Any = system.potential
    response = ModeResponse(
        law.transform, potential.wavenumber, potential.strength, system.mass
    )
    return WaveFluctuations(response, law)


def _thermal_rows(sample: mfplug.Sample) -> list[mfplug.Row]:
    """Return the rows of particles in equilibrium, by plain averages."""
    from mfplug.theory.field_moments import field_moments
    from mfplug.theory.line_laws import line_law
    from mfplug.theory.wave_fluctuations import WAVES, thermal_variance

    system, ensemble = sample.system, sample.the_ensemble()
    state: Any = system.initial
    potential: Any = system.potential
    fits = (
        potential.name == "cosine"
        and (potential.strength, potential.mode) == (state.strength, state.mode)
        and system.external is None
        and (system.dimension, system.beta, system.mass) == (1, 0.0, 1.0)
    )
    if not fits:
        raise mfplug.ParameterError(
            "metric 'fluctuation-field': 'thermal' is not the equilibrium of this "
            f"system; got {potential} and {state}, expected cosine of its strength "
            "and mode, d = 1, mass 1, beta = 0 and nothing external. Change one."
        )
    theory = _theory(system, line_law("gaussian", state.width))
    exact = thermal_variance(0.5 * state.strength / state.width**2, ensemble.particles)
    rows = []
    for place, t in enumerate(sample.times[1:], start=1):
        q, p = ensemble.q[place, ..., 0], ensemble.p[place, ..., 0]
        found = field_moments(theory.values(q, p))
        rows += _rows(WAVES, t, found, theory.equilibrium(), ensemble.replicas, True)
        rows.append(mfplug.Row("field-thermal", t, exact, index="wave"))
    return rows


def _line_rows(sample: mfplug.Sample, metric: FluctuationField) -> list[mfplug.Row]:
    """Return the rows of a system on the line."""
    from mfplug.dynamics.copies import blocks
    from mfplug.theory.field_moments import field_moments

    ensemble, N = sample.the_ensemble(), sample.the_ensemble().particles
    solutions, basis = _dual(sample.system, sample.times, metric)
    means = np.concatenate(
        [
            basis.means(
                np.concatenate([ensemble.q[0, part], ensemble.p[0, part]], axis=-1)
            )
            for part in blocks(ensemble, BLOCK)
        ]
    )
    rows = []
    for place, solution in enumerate(solutions, start=1):
        q, p = ensemble.q[place, ..., 0], ensemble.p[place, ..., 0]
        sums = [FUNCTIONS[g](q, p).sum(axis=1) / N for g in metric.functions]
        values = math.sqrt(N) * (np.stack(sums, axis=1) - solution.means)
        at_nodes = basis(np.stack([solution.q, solution.p], axis=1))
        weighted = solution.weights * solution.centred
        part = np.einsum("am,mk->ak", weighted, at_nodes)
        answers = math.sqrt(N) * np.einsum("rk,ak->ra", means, part)
        known = np.einsum("ak,bk->ab", part, part)
        single = np.einsum(
            "m,am->a", solution.weights, np.einsum("ak,mk->am", part, at_nodes) ** 4
        )
        fourth = 3.0 * (1.0 - 1.0 / N) * np.diagonal(known) ** 2 + single / N
        found = field_moments(values, answers, known, fourth)
        rows += _rows(
            metric.functions,
            sample.times[place],
            found,
            solution.covariance(),
            ensemble.replicas,
            False,
        )
    return rows


@lru_cache(maxsize=4)
def _dual(
    system: mfplug.System, times: tuple[float, ...], metric: FluctuationField
) -> tuple[list[DualSolution], PolynomialBasis]:
    """Return the functions carried back, and polynomials of the initial points."""
    from mfplug.meanfield.dual import solve_dual
    from mfplug.theory.basis import polynomial_basis

    functions = [FUNCTIONS[g] for g in metric.functions]
    solutions = solve_dual(system, functions, times, metric.nodes)
    first = solutions[0]
    nodes = np.stack([first.q, first.p], axis=1)
    return solutions, polynomial_basis(
        nodes, first.weights, metric.degree, bounded=True
    )


def _rows(
    names: tuple[str, ...],
    t: float,
    found: FieldMoments,
    limit: Array,
    count: int,
    waves: bool,
) -> list[mfplug.Row]:
    """Return the rows of one time."""
    from mfplug.theory.field_moments import GAUSSIAN_KURTOSIS
    from mfplug.theory.intervals import student_quantile

    quantile = student_quantile(0.95, found.freedom)

    def row(metric: str, value: float, error: float, index: str) -> mfplug.Row:
        half = quantile * error
        return mfplug.Row(
            metric, t, value, error, value - half, value + half, index, count
        )

    rows = []
    for k, (a, b) in enumerate(found.pairs):
        index = names[a] if a == b else f"{names[a]}.{names[b]}"
        value, error = float(found.covariance[k]), float(found.covariance_error[k])
        exact = float(limit[a, b])
        rows.append(row("field-covariance", value, error, index))
        rows.append(mfplug.Row("field-limit", t, exact, index=index))
        if a == b:
            rows.append(row("field-ratio", value / exact, error / exact, index))
    for a, index in enumerate(names):
        value, error = float(found.kurtosis[a]), float(found.kurtosis_error[a])
        rows.append(row("field-kurtosis", value, error, index))
        gaussian = GAUSSIAN_KURTOSIS[waves]
        rows.append(mfplug.Row("field-gaussian", t, gaussian, index=index))
        rows.append(row("field-excess", value - gaussian, error, index))
    return rows


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [FluctuationField]
