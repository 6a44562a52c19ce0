"""What is no simulation: arguments, forces and points that are refused."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from given_points import GAUSSIAN, Given, placed

import mfplug
from mfplug import NumericsError, ParameterError, PluginError
from mfplug.dynamics.simulate import simulate

WRONG = {
    "N = 0": ({"particles": 0}, "particles: not allowed; got 0, expected an integer"),
    "N = 2.5": ({"particles": 2.5}, "particles: not allowed; got 2.5"),
    "N true": ({"particles": True}, "particles: not allowed; got True"),
    "replicas": ({"replicas": -3}, "replicas: not allowed; got -3"),
    "first": ({"first_replica": -1}, "first_replica: not allowed; got -1"),
    "step < 0": ({"step": -0.1}, "step: not allowed; got -0.1, expected a number > 0"),
    "step 0": ({"step": 0}, "step: not allowed; got 0"),
    "step nan": ({"step": float("nan")}, "step: not allowed; got nan"),
    "step tiny": ({"step": 1e-30}, "step: too many steps; got 2e.29"),
    "times huge": ({"times": [0.0, 1e30]}, "step: too many steps"),
    "step text": ({"step": "0.1"}, "step: not allowed; got '0.1'"),
    "times fall": ({"times": [0.0, 1.0, 0.5]}, "times: not allowed"),
    "times equal": ({"times": [0.0, 0.0]}, "times: not allowed"),
    "times empty": ({"times": []}, "times: not allowed"),
    "times inf": ({"times": [0.0, math.inf]}, "times: not allowed"),
    "times nan": ({"times": [math.nan]}, "times: not allowed"),
    "times text": ({"times": "soon"}, "times: not allowed; got 'soon'"),
    "times number": ({"times": 1.0}, "times: not allowed; got 1.0"),
    "forces": ({"forces": "direkt"}, "forces: unknown method; got 'direkt'.*'direct'"),
    "memory": ({"particles": 10**6, "replicas": 10**9}, "replicas: the snapshots need"),
    "N huge": ({"particles": 10**15}, "Take fewer particles"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_input_is_one_clear_line(what):
    changes, message = WRONG[what]
    keys = {"particles": 3, "replicas": 2, "times": [0.0, 0.2], "step": 0.1}
    with pytest.raises(ParameterError, match=message) as caught:
        simulate(mfplug.System(), **(keys | changes))
    assert "\n" not in str(caught.value)


def test_unknown_integrator_is_a_plugin_error():
    with pytest.raises(PluginError, match=r"integrator 'leapfrogg'.*'leapfrog'"):
        simulate(mfplug.System(), 2, integrator="leapfrogg")
    with pytest.raises(PluginError, match="got solver 'harmonic-exact'"):
        simulate(
            mfplug.System(), 2, integrator=mfplug.create("solver", "harmonic-exact")
        )


@dataclass(frozen=True)
class Sick(mfplug.RadialPotential):
    """A potential whose force is NaN where particles are further apart than 0.9."""

    name = "sick"

    def profile(self, s):
        """Return the square root of what becomes negative."""
        return np.sqrt(0.81 - s)


@dataclass(frozen=True)
class SickOutside(mfplug.External):
    """An external potential that becomes NaN at a time."""

    name = "sick-outside"
    time_dependent = True
    shape: int = 1

    def energy(self, q, t):
        """Return 0, later NaN."""
        return np.sum(self.gradient(q, t), axis=-1)

    def gradient(self, q, t):
        """Return 0, later NaN; or an array of the wrong shape."""
        zero = np.zeros_like(q) if self.shape else np.zeros(q.shape[:-1])
        return zero if t < 0.5 else np.sqrt(zero - 1.0)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_nan_in_a_plugins_force():
    crowd = placed([0.0, 0.5, 2.0], [0.0, 0.0, 0.0])
    message = "potential 'sick': the force is not finite at t = 0 for 3 of 3 particles"
    with pytest.raises(NumericsError, match=message) as caught:
        simulate(mfplug.System(potential=Sick(), initial=crowd), 3)
    assert "\n" not in str(caught.value)
    # Near enough it is a force like another.
    near = placed([0.0, 0.5, 0.2], [0.0, 0.0, 0.0])
    simulate(mfplug.System(potential=Sick(), initial=near), 3, times=[0.0, 0.05])


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_nan_in_an_external_force():
    system = mfplug.System(initial=GAUSSIAN, external=SickOutside())
    message = "external 'sick-outside': the force is not finite at t = 0.5 for 8 of 8"
    with pytest.raises(NumericsError, match=message):
        simulate(system, 4, 2, [0.0, 1.0], 0.1)
    with pytest.raises(PluginError, match=r"the wrong shape; got .2, 4."):
        simulate(replace(system, external=SickOutside(0)), 4, 2)


@dataclass(frozen=True)
class Stray(Given):
    """Points with one infinite momentum."""

    def joint(self, rng, N):
        """Return points."""
        return np.zeros((N, 1)), np.array([[1.0]] * (N - 1) + [[np.inf]])


def _fails(*arguments):
    raise ValueError("deep inside")


@pytest.mark.parametrize("hook", ["sample", "joint", "joints"])
def test_the_method_that_failed_is_named(hook):
    base = type(mfplug.create("distribution", "gaussian"))
    cls = dataclass(frozen=True)(type("Faulty", (base,), {hook: _fails}))
    with pytest.raises(PluginError, match=rf"'gaussian': {hook}\(\) failed; got Value"):
        simulate(mfplug.System(initial=cls()), 3, 2)
    cls = dataclass(frozen=True)(
        type("Lost", (base,), {hook: lambda *_: (np.full((2, 3, 1), np.nan),) * 2})
    )
    with pytest.raises((NumericsError, PluginError), match=rf"Mend {hook}\(\)"):
        simulate(mfplug.System(initial=cls()), 3, 2)


def test_bad_samples():
    shape = placed(np.zeros((3, 2)), np.zeros((3, 1)))
    with pytest.raises(PluginError, match=r"'given': .*shape; got .3, 2., expected"):
        simulate(mfplug.System(initial=shape), 3)
    with pytest.raises(NumericsError, match="'given': a sample is not finite"):
        simulate(mfplug.System(initial=Stray()), 3)
