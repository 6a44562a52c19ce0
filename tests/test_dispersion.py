"""Dispersion relations and HMF equilibria against published and exact numbers."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest

from mfplug import theory
from mfplug.errors import NumericsError, ParameterError
from mfplug.theory import responses

# Exact roots and Canosa's table (J. Comput. Phys. 13 (1973) 158), k: (w, gamma).
LANDAU = {
    0.25: (1.1057308, -0.0021640781),
    0.30: (1.1598465, -0.0126203684),
    0.35: (1.2209535, -0.0343180509),
    0.45: (1.3502504, -0.1062908407),
    0.50: (1.4156618886, -0.1533594669),
    0.60: (1.5457068, -0.2641103),
}
CANOSA = {
    0.30: (1.1598, -0.012623),
    0.35: (1.2209, -0.034324),
    0.45: (1.3502, -0.10629),
    0.50: (1.4156, -0.15336),
    0.60: (1.5457, -0.26411),
}


@pytest.mark.parametrize("k", LANDAU)
def test_landau_roots(k: float) -> None:
    root = theory.landau_frequency(k)
    omega, gamma = LANDAU[k]
    assert root.real == pytest.approx(omega, abs=6e-8)
    assert root.imag == pytest.approx(gamma, abs=6e-8)
    if k in CANOSA:
        assert root.real == pytest.approx(CANOSA[k][0], abs=1.1e-4)
        assert root.imag == pytest.approx(CANOSA[k][1], rel=3e-4)


@pytest.mark.parametrize("k", [0.04, 0.11, 0.4, 0.9, 1.5, 2.3])
def test_a_landau_root_solves_the_relation_at_any_k(k: float) -> None:
    root = theory.landau_frequency(k)
    # The same relation written with the response of two coinciding beams.
    value = theory.dielectric(root, k, 2 / k**2, momentum="two-stream", speed=0.0)
    assert abs(value) < 1e-9
    assert root.imag <= 0


def test_the_least_damped_root_is_the_one_found() -> None:
    # Count the zeros above a line just above the root by the argument principle.
    k = 0.7
    root = theory.landau_frequency(k)
    x = np.linspace(-40, 40, 40001)
    values = np.array(
        [theory.dielectric(v + 1j * (root.imag + 0.02), k, 2 / k**2) for v in x]
    )
    turns = np.sum(np.angle(values[1:] / values[:-1])) / (2 * math.pi)
    assert abs(turns) < 0.01
    below = np.array(
        [theory.dielectric(v + 1j * (root.imag - 0.02), k, 2 / k**2) for v in x]
    )
    turns = np.sum(np.angle(below[1:] / below[:-1])) / (2 * math.pi)
    assert turns == pytest.approx(2.0, abs=0.01)


def test_growth_rates_of_streams() -> None:
    assert theory.two_stream_growth(0.2, 3.0) == pytest.approx(0.2845097, abs=6e-8)
    assert theory.hollow_growth(0.5) == pytest.approx(0.2592499, abs=6e-8)
    # Cold beams: at most 1 / (2 sqrt 2), reached at k v0 = sqrt(3/8).
    cold = theory.two_stream_growth(math.sqrt(3 / 8) / 3.0, 3.0, width=1e-4)
    assert cold == pytest.approx(1 / (2 * math.sqrt(2)), rel=1e-6)
    with pytest.raises(ParameterError, match="no mode grows"):
        theory.two_stream_growth(1.0, 3.0)


@pytest.mark.parametrize(
    ("temperature", "rate"), [(0.4, 0.1161662), (0.55, -0.0556745), (1.0, -0.5060545)]
)
def test_maxwellian_rates_of_the_hmf(temperature: float, rate: float) -> None:
    assert theory.hmf_growth(temperature) == pytest.approx(rate, abs=6e-8)
    # The defining equation, with the Faddeeva function itself.
    zeta = 1j * theory.hmf_growth(temperature) / cmath.sqrt(2 * temperature)
    whole = 1 + zeta * responses.plasma_dispersion(zeta)
    assert whole / (2 * temperature) == pytest.approx(1.0, abs=1e-12)
    assert theory.hmf_growth(0.5) == pytest.approx(0.0, abs=1e-12)


def test_waterbags_and_cauchy_momenta() -> None:
    growth = theory.mode_frequency(1.0, -1.0, momentum="waterbag", width=0.70)
    assert growth.imag == pytest.approx(0.1, abs=1e-12)
    wave = theory.mode_frequency(1.0, -1.0, momentum="waterbag", width=0.72)
    assert wave == pytest.approx(math.sqrt(0.0184), abs=1e-12)
    assert theory.waterbag_frequency_squared(0.72) == pytest.approx(0.0184, abs=1e-14)
    # HMF with Cauchy momenta: sigma = sqrt(1/2) - gamma.
    cauchy = theory.mode_frequency(1.0, -1.0, momentum="lorentz", width=0.3)
    assert cauchy.imag == pytest.approx(math.sqrt(0.5) - 0.3, abs=1e-12)


@pytest.mark.parametrize("momentum", responses.MOMENTA)
def test_units_scale_and_the_root_is_a_root(momentum: str) -> None:
    # With mass m, time scales as m / (k p): D vanishes at the frequency found.
    options = {"momentum": momentum, "width": 0.6, "speed": 2.1, "mass": 1.7}
    strength = 30.0 if momentum == "two-stream" else -1.3
    root = theory.mode_frequency(0.4, strength, **options)
    assert abs(theory.dielectric(root, 0.4, strength, **options)) < 1e-11
    wrong = theory.dielectric(root, 0.4, 1.01 * strength, **options)
    assert abs(wrong) > 1e-3


def test_far_from_the_thermal_speeds_no_digit_is_lost() -> None:
    # 1 + zeta Z ~ -1/(2 zeta^2) (1 + 3/(2 zeta^2)): continuous where the form changes.
    inside = responses.maxwellian_response(complex(70.70, 0.3))
    outside = responses.maxwellian_response(complex(70.72, 0.3))
    step = (complex(70.70, 0.3) / complex(70.72, 0.3)) ** -2
    assert inside / outside == pytest.approx(step, rel=1e-5)
    u = complex(300.0, 1.0)
    assert responses.maxwellian_response(u) == pytest.approx(
        (1 + 3 / u**2) / u**2, rel=1e-8
    )


@pytest.mark.parametrize(
    ("energy", "magnetisation"), [(0.3, 0.81551), (0.5, 0.62178), (0.69, 0.30880)]
)
def test_equilibrium_magnetisation(energy: float, magnetisation: float) -> None:
    temperature = theory.hmf_temperature(energy)
    found = theory.hmf_magnetisation(temperature)
    assert found == pytest.approx(magnetisation, abs=6e-6)
    assert theory.hmf_energy(temperature) == pytest.approx(energy, abs=1e-12)


def test_critical_point_of_the_hmf() -> None:
    assert theory.hmf_magnetisation(0.5) == 0.0
    assert theory.hmf_energy(0.5) == 0.75
    assert theory.hmf_temperature(0.9) == pytest.approx(0.8, abs=1e-15)
    assert theory.hmf_magnetisation(0.4999) == pytest.approx(
        2 * math.sqrt(1e-4), rel=1e-3
    )


def test_parameters_out_of_range() -> None:
    with pytest.raises(ParameterError, match="expected one of gaussian"):
        theory.dielectric(1j, 1.0, 1.0, momentum="cold")
    with pytest.raises(ParameterError, match="width is out of range"):
        theory.dielectric(1j, 1.0, 1.0, width=0.0)
    with pytest.raises(ParameterError, match="no mode"):
        theory.mode_frequency(1.0, 0.0)
    with pytest.raises(ParameterError, match="temperature"):
        theory.hmf_magnetisation(0.0)
    with pytest.raises(ParameterError, match="energy"):
        theory.hmf_temperature(-0.1)
    with pytest.raises(NumericsError, match="out of reach"):
        theory.hmf_growth(1e300)
