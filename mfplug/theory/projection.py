r"""The projection of F^1 on functions of one particle, without 1/N drowning.

Let e_1, ..., e_K be orthonormal with mean zero under f_0, Phi the mean-field flow and
y_i = Phi_{t->0}(x_i(t)) the N-body points carried back. The density ratio F^1/f_t,
pulled back to time 0, is 1 + h_1/N with h_1 = sum_k c_k e_k and

.. math:: c_k = N\, E_{F_t}[e_k(y_1)]
              = N\, E\Bigl[ N^{-1} \sum_i \bigl( e_k(y_i) - e_k(x_i(0)) \bigr) \Bigr],

which gives the distance of F^1 from f_t (:mod:`mfplug.theory.projection_distance`).
The expectation is estimated over replicas with known-mean-zero regressors
N^-1/2 sum_i g_j(x_i(0)) as control variates, which take away the part of order N^-1/2;
what is left has a standard error of c_k that does not grow with N.

Plain averages fail here: leave out the subtraction ("raw") or the regressors
("coupled") and the error of c_k grows like N or sqrt(N); both are available for
comparison as :func:`hoeffding_coefficients` without regressors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError
from mfplug.theory.basis import PolynomialBasis, polynomial_basis

Array = NDArray[np.float64]

__all__ = [
    "HoeffdingCoefficients",
    "PolynomialBasis",
    "hoeffding_coefficients",
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
