"""Steps that are too long, and ensembles that do not fit into memory."""

from __future__ import annotations

import re
import tracemalloc
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from given_points import GAUSSIAN, placed

import mfplug
from mfplug import NumericsError, ParameterError, StoreError
from mfplug.dynamics import simulate as module
from mfplug.dynamics import storage
from mfplug.dynamics.simulate import simulate


def test_a_step_that_blows_up():
    """Leapfrog at h w = 30 grows at once; the step advised keeps the energy."""
    system = mfplug.System(
        potential={"name": "harmonic", "strength": 1e4}, initial=GAUSSIAN
    )
    with pytest.raises(NumericsError, match=r"'leapfrog': the energy explodes") as said:
        simulate(system, 3, times=[0.0, 200.0], step=0.3)
    assert re.search(
        r"at t = 0\.3 in replica 0, expected .* as at the start", str(said)
    )
    advice = float(re.search(r"at most ([\d.e-]+)\.$", str(said.value))[1])
    # w = 100: a quarter of a radian.
    assert advice == pytest.approx(0.0025, rel=0.05)
    e = simulate(system, 3, times=[0.0, 0.5], step=advice, seed=4)
    energy = [
        0.5 * (p**2).sum() + 1e4 / 6 * _squares(q)
        for q, p in zip(e.q, e.p, strict=True)
    ]
    assert energy[1] == pytest.approx(energy[0], rel=0.02)


def _squares(q):
    """Return half the sum over pairs of (q_i - q_j)^2."""
    x = q[0, :, 0]
    return 0.5 * ((x[:, None] - x) ** 2).sum()


def test_a_particle_that_falls_from_rest_does_not_explode():
    """The kinetic energy grows from 0 by all that there is, and nothing is said."""
    system = mfplug.System(
        potential={"name": "plummer", "strength": -1.0, "softening": 0.1},
        initial=placed([1.0, -1.0], [0.0, 0.0]),
    )
    e = simulate(system, 2, times=[0.0, 4.0], step=2e-3)
    assert (e.p[1] ** 2).sum() > 0.2
    # Time-dependent work is nobody's mistake.
    driven = replace(
        system, external={"name": "drive", "strength": 60.0, "frequency": 0.1}
    )
    simulate(driven, 2, times=[0.0, 1.0], step=1e-2)


def keep(monkeypatch, memory, disk):
    """Let the machine have so many bytes."""
    usage = SimpleNamespace(total=0, used=0, free=disk)
    monkeypatch.setattr(storage, "available_memory", lambda: memory)
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda place: usage)


def test_room_is_asked_of_the_system(monkeypatch):
    """2 arrays of 8 bytes, 80 % of what is there; one replica more is refused."""
    # More than 64 particles: the kernels of fewer take ten seconds to compile.
    size, work = 16 * 70 * 2 * 3, module.WORK * 70 * 3
    system = mfplug.System(dimension=3, initial=GAUSSIAN)
    keys = {"particles": 70, "times": [0.0, 0.1], "step": 0.1}
    enough = (10 * size + 10 * work + 1) / 0.8
    keep(monkeypatch, enough, 0)
    e = simulate(system, replicas=10, **keys)
    assert e.replicas == 10
    assert not isinstance(e.q_storage, np.memmap)
    keep(monkeypatch, (11 * size + 11 * work - 1) / 0.8, 0)
    with pytest.raises(ParameterError, match="Take at most 10 replicas at once"):
        simulate(system, replicas=11, **keys)
    keep(monkeypatch, 10 * work, 10**12)
    with pytest.raises(ParameterError, match=r"a step needs .* Take fewer particles"):
        simulate(system, replicas=11, **keys)


def test_what_does_not_fit_goes_to_disk_with_the_same_bits(monkeypatch, tmp_path):
    """Twenty replicas where memory holds one: the same snapshots, from a file."""
    system = mfplug.System(dimension=2, potential="gaussian", initial=GAUSSIAN)
    keys = {"particles": 4000, "replicas": 20, "times": [0.0, 0.1, 0.2], "step": 0.1}
    here = simulate(system, **keys)
    work = module.WORK * 16 * 4000 * 2
    monkeypatch.setattr(storage, "available_memory", lambda: (work + 1e6) / 0.8)
    tracemalloc.start()
    there = simulate(system, storage=tmp_path, **keys)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(there.q_storage, np.memmap)
    assert not isinstance(here.q_storage, np.memmap)
    assert here.info == there.info
    assert np.array_equal(here.q, there.q)
    assert np.array_equal(here.p, there.p)
    assert there.q.shape == (3, 20, 4000, 2)
    # A block and what a step needs beside it; the snapshots are 15 MB.
    assert peak < work
    # The file has no name: it goes with the arrays.
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(storage.tempfile, "TemporaryFile", _full)
    with pytest.raises(StoreError, match=r"no file .* No space left on device"):
        simulate(system, storage=tmp_path, **keys)


def _full(**keys):
    raise OSError(28, "No space left on device")


def test_available_memory_is_plausible():
    assert 2**24 < storage.available_memory() < 2**50
