r"""Relative entropy from samples, by distances to nearest neighbours.

With rho_i the distance of the i-th of M points in D dimensions to its k-th nearest
neighbour, V_D the volume of the unit ball and psi the digamma function,

.. math:: \hat H = \psi(M) - \psi(k) + \log V_D + \frac{D}{M} \sum_i \log \rho_i

estimates the entropy -E log F of their density (L. F. Kozachenko and N. N. Leonenko,
Probl. Inf. Transm. 23 (1987) 95; k > 1 by H. Singh et al., Am. J. Math. Manag. Sci. 23
(2003) 301). Where f is known,

.. math:: \widehat{KL}(F | f) = -\hat H - \frac1M \sum_i \log f(x_i) .

Q. Wang, S. R. Kulkarni and S. Verdu (IEEE Trans. Inf. Theory 55 (2009) 2392) estimate
log f from distances to points of f too; here that part is exact. The bias is
O((k/M)^(2/D)), which is far above a KL of order N^-2. But it hardly depends on small
changes of the law: independent points of f itself, of the same number, have nearly the
same one, and their true value is 0. Their mean, the *null*, is subtracted; what is left
of the bias is of the order of the null times the change of the law.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError
from mfplug.theory.intervals import student_quantile

Array = NDArray[np.float64]
LogDensity = Callable[[Array], Array]

#: Groups of replicas of the jackknife.
GROUPS = 20
#: Neighbours beyond the k-th that are kept for the groups that leave one out.
SPARE = 12
#: More dimensions, or fewer points, and the bias is beyond what a null tells.
MOST_DIMENSIONS = 6
FEWEST_POINTS, FEWEST_NULLS = 400, 4


@dataclass(frozen=True)
class EntropyEstimate:
    """An estimate of KL(F | f) with what independent points of f would give.

    ``raw`` is the plain estimate, ``null`` the mean of those of the independent points;
    ``value`` = raw - null. ``stderr`` has the delete-a-group jackknife over replicas
    and the scatter of the null, ``lower`` and ``upper`` are the interval of Student's
    law, cut at 0, where KL begins. A value below ``threshold`` is none: independent
    points exceed it with half the probability 1 - level.
    """

    value: float
    stderr: float
    lower: float
    upper: float
    raw: float
    null: float
    threshold: float
    points: int


def neighbour_entropy(
    points: ArrayLike, neighbours: int = 8, period: Sequence[float] | None = None
) -> float:
    """Return the estimate of the entropy -E log F of independent points.

    Parameters
    ----------
    points
        Shape (M, D), in units in which all axes are about as wide.
    neighbours
        k, 1 <= k < M.
    period
        Of each coordinate, infinite where there is none.

    Returns
    -------
    float
        In natural units; it rises by log c if a coordinate is multiplied by c.

    Raises
    ------
    ParameterError
        If shapes are wrong, or k + 1 points coincide.
    """
    x = np.asarray(points, float)
    if x.ndim != 2 or 0 in x.shape or not np.all(np.isfinite(x)):
        raise ParameterError(
            f"entropy 'points': got shape {x.shape} or a point that is not finite, "
            "expected finite (M, D). Give one sample a row."
        )
    if not 1 <= neighbours < len(x):
        raise ParameterError(
            f"entropy 'neighbours': got {neighbours} of {len(x)} points, expected 1 to "
            f"{len(x) - 1}. Set neighbours."
        )
    radii, _ = _neighbours(x, neighbours, period)
    return _entropy(radii[:, -1], neighbours, x.shape[1], len(x))


def relative_entropy(
    points: ArrayLike,
    nulls: Sequence[ArrayLike],
    log_density: LogDensity,
    neighbours: int = 8,
    period: Sequence[float] | None = None,
    level: float = 0.95,
) -> EntropyEstimate:
    """Return the estimate of KL(F | f) with its interval and its null.

    Parameters
    ----------
    points
        n points of F from each of R independent replicas, shape (R, n, D). Points of
        one replica may depend on each other, as long as R is large.
    nulls
        Independent points of f in arrays of the same shape, at least four.
    log_density
        log f at points (M, D), shape (M,).
    neighbours, period
        As in :func:`neighbour_entropy`.
    level
        Probability of the interval.

    Raises
    ------
    ParameterError
        If there are too few replicas, points or nulls, more than six dimensions, or
        points where f is 0: KL is infinite there.
    """
    x = np.asarray(points, float)
    _check(x, [np.shape(null) for null in nulls], neighbours)
    replicas, each, axes = x.shape
    groups = np.repeat(np.arange(replicas) % GROUPS, each)
    raw, without = _divergence(
        x.reshape(-1, axes), groups, log_density, neighbours, period
    )
    zero = np.array(
        [
            _divergence(
                np.reshape(null, (-1, axes)), None, log_density, neighbours, period
            )[0]
            for null in nulls
        ]
    )
    jackknife = (GROUPS - 1) / GROUPS * float(((without - without.mean()) ** 2).sum())
    scatter = float(zero.var(ddof=1))
    error = math.sqrt(jackknife + scatter / len(zero))
    value = raw - float(zero.mean())
    quantile = student_quantile(level, GROUPS - 1)
    # One more null would exceed this with the probability (1 - level)/2.
    wide = student_quantile(level, len(zero) - 1)
    return EntropyEstimate(
        value=value,
        stderr=error,
        lower=max(value - quantile * error, 0.0),
        upper=max(value + quantile * error, 0.0),
        raw=raw,
        null=float(zero.mean()),
        threshold=wide * math.sqrt(scatter * (1.0 + 1.0 / len(zero))),
        points=replicas * each,
    )


def _divergence(
    x: Array,
    groups: NDArray[np.intp] | None,
    log_density: LogDensity,
    k: int,
    period: Sequence[float] | None,
) -> tuple[float, Array]:
    """Return the estimate of all points, and those without each of the groups."""
    count, axes = x.shape
    logs = log_density(x)
    if not np.all(np.isfinite(logs)):
        bad = int(np.count_nonzero(~np.isfinite(logs)))
        raise ParameterError(
            f"entropy 'points': got {bad} points where f is 0, expected none: KL is "
            "infinite if F has mass there. Take another law."
        )
    more = 0 if groups is None else min(SPARE, count - 1 - k)
    radii, who = _neighbours(x, k + more, period)
    value = -_entropy(radii[:, k - 1], k, axes, count) - float(logs.mean())
    if groups is None:
        return value, np.empty(0)
    without = np.empty(GROUPS)
    for g in range(GROUPS):
        stay = groups != g
        # The k-th neighbour of those that stay, among those that stay.
        among = np.cumsum(stay[who[stay]], axis=1)
        place = np.minimum((among < k).sum(axis=1), radii.shape[1] - 1)
        radius = radii[stay, place]
        entropy = _entropy(radius, k, axes, int(stay.sum()))
        without[g] = -entropy - float(logs[stay].mean())
    return value, without


def _neighbours(
    x: Array, k: int, period: Sequence[float] | None
) -> tuple[Array, NDArray[np.intp]]:
    """Return distances to and places of the 1st to k-th neighbours, (M, k) each."""
    from scipy.spatial import KDTree

    from mfplug.theory.transport import period_sides, within_period

    sides = period_sides(period, x.shape[1])
    at = within_period(x, sides)
    tree = KDTree(at, boxsize=None if period is None else sides)
    radii, who = tree.query(at, k=np.arange(2, k + 2))
    return np.asarray(radii), np.asarray(who)


def _entropy(radius: Array, k: int, axes: int, count: int) -> float:
    from scipy.special import digamma, gammaln

    if not radius.min() > 0.0:
        raise ParameterError(
            f"entropy 'points': got {k + 1} or more points that coincide, expected a "
            "law with a density. Take the coordinates that vary."
        )
    ball = 0.5 * axes * math.log(math.pi) - float(gammaln(0.5 * axes + 1.0))
    mean = axes * float(np.log(radius).mean())
    return float(digamma(count) - digamma(k)) + ball + mean


def _check(x: Array, nulls: list[tuple[int, ...]], k: int) -> None:
    if x.ndim != 3 or 0 in x.shape or not np.all(np.isfinite(x)):
        raise ParameterError(
            f"entropy 'points': got shape {x.shape} or a point that is not finite, "
            "expected finite (R, n, D). Give one row a replica."
        )
    replicas, each, axes = x.shape
    why = too_little(replicas, each, axes, k)
    if why:
        raise ParameterError(f"entropy 'points': {why}. Add replicas, or lower s.")
    if len(nulls) < FEWEST_NULLS or any(shape != x.shape for shape in nulls):
        raise ParameterError(
            f"entropy 'nulls': got {len(nulls)} of the shapes {sorted(set(nulls))}, "
            f"expected {FEWEST_NULLS} or more of {x.shape}. Draw them from f."
        )


def too_little(replicas: int, each: int, axes: int, neighbours: int) -> str:
    """Return why samples of this shape say nothing about KL, or an empty string."""
    if axes > MOST_DIMENSIONS:
        return (
            f"{axes} dimensions are too many for nearest neighbours, at most "
            f"{MOST_DIMENSIONS} are possible"
        )
    if replicas < 2 * GROUPS:
        return f"{replicas} replicas are too few, {2 * GROUPS} are needed"
    needed = max(FEWEST_POINTS, 20 * neighbours)
    if replicas * each < needed:
        return f"{replicas * each} points are too few, {needed} are needed"
    return ""
