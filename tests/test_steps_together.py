"""Many steps in one call: the steps of the integrator, for few particles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import mfplug
from mfplug.contracts.integrator import Splitting
from mfplug.dynamics import advance
from mfplug.dynamics.loops import FEW
from mfplug.dynamics.seeding import spawned

TIMES = [0.0, 0.35, 2.0]


def run(N=11, replicas=19, integrator="leapfrog", first=0, **changes):
    """Return an ensemble; 0.35 is no multiple of the step."""
    keys = {
        "potential": {"name": "plummer", "strength": -3.0, "softening": 0.3},
        "initial": {"name": "gaussian", "qq": 0.49, "qp": -0.2, "pp": 0.81},
        "mass": 1.7,
    }
    system = mfplug.System(**keys | changes)
    return mfplug.simulate(
        system, N, replicas, TIMES, 0.1, integrator, "direct", first_replica=first
    )


CASES = {
    "line": {"dimension": 1},
    "plane": {"dimension": 2, "beta": 0.3},
    "space": {"dimension": 3, "integrator": "yoshida4"},
    "torus": {
        "dimension": 2,
        "box": 5.0,
        "potential": {"name": "gaussian", "strength": 2.0, "width": 0.4},
    },
    "full": {"dimension": 1, "N": FEW, "replicas": 8},
    "pair": {"dimension": 1, "N": 2, "replicas": 1},
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_same_motion_as_step_by_step(monkeypatch, case):
    together = run(**CASES[case])
    monkeypatch.setattr(advance, "compiled_steps", lambda forces, method: False)
    alone = run(**CASES[case])
    np.testing.assert_allclose(together.q, alone.q, rtol=0, atol=1e-12)
    np.testing.assert_allclose(together.p, alone.p, rtol=0, atol=1e-12)
    assert np.abs(together.p[2] - together.p[0]).max() > 1e-2
    # Rounding differs, so the other way was really taken.
    assert case == "pair" or not np.array_equal(together.p, alone.p)


def test_the_bits_depend_on_no_neighbour():
    whole = run(dimension=2)
    for first, count in ((0, 1), (3, 9), (18, 1)):
        part = run(dimension=2, first=first, replicas=count)
        assert np.array_equal(part.q, whole.q[:, first : first + count])
        assert np.array_equal(part.p, whole.p[:, first : first + count])


@dataclass(frozen=True)
class Braked(Splitting):
    """A splitting with a step of its own, which has to be taken."""

    name: ClassVar[str] = "braked"
    order: ClassVar[int] = 1

    def step(self, state, t, dt, force):
        state = super().step(state, t, dt, force)
        return state._replace(p=0.5 * state.p)


def test_an_integrator_with_its_own_step_is_asked():
    weak = {"potential": {"name": "plummer", "strength": -0.01, "softening": 0.5}}
    own, usual = run(integrator=Braked(), **weak), run(**weak)
    assert np.abs(own.p[2]).max() < 0.01 < 0.1 < np.abs(usual.p[2]).mean()


def test_a_step_that_is_too_long_is_said_while_it_happens():
    with pytest.raises(mfplug.MfplugError, match=r"energy explodes|not finite"):
        run(
            dimension=1,
            potential={"name": "harmonic", "strength": 4e3},
            initial={"name": "gaussian"},
        )


@pytest.mark.parametrize("seed", [0, 1, 2**31 + 5, 2**40 + 3, 2**100 + 7, 2**200 + 1])
def test_streams_seeded_together_are_those_of_numpy(seed):
    words = [2**31, 7, 0, 2**32 - 1]
    indices = np.array([0, 1, 5, 1000, 2**32 - 1], dtype=np.uint32)
    exact = [
        np.random.SeedSequence(seed, spawn_key=(*words, int(i))).generate_state(
            4, np.uint64
        )
        for i in indices
    ]
    assert np.array_equal(spawned(seed, words, indices), np.array(exact))
