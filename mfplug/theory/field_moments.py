r"""Second and fourth moments of a fluctuation field, with known control variates.

z_a = N^(1/2) (<g_a, mu_N> - E<g_a, mu_N>) of independent replicas. The linearised
Vlasov equation answers the same initial points with y_a = N^(-1/2) sum_j G_a(x_j(0)),
which follows z_a the better the larger N is, and whose moments are known at every N,
whether G_a is right or not:

.. math:: E[y_a \bar y_b] = \langle G_a \bar G_b \rangle_{f_0}, \qquad
          E|y_a|^4 = \kappa \bigl(1 - \tfrac1N\bigr) \langle |G_a|^2 \rangle^2
          + \tfrac1N \langle |G_a|^4 \rangle,

kappa = 3 for real functions and 2 for waves, whose G_a^2 has mean 0. So their products
are control variates that cannot bring in what they are compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import ParameterError
from mfplug.theory.projection import hoeffding_coefficients

Array = NDArray[np.float64]

#: E|z|^4 / (E|z|^2)^2 of a Gaussian, real and complex.
GAUSSIAN_KURTOSIS = {False: 3.0, True: 2.0}


@dataclass(frozen=True, eq=False)
class FieldMoments:
    """Estimated moments of n functions.

    Attributes
    ----------
    pairs
        (a, b), a <= b, of the covariances.
    covariance, covariance_error
        Re E[z_a conj(z_b)] of each pair and its standard error, shape (pairs,).
    kurtosis, kurtosis_error
        E|z_a|^4 / (E|z_a|^2)^2, shape (n,); 3 for a Gaussian, 2 for a complex one.
    freedom
        Degrees of freedom of the intervals.
    """

    pairs: tuple[tuple[int, int], ...]
    covariance: Array
    covariance_error: Array
    kurtosis: Array
    kurtosis_error: Array
    freedom: int


def field_moments(
    values: NDArray[Any],
    answers: NDArray[Any] | None = None,
    known: Array | None = None,
    fourth: Array | None = None,
) -> FieldMoments:
    """Return the moments of a field from its values in R replicas.

    Parameters
    ----------
    values : ndarray, shape (R, n)
        z_a up to a constant, real or complex; complex ones have mean 0.
    answers : ndarray, shape (R, n), optional
        y_a, the control variates; none: plain averages.
    known : ndarray, shape (n, n)
        The exact Re E[y_a conj(y_b)].
    fourth : ndarray, shape (n,), optional
        The exact E|y_a|^4.

    Raises
    ------
    ParameterError
        If there are too few replicas, or a value is not finite.
    """
    count, n = values.shape
    if count < 4:
        raise ParameterError(
            f"field moments: too few replicas; got {count}, expected at least 4. "
            "Simulate more."
        )
    waves = np.iscomplexobj(values)
    pairs = tuple(combinations_with_replacement(range(n), 2))
    controls = [] if answers is None or waves else [_scaled(answers)]
    z = values
    if not waves:
        # Less the mean, which the answers tell better than the sample does.
        z = values - hoeffding_coefficients(values, 1, _joined(controls)).value
    squares = _products(z, pairs)
    own = [pairs.index((a, a)) for a in range(n)]
    if answers is not None and known is not None:
        y = _products(answers, pairs)
        controls.append(_scaled(y - np.array([known[a, b] for a, b in pairs])))
    second = hoeffding_coefficients(squares, 1, _joined(controls))
    # Fourth powers have heavy tails: they serve for fourth moments only.
    if answers is not None and fourth is not None:
        controls.append(_scaled(y[:, own] ** 2 - fourth))
    targets = np.concatenate([squares[:, own], squares[:, own] ** 2], axis=1)
    both = hoeffding_coefficients(targets, 1, _joined(controls))
    kurtosis = both.value[n:] / both.value[:n] ** 2
    kurtosis_error = np.empty(n)
    for a in range(n):
        # The delta method: both moments are estimated from the same replicas.
        m = both.value[a]
        slope = np.array([-2.0 * kurtosis[a] * m, 1.0]) / m**2
        variance = slope @ both.covariance[np.ix_([a, n + a], [a, n + a])] @ slope
        kurtosis_error[a] = np.sqrt(max(float(variance), 0.0))
    return FieldMoments(
        pairs,
        second.value,
        second.stderr,
        kurtosis,
        kurtosis_error,
        min(both.sizes) - sum(x.shape[1] for x in controls) - 1,
    )


def _joined(controls: list[Array]) -> Array | None:
    return np.concatenate(controls, axis=1) if controls else None


def _products(z: NDArray[Any], pairs: tuple[tuple[int, int], ...]) -> Array:
    """Return Re z_a conj(z_b), shape (R, pairs)."""
    return np.stack([(z[:, a] * np.conj(z[:, b])).real for a, b in pairs], axis=1)


def _scaled(controls: Array) -> Array:
    """Return control variates in units of their spread."""
    return np.asarray(controls / np.maximum(controls.std(axis=0), 1e-300))
