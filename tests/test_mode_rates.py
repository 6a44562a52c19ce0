"""Rates of linear waves at wave numbers, temperatures and edges that nobody listed."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mfplug
from mfplug import theory

#: Each draws one state of every kind; nothing else here is random.
SEEDS = (1, 2, 3)
NODES = {"name": "characteristics", "nodes": 8192, "step": 0.2}
GRID = {"name": "semi-lagrangian", "step": 0.2}
#: What is asked: of Landau's waves, of Maxwellians and of water-bags.
GOALS = {"landau": 1e-4, "maxwellian": 1e-3, "waterbag": 2e-4}


def wave(k: float, strength: float, **law: object) -> mfplug.System:
    """Return a homogeneous state of the torus with a wave of 1e-7."""
    return mfplug.System(
        potential={"name": "cosine", "strength": strength},
        initial={"name": "homogeneous", "amplitude": 1e-7, **law},
        box=2 * math.pi / k,
    )


def states(seed: int) -> list[tuple[str, mfplug.System, complex]]:
    """Return (kind, state, exact frequency): each kind damped, growing, oscillating."""
    rng = np.random.default_rng(seed)
    k = rng.uniform(0.3, 0.5)
    found = [("landau", wave(k, 2 / k**2), theory.landau_frequency(k))]
    for low, high in ((0.3, 0.46), (0.54, 1.1)):
        T = rng.uniform(low, high)
        state = wave(1.0, -1.0, width=math.sqrt(T))
        found.append(("maxwellian", state, 1j * theory.hmf_growth(T)))
    for low, high in ((0.6, 0.69), (0.72, 0.8)):
        p0 = rng.uniform(low, high)
        state = wave(1.0, -1.0, momentum="waterbag", width=p0)
        square = complex(theory.waterbag_frequency_squared(p0))
        found.append(("waterbag", state, square**0.5))
    return found


def window(mode: complex) -> tuple[float, float]:
    """Return times at which the mode stands alone and the wave is below 1e-3.

    The nodes of a Maxwellian come back to their first order after t = 100.
    """
    rate = mode.imag
    if rate > 1e-6:
        return min(2.5 / rate, 15.0), min(math.log(1e4) / rate, 60.0)
    # A damped wave sinks into rounding, and one and a half periods show a frequency.
    long = min(20.0, 6.0 / -rate) if rate < -1e-6 else 3 * math.pi / mode.real
    return 9.0, 9.0 + long


@pytest.mark.parametrize("seed", SEEDS)
def test_rates_of_drawn_states(seed: int) -> None:
    for kind, state, exact in states(seed):
        start, end = window(exact)
        # An edge is a jump, which a grid does not hold to this precision.
        for solver in (NODES, GRID) if kind != "waterbag" else (NODES,):
            field = mfplug.solve_mean_field(state, (0.0, end), solver)
            table = mfplug.measure([{"name": "mode-rate", "start": start}], field=field)
            value = table.set_index("metric")["value"]
            assert value["mode-error"] < GOALS[kind], (kind, solver, state)
            found = complex(value["mode-frequency"], value["mode-growth"])
            assert abs(found - exact) < GOALS[kind] * abs(exact)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_force_one_percent_too_strong_would_show(seed: int) -> None:
    for kind, state, exact in states(seed):
        law = state.initial
        wrong = theory.mode_frequency(
            state.potential.wavenumber,
            1.01 * state.potential.strength,
            momentum=law.momentum,
            width=law.width,
        )
        assert abs(wrong - exact) > 5 * GOALS[kind] * abs(exact), (kind, exact)
