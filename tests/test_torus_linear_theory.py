"""The mean field on the torus against linear theory: waves that decay and grow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from torus_systems import (
    BOX,
    TRANSFORMS,
    cosine,
    homogeneous,
    linear_amplitude,
    system,
)

import mfplug


@pytest.mark.parametrize("strength", [1.3, -1.3])
@pytest.mark.parametrize("momentum", TRANSFORMS)
def test_linear_theory(momentum, strength):
    """A wave of amplitude 1e-3 follows the linear equation to 1e-4 of its largest."""
    state = homogeneous(momentum, 1e-3, speed=1.9)
    s = system(cosine(strength), state, mass=1.6)
    field = mfplug.solve_mean_field(s, [0.0, 6.0])
    k = 2 * math.pi / BOX
    t, c = linear_amplitude(strength, k, 1.6, TRANSFORMS[momentum], 6.0)
    # At q = 1/4 of the box the force is A k C(t).
    q = np.array([[BOX / 4]])
    found = np.array([field.force(x, q)[0, 0] for x in t[::100]]) / (strength * k)
    assert found[0] == pytest.approx(0.5e-3, rel=1e-12)
    tolerance = 1e-4 * np.abs(c).max()
    assert found / 0.5e-3 == pytest.approx(c[::100], abs=tolerance)
    # Planted: a strength off by 1 % is seen.
    _, wrong = linear_amplitude(1.01 * strength, k, 1.6, TRANSFORMS[momentum], 6.0)
    assert np.abs(wrong - c).max() > 5 * tolerance


def growing(p0, end, amplitude):
    """Return amplitudes of HMF with a water-bag of half-width p0."""
    state = {"name": "homogeneous", "momentum": "waterbag", "width": p0}
    hmf = mfplug.System(
        1, cosine(-1.0), state | {"amplitude": amplitude}, box=2 * math.pi
    )
    field = mfplug.solve_mean_field(hmf, [0.0, end], step=0.25, nodes=4096)
    t = np.linspace(0.0, end, 601)
    return t, np.array([field.mode_density(x)[0, 0] for x in t])


def test_hmf_waterbag_growth():
    """omega^2 = p0^2 - 1/2 = -0.01 at p0 = 0.70: growth 0.1 (numbers.md).

    C'' + omega^2 C has the free waves as its only other part; projecting on the mode
    at late times leaves the growth. Reach: 2e-4.
    """
    t, c = growing(0.70, 90.0, 1e-9)
    late = t > 75.0
    rate = np.polyfit(t[late], np.log(c[late]), 1)[0]
    assert rate == pytest.approx(0.1, rel=2e-4)
    # Planted: an edge off by 0.02 % moves the rate by far more.
    assert math.sqrt(0.5 - 0.70014**2) != pytest.approx(0.1, rel=5e-4)


def test_hmf_waterbag_frequency():
    """omega = 0.13565 at p0 = 0.72 from 1.3 periods of data, the free waves fitted.

    C = a cos(omega t) + b sin(omega t) + (wave at p0) (1/t + ...). Reach: 2e-4.
    """
    from scipy.optimize import least_squares

    p0 = 0.72
    t, c = growing(p0, 60.0, 1e-6)
    late = t > 8.0
    t, c = t[late], c[late] / np.abs(c).max()

    def misfit(x):
        waves = [np.cos(x[0] * t), np.sin(x[0] * t)]
        for n in (1, 2, 3, 4):
            waves += [np.cos(p0 * t) / t**n, np.sin(p0 * t) / t**n]
        basis = np.stack(waves, axis=1)
        return basis @ np.linalg.lstsq(basis, c, rcond=None)[0] - c

    found = least_squares(misfit, [0.13], x_scale=1e-2, xtol=1e-14, ftol=1e-14)
    assert np.abs(found.fun).max() < 1e-5
    assert found.x[0] == pytest.approx(0.13565, rel=2e-4)
