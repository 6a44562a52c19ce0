r"""L1 distance of F^1 from f_t by its projection on functions of one particle.

With the coefficients c_k of :mod:`mfplug.theory.projection`, h_1 = sum_k c_k e_k, the
distance is ||F^1 - f_t||_1 = E_{f_0}|h_1| / N. This is exact for a complete family; a
finite one gives the distance of the projections.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError
from mfplug.theory.intervals import student_quantile
from mfplug.theory.projection import HoeffdingCoefficients, hoeffding_coefficients

Array = NDArray[np.float64]


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


def hoeffding_l1(
    coefficients: HoeffdingCoefficients,
    basis_values: ArrayLike,
    weights: ArrayLike,
    level: float = 0.95,
    squares: ArrayLike | None = None,
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
    squares
        E[e_k^2], shape (K,), if the nodes are independent points of f_0 of equal
        weights and the e_k orthogonal. Then h^2, whose mean sum_k c_k^2 E[e_k^2] is
        known, is a control variate of |h|, and what is left of the nodes' error belongs
        to ``stderr`` and the interval. Without it the nodes count as exact.

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
    moved, doubt = 0.0, 0.0
    if squares is not None:
        known = float(np.asarray(squares, float) @ c.value**2)
        moved, doubt = _of_the_nodes(e @ c.value, known)
    plug_in, cross, doubt = plug_in + moved / n, cross + moved / n, doubt / n
    return L1Estimate(
        value=max((2.0 * plug_in + cross) / 3.0, 0.0),
        stderr=math.hypot(error, doubt),
        lower=max(cross - quantile * math.hypot(math.sqrt(single) / n, doubt), 0.0),
        upper=plug_in + quantile * math.hypot(error, doubt),
        plug_in=plug_in,
        cross_fitted=cross,
        particles=n,
        replicas=c.replicas,
    )


def _of_the_nodes(h: Array, known: float) -> tuple[float, float]:
    """Return what a regression on h^2, of a known mean, adds to |h|, and its error."""
    size, square = np.abs(h), h * h
    away = square - square.mean()
    spread = float((away**2).sum())
    slope = float((size * away).sum()) / spread if spread > 0.0 else 0.0
    rest = size - size.mean() - slope * away
    moved = -slope * (float(square.mean()) - known)
    return moved, math.sqrt(float((rest**2).mean()) / len(h))


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
