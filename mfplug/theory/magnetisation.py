"""Thermal equilibrium of the Hamiltonian mean field model (HMF)."""

from __future__ import annotations

from mfplug.errors import ParameterError

#: Temperature and energy at which the magnetisation appears.
CRITICAL_TEMPERATURE = 0.5
CRITICAL_ENERGY = 0.75


def hmf_magnetisation(temperature: float) -> float:
    """Return the equilibrium magnetisation, M = I_1(M/T) / I_0(M/T).

    0 at and above T = 1/2 (Antoni and Ruffo, Phys. Rev. E 52 (1995) 2361).

    Raises
    ------
    ParameterError
        If the temperature is not positive.

    Examples
    --------
    >>> round(hmf_magnetisation(0.47535), 4)
    0.3088
    """
    from scipy.optimize import brentq
    from scipy.special import ive

    if not temperature > 0:
        raise ParameterError(
            "theory 'hmf_magnetisation': temperature is out of range; got "
            f"{temperature!r}, expected a number > 0. Change it."
        )
    if temperature >= CRITICAL_TEMPERATURE:
        return 0.0

    def excess(m: float) -> float:
        x = m / temperature
        return float(ive(1, x) / ive(0, x)) - m

    # Near T = 1/2, M^2 = 4 (1/2 - T) to leading order: a positive lower end.
    low = 0.5 * (CRITICAL_TEMPERATURE - temperature) ** 0.5
    return float(brentq(excess, low, 1.0, xtol=1e-15, rtol=1e-14))


def hmf_energy(temperature: float) -> float:
    """Return the energy per particle, U = T/2 + (1 - M^2)/2."""
    return 0.5 * temperature + 0.5 * (1.0 - hmf_magnetisation(temperature) ** 2)


def hmf_temperature(energy: float) -> float:
    """Return the temperature at an energy per particle U > 0.

    Examples
    --------
    >>> t = hmf_temperature(0.69)
    >>> round(t, 5), round(hmf_magnetisation(t), 5)
    (0.47535, 0.3088)
    """
    from scipy.optimize import brentq

    if not energy > 0:
        raise ParameterError(
            "theory 'hmf_temperature': energy is out of range; got "
            f"{energy!r}, expected a number > 0. Change it."
        )
    if energy >= CRITICAL_ENERGY:
        return 2.0 * energy - 1.0
    # U is at least T/2, and rises with T.
    return float(
        brentq(
            lambda t: hmf_energy(t) - energy,
            min(1e-6, 0.1 * energy),
            CRITICAL_TEMPERATURE,
            xtol=1e-15,
            rtol=1e-14,
        )
    )
