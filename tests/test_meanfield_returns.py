"""Waves that equidistant momenta bring back: known in advance, shown by the error."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import mfplug
from mfplug import theory
from mfplug.contracts.rules import torus_nodes
from mfplug.meanfield import refine
from mfplug.meanfield.recurrence import nodes_that_last, return_time
from mfplug_plugins.distributions.homogeneous import Homogeneous

MOST = 1 << 18


def hmf(T, amplitude=1e-5, **law):
    """Return the Hamiltonian mean field model at temperature T, with a small wave."""
    state = {"name": "homogeneous", "width": math.sqrt(T), "amplitude": amplitude}
    potential = {"name": "cosine", "strength": -1.0}
    return mfplug.System(1, potential, state | law, box=2 * math.pi)


def waves(field, times):
    """Return the force at a quarter of the box at each time."""
    q = np.array([[0.5 * math.pi]])
    return np.array([field.force(t, q)[0, 0] for t in times])


@pytest.mark.parametrize(("d", "size"), [(1, 8192), (2, 20000), (3, 30000)])
def test_the_time_of_return(d, size):
    """There int exp(-i k p t) by the rule is 1 again, and not long before."""
    law = {"name": "homogeneous", "width": 0.8}
    potential = {"name": "cosine", "mode": 2}
    system = mfplug.System(d, potential, law, box=4.5, mass=1.6)
    _, p, w = system.initial.nodes(size)
    back = return_time(system, p)
    k = 2 * 2 * math.pi / 4.5

    def fourier(t):
        return abs(np.sum(w * np.exp(-1j * k * p[:, 0] * t / 1.6)))

    assert fourier(back) == pytest.approx(1.0, abs=1e-9)
    if d == 1:
        assert fourier(0.5 * back) < 1e-9
    assert fourier(0.9 * back) < 0.99


def test_what_never_returns():
    """Nodes of a water-bag are nowhere equidistant; in free space waves fly away."""
    bag = hmf(0.5, momentum="waterbag")
    assert return_time(bag, bag.initial.nodes(8192)[1]) == math.inf
    cloud = mfplug.System(1, "gaussian", "gaussian")
    assert return_time(cloud, cloud.initial.nodes(8192)[1]) == math.inf
    # The middle of the rule of a heavy tail is equidistant.
    tail = hmf(0.5, momentum="lorentz")
    assert 10.0 < return_time(tail, tail.initial.nodes(8192)[1]) < 100.0


def test_enough_nodes_unasked(monkeypatch):
    """A Maxwellian at T = 0.45 grows at its rate to t = 120, past the return of 8192.

    There the rate was wrong by a hundredth, fitted on the last half.
    """
    state, end = hmf(0.45, 1e-7), 120.0
    lasting = nodes_that_last(state, 8192, end, MOST)
    assert 16384 < lasting < 40000
    times = np.linspace(60.0, end, 61)

    def rate(field):
        return np.polyfit(times, np.log(np.abs(waves(field, times))), 1)[0]

    enough = mfplug.solve_mean_field(state, (0.0, end), step=0.2)
    assert enough.info["return_time"] > end
    assert rate(enough) == pytest.approx(theory.hmf_growth(0.45), rel=1e-4)
    with pytest.raises(mfplug.NumericsError, match=r"bring waves back; got 102\.7"):
        mfplug.solve_mean_field(state, (0.0, end), nodes=8192, step=0.2)
    # Planted: nobody looks. The error says it all the same.
    monkeypatch.setattr(refine, "ALLOWED", math.inf)
    few = mfplug.solve_mean_field(state, (0.0, end), nodes=8192, step=0.2)
    assert abs(rate(few) / theory.hmf_growth(0.45) - 1.0) > 1e-3
    true = np.abs(waves(few, times) - waves(enough, times)).max()
    assert true < few.info["error"] * np.abs(waves(enough, times)).max()


def test_a_return_is_refused_with_a_number_that_does():
    """At T = 1 the wave is gone at t = 10, and all of it comes back."""
    state, end = hmf(1.0, 1e-3), 40.0
    with pytest.raises(mfplug.NumericsError, match="bring waves back; got") as caught:
        mfplug.solve_mean_field(state, (0.0, end), nodes=1000)
    text = str(caught.value)
    assert "\n" not in text
    enough = int(re.search(r"Give nodes: (\d+) or more", text)[1])
    assert enough < 10000
    field = mfplug.solve_mean_field(state, (0.0, end), nodes=enough)
    assert field.info["return_time"] > end
    start, late = waves(field, [0.0])[0], waves(field, np.linspace(20.0, end, 21))
    assert np.abs(late).max() < 1e-3 * abs(start)


@dataclass(frozen=True)
class Lattice(Homogeneous):
    """A planted defect: the same momenta in every rule, which hides a return."""

    name: ClassVar[str] = "lattice"

    def nodes(self, size):
        """Return 24 momenta at each position."""
        line, w = self.law.rule(24)
        q = self.box * (np.arange(size // 24) + 0.5) / (size // 24)
        q, p = (x.reshape(-1, 1) for x in np.meshgrid(q, line, indexing="ij"))
        w = np.tile(w, size // 24) * self._wave(q)
        return q, p, w / w.sum()


def test_a_return_that_both_rules_share(monkeypatch):
    law = Lattice(width=1.0, amplitude=1e-3)
    potential = {"name": "cosine", "strength": -1.0}
    state = mfplug.System(1, potential, law, box=2 * math.pi)
    keys = {"nodes": 7680, "step": 0.2}
    with pytest.raises(mfplug.NumericsError, match="bring waves back"):
        mfplug.solve_mean_field(state, (0.0, 20.0), **keys)
    # Without that look the error is nothing, and the wave is there again.
    monkeypatch.setattr(refine, "hidden_return", lambda coarse, fine: False)
    field = mfplug.solve_mean_field(state, (0.0, 20.0), **keys)
    assert field.info["error"] < 1e-2
    force = np.abs(waves(field, np.linspace(0.0, 20.0, 201)))
    assert force[150:].max() > 0.1 * force[0]


def test_rules_in_space_that_share_their_momenta():
    """Between 128 000 and 166 375 nodes half of them have the same ten momenta."""
    law = mfplug.create("distribution", "homogeneous").law
    rules = [torus_nodes(3, 1.0, law.rule, size)[1] for size in (140000, 70000, 49000)]
    first, half, other = (np.unique(p[:, 0]) for p in rules)
    assert len(first) == len(half) == 10
    assert len(other) < 10
