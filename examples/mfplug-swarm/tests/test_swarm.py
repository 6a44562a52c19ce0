"""The potential by itself, and in a system of mfplug."""

from __future__ import annotations

import math

import numpy as np
import pytest
from mfplug_swarm.potential import Swarm

import mfplug
from mfplug.checks import parametrize

PARAMETERS = {
    "repulsion": 1.3,
    "attraction": 0.7,
    "repulsion_length": 0.6,
    "attraction_length": 1.4,
    "softening": 0.3,
}


# Defaults, and parameters that are not 1: a unit parameter hides mistakes.
@parametrize([Swarm(), Swarm(**PARAMETERS)])
def test_conformance(check, plugin):
    check(plugin)


def test_formula():
    phi = Swarm(**PARAMETERS)
    rho = math.sqrt(0.4**2 + 1.1**2 + 0.3**2)
    value = 1.3 * math.exp(-rho / 0.6) - 0.7 * math.exp(-rho / 1.4)
    assert phi.energy(np.array([0.4, -1.1])) == pytest.approx(value, rel=1e-14)


def test_gradient_is_the_slope_of_the_energy():
    phi = Swarm(**PARAMETERS)
    rng = np.random.default_rng(7)
    dx, h = rng.normal(size=(50, 3)), 1e-5
    for axis, move in enumerate(h * np.eye(3)):
        slope = (phi.energy(dx + move) - phi.energy(dx - move)) / (2 * h)
        np.testing.assert_allclose(phi.gradient(dx)[:, axis], slope, atol=1e-9)
    assert not phi.gradient(np.zeros((1, 3))).any()


def test_bounds_hold():
    phi = Swarm(**PARAMETERS)
    r = np.linspace(0.0, 12.0, 20001)
    slope = np.abs(phi.gradient(r[:, None])[:, 0])
    assert slope.max() <= phi.gradient_bound * (1 + 1e-9)
    assert np.abs(np.diff(slope) / np.diff(r)).max() <= phi.gradient_lipschitz * 1.001


@pytest.mark.parametrize(("attraction", "stable"), [(0.2, True), (0.9, False)])
def test_sign_of_the_integral_without_softening(attraction, stable):
    phi = Swarm(attraction=attraction, softening=1e-3)
    r = np.linspace(0.0, 40.0, 400001)
    total = np.trapezoid(phi.energy(r[:, None]), r)
    assert (total > 0) == (phi.integral_sign(1) > 0) == stable


def test_mfplug_finds_it_and_keeps_the_energy():
    potential = {"name": "swarm", **PARAMETERS}
    system = mfplug.System(dimension=2, potential=potential)
    ensemble = mfplug.simulate(
        system, particles=20, replicas=3, step=0.02, integrator="yoshida4", seed=5
    )
    table = mfplug.measure(["energy-drift"], ensemble)
    assert table["value"].max() < 1e-6


@pytest.mark.parametrize(
    "wrong", [{"softening": 0.0}, {"repulsion": -1.0}, {"atraction": 1.0}]
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(mfplug.ParameterError, match=next(iter(wrong))):
        mfplug.create("potential", "swarm", **wrong)
