"""Blocks of replicas in threads, and many replicas drawn at once: the same bits."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numba
import numpy as np
import pytest

import mfplug
from mfplug.dynamics import advance, blocks, simulate, start
from mfplug.dynamics.forces import Forces
from mfplug.errors import NumericsError
from mfplug.registry import create_from
from plugins.distributions.gaussian import Gaussian

N, REPLICAS, BLOCK = 11, 43, 4


@pytest.fixture
def in_threads(monkeypatch):
    """Let two threads share the blocks, whatever the machine has."""
    monkeypatch.setattr(blocks, "_side_by_side", lambda: True)
    monkeypatch.setattr(blocks, "threads", lambda: 2)
    monkeypatch.setattr(simulate, "BLOCK_PARTICLES", N * BLOCK)


def run(integrator="leapfrog", **changes):
    """Return an ensemble of small clouds."""
    keys = {
        "dimension": 2,
        "potential": {"name": "plummer", "strength": -3.0, "softening": 0.3},
        "initial": {"name": "gaussian", "qq": 0.49, "qp": -0.2, "pp": 0.81},
        "mass": 1.7,
    }
    system = mfplug.System(**keys | changes)
    return mfplug.simulate(system, N, REPLICAS, [0.0, 0.35, 1.0], 0.1, integrator)


def noted(monkeypatch, module, name):
    """Replace a function by one that notes its thread; return the notes."""
    real, seen = getattr(module, name), []

    def note(*arguments, **keys):
        seen.append(threading.current_thread())
        return real(*arguments, **keys)

    monkeypatch.setattr(module, name, note)
    return seen


@pytest.mark.parametrize("way", ["each alone", "drawn ahead"])
def test_threads_give_the_same_bits(monkeypatch, request, way):
    whole = run()
    if numba.threading_layer() not in ("omp", "tbb") and way == "each alone":
        pytest.skip("this machine's Numba cannot run two compiled loops at once")
    request.getfixturevalue("in_threads")
    if way == "drawn ahead":
        monkeypatch.setattr(blocks, "threads", lambda: 1)
    drawn = noted(monkeypatch, simulate, "initial_points")
    moved = noted(monkeypatch, simulate, "advance")
    before = numba.get_num_threads()
    apart = run()
    assert numba.get_num_threads() == before
    for name in ("q", "p"):
        assert np.array_equal(getattr(apart, name), getattr(whole, name))
    assert apart.info == whole.info
    main = threading.main_thread()
    assert len(drawn) == len(moved) == 11
    assert drawn[0] is moved[0] is main
    assert all(thread is not main for thread in drawn[2:])
    assert all((thread is not main) == (way == "each alone") for thread in moved[1:])


def test_what_fails_in_a_thread_is_said_as_in_one(monkeypatch, in_threads):
    run()
    if numba.threading_layer() not in ("omp", "tbb"):
        pytest.skip("this machine's Numba cannot run two compiled loops at once")
    real = simulate.advance

    def failing(forces, method, times, step, q, p, first, tell):
        if first >= 8:
            raise NumericsError(f"replica {first}")
        real(forces, method, times, step, q, p, first, tell)

    monkeypatch.setattr(simulate, "advance", failing)
    with pytest.raises(NumericsError, match=r"^replica 8$"):
        run()


def test_replicas_drawn_together_are_those_drawn_alone(monkeypatch):
    law = {"name": "gaussian", "qq": 0.7, "qp": 0.2, "pp": 0.4, "mean_q": 0.3}
    together = run(initial=law)
    monkeypatch.setattr(start, "_hook", lambda law: "sample()")
    assert np.array_equal(run(initial=law).q, together.q)


@dataclass(frozen=True)
class Mirrored(Gaussian):
    """A law whose own ``sample`` has to be asked, not its parent's ``joints``."""

    def sample(self, rng, n):
        q, p = super().sample(rng, n)
        return np.abs(q), p


@dataclass(frozen=True)
class Entangled(Mirrored):
    """A state that is no product: its ``joint`` has to be asked."""

    def joint(self, rng, N):
        q, p = self.sample(rng, N)
        return q - 9.0, p


def test_a_law_that_samples_otherwise_is_asked():
    start_of = {law: run(initial=law()).q[0] for law in (Gaussian, Mirrored, Entangled)}
    assert start_of[Gaussian].min() < 0.0
    assert np.array_equal(start_of[Mirrored], np.abs(start_of[Gaussian]))
    assert np.array_equal(start_of[Entangled], start_of[Mirrored] - 9.0)


def test_small_clouds_are_the_ones_that_go_apart():
    system = mfplug.System(dimension=1, potential="gaussian", initial="gaussian")
    method = create_from("integrator", "leapfrog")
    for size, apart in ((64, True), (65, False)):
        forces = Forces(system, size, "direct")
        assert advance.compiled_steps(forces, method) is apart
