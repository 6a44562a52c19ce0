"""Shifts of means and joint cumulants of observables of distinct particles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug
from mfplug.dynamics.copies import blocks

Array = NDArray[np.float64]
Observed = Callable[[Array, Array, float], Array]

#: Observables of one particle: functions of q, p (..., d) and the box.
OBSERVABLES: dict[str, Observed] = {
    "q": lambda q, p, box: q[..., 0],
    "p": lambda q, p, box: p[..., 0],
    "q2": lambda q, p, box: np.sum(q**2, axis=-1),
    "p2": lambda q, p, box: np.sum(p**2, axis=-1),
    "qp": lambda q, p, box: np.sum(q * p, axis=-1),
    "cos": lambda q, p, box: np.cos(2.0 * np.pi * q[..., 0] / box),
    "sin": lambda q, p, box: np.sin(2.0 * np.pi * q[..., 0] / box),
}
ON_THE_TORUS = ("cos", "sin")
QUADRATURE = 16384
#: Degrees of the polynomials of the initial points and of products of two of them.
DEGREE = {1: (6, 4), 2: (4, 3), 3: (3, 2)}
#: Replicas for each control variate: each slope costs its own error.
EACH = 10


@dataclass(frozen=True)
class Correlation(mfplug.Observable):
    r"""Joint cumulants of g(x_1), g(x_2), g(x_3) for distinct particles.

    .. math:: \kappa_2 = E[g_1 g_2] - (E g_1)^2, \quad
              \kappa_3 = E[g_1 g_2 g_3] - 3 E[g_1 g_2] E[g_1] + 2 (E g_1)^3

    ``cumulant-2`` falls as N^-1 and ``cumulant-3`` as N^-2 for smooth forces (Duerinckx
    2021); ``mean-shift`` is N (E g - int g f_t), which tends to a constant. The index
    is the observable g: q, p (first coordinates), q2, p2, qp (sums over the axes), and
    on a torus cos and sin of 2 pi q_1 / box. Moments are U-statistics of g less its
    mean under f_t; control variates are those of the mean-field copies and, as far as
    the replicas allow, the means of orthonormal polynomials of the initial points and
    of products of two over distinct particles. These are the first two Hoeffding
    projections: without the first the error of ``mean-shift`` would grow with N; the
    second takes away most of what is left.
    """

    name: ClassVar[str] = "correlation"
    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")
    measures: ClassVar[tuple[str, ...]] = ("mean-shift", "cumulant-2", "cumulant-3")

    observables: tuple[str, ...] = mfplug.param(
        ("q", "p", "q2"), help="of one particle: " + ", ".join(OBSERVABLES)
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        unknown = [g for g in self.observables if g not in OBSERVABLES]
        if unknown or not self.observables:
            raise mfplug.ParameterError(
                f"metric 'correlation': unknown observables; got "
                f"{list(self.observables)}, expected some of {', '.join(OBSERVABLES)}."
                " Change them."
            )

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        from mfplug.studies.cost import flow_seconds

        points = particles * replicas * times
        return flow_seconds(points, 1.0, dimension) + 2e-7 * points

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return both cumulants of each observable at every time after the first."""
        box = sample.system.box
        wrong = [g for g in self.observables if g in ON_THE_TORUS and box is None]
        if wrong:
            raise mfplug.ParameterError(
                f"metric 'correlation': {', '.join(wrong)} need a torus; got no box, "
                "expected one. Take other observables."
            )
        known = self._initial(sample)
        rows = []
        for k, t in enumerate(sample.times):
            if k > 0:
                for name, (now, before) in zip(
                    self.observables, self._moments(sample, k, t), strict=True
                ):
                    rows += _cumulants(t, name, now, before, known, sample)
        return rows

    def _initial(self, sample: mfplug.Sample) -> list[Array]:
        """Return means over the initial particles of polynomials and of their products.

        sqrt(N) and N times them, (R, K) each: known to be 0 on the average.
        """
        from mfplug.theory.basis import polynomial_basis
        from mfplug.theory.manybody import product_family

        ensemble, d = sample.the_ensemble(), sample.system.dimension
        q, p, w = sample.system.initial.nodes(QUADRATURE)
        nodes = np.concatenate([q, p], axis=1)
        basis = polynomial_basis(nodes, w, DEGREE[d][0], bounded=True)
        N = ensemble.particles
        family = product_family(basis, DEGREE[d], min(2, N))
        parts = []
        for part in blocks(ensemble, 40_000):
            start = np.concatenate([ensemble.q[0, part], ensemble.p[0, part]], axis=-1)
            values = basis(start.reshape(-1, 2 * d)).reshape(*start.shape[:2], -1)
            parts.append(family.means(values))
        means = np.concatenate(parts) * np.sqrt(float(N)) ** family.bodies
        return [means[:, family.bodies == b] for b in (1, 2)]

    def _moments(
        self, sample: mfplug.Sample, k: int, t: float
    ) -> list[tuple[Array, Array]]:
        """Return for each g the U-statistics (R, B) of particles and of copies.

        B = 3, or N if there are fewer particles.
        """
        from mfplug.theory.manybody import Products

        ensemble, field = sample.the_ensemble(), sample.the_field()
        box = sample.system.box or 0.0
        q, p, w = sample.system.initial.nodes(QUADRATURE)
        law = field.flow(q, p, sample.times[0], t)
        bodies = ((0,), (0, 0), (0, 0, 0))[: ensemble.particles]
        power = Products(bodies)
        found: list[list[tuple[Array, Array]]] = [[] for _ in self.observables]
        for part in blocks(ensemble, 40_000):
            now = ensemble.q[k, part], ensemble.p[k, part]
            start = ensemble.q[0, part], ensemble.p[0, part]
            copies = field.flow(*start, sample.times[0], t)
            for place, name in enumerate(self.observables):
                g = OBSERVABLES[name]
                mean = float(w @ g(*law, box))
                found[place].append(
                    (
                        power.means((g(*now, box) - mean)[..., None]),
                        power.means((g(*copies, box) - mean)[..., None]),
                    )
                )
        return [
            (
                np.concatenate([a for a, _ in parts]),
                np.concatenate([b for _, b in parts]),
            )
            for parts in found
        ]


