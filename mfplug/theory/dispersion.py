r"""Linear waves of homogeneous states on the torus: roots of the dispersion relation.

A perturbation exp(i k q - i w t) of f_0 = g(p) / box under the pair potential
phi(q) = A cos(k q) obeys the linearised Vlasov equation (9) exactly if

.. math:: D(u) = 1 - \frac{A m}{2} \int \frac{g'(p)}{p - u} dp = 0, \quad u = m w / k,

the integral taken below the pole (Landau; see Binney and Tremaine, Galactic Dynamics,
section 5.2). A = 2 / k^2 with a unit Maxwellian is the Vlasov-Poisson equation with
plasma frequency 1; A = -1, k = 1 is the Hamiltonian mean field model (HMF). Integrals
of Maxwellians are Z(zeta) = i sqrt(pi) w(zeta), w of Faddeeva (``scipy.special.wofz``).
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


def dielectric(
    omega: complex,
    wavenumber: float,
    strength: float,
    *,
    momentum: str = "gaussian",
    width: float = 1.0,
    speed: float = 0.0,
    mass: float = 1.0,
) -> complex:
    """Return D at a frequency, 0 at a mode; see the head of this module."""
    u = mass * omega / wavenumber
    return 1.0 - 0.5 * strength * mass * response(u, momentum, width, speed)


def mode_frequency(
    wavenumber: float,
    strength: float,
    *,
    momentum: str = "gaussian",
    width: float = 1.0,
    speed: float = 0.0,
    mass: float = 1.0,
) -> complex:
    """Return the frequency of the fastest growing, or least damped, mode.

    exp(-i w t): Re w >= 0 is the frequency, Im w the growth rate. Among w and -w*,
    which belong together, the first is returned.

    Parameters
    ----------
    wavenumber
        k > 0 of the potential and of the perturbation.
    strength
        A, phi(q) = A cos(k q); not 0.
    momentum, width, speed
        The law of momenta, see :func:`response`.

    Raises
    ------
    ParameterError
        If a parameter is out of range, or a two-stream state is stable: it then has no
        single mode that outlives the others.

    Examples
    --------
    >>> w = mode_frequency(0.5, 8.0)
    >>> round(w.real, 7), round(w.imag, 7)
    (1.4156619, -0.1533595)
    """
    if not (wavenumber > 0 and mass > 0 and strength != 0):
        raise ParameterError(
            "theory 'mode_frequency': no mode; got wavenumber = "
            f"{wavenumber!r}, mass = {mass!r}, strength = {strength!r}, expected "
            "numbers > 0 and a strength that is not 0. Change them."
        )
    half = 0.5 * strength * mass
    if momentum == "waterbag":
        square = width**2 + half
        u = complex(math.sqrt(square)) if square >= 0 else 1j * math.sqrt(-square)
    elif momentum == "lorentz":
        root = math.sqrt(half) if half > 0 else 1j * math.sqrt(-half)
        u = root - 1j * width
    elif momentum == "gaussian" and strength < 0:
        u = 1j * width * _maxwellian_growth(-half / width**2)
    elif momentum == "gaussian":
        u = width * _landau_phase_speed(width / math.sqrt(half))
    else:
        u = 1j * _growing(lambda x: response(x, momentum, width, speed), half)
    return u * wavenumber / mass


def landau_frequency(wavenumber: float) -> complex:
    """Return the least damped Langmuir root: unit Maxwellian, plasma frequency 1.

    >>> round(landau_frequency(0.25).imag, 10)
    -0.0021640781
    """
    return mode_frequency(wavenumber, 2.0 / wavenumber**2)


def two_stream_growth(wavenumber: float, speed: float, width: float = 1.0) -> float:
    """Return the growth rate of two Gaussian beams at +-speed, plasma frequency 1.

    >>> round(two_stream_growth(0.2, 3.0), 7)
    0.2845097
    """
    strength = 2.0 / wavenumber**2
    return mode_frequency(
        wavenumber, strength, momentum="two-stream", width=width, speed=speed
    ).imag


def hollow_growth(wavenumber: float) -> float:
    """Return the growth rate of g = p^2 exp(-p^2/2) / sqrt(2 pi), plasma frequency 1.

    With I_n = int v^n M / (v - u) dv, M the unit Maxwellian: g' = (2 v - v^3) M.

    >>> round(hollow_growth(0.5), 7)
    0.2592499
    """

    def integral(u: complex) -> complex:
        # I_1 = -response of M; I_3 = 1 + u^2 I_1.
        first = -maxwellian_response(u)
        return 2.0 * first - (1.0 + u * u * first)

    return wavenumber * _growing(integral, 1.0 / wavenumber**2)


def hmf_growth(temperature: float) -> float:
    """Return the rate of the magnetisation of the homogeneous Maxwellian HMF.

    The root sigma of 1 = (1 + zeta Z(zeta)) / (2 T), zeta = i sigma / sqrt(2 T):
    positive below T = 1/2, negative (Landau damping) above.

    >>> round(hmf_growth(0.4), 7), round(hmf_growth(1.0), 7)
    (0.1161662, -0.5060545)
    """
    return mode_frequency(1.0, -1.0, width=math.sqrt(temperature)).imag


def waterbag_frequency_squared(half_width: float, strength: float = -1.0) -> float:
    """Return w^2 = p0^2 + A / 2 of a homogeneous water-bag at k = 1, unit mass.

    For the HMF, w^2 = p0^2 - 1/2: it grows where that is negative.
    """
    return half_width**2 + 0.5 * strength


def _maxwellian_growth(coupling: float) -> float:
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


def _landau_phase_speed(k: float) -> complex:
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


def _growing(integral: Response, half: float) -> float:
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
