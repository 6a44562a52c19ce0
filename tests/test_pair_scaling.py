"""The scaling (5): force and momentum of a homogeneous state, and their exponents."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

import mfplug
from mfplug.theory.pair_scaling import (
    asymptotic_exponents,
    force_variance,
    momentum_variance,
    survival_threshold,
)

BOX = 1.7


def bump(strength=0.3, radius=0.6):
    return mfplug.create("potential", "bump", strength=strength, radius=radius)


@pytest.mark.parametrize(("d", "beta"), [(1, 0.3), (2, 0.45), (3, 0.6)])
def test_after_a_short_time_the_momentum_is_force_times_time(d, beta):
    # Two independent quadratures: the lattice of modes, and the gradient in space.
    N, t = 40, 1e-5
    force = force_variance(bump(), d, BOX, beta, N)
    momentum = momentum_variance(bump(), d, BOX, beta, N, t, 0.7)
    assert momentum == pytest.approx(t**2 * force, rel=2e-6)


def test_the_force_in_closed_form():
    # d = 1: phi' = -6 A x (1 - x^2/R^2)^2 / R^2, whose square integrates to
    # 72 A^2/R int_0^1 u^2 (1 - u^2)^4 du, with int = B(3/2, 5)/2.
    A, R, N, beta = 0.3, 0.6, 40, 0.3
    beta_function = math.gamma(1.5) * math.gamma(5.0) / math.gamma(6.5)
    integral = 72.0 * A**2 / R * 0.5 * beta_function
    expected = (N - 1) * N ** (-2.0 + 3.0 * beta) / BOX * integral
    found = force_variance(bump(A, R), 1, BOX, beta, N)
    assert found == pytest.approx(expected, rel=1e-12)


def test_the_momentum_against_free_flights_in_space():
    # d = 1: one partner at uniform q with relative velocity v of variance 2 u^2 gives
    # (phi(q + v t) - phi(q)) / v, the nearest image taken: an integral over q and v.
    N, t, u, beta = 40, 0.9, 0.7, 0.25
    q = (np.arange(4000) + 0.5) / 4000 * BOX
    x, w = np.polynomial.legendre.leggauss(400)
    v, w = 7.0 * u * x, 7.0 * u * w
    scale = N**beta

    def phi(y):
        y = y - BOX * np.round(y / BOX)
        return N ** (beta - 1.0) * bump().profile((scale * y) ** 2)

    kick = (phi(q + v[:, None] * t) - phi(q)) / v[:, None]
    law = np.exp(-(v**2) / (4 * u**2)) / math.sqrt(4 * math.pi * u**2)
    expected = (N - 1) * float((w * law) @ (kick**2).mean(axis=1))
    found = momentum_variance(bump(), 1, BOX, beta, N, t, u)
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_momentum_grows_beyond_the_threshold_only(d):
    # Short against the time of flight; the exponents are those of large N.
    for shift in (-0.1, 0.1):
        beta = survival_threshold(d) + shift
        pair = [
            momentum_variance(bump(), d, BOX, beta, N, 6.0, 2.0) for N in (200, 400)
        ]
        slope = 0.5 * math.log2(pair[1] / pair[0])
        assert slope == pytest.approx(
            asymptotic_exponents(beta, d)["momentum"], abs=5e-3
        )
        assert slope * shift > 0


def measured(strength=1e-4, **changes):
    given = {
        "dimension": 2,
        "box": BOX,
        "potential": bump(strength),
        "initial": {"name": "homogeneous", "width": 0.9},
        "beta": 0.5,
        "mass": 1.3,
    } | changes
    ensemble = mfplug.simulate(
        mfplug.System(**given),
        24,
        replicas=600,
        times=[0.0, 0.4],
        step=0.02,
        seed=11,
    )
    table = mfplug.measure(["pair-scaling"], ensemble)
    return table.set_index(["metric", "index"])


def test_the_metric_agrees_with_the_formulas():
    # 600 replicas; 4.9 standard errors: a false alarm of 1e-6 for each comparison.
    table = measured()
    for index in ("force", "momentum"):
        row = table.loc[("pair-scaling", index)]
        exact = table.loc[("pair-scaling-exact", index), "value"]
        assert row["stderr"] < 0.03 * exact
        assert abs(row["value"] - exact) < 4.9 * row["stderr"]
        # Planted: with N in place of N - 1 pairs squared, the check must see it.
        wrong = exact * math.sqrt(24 / 23) * 24**0.1
        assert abs(row["value"] - wrong) > 4.9 * row["stderr"]
    scale = 24**0.25
    reach = table.loc[("pair-scaling", "range"), "value"]
    assert 0.9 * 0.6 / scale < reach < 0.6 / scale
    bound = bump(1e-4).gradient_bound * 24**-0.5 * scale
    largest = table.loc[("pair-scaling", "sup-force"), "value"]
    assert largest == pytest.approx(bound, rel=1e-3)


@pytest.mark.parametrize(
    "changes",
    [
        {"initial": {"name": "homogeneous", "width": 0.9, "amplitude": 0.2}},
        {"initial": {"name": "homogeneous", "momentum": "waterbag", "width": 0.9}},
        {"external": {"name": "drive", "wavenumber": 2 * math.pi / BOX}},
    ],
)
def test_what_is_not_homogeneous_is_refused(changes):
    with pytest.raises(mfplug.ParameterError, match="homogeneous Maxwellian"):
        measured(**changes)


def test_a_range_beyond_half_the_box_is_refused():
    with pytest.raises(mfplug.ParameterError, match=r"box/2"):
        force_variance(bump(radius=0.9), 1, BOX, 0.3, 40)


def test_a_singular_potential_is_refused():
    # Its modes fall too slowly for the sum: k^2 |phi(k)|^2 / k of a jump is 1/k.
    @dataclass(frozen=True)
    class Box(mfplug.RadialPotential):
        name = "box"

        def profile(self, s):
            return np.where(s < 0.09, 1.0, 0.0)

    with pytest.raises(mfplug.NumericsError, match="has not converged"):
        momentum_variance(Box(), 1, BOX, 0.0, 40, 1.0, 0.7)


def test_the_limit_is_neared_with_the_squared_width():
    # The first mode of N phi_N is c exp(-w^2 k^2 N^(-2 beta) / 2), that of delta is c.
    # With one mode in rho, k = 1 at t = 0, the relative gap is exact.
    system = mfplug.System(
        box=2 * math.pi,
        potential={"name": "gaussian", "strength": 0.8, "width": 0.6},
        initial={"name": "homogeneous", "width": 0.8, "amplitude": 0.3},
        beta=0.3,
    ).at(20)
    field = mfplug.solve_mean_field(system, [0.0, 0.2], nodes=6000, step=0.1)
    options = {"name": "benney-gap", "width": 0.2, "nodes": 6000, "step": 0.1}
    table = mfplug.measure([options], field=field).set_index(["metric", "time"])
    exact = 1.0 - math.exp(-0.5 * 0.6**2 * 20**-0.6)
    assert table.loc[("benney-force", 0.0), "value"] == pytest.approx(exact, abs=4e-4)
