r"""Means with confidence intervals, and families of comparisons.

Intervals are two-sided, of level 0.95 unless said; a family of comparisons has a
family-wise false-alarm rate of 1e-3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MeanEstimate:
    """Mean over replicas with standard error and Student-t interval.

    Each array has the shape of one replica's value.
    """

    value: Array
    stderr: Array
    lower: Array
    upper: Array
    replicas: int


def mean_interval(samples: ArrayLike, level: float = 0.95) -> MeanEstimate:
    """Return the mean over axis 0 with its Student-t interval.

    Parameters
    ----------
    samples
        Independent replicas along axis 0, shape (R, ...), R >= 2.
    level
        Probability of the interval.

    Raises
    ------
    ParameterError
        If R < 2, a sample is not finite, or ``level`` lies outside (0, 1).
    """
    x = np.asarray(samples, float)
    if x.ndim == 0 or x.shape[0] < 2:
        raise ParameterError(
            f"interval 'mean': got shape {x.shape}, expected at least 2 replicas along "
            "axis 0. Add replicas."
        )
    if not np.all(np.isfinite(x)):
        raise ParameterError(
            "interval 'mean': got a sample that is not finite, expected numbers. "
            "Find the replica that failed."
        )
    count = x.shape[0]
    mean = x.sum(axis=0) / count
    spread = ((x - mean) ** 2).sum(axis=0) / (count - 1)
    error = np.sqrt(spread / count)
    half = student_quantile(level, count - 1) * error
    return MeanEstimate(mean, error, mean - half, mean + half, count)


def student_quantile(level: float, dof: float) -> float:
    """Two-sided quantile q of Student's t: P(|T| <= q) = level; dof may be infinite.

    Raises
    ------
    ParameterError
        If ``level`` lies outside (0, 1) or ``dof`` is not positive.
    """
    from scipy.special import ndtri, stdtrit

    if not (0.0 < level < 1.0 and dof > 0.0):
        raise ParameterError(
            f"interval 'level': got {level} with {dof} degrees of freedom, expected "
            "0 < level < 1 and more than 0. Check the arguments."
        )
    # The lower tail keeps its digits where 1 - level is tiny.
    tail = 0.5 * (1.0 - level)
    return -float(ndtri(tail) if math.isinf(dof) else stdtrit(dof, tail))


def family_quantile(
    comparisons: int,
    family_level: float = 1e-3,
    dof: float = math.inf,
    method: str = "sidak",
) -> float:
    """Return the two-sided quantile for ``comparisons`` tests at one family-wise level.

    ``sidak``: each test at 1 - (1 - family_level)^(1/m), exact for independent tests
    and conservative for Gaussian ones however correlated (Sidak 1967); ``bonferroni``:
    at family_level/m, valid always.

    Parameters
    ----------
    comparisons
        m >= 1.
    family_level
        Probability that at least one true statement is refused.
    dof
        Degrees of freedom of each Student statistic, infinite for normal ones.
    method
        ``sidak`` or ``bonferroni``.

    Raises
    ------
    ParameterError
        If an argument is out of range.
    """
    if comparisons < 1 or not 0.0 < family_level < 1.0:
        raise ParameterError(
            f"interval 'family': got {comparisons} comparisons at level "
            f"{family_level}, expected at least 1 and 0 < level < 1. "
            "Check the arguments."
        )
    if method == "sidak":
        single = -math.expm1(math.log1p(-family_level) / comparisons)
    elif method == "bonferroni":
        single = family_level / comparisons
    else:
        raise ParameterError(
            f"interval 'family': got method '{method}', expected sidak or bonferroni. "
            "Choose one."
        )
    from scipy.special import ndtri, stdtrit

    tail = 0.5 * single
    return -float(ndtri(tail) if math.isinf(dof) else stdtrit(dof, tail))
