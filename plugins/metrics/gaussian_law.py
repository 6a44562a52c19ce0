"""Second moments of the particles, and the Gaussian distances that they give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug
from mfplug.dynamics.copies import blocks, copies

Array = NDArray[np.float64]

ENTRIES = (("qq", 0, 0), ("qp", 0, 1), ("pp", 1, 1))


@dataclass(frozen=True)
class GaussianLaw(mfplug.Observable):
    r"""Covariance of F^1 and of two particles, d = 1, and Gaussian distances from it.

    .. math:: \mathrm{cov}(x_i) = A + D/N, \quad \mathrm{cov}(x_i, x_j) = D'/N

    A is the covariance of f_t, by quadrature of f_0 along the flow (rows
    ``mean-field-covariance``, no sampling). D is estimated by differences to the
    mean-field copies with polynomials of the initial data as control variates. From
    A and A + D/N follow the Gaussian distances ``kl``, ``kl-reverse``,
    ``hellinger-squared``, ``w2``, ``w1-q``, ``bl-q``, ``l1-q`` (audit, 4.1), with
    errors by the delta method. They are distances of the laws where F^1 and f_t are
    Gaussian (the harmonic model) and of their Gaussian fits elsewhere.
    """

    name: ClassVar[str] = "gaussian-law"
    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")
    measures: ClassVar[tuple[str, ...]] = (
        "covariance", "mean-field-covariance", "cross-covariance", "kl", "kl-reverse",
        "hellinger-squared", "w2", "w1-q", "bl-q", "l1-q",
    )  # fmt: skip

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 3e-6 * particles * replicas * times + 0.5

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return covariances and distances at every time after the first."""
        if sample.system.dimension != 1:
            raise mfplug.ParameterError(
                "metric 'gaussian-law': only d = 1 is computed; got "
                f"d = {sample.system.dimension}, expected 1. Leave it out."
            )
        from mfplug.theory.basis import polynomial_basis

        law = sample.system.initial
        q, p, w = law.nodes(4096)
        basis = polynomial_basis(np.concatenate([q, p], axis=1), w, 2)
        averages = self._averages(sample, basis)
        rows = []
        for k, t in enumerate(sample.times):
            if k > 0:
                end = sample.the_field().flow(q, p, sample.times[0], t)
                mean, covariance = _moments(end[0], end[1], w)
                rows += _field_rows(t, covariance)
                rows += self._sampled(sample, t, averages[k], mean, covariance)
        return rows

    def _averages(
        self, sample: mfplug.Sample, basis: Callable[[Array], Array]
    ) -> dict[int, list[Array]]:
        """Return, by time: x and copies' first and second moments, and regressors."""
        ensemble, field = sample.the_ensemble(), sample.the_field()
        collected: dict[int, list[list[Array]]] = {}
        for part in blocks(ensemble):
            start = np.concatenate([ensemble.q[0, part], ensemble.p[0, part]], axis=-1)
            e0 = basis(start.reshape(-1, 2)).reshape(*start.shape[:2], -1)
            regressors = e0.sum(axis=1) / np.sqrt(ensemble.particles)
            for k, qb, pb in copies(ensemble, field, part):
                x = np.stack([ensemble.q[k, part, :, 0], ensemble.p[k, part, :, 0]])
                y = np.stack([qb[..., 0], pb[..., 0]])
                entry = [_second(x), _second(y), x.mean(axis=2).T, y.mean(axis=2).T]
                collected.setdefault(k, []).append([*entry, regressors])
        return {
            k: [np.concatenate(column) for column in zip(*parts, strict=True)]
            for k, parts in collected.items()
        }

    def _sampled(
        self,
        sample: mfplug.Sample,
        t: float,
        averages: list[Array],
        mean: Array,
        a: Array,
    ) -> list[mfplug.Row]:
        from mfplug.theory.projection import hoeffding_coefficients

        second, copied, first, first_copied, regressors = averages
        ensemble = sample.the_ensemble()
        N, count = ensemble.particles, ensemble.replicas
        # cov = E[(x - m)(x - m)^T], with m the mean of f_t; F^1 has the same mean in
        # the solvable model; elsewhere the difference is O(1/N) and part of F^1 - f.
        shift = [
            mean[i] * (first - first_copied)[:, j]
            + mean[j] * (first - first_copied)[:, i]
            for _, i, j in ENTRIES
        ]
        differences = second - copied - np.stack(shift, axis=1)
        estimate = hoeffding_coefficients(differences, N, regressors)
        excess, covariance = estimate.value, estimate.covariance
        errors = np.sqrt(np.diagonal(covariance))
        rows = []
        for row, (index, i, j) in enumerate(ENTRIES):
            value, error = a[i, j] + excess[row] / N, errors[row] / N
            rows.append(_row("covariance", t, value, error, index, count))
        rows += _cross_rows(t, second, first, mean, N)
        return rows + _distance_rows(t, a, excess / N, covariance / N**2, count)


