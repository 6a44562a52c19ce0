r"""L1 distance of F^1 from f_t by its Hoeffding projection, without 1/N drowning.

Let e_1, ..., e_K be orthonormal with mean zero under f_0, Phi the mean-field flow and
y_i = Phi_{t->0}(x_i(t)) the N-body points carried back. The density ratio F^1/f_t,
pulled back to time 0, is 1 + h_1/N with h_1 = sum_k c_k e_k and

.. math:: c_k = N\, E_{F_t}[e_k(y_1)]
              = N\, E\Bigl[ N^{-1} \sum_i \bigl( e_k(y_i) - e_k(x_i(0)) \bigr) \Bigr],

so that ||F^1 - f_t||_1 = E_{f_0}|h_1| / N. This is exact for a complete family; a
finite one gives the distance of the projections. The expectation is estimated over
replicas with known-mean-zero regressors N^-1/2 sum_i g_j(x_i(0)) as control variates,
which take away the part of order N^-1/2; what is left has a standard error of c_k that
does not grow with N.

Plain averages fail here: leave out the subtraction ("raw") or the regressors
("coupled") and the error of c_k grows like N or sqrt(N); both are available for
comparison as :func:`hoeffding_coefficients` without regressors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError
from mfplug.theory.basis import PolynomialBasis, polynomial_basis
from mfplug.theory.intervals import student_quantile

Array = NDArray[np.float64]

__all__ = [
    "HoeffdingCoefficients",
    "L1Estimate",
    "PolynomialBasis",
    "cell_l1",
    "continued",
    "hoeffding_coefficients",
    "hoeffding_l1",
    "hoeffding_samples",
    "polynomial_basis",
]


@dataclass(frozen=True, eq=False)
class HoeffdingCoefficients:
    """Estimated coefficients c_k of h_1.

    ``value`` (K,), ``covariance`` (K, K) of the estimate; ``halves`` (2, K) and
    ``half_covariances`` (2, K, K) the same for the two independent halves of the
    replicas, of ``sizes``; ``particles`` = N.
    """

    value: Array
    covariance: Array
    halves: Array
    half_covariances: Array
    sizes: tuple[int, int]
    particles: int

    @property
    def replicas(self) -> int:
        """Number of replicas behind ``value``."""
        return sum(self.sizes)

    def of(self, keep: NDArray[np.intp]) -> HoeffdingCoefficients:
        """Return the coefficients at some places."""
        square = np.ix_(keep, keep)
        return HoeffdingCoefficients(
            self.value[keep],
            self.covariance[square],
            self.halves[:, keep],
            self.half_covariances[:, keep[:, None], keep[None, :]],
            self.sizes,
            self.particles,
        )

    @property
    def stderr(self) -> Array:
        """Standard errors of ``value``, shape (K,)."""
        return np.sqrt(np.diagonal(self.covariance))


@dataclass(frozen=True)
class L1Estimate:
    """Estimate of ||F^1 - f||_1 between two values biased in opposite directions.

    ``plug_in`` = E|sum c_k e_k| / N is biased up, ``cross_fitted`` (the sign from one
    half of the replicas, the coefficients from the other) down, twice as much to second
    order; ``value`` = (2 plug_in + cross_fitted)/3 is free of both to that order.
    ``stderr`` is that of the plug-in, from the sensitivities s_k = E[sign(h) e_k].
    ``lower`` lies one quantile of the single-half error below ``cross_fitted``,
    ``upper`` one of ``stderr`` above ``plug_in``.
    """

    value: float
    stderr: float
    lower: float
    upper: float
    plug_in: float
    cross_fitted: float
    particles: int
    replicas: int


def hoeffding_samples(
    basis: PolynomialBasis,
    carried_back: ArrayLike,
    initial: ArrayLike,
    controls: PolynomialBasis | None = None,
) -> tuple[Array, Array]:
    """Return (differences (R, K), regressors (R, J)) of a set of replicas.

    Row r depends on replica r alone, bit for bit, so replicas may be added in blocks.

    Parameters
    ----------
    basis
        The test functions e_k.
    carried_back
        y_i = Phi_{t->0}(x_i(t)): the N-body points at time t, carried BACK to time 0 by
        the mean-field flow; shape (R, N, D).
    initial
        x_i(0), shape (R, N, D).
    controls
        The functions g_j; ``basis`` itself when None.

    Raises
    ------
    ParameterError
        If the two shapes differ.
    """
    y, x = np.asarray(carried_back, float), np.asarray(initial, float)
    if y.shape != x.shape:
        raise ParameterError(
            f"projection 'carried_back': got shape {y.shape}, expected {x.shape} as "
            "the initial points have. Carry back the same replicas."
        )
    start = basis.means(x)
    known = start if controls is None else controls.means(x)
    return basis.means(y) - start, math.sqrt(x.shape[1]) * known


def hoeffding_coefficients(
    differences: ArrayLike, particles: int, regressors: ArrayLike | None = None
) -> HoeffdingCoefficients:
    r"""Estimate c_k = N E[difference_k], with control variates.

    The regression coefficients of one half of the replicas (even or odd index) are used
    on the other half, so the regressors add no bias: E[g] = 0 and the coefficients are
    independent of the half on which they act.

    Parameters
    ----------
    differences
        N^-1 sum_i (e_k(y_i) - e_k(x_i(0))) for each replica, shape (R, K); without the
        subtraction for the "raw" estimate.
    particles
        N.
    regressors
        N^-1/2 sum_i g_j(x_i(0)) with E g_j = 0, shape (R, J); none: "coupled" estimate.

    Raises
    ------
    ParameterError
        If shapes disagree, a value is not finite, or R < 2 (J + 3).
    """
    z, g = _check_samples(differences, particles, regressors)
    columns = np.concatenate([np.ones((len(z), 1)), g], axis=1)
    # Which half a replica is in depends on its index alone.
    halves = (np.arange(0, len(z), 2), np.arange(1, len(z), 2))
    slopes = [_slopes(columns[rows], z[rows]) for rows in halves]
    value = np.empty((2, z.shape[1]))
    covariance = np.empty((2, z.shape[1], z.shape[1]))
    for k, rows in enumerate(halves):
        left = particles * (z[rows] - np.einsum("rj,jk->rk", g[rows], slopes[1 - k]))
        value[k] = left.sum(axis=0) / len(rows)
        centred = left - value[k]
        covariance[k] = centred.T @ centred / (len(rows) * (len(rows) - 1.0))
    sizes = (len(halves[0]), len(halves[1]))
    share = np.array(sizes, float) / len(z)
    return HoeffdingCoefficients(
        value=share[0] * value[0] + share[1] * value[1],
        covariance=share[0] ** 2 * covariance[0] + share[1] ** 2 * covariance[1],
        halves=value,
        half_covariances=covariance,
        sizes=sizes,
        particles=particles,
    )


def hoeffding_l1(
    coefficients: HoeffdingCoefficients,
    basis_values: ArrayLike,
    weights: ArrayLike,
    level: float = 0.95,
) -> L1Estimate:
    """Return ||F^1 - f_t||_1 = E_{f_0}|sum_k c_k e_k| / N with a bracket.

    Parameters
    ----------
    coefficients
        From :func:`hoeffding_coefficients`.
    basis_values
        e_k at quadrature nodes of f_0, shape (M, K).
    weights
        Weights of the nodes, >= 0, shape (M,).
    level
        Probability of the two-sided interval [lower, upper], kept or exceeded.

    Raises
    ------
    ParameterError
        If shapes disagree.
    """
    e, w = np.asarray(basis_values, float), np.asarray(weights, float)
    c = coefficients
    if e.ndim != 2 or e.shape[1] != c.value.size or w.shape != (len(e),):
        raise ParameterError(
            f"projection 'l1': got basis values {e.shape} and weights {w.shape}, "
            f"expected (M, {c.value.size}) and (M,). Evaluate the basis at the nodes."
        )

    def sensitivity(at: Array) -> Array:
        return np.asarray((w * np.sign(e @ at)) @ e)

    n = c.particles
    slope = sensitivity(c.value)
    plug_in = float(slope @ c.value) / n
    signs = [sensitivity(half) for half in c.halves]
    cross = 0.5 * float(signs[0] @ c.halves[1] + signs[1] @ c.halves[0]) / n
    error = math.sqrt(max(float(slope @ c.covariance @ slope), 0.0)) / n
    # The two cross-fitted values are dependent: take the error of one, not of a mean.
    single = max(
        float(signs[0] @ c.half_covariances[1] @ signs[0]),
        float(signs[1] @ c.half_covariances[0] @ signs[1]),
        0.0,
    )
    quantile = student_quantile(level, min(c.sizes) - 1)
    return L1Estimate(
        value=max((2.0 * plug_in + cross) / 3.0, 0.0),
        stderr=error,
        lower=max(cross - quantile * math.sqrt(single) / n, 0.0),
        upper=plug_in + quantile * error,
        plug_in=plug_in,
        cross_fitted=cross,
        particles=n,
        replicas=c.replicas,
    )


def continued(estimate: L1Estimate, shorter: float) -> L1Estimate:
    r"""Return an estimate with the rest of its polynomials as a geometric series.

    With L the value, and L' that of a family two degrees ``shorter``, the last two
    degrees add L - L' = r L', and the rest is r^2 + r^3 + ... as much:

    .. math:: \frac{r^2}{1 - r} L' = \frac{(L - L')^2}{2 L' - L} .

    For Gaussian laws that differ by O(s/N) every two degrees are one order of s/N, r is
    negative, and the sum is right to a tenth of itself (H1 to H4 of audit 4.1). Half
    of it is added to the interval on either side. Where |r| > 1/2 there is no series to
    be seen; then the estimate stays and the interval takes all of |L - L'|.
    """
    step = estimate.value - shorter
    if not abs(step) <= 0.5 * shorter:
        rest, doubt = 0.0, abs(step)
    else:
        rest = step**2 / (shorter - step)
        doubt = 0.5 * rest
    return replace(
        estimate,
        value=estimate.value + rest,
        lower=max(estimate.lower + rest - doubt, 0.0),
        upper=estimate.upper + rest + doubt,
    )


def cell_l1(
    differences: ArrayLike,
    particles: int,
    regressors: ArrayLike | None = None,
    level: float = 0.95,
) -> L1Estimate:
    """Return the L1 distance of F^1 from f_t on a fixed partition, sum_k |F_k - f_k|.

    Coarse, so a lower bound of the full distance, but free of any truncation.

    Parameters
    ----------
    differences
        N^-1 sum_i (1_k(x_i(t)) - 1_k(xbar_i(t))) for every cell k, xbar_i the
        mean-field path of x_i(0), shape (R, K); the cells cover the space or the rest
        counts not.
    particles, regressors, level
        As in :func:`hoeffding_coefficients` and :func:`hoeffding_l1`.

    Raises
    ------
    ParameterError
        As :func:`hoeffding_coefficients`.
    """
    coefficients = hoeffding_coefficients(differences, particles, regressors)
    cells = coefficients.value.size
    return hoeffding_l1(coefficients, np.eye(cells), np.ones(cells), level)


def _check_samples(
    differences: ArrayLike, particles: int, regressors: ArrayLike | None
) -> tuple[Array, Array]:
    z = np.asarray(differences, float)
    if z.ndim != 2 or z.shape[1] == 0:
        raise ParameterError(
            f"projection 'differences': got shape {z.shape}, expected (R, K). "
            "Give one row a replica."
        )
    g = np.empty((len(z), 0)) if regressors is None else np.asarray(regressors, float)
    if g.ndim != 2 or len(g) != len(z):
        raise ParameterError(
            f"projection 'regressors': got shape {g.shape}, expected ({len(z)}, J). "
            "Give one row a replica."
        )
    if not (np.all(np.isfinite(z)) and np.all(np.isfinite(g))):
        raise ParameterError(
            "projection 'differences': got a value that is not finite, expected none."
            " Find the replica that failed."
        )
    if len(z) < 2 * (g.shape[1] + 3):
        raise ParameterError(
            f"projection 'replicas': got {len(z)}, expected at least "
            f"{2 * (g.shape[1] + 3)} for {g.shape[1]} regressors. Add replicas."
        )
    if particles < 1:
        raise ParameterError(
            f"projection 'particles': got {particles}, expected N >= 1. Set N."
        )
    return z, g


def _slopes(columns: Array, target: Array) -> Array:
    """Regression slopes (J, K) of target on the columns after the intercept."""
    solution = np.linalg.lstsq(columns, target, rcond=None)[0]
    return np.asarray(solution[1:])
