r"""Responses int g'(p) / (p - u) dp of laws of momenta, and roots made of them.

The integral is taken below the pole (Landau); that of a Maxwellian is Faddeeva's w
(``scipy.special.wofz``). See :mod:`mfplug.theory.dispersion` for what they are for.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from mfplug.errors import NumericsError, ParameterError

Response = Callable[[complex], complex]

MOMENTA = ("gaussian", "lorentz", "waterbag", "two-stream")


def plasma_dispersion(zeta: complex) -> complex:
    r"""Return Z(zeta) = pi^(-1/2) int exp(-x^2) / (x - zeta) dx, continued from above.

    >>> round(plasma_dispersion(1j).imag, 12)
    0.757872156141
    """
    from scipy.special import wofz

    return 1j * math.sqrt(math.pi) * complex(wofz(zeta))


def maxwellian_response(u: complex, width: float = 1.0, speed: float = 0.0) -> complex:
    """Return int g'/(p - u) dp = -(1 + zeta Z(zeta)) / width^2, g normal around speed.

    zeta = (u - speed) / (sqrt(2) width).
    """
    zeta = (u - speed) / (math.sqrt(2.0) * width)
    if abs(zeta) > 50.0 and zeta.imag >= 0:
        # 1 + zeta Z is a difference of nearly equal numbers there.
        z = 1.0 / zeta**2
        tail = -z * (0.5 + z * (0.75 + z * (1.875 + 6.5625 * z)))
        return -tail / width**2
    return -(1.0 + zeta * plasma_dispersion(zeta)) / width**2


def response(
    u: complex, momentum: str = "gaussian", width: float = 1.0, speed: float = 0.0
) -> complex:
    r"""Return int g'(p) / (p - u) dp for a law of momenta.

    Parameters
    ----------
    u
        Phase speed times the mass, m w / k.
    momentum
        ``gaussian`` (width its standard deviation), ``lorentz`` (its scale),
        ``waterbag`` (its half-width), ``two-stream`` (two Gaussians at +-speed).

    Raises
    ------
    ParameterError
        If the law is unknown or its width is not positive.
    """
    if not width > 0:
        raise ParameterError(
            f"theory 'response': width is out of range; got {width!r}, expected a "
            "number > 0. Change it."
        )
    if momentum == "gaussian":
        return maxwellian_response(u, width)
    if momentum == "two-stream":
        beams = (maxwellian_response(u, width, v) for v in (speed, -speed))
        return 0.5 * sum(beams)
    if momentum == "waterbag":
        return 1.0 / (u * u - width * width)
    if momentum == "lorentz":
        return 1.0 / (u + 1j * width) ** 2
    raise ParameterError(
        f"theory 'response': unknown law of momenta; got '{momentum}', expected one of "
        f"{', '.join(MOMENTA)}. Change it."
    )


def maxwellian_growth(coupling: float) -> float:
    """Return the real root s of coupling * (1 + zeta Z) = 1 at zeta = i s / sqrt(2).

    1 + zeta Z = 1 - sqrt(pi) y erfcx(y) at zeta = i y falls from infinity to 0, so
    there is one root.
    """
    from scipy.optimize import brentq
    from scipy.special import erfcx

    def excess(y: float) -> float:
        return coupling * (1.0 - math.sqrt(math.pi) * y * float(erfcx(y))) - 1.0

    high = 1.0
    while excess(high) > 0:
        high *= 2.0
    low = -1.0
    while excess(low) < 0:
        # exp(y^2) overflows at -26; a coupling that small has no root in the numbers.
        low -= 1.0
        if low < -25:
            raise NumericsError(
                f"theory 'mode_frequency': the damping is out of reach; got a coupling "
                f"of {coupling:g}, expected one above 1e-270. Lower the temperature."
            )
    return math.sqrt(2.0) * float(brentq(excess, low, high, xtol=1e-15, rtol=1e-14))


def landau_phase_speed(k: float) -> complex:
    """Return u = w / k at the wave number k in Debye lengths, by continuation in k.

    Starts from Bohm and Gross, w^2 = 1 + 3 k^2, where the damping is negligible.
    """
    start = min(k, 0.1)
    steps = max(1, math.ceil((k - start) / 0.05)) if k > start else 0
    u = complex(math.sqrt(1.0 + 3.0 * start**2) / start)
    for j in range(steps + 1):
        here = start + (k - start) * (j / steps if steps else 0.0)
        u = _newton(u, here)
    return u


def _newton(u: complex, k: float) -> complex:
    """Return the root near u of k^2 = -(1 + zeta Z), zeta = u / sqrt(2)."""
    for _ in range(60):
        value = k * k - maxwellian_response(u)
        zeta = u / math.sqrt(2.0)
        # d(1 + zeta Z)/d zeta = Z + zeta Z' and Z' = -2 (1 + zeta Z).
        whole = -maxwellian_response(u)
        slope = (plasma_dispersion(zeta) - 2.0 * zeta * whole) / math.sqrt(2.0)
        step = value / slope
        u -= step
        # 1 + zeta Z loses 2 |zeta|^2 roundings to cancellation.
        if abs(step) <= 1e-14 * (1.0 + abs(zeta) ** 2) * abs(u):
            return u
    raise NumericsError(
        f"theory 'mode_frequency': Newton's method did not converge at k = {k:g}; got "
        f"a last step of {abs(step):.1e}, expected 1e-14. Report it."
    )


def growing(integral: Response, half: float) -> float:
    """Return the largest s > 0 with half * Re integral(i s) = 1 (symmetric laws)."""
    import numpy as np
    from scipy.optimize import brentq

    def excess(s: float) -> float:
        return half * integral(1j * s).real - 1.0

    # D tends to 1 for large s; the cold-beam limit bounds the root by sqrt(|half|).
    grid = np.linspace(2.0 * math.sqrt(abs(half)), 1e-9, 400)
    signs = [excess(s) > 0 for s in grid]
    for k in range(1, grid.size):
        if signs[k] != signs[k - 1]:
            return float(brentq(excess, grid[k], grid[k - 1], xtol=1e-15, rtol=1e-14))
    raise ParameterError(
        f"theory 'mode_frequency': no mode grows; got a stable state with A m / 2 = "
        f"{half:g}, expected an unstable one. Lower the wave number or the width."
    )
