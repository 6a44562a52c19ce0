r"""Lemmas 3.3 and 3.4 on the line: f^delta of the standard Gaussian, by quadrature.

f^delta = f * E_delta with E_delta the normalised kernel of
:mod:`mfplug.theory.mollifier` in dimension 1 and f = N(0, 1). The proof of Lemma 3.3
differentiates E_delta wrongly, and 1/delta is its sharp constant (audit, E20).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError
from mfplug.theory.mollifier import kernel_norm

Array = NDArray[np.float64]

_GAUSS, _WEIGHT = np.polynomial.legendre.leggauss(16)
# The Gaussian is below 1e-23 of its height beyond this.
_EDGE = 10.5


def kernel_slope(x: ArrayLike, delta: float) -> Array:
    r"""Return d/dx_1 of exp(-r^2/((1 + r) delta)), r = |x|, for x (..., D).

    .. math:: \frac{x_1}{\delta} \Bigl[\frac{r}{(1 + r)^2} - \frac{2}{1 + r}\Bigr]
              e^{-r^2/((1 + r)\delta)}
    """
    point, r, height = _kernel(x, delta)
    return np.asarray(point[..., 0] / delta * (r / (1 + r) ** 2 - 2 / (1 + r)) * height)


def printed_kernel_slope(x: ArrayLike, delta: float) -> Array:
    """Return the derivative printed in the proof of Lemma 3.3, which is wrong (E20).

    The bracket of :func:`kernel_slope` with r^2/(1 + r) for r/(1 + r)^2.
    """
    point, r, height = _kernel(x, delta)
    return np.asarray(point[..., 0] / delta * (r**2 / (1 + r) - 2 / (1 + r)) * height)


def mollified_gaussian_score(x: float, delta: float) -> float:
    r"""Return (log f^delta)'(x) for f = N(0, 1) on the line.

    The mean of the kernel's score under the weight f(y) E_delta(x - y); relative error
    below 1e-10 for 1e-3 <= delta <= 100 and |x| <= 100.

    Parameters
    ----------
    x
        A point, |x| <= 100.
    delta
        Width of the kernel.

    Raises
    ------
    ParameterError
        If delta is not positive or |x| above 100.

    Examples
    --------
    >>> round(-0.5 * mollified_gaussian_score(4.0, 0.5), 4)
    0.8717
    """
    _check(delta, x)
    node, weight = _nodes_around(x, delta)
    r = np.abs(x - node)
    exponent = -0.5 * node**2 - r**2 / ((1.0 + r) * delta)
    # The largest term sets the scale: far out all of them underflow.
    share = weight * np.exp(exponent - exponent.max())
    slope = -(x - node) * (r + 2.0) / (delta * (1.0 + r) ** 2)
    return float((share * slope).sum() / share.sum())


def mollified_gaussian_distance(delta: float) -> float:
    r"""Return ||f^delta - f||_1 for f = N(0, 1) on the line (Lemma 3.4).

    Raises
    ------
    ParameterError
        If delta is not positive and finite.

    Examples
    --------
    >>> round(mollified_gaussian_distance(0.5), 5)
    0.27021
    """
    _check(delta, 0.0)
    # f^delta has tails like e^(-x/delta): integrate until they are spent.
    far = _EDGE + 36.0 * max(delta, math.sqrt(delta))
    edges = np.concatenate([np.arange(0.0, _EDGE, 0.25), [_EDGE]])
    if far > _EDGE:
        edges = np.concatenate([edges, np.linspace(_EDGE, far, 49)[1:]])
    # |f^delta - f| has a kink where the two cross; panels end there.
    crossings = _crossings(edges, delta)
    edges = np.union1d(edges, crossings)
    half = 0.5 * np.diff(edges)[:, None]
    nodes = edges[:-1, None] + half * (_GAUSS + 1.0)
    gap = np.abs(_difference(nodes.ravel(), delta)).reshape(nodes.shape)
    return 2.0 * float((half * _WEIGHT * gap).sum())


def mollified_distance_bound(delta: float) -> float:
    r"""Return a bound of ||f^delta - f||_1 for f = N(0, 1): 2 phi(1) E r^2.

    The kernel is even, so f^delta(x) - f(x) is a mean of second differences, and
    ||f^delta - f||_1 <= (1/2) ||f''||_1 int y^2 E_delta(y) dy with ||f''||_1 = 4
    phi(1), phi the Gaussian density. Equality as delta -> 0, where it is phi(1) delta =
    0.242 delta.
    """
    _check(delta, 0.0)
    # The integrand falls as exp(-r^2/delta), and far out as exp(-r/delta).
    far = 40.0 * max(math.sqrt(delta), delta)
    edges = far * np.linspace(0.0, 1.0, 65) ** 2
    half = 0.5 * np.diff(edges)[:, None]
    r = edges[:-1, None] + half * (_GAUSS + 1.0)
    kernel = np.exp(-(r**2) / ((1.0 + r) * delta)) / kernel_norm(delta, 1)
    second = 2.0 * float((half * _WEIGHT * r**2 * kernel).sum())
    return 2.0 * math.exp(-0.5) / math.sqrt(2.0 * math.pi) * second


def _difference(x: Array, delta: float) -> Array:
    """f^delta - f at points of the line."""
    # As a mean of second differences of f under the kernel: no cancellation of f.
    far = 40.0 * max(math.sqrt(delta), delta)
    edges = far * np.linspace(0.0, 1.0, 41) ** 2
    half = 0.5 * np.diff(edges)[:, None]
    r = (edges[:-1, None] + half * (_GAUSS + 1.0)).ravel()
    kernel = np.exp(-(r**2) / ((1.0 + r) * delta)) / kernel_norm(delta, 1)
    weight = (half * _WEIGHT).ravel() * kernel
    result = np.empty_like(x)
    # Blocks bound the memory; no entry depends on another one.
    for start in range(0, x.size, 512):
        part = x[start : start + 512, None]
        result[start : start + 512] = (_second(part, r) * weight).sum(axis=1)
    return result


def _second(x: Array, y: Array) -> Array:
    """f(x + y) + f(x - y) - 2 f(x), which is 2 f(x) (e^(-y^2/2) cosh(x y) - 1)."""
    height = np.exp(-0.5 * x**2) / math.sqrt(2.0 * math.pi)
    near = np.abs(x * y) < 1.0
    xy = np.where(near, x * y, 0.0)
    # e^(-a) cosh b - 1 = expm1(-a) cosh b + 2 sinh(b/2)^2.
    small = np.expm1(-0.5 * y**2) * np.cosh(xy) + 2.0 * np.sinh(0.5 * xy) ** 2
    large = np.exp(-0.5 * (x + y) ** 2) + np.exp(-0.5 * (x - y) ** 2)
    root = math.sqrt(2.0 * math.pi)
    return np.where(near, 2.0 * height * small, large / root - 2.0 * height)


def _crossings(edges: Array, delta: float) -> Array:
    """Return where f^delta - f changes its sign, to rounding."""
    from scipy.optimize import brentq

    def gap(x: float) -> float:
        return float(_difference(np.array([x]), delta)[0])

    values = _difference(edges, delta)
    found = []
    for k in np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0):
        found.append(brentq(gap, edges[k], edges[k + 1], xtol=1e-14))
    return np.array(found)


def _nodes_around(x: float, delta: float) -> tuple[Array, Array]:
    """Return nodes for the weight f(y) E_delta(x - y): panels shrink towards y = x."""
    low, high = min(-_EDGE, x - _EDGE), max(_EDGE, x + _EDGE)
    edges = np.arange(low, high + 0.25, 0.25)
    near = 0.25 * math.sqrt(min(delta, 1.0)) * np.arange(-40, 41)
    edges = np.union1d(edges, x + near)
    half = 0.5 * np.diff(edges)[:, None]
    nodes = edges[:-1, None] + half * (_GAUSS + 1.0)
    return nodes.ravel(), (half * _WEIGHT).ravel()


def _kernel(x: ArrayLike, delta: float) -> tuple[Array, Array, Array]:
    point = np.asarray(x, float)
    _check(delta, 0.0)
    r = np.sqrt((point**2).sum(axis=-1))
    return point, r, np.exp(-(r**2) / ((1.0 + r) * delta))


def _check(delta: float, x: float) -> None:
    if not (math.isfinite(delta) and delta > 0.0):
        raise ParameterError(
            f"mollifier 'delta': got {delta}, expected a positive number. Set it."
        )
    if not abs(x) <= 100.0:
        raise ParameterError(
            f"mollifier 'x': got {x}, expected |x| <= 100. Stay nearer to the centre."
        )
