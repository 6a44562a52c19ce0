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

from mfplug.errors import ParameterError
from mfplug.theory.responses import (
    growing,
    landau_phase_speed,
    maxwellian_growth,
    maxwellian_response,
    response,
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
        u = 1j * width * maxwellian_growth(-half / width**2)
    elif momentum == "gaussian":
        u = width * landau_phase_speed(width / math.sqrt(half))
    else:
        u = 1j * growing(lambda x: response(x, momentum, width, speed), half)
    return u * wavenumber / mass


def mode_derivative(
    omega: complex,
    wavenumber: float,
    strength: float,
    *,
    momentum: str = "gaussian",
    width: float = 1.0,
    speed: float = 0.0,
    mass: float = 1.0,
) -> complex:
    """Return dD/dw at a frequency off the real axis (central differences, order 6).

    At a mode, the residue of 1/D: an initial perturbation with Laplace transform S
    excites it with the amplitude S / (dD/ds), s = -i w, |dD/ds| = |dD/dw|.
    """
    h = 1e-3 * abs(omega)
    weights = {1: 45.0, 2: -9.0, 3: 1.0}
    total = 0.0 + 0.0j
    for n, weight in weights.items():
        for sign in (1, -1):
            value = dielectric(
                omega + sign * n * h,
                wavenumber,
                strength,
                momentum=momentum,
                width=width,
                speed=speed,
                mass=mass,
            )
            total += sign * weight * value
    return total / (60.0 * h)


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

    return wavenumber * growing(integral, 1.0 / wavenumber**2)


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
