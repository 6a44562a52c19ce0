r"""Distances between centred Gaussian laws, in closed form.

Throughout ``covariance`` is that of the first law (the marginal F^s of the particles)
and ``reference`` that of the second (the product f^(x)s); both laws have mean 0. With
the eigenvalues lambda_j of ``reference^-1 covariance`` every divergence below is a sum
or a product over j (audit, section 4.1). The functions of variances on the line, w1_q,
l1_q and bl_q, live in :mod:`mfplug.theory.gaussian_line`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError
from mfplug.theory.gaussian_line import bl_q, l1_q, w1_q

Array = NDArray[np.float64]

__all__ = [
    "bl_q",
    "gaussian_cell_masses",
    "hellinger_squared",
    "kl",
    "kl_reverse",
    "l1",
    "l1_limit",
    "l1_q",
    "mean_norm",
    "relative_excess",
    "w1_q",
    "w2",
]


def relative_excess(covariance: ArrayLike, reference: ArrayLike) -> Array:
    """Return the eigenvalues lambda_j - 1 of reference^-1 (covariance - reference).

    Working with lambda - 1 keeps the digits of laws that are close to each other.

    Parameters
    ----------
    covariance, reference
        Symmetric positive definite matrices, shape (n, n).

    Returns
    -------
    ndarray, shape (n,)
        In ascending order, each > -1.

    Raises
    ------
    ParameterError
        If a matrix is not square, symmetric, finite and positive definite.
    """
    from scipy.linalg import eigh

    first = _positive("covariance", covariance)
    second = _positive("reference", reference)
    if first.shape != second.shape:
        raise ParameterError(
            f"gaussian 'covariance': got shape {first.shape}, expected {second.shape} "
            "as the reference has. Give two laws of one dimension."
        )
    values: Array = eigh(first - second, second, eigvals_only=True)
    return values


def kl(covariance: ArrayLike, reference: ArrayLike) -> float:
    r"""Return KL(F|f) = 1/2 sum_j (lambda_j - 1 - log lambda_j), in nats."""
    excess = relative_excess(covariance, reference)
    return 0.5 * math.fsum(_minus_log1p(x) for x in excess)


def kl_reverse(covariance: ArrayLike, reference: ArrayLike) -> float:
    r"""Return KL(f|F) = 1/2 sum_j (1/lambda_j - 1 + log lambda_j), in nats."""
    excess = relative_excess(covariance, reference)
    return 0.5 * math.fsum(_minus_log1p(-x / (1.0 + x)) for x in excess)


def hellinger_squared(covariance: ArrayLike, reference: ArrayLike) -> float:
    r"""Return Hell^2 = 1 - prod_j (4 lambda_j)^(1/4) / (1 + lambda_j)^(1/2)."""
    x = relative_excess(covariance, reference)
    # 4 lambda / (1 + lambda)^2 = 1 - (x / (2 + x))^2, free of cancellation.
    return -math.expm1(0.25 * math.fsum(np.log1p(-((x / (2.0 + x)) ** 2))))


def w2(covariance: ArrayLike, reference: ArrayLike) -> float:
    r"""Return the Wasserstein-2 distance (Euclidean cost, same units as x).

    .. math:: W_2^2 = \operatorname{tr} A + \operatorname{tr} B
              - 2 \operatorname{tr} (A^{1/2} B A^{1/2})^{1/2}

    evaluated as tr((T - I) A (T - I)) with the optimal linear map T from A to B.
    """
    first = _positive("covariance", covariance)
    second = _positive("reference", reference)
    relative_excess(first, second)  # refuses unequal dimensions
    values, vectors = np.linalg.eigh(second)
    root = (vectors * np.sqrt(values)) @ vectors.T
    inverse = (vectors / np.sqrt(values)) @ vectors.T
    # The formula above cancels to second order in B - A, the map only to first.
    inner, basis = np.linalg.eigh(root @ first @ root)
    transport = inverse @ ((basis * np.sqrt(inner)) @ basis.T) @ inverse
    shift = (transport - np.eye(len(values))) @ root
    return float(np.linalg.norm(shift))


def l1(covariance: ArrayLike, reference: ArrayLike) -> float:
    r"""Return the L1 distance of two laws on the plane: one integral over the angle.

    After whitening the densities along a ray are ``c exp(-g w)`` and ``exp(-w)`` in
    w = r^2/2, with c = (lambda_1 lambda_2)^(-1/2) and g(theta) = cos^2/lambda_1 +
    sin^2/lambda_2; both radial integrals on either side of their crossing are exact.

    Raises
    ------
    ParameterError
        If the matrices are not 2 x 2.
    """
    x = relative_excess(covariance, reference)
    if x.size != 2:
        raise ParameterError(
            f"gaussian 'l1': got dimension {x.size}, expected 2. Use l1_q on the line."
        )
    if not np.any(x):
        return 0.0
    log_c = -0.5 * float(np.log1p(x).sum())
    slope = -x / (1.0 + x)

    def ray(cos2: Array, sin2: Array) -> Array:
        gain = slope[0] * cos2 + slope[1] * sin2  # g - 1
        total = (math.expm1(log_c) - gain) / (1.0 + gain)
        tail = gain / (1.0 + gain) * _fade(log_c, gain)
        return np.abs(total + 2.0 * tail)

    return _circle_mean(ray, slope)


def l1_limit(excess: ArrayLike) -> float:
    r"""Return E abs(e_1 (z_1^2 - 1) + e_2 (z_2^2 - 1)) / 2 for standard normal z.

    It is lim N L1(N(0, A + D/N), N(0, A)) where e are the eigenvalues of A^-1 D (audit
    4.1), that is E_f|h_1| of the Hoeffding projection.
    """
    e = np.asarray(excess, float)
    if e.shape != (2,) or not np.all(np.isfinite(e)):
        raise ParameterError(
            f"gaussian 'l1_limit': got excess {e.tolist()}, expected two finite ones."
            " Give the eigenvalues of A^-1 D."
        )
    if not np.any(e):
        return 0.0
    sigma = float(e.sum())

    def ray(cos2: Array, sin2: Array) -> Array:
        k = e[0] * cos2 + e[1] * sin2
        return np.abs(2.0 * k - sigma - 4.0 * k * _fade(0.5 * sigma, k))

    return 0.5 * _circle_mean(ray, e)


def mean_norm(covariance: ArrayLike, copies: int = 1) -> float:
    r"""Return E|z| for z with ``copies`` independent parts of law N(0, covariance).

    On the plane E|z| = sqrt(2 l_1/pi) E(1 - l_2/l_1), E the complete elliptic integral
    of the second kind and l_1 >= l_2 the eigenvalues. Otherwise

    .. math:: E|z| = \frac{1}{2\sqrt\pi} \int_0^\infty
              \Bigl(1 - \prod_i (1 + 2 u l_i)^{-copies/2}\Bigr) u^{-3/2}\,du .
    """
    from scipy.integrate import quad
    from scipy.special import ellipe

    matrix = np.atleast_2d(np.asarray(covariance, float))
    values = np.clip(np.linalg.eigvalsh(matrix), 0.0, None)
    top = float(values[-1])
    if top == 0.0:
        return 0.0
    ratio = values / top
    if copies == 1 and values.size == 2:
        return math.sqrt(2.0 * top / math.pi) * float(ellipe(1.0 - ratio[0]))

    def integrand(y: float) -> float:
        # u = e^(2y) / 2 turns both algebraic ends into exponential decay.
        u = math.exp(2.0 * y)
        log = -0.5 * copies * math.fsum(np.log1p(u * ratio))
        return -math.expm1(log) * math.exp(-y)

    value, _ = quad(integrand, -40.0, 40.0, epsabs=0.0, epsrel=1e-12, limit=400)
    return math.sqrt(2.0 * top / math.pi) * value


def gaussian_cell_masses(
    covariance: ArrayLike,
    q_edges: ArrayLike,
    p_edges: ArrayLike,
    mean: ArrayLike = (0.0, 0.0),
) -> Array:
    """Return the mass of N(mean, covariance) in each cell of a rectangular grid.

    Gauss-Legendre in q over panels of a quarter standard deviation, exact in p.

    Parameters
    ----------
    covariance
        Shape (2, 2), order (q, p).
    q_edges, p_edges
        Increasing edges, may start at -inf and end at inf; shapes (a + 1,), (b + 1,).
    mean
        Shape (2,).

    Returns
    -------
    ndarray, shape (a, b)
        Absolute error below 1e-13.
    """
    from scipy.special import ndtr

    matrix = _positive("covariance", covariance)
    centre = np.asarray(mean, float)
    sigma = math.sqrt(matrix[0, 0])
    slope = matrix[0, 1] / sigma
    rest = math.sqrt(matrix[1, 1] - slope**2)
    edges = np.clip((np.asarray(q_edges, float) - centre[0]) / sigma, -9.0, 9.0)
    heights = np.asarray(p_edges, float) - centre[1]
    # A sheared law varies over rest / slope standard deviations of q.
    width = 0.25 if slope == 0.0 else 0.25 * min(1.0, 2.0 * rest / abs(slope))
    gauss, weight = np.polynomial.legendre.leggauss(16)
    result = np.empty((edges.size - 1, heights.size - 1))
    for k in range(edges.size - 1):
        panels = max(1, math.ceil((edges[k + 1] - edges[k]) / width))
        grid = np.linspace(edges[k], edges[k + 1], panels + 1)
        half = 0.5 * np.diff(grid)[:, None]
        z = (grid[:-1, None] + half * (gauss + 1.0)).ravel()
        mass = (half * weight).ravel() * np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
        below = ndtr((heights[None, :] - slope * z[:, None]) / rest)
        result[k] = (mass[:, None] * np.diff(below, axis=1)).sum(axis=0)
    return result


def _positive(name: str, matrix: ArrayLike) -> Array:
    value = np.asarray(matrix, float)
    if (
        value.ndim != 2
        or value.shape[0] != value.shape[1]
        or not np.all(np.isfinite(value))
        or not np.allclose(value, value.T, rtol=1e-12, atol=1e-300)
        or np.linalg.eigvalsh(value)[0] <= 0.0
    ):
        raise ParameterError(
            f"gaussian '{name}': got {value.tolist()}, expected a symmetric positive "
            "definite matrix. Check the variances and the correlation."
        )
    return value


def _minus_log1p(x: float) -> float:
    """X - log(1 + x), by its series where the difference would cancel."""
    if abs(x) > 0.02:
        return x - math.log1p(x)
    return math.fsum((-x) ** k / k for k in range(2, 13))


def _fade(numerator: float, slope: Array) -> Array:
    """exp(-w) at the crossing w = numerator / slope, 0 where there is none (w <= 0)."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        crossing = numerator / slope
    return np.exp(-np.where(crossing > 0.0, np.minimum(crossing, 700.0), np.inf))


def _circle_mean(ray: Callable[[Array, Array], Array], form: Array) -> float:
    """Mean of ray(cos^2, sin^2) over the circle.

    The integrand is smooth but not analytic where the linear form vanishes, so a
    quarter turn is split there and integrated by the tanh-sinh rule, which does not
    mind flat ends.
    """
    angles = [0.0, 0.5 * math.pi]
    if form[0] * form[1] < 0.0:
        angles.insert(1, math.atan(math.sqrt(-form[0] / form[1])))
    step = 1.0 / 32.0
    t = step * np.arange(-112, 113)
    inner = 0.5 * math.pi * np.sinh(t)
    x = 0.5 * (1.0 + np.tanh(inner))
    weight = 0.25 * math.pi * step * np.cosh(t) / np.cosh(inner) ** 2
    parts = []
    for start, end in itertools.pairwise(angles):
        theta = start + (end - start) * x
        values = ray(np.cos(theta) ** 2, np.sin(theta) ** 2)
        parts.append((end - start) * float((weight * values).sum()))
    return math.fsum(parts) * 2.0 / math.pi
