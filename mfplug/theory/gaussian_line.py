"""Distances between centred Gaussian laws on the line, in closed form.

Arguments are variances: that of the first law (the q-marginal of F^1) and that of the
reference (of f_t); all three distances are symmetric.
"""

from __future__ import annotations

import math

import numpy as np

from mfplug.errors import ParameterError


def w1_q(variance: float, reference: float) -> float:
    r"""Return W1 on the line: sqrt(2/pi) |sigma_F - sigma_f|."""
    first, second = _deviations(variance, reference)
    # sigma_F - sigma_f from the variances loses no digits when they are close.
    return math.sqrt(2 / math.pi) * abs(variance - reference) / (first + second)


def l1_q(variance: float, reference: float) -> float:
    r"""Return L1 on the line: 4 |Q(x/sigma_f) - Q(x/sigma_F)| at the crossing x."""
    from scipy.special import ndtr

    low, high = sorted(_deviations(variance, reference))
    if low == high:
        return 0.0
    x = _crossing(low, high)
    return 4.0 * float(ndtr(-x / high) - ndtr(-x / low))


def bl_q(variance: float, reference: float) -> float:
    r"""Return the bounded-Lipschitz distance on the line (g in [0, 1], Lip 1).

    .. math:: d_{BL} = 2 \int_b^{b+1} [Q(x/\sigma_2) - Q(x/\sigma_1)]\,dx,

    sigma_2 > sigma_1, with the integrand equal at b and b + 1; g = clip(|x| - b, 0, 1)
    is optimal (audit 4.1). By symmetry g may be taken even; then the integrand, which
    is positive and has one maximum, is gained where g' = 1, on a set of length <= 1.
    """
    from scipy.optimize import brentq
    from scipy.special import ndtr

    low, high = sorted(_deviations(variance, reference))
    if low == high:
        return 0.0

    def gap(x: float) -> float:
        return float(ndtr(-x / high) - ndtr(-x / low))

    top = _crossing(low, high)
    b = brentq(lambda x: gap(x + 1.0) - gap(x), 0.0, top, xtol=1e-15, rtol=1e-15)
    # The end point is optimal, so an error in b enters only squared.
    gauss, weight = np.polynomial.legendre.leggauss(40)
    panels = max(1, math.ceil(1.0 / low))
    if panels > 100:
        # Narrow laws: all mass lies within b .. b + 1, W1 is the limit of d_BL.
        return 2.0 * (_upper(b, low, high) - _upper(b + 1.0, low, high))
    left = b + np.arange(panels)[:, None] / panels
    nodes = left + (gauss + 1.0) / (2.0 * panels)
    values = ndtr(-nodes / high) - ndtr(-nodes / low)
    return float((values * weight).sum() / panels)


def _deviations(variance: float, reference: float) -> tuple[float, float]:
    for name, value in (("variance", variance), ("reference", reference)):
        if not (math.isfinite(value) and value > 0.0):
            raise ParameterError(
                f"gaussian '{name}': got {value}, expected a positive number. "
                "Give a variance."
            )
    return math.sqrt(variance), math.sqrt(reference)


def _crossing(low: float, high: float) -> float:
    """Where the densities of deviations low < high cross, x > 0."""
    ratio = (high - low) * (high + low) / low**2
    return high * math.sqrt(math.log1p(ratio) / ratio)


def _upper(x: float, low: float, high: float) -> float:
    """Integral of Q(y/high) - Q(y/low) over y > x."""
    from scipy.special import ndtr

    def one(sigma: float) -> float:
        z = x / sigma
        density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
        return sigma * (density - z * float(ndtr(-z)))

    return one(high) - one(low)
