r"""Control variates for distances of clouds: differences of low moments.

Let e_k be orthonormal with mean zero under f, mu and nu two independent clouds of N and
M independent points of f. Then

.. math:: E \Bigl( \int e_k\, d(\mu - \nu) \Bigr)^2 = \frac1N + \frac1M,

and the products of two different moments have mean zero, whatever the law. In a
transport distance of clouds the longest waves vary most and are few: regression on
these products takes away up to nine tenths of the variance in two dimensions, and
leaves the mean alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError
from mfplug.theory.basis import polynomial_basis
from mfplug.theory.intervals import MeanEstimate, mean_interval, student_quantile
from mfplug.theory.projection import hoeffding_coefficients

Array = NDArray[np.float64]


def moment_controls(
    first: ArrayLike,
    second: ArrayLike,
    nodes: ArrayLike,
    weights: ArrayLike,
    degree: int,
) -> Array:
    """Return control variates of mean 0: products of low moments, squares of others.

    Parameters
    ----------
    first, second
        Clouds of independent points of one law f, shapes (R, N, D) and (R, M, D), two
        independent ones for each replica.
    nodes, weights
        Quadrature of f, shapes (K, D) and (K,).
    degree
        Of the polynomials; of z/sqrt(1 + z^2), so that no moment of f is needed.

    Returns
    -------
    ndarray
        With m_k = int e_k d(mu - nu) / sqrt(1/N + 1/M): m_k m_l - [k = l] for the pairs
        of degree 1 and 2 in two dimensions, where they are 15, and the mean of
        m_k^2 - 1 over each other degree; shape (R, J).

    Raises
    ------
    ParameterError
        If shapes disagree or the nodes do not tell the polynomials apart.
    """
    x, y = np.asarray(first, float), np.asarray(second, float)
    if x.ndim != 3 or y.ndim != 3 or len(x) != len(y) or x.shape[2] != y.shape[2]:
        raise ParameterError(
            f"moments 'second': got shapes {x.shape} and {y.shape}, expected (R, N, D) "
            "and (R, M, D). Give two clouds a replica."
        )
    basis = polynomial_basis(nodes, weights, degree, bounded=True)
    size = 1.0 / x.shape[1] + 1.0 / y.shape[1]
    moments = (basis.means(x) - basis.means(y)) / np.sqrt(size)
    of = np.array([sum(index) for index in basis.indices[1:]])
    single = 2 if x.shape[2] <= 2 else 0
    low = moments[:, of <= single]
    k, m = np.tril_indices(low.shape[1])
    columns = [low[:, k] * low[:, m] - (k == m)]
    columns += [
        (moments[:, of == n] ** 2).mean(axis=1, keepdims=True) - 1.0
        for n in range(single + 1, degree + 1)
    ]
    return np.concatenate(columns, axis=1)


def controlled_mean(
    samples: ArrayLike, controls: ArrayLike, level: float = 0.95
) -> MeanEstimate:
    """Return the mean of samples less their regression on controls of mean zero.

    The slopes of one half of the replicas serve the other half, so there is no bias
    (:func:`mfplug.theory.projection.hoeffding_coefficients`). With too few replicas for
    a regression it is the plain mean.

    Parameters
    ----------
    samples
        One number per replica, shape (R,), R >= 2.
    controls
        Shape (R, J).
    level
        Probability of the interval.

    Raises
    ------
    ParameterError
        If shapes disagree, R < 2 or a number is not finite.
    """
    x, g = np.asarray(samples, float), np.asarray(controls, float)
    if x.ndim != 1 or g.ndim != 2 or len(x) != len(g):
        raise ParameterError(
            f"moments 'controls': got shapes {x.shape} and {g.shape}, expected (R,) "
            "and (R, J). Give one row a replica."
        )
    # A slope needs some ten replicas in either half to be worth its own error.
    if len(x) < max(20, 4 * (g.shape[1] + 3)):
        return mean_interval(x, level)
    found = hoeffding_coefficients(x[:, None], 1, g)
    value, error = found.value[0], found.stderr[0]
    half = student_quantile(level, min(found.sizes) - g.shape[1] - 1) * error
    return MeanEstimate(value, error, value - half, value + half, len(x))
