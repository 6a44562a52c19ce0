r"""The collective mode of HMF with Lorentz momenta, and what it says of alpha.

m = N^(-1/2) sum_j e^(-i q_j) obeys a linear Volterra equation in the limit N -> inf;
its variance C(t) is 1 for independent particles (audit, 4.3).
"""

from __future__ import annotations

import math

from mfplug.errors import ParameterError


def lorentz_collective_variance(time: float, width: float, attractive: bool) -> float:
    r"""Return C(t) = lim E|m|^2 for homogeneous data with Lorentz momenta.

    .. math:: C = 1 + 2^{-1/2} \int_0^t e^{-2 \gamma u} \sinh(\sqrt2 u)\,du

    attractive; repulsive with - sin for + sinh. The Fisher information is 1/(2
    gamma^2), the largest score 1/gamma.

    Parameters
    ----------
    time
        t >= 0.
    width
        gamma > 0, momentum.
    attractive
        HMF is; the other sign of the potential repels.

    Raises
    ------
    ParameterError
        If the time is negative or the width not positive.

    Examples
    --------
    >>> round(lorentz_collective_variance(1.0, 1.0, True), 11)
    1.16742834032
    """
    if not (math.isfinite(time) and time >= 0.0 and math.isfinite(width) and width > 0):
        raise ParameterError(
            f"collective mode: got t = {time} and gamma = {width}, expected t >= 0 and "
            "gamma > 0. Change them."
        )
    root, rate = math.sqrt(2.0), 2.0 * width
    if attractive:
        # int e^(-a u) sinh(b u) = [(1 - e^((b-a)t))/(a-b) - (1 - e^(-(a+b)t))/(a+b)]/2.
        grown = _integral(rate - root, time) - _integral(rate + root, time)
        return 1.0 + 0.5 * grown / root
    turned = rate * math.sin(root * time) + root * math.cos(root * time)
    swung = (root - math.exp(-rate * time) * turned) / (rate**2 + 2.0)
    return 1.0 - swung / root


def alpha_lower_limit(variance: float) -> float:
    """Return (sqrt(C) - 1)/sqrt(pi) <= liminf sqrt(N) alpha, for C >= 1 (audit, 4.3).

    The test psi = cos q: E|S_N| of a Gaussian of variance C/2 against one of 1/2.

    Raises
    ------
    ParameterError
        If C < 1: then another test is needed.
    """
    if not variance >= 1.0:
        raise ParameterError(
            f"collective mode: the variance is {variance}, expected C >= 1. Take the "
            "attractive model."
        )
    return (math.sqrt(variance) - 1.0) / math.sqrt(math.pi)


def _integral(rate: float, time: float) -> float:
    """int_0^t e^(-rate u) du, also for rates near 0 or below."""
    return -math.expm1(-rate * time) / rate if rate != 0.0 else time