def _second(x: Array) -> Array:
    """Return mean over particles of q q, q p, p p for each replica, shape (R, 3)."""
    return np.stack([np.mean(x[i] * x[j], axis=1) for _, i, j in ENTRIES], axis=1)


def _moments(q: Array, p: Array, w: Array) -> tuple[Array, Array]:
    x = np.concatenate([q, p], axis=1)
    mean = w @ x
    covariance = np.einsum("k,ki,kj->ij", w, x - mean, x - mean)
    # Rounding differs above and below the diagonal.
    return mean, 0.5 * (covariance + covariance.T)


def _row(
    metric: str, t: float, value: float, error: float, index: str, count: int
) -> mfplug.Row:
    from mfplug.theory.intervals import student_quantile

    half = student_quantile(0.95, count - 1) * error
    return mfplug.Row(
        metric,
        t,
        float(value),
        float(error),
        float(value - half),
        float(value + half),
        index,
        count,
    )


def _field_rows(t: float, a: Array) -> list[mfplug.Row]:
    note = "by quadrature, no sampling"
    return [
        mfplug.Row("mean-field-covariance", t, float(a[i, j]), index=index, note=note)
        for index, i, j in ENTRIES
    ]


def _cross_rows(
    t: float, second: Array, first: Array, mean: Array, N: int
) -> list[mfplug.Row]:
    """Return cov(x_1, x_2), unbiased: the square of the sum less its diagonal."""
    rows: list[mfplug.Row] = []
    if N < 2:
        return rows
    for column, (index, i, j) in enumerate(ENTRIES):
        centred = (first[:, i] - mean[i]) * (first[:, j] - mean[j])
        own = second[:, column] - mean[i] * first[:, j] - mean[j] * first[:, i]
        own = own + mean[i] * mean[j]
        rows.append(
            mfplug.mean_row("cross-covariance", t, (N * centred - own) / (N - 1), index)
        )
    return rows


def _distance_rows(
    t: float, a: Array, excess: Array, covariance: Array, count: int
) -> list[mfplug.Row]:
    from mfplug.theory import gaussian

    forms: dict[str, Callable[[Array], float]] = {
        "kl": lambda b: gaussian.kl(b, a),
        "kl-reverse": lambda b: gaussian.kl_reverse(b, a),
        "hellinger-squared": lambda b: gaussian.hellinger_squared(b, a),
        "w2": lambda b: gaussian.w2(b, a),
        "w1-q": lambda b: gaussian.w1_q(b[0, 0], a[0, 0]),
        "bl-q": lambda b: gaussian.bl_q(b[0, 0], a[0, 0]),
        "l1-q": lambda b: gaussian.l1_q(b[0, 0], a[0, 0]),
    }

    def shifted(x: Array) -> Array:
        return a + np.array([[x[0], x[1]], [x[1], x[2]]])

    rows = []
    for name, form in forms.items():
        try:
            value = form(shifted(excess))
            slope = np.empty(3)
            for k in range(3):
                step = np.zeros(3)
                step[k] = 0.05 * np.sqrt(covariance[k, k])
                ahead, behind = (
                    form(shifted(excess + step)),
                    form(shifted(excess - step)),
                )
                slope[k] = (ahead - behind) / (2 * step[k]) if step[k] > 0 else 0.0
        except mfplug.MfplugError as refusal:
            note = f"no Gaussian law has the measured moments: {refusal}"
            rows.append(mfplug.Row(name, t, None, replicas=count, note=note))
            continue
        error = float(np.sqrt(max(float(slope @ covariance @ slope), 0.0)))
        rows.append(_row(name, t, value, error, "", count))
    return rows


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [GaussianLaw]