def _cumulants(
    t: float,
    index: str,
    now: Array,
    before: Array,
    known: list[Array],
    sample: mfplug.Sample,
) -> list[mfplug.Row]:
    """Return the rows of one observable, errors by the delta method."""
    from mfplug.theory.intervals import student_quantile
    from mfplug.theory.projection import hoeffding_coefficients

    count, N = len(now), sample.the_ensemble().particles
    names = ("mean-shift", "cumulant-2", "cumulant-3")
    bodies = now.shape[1]
    if count < 24:
        why = f"{count} replicas are too few, 24 are needed"
        return [
            mfplug.Row(name, t, None, index=index, replicas=count, note=why)
            for name in names
        ]
    controls = before / np.maximum(before.std(axis=0), 1e-300)
    for more in known:
        if count >= EACH * (controls.shape[1] + more.shape[1]):
            controls = np.concatenate([controls, more], axis=1)
    found = hoeffding_coefficients(now - before, 1, controls)
    # The moments that N < 3 particles do not have enter the empty rows alone.
    m, covariance = np.zeros(3), np.zeros((3, 3))
    m[:bodies], covariance[:bodies, :bodies] = found.value, found.covariance
    values = N * m[0], m[1] - m[0] ** 2, m[2] - 3 * m[1] * m[0] + 2 * m[0] ** 3
    slopes = (
        np.array([N, 0.0, 0.0]),
        np.array([-2 * m[0], 1.0, 0.0]),
        np.array([-3 * m[1] + 6 * m[0] ** 2, -3 * m[0], 1.0]),
    )
    quantile = student_quantile(0.95, min(found.sizes) - controls.shape[1] - 1)
    rows = []
    for n, (name, value, slope) in enumerate(zip(names, values, slopes, strict=True)):
        if n >= bodies:
            why = f"{N} particles have no {n + 1} distinct ones"
            rows.append(mfplug.Row(name, t, None, None, None, None, index, count, why))
            continue
        error = float(np.sqrt(slope @ covariance @ slope))
        half = quantile * error
        rows.append(
            mfplug.Row(
                name,
                t,
                float(value),
                error,
                float(value) - half,
                float(value) + half,
                index,
                count,
            )
        )
    return rows


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [Correlation]
