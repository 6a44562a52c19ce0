"""Random streams and initial points: what they depend on, and what they do not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mfplug
from mfplug import ParameterError
from mfplug.dynamics import simulate as module
from mfplug.dynamics.seeding import stream

ROOT = Path(__file__).resolve().parents[1]
LAW = {"name": "gaussian", "mean_q": 0.3, "qq": 0.8, "qp": -0.2, "pp": 1.7}


def system(potential="harmonic", law=LAW, **keys):
    """Return a system on the line; the potential may be a name or a mapping."""
    return mfplug.System(potential=potential, initial=law, **keys)


def ensemble(**changes):
    """Return a small ensemble of a harmonic system, with some things changed."""
    keys = {
        "system": system({"name": "harmonic", "strength": 0.7}),
        "particles": 5,
        "replicas": 7,
        "times": [0.0, 0.35, 0.5],
        "step": 0.1,
        "seed": 42,
    }
    return mfplug.simulate(**(keys | changes))


def start(**changes):
    """Return the initial points (replicas, N, 2d) of that ensemble."""
    e = ensemble(**changes)
    return np.concatenate([e.q[0], e.p[0]], axis=-1)


INNOCENT = {
    "potential": {"system": system({"name": "gaussian", "strength": -2.0})},
    "strength": {"system": system({"name": "harmonic", "strength": 0.9})},
    "external": {"system": system(external={"name": "trap", "strength": 1.4})},
    "mass": {"system": system(mass=2.5)},
    "beta": {"system": system(beta=0.2)},
    "step": {"step": 0.03},
    "integrator": {"integrator": "yoshida4"},
    "times": {"times": [0.0, 1.0]},
    "forces": {"forces": "direct"},
}


@pytest.mark.parametrize("what", INNOCENT)
def test_points_do_not_depend_on(what):
    assert np.array_equal(start(**INNOCENT[what]), start())


GUILTY = {
    "seed": {"seed": 43},
    "N": {"particles": 6},
    "law": {"system": system(law=LAW | {"qq": 0.81})},
    "name": {"system": system(law={"name": "student", "df": 3.5})},
    "replica": {"first_replica": 1},
}


@pytest.mark.parametrize("what", GUILTY)
def test_points_depend_on(what):
    """Else every test of independence above would pass for constant points."""
    a, b = start(**GUILTY[what]), start()
    assert not np.any(a[:, :5] == b)


def test_replicas_and_particles_differ():
    """A stream used twice would repeat a row."""
    points = start(replicas=200).reshape(-1, 2)
    assert len(np.unique(points[:, 0])) == len(points)
    assert len(np.unique(points[:, 1])) == len(points)


def test_dimension_is_part_of_the_law():
    one = mfplug.simulate(system(), 4, times=[0.0, 0.1], seed=3).q[0]
    two = mfplug.simulate(system(dimension=2), 4, times=[0.0, 0.1], seed=3).q[0]
    assert not np.any(one[..., 0] == two[..., 0])


def test_more_replicas_extend_bit_for_bit():
    long, short = ensemble(replicas=11), ensemble(replicas=4)
    rest = ensemble(replicas=7, first_replica=4)
    assert np.array_equal(long.q_storage[:, :4], short.q_storage)
    joined = mfplug.Ensemble.join([short, rest])
    assert np.array_equal(joined.q_storage, long.q_storage)
    assert np.array_equal(joined.p_storage, long.p_storage)
    taken = long.take(slice(4, 9))
    assert taken.first_replica == 4
    assert np.array_equal(taken.p_storage, rest.p_storage[:, :5])


def test_join_refuses_a_gap():
    with pytest.raises(ParameterError, match="got replica 5, expected 4"):
        mfplug.Ensemble.join([ensemble(replicas=4), ensemble(first_replica=5)])
    with pytest.raises(ParameterError, match="do not follow"):
        mfplug.Ensemble.join(
            [ensemble(replicas=4), ensemble(first_replica=4, particles=6)]
        )


@pytest.mark.parametrize("block", [1, 5, 13, 10**6])
def test_blocks_do_not_change_a_bit(monkeypatch, block):
    """Gaussian forces in 2-d: sums that rounding would betray."""
    keys = {
        "system": system({"name": "gaussian", "strength": -1.3}, dimension=2),
        "particles": 9,
    }
    whole = ensemble(**keys)
    monkeypatch.setattr(module, "BLOCK_PARTICLES", block)
    parts = ensemble(**keys)
    assert np.array_equal(parts.q_storage, whole.q_storage)
    assert np.array_equal(parts.p_storage, whole.p_storage)


THREADS = """
import hashlib, sys
import mfplug
law = {"name": "gaussian", "qq": 0.8, "pp": 1.7}
system = mfplug.System(2, {"name": "gaussian", "strength": -1.3}, law)
e = mfplug.simulate(system, 60, 5, [0.0, 0.5], 0.1, "yoshida4", seed=9)
field = mfplug.solve_mean_field(system, [0.0, 0.5], nodes=600, grid=32)
q, p = field.flow(e.q[0], e.p[0], 0.0, 0.5)
print(hashlib.sha256(e.q_storage.tobytes() + e.p_storage.tobytes()).hexdigest())
print(hashlib.sha256(q.tobytes() + p.tobytes()).hexdigest())

# Many particles on the line: products of matrices that a BLAS shares among threads.
line = mfplug.System(1, {"name": "harmonic", "strength": 0.7}, law)
e = mfplug.simulate(line, 40, 1500, [0.0, 0.5], 0.1, "yoshida4", seed=9)
field = mfplug.solve_mean_field(line, [0.0, 0.5], "harmonic-exact")
names = [n for n in mfplug.names("metric") if n not in ("cell-bound", "cloud-growth")]
for name in names:
    try:
        rows = mfplug.measure([name], e, field)
    except mfplug.ParameterError as refusal:
        print(name, "is not for this system:", refusal)
        continue
    print(name, hashlib.sha256(repr(rows.to_dict()).encode()).hexdigest())
"""


@pytest.mark.slow
def test_threads_do_not_change_a_bit():
    said = []
    for threads in ("1", "2"):
        environment = os.environ | {
            "NUMBA_NUM_THREADS": threads,
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run(
            [sys.executable, "-c", THREADS],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(done.stdout.splitlines())
    assert len(said[0]) >= 8
    assert said[0] == said[1]


def test_stream_is_a_function_of_its_four_arguments():
    def draw(*arguments):
        return stream(*arguments).standard_normal(3).tolist()

    base = draw(5, "initial", ["gaussian", 4], 2)
    assert draw(5, "initial", ["gaussian", 4], 2) == base
    # The order of keys is no part of a mapping.
    assert draw(5, "x", {"a": 1, "b": 2}) == draw(5, "x", {"b": 2, "a": 1})
    for other in (
        (6, "initial", ["gaussian", 4], 2),
        (5, "metric", ["gaussian", 4], 2),
        (5, "initial", ["gaussian", 5], 2),
        (5, "initial", ["gaussian", 4], 3),
    ):
        assert draw(*other) != base


def test_stream_is_pinned():
    """A change here changes every published number: raise the format if it is meant."""
    first = stream(20110101, "initial", {"law": "gaussian", "N": 10}, 3).random()
    assert first == 0.8131639561984039


@pytest.mark.parametrize("seed", [-1, 1.5, True, "7", None])
def test_wrong_seed(seed):
    with pytest.raises(ParameterError, match="seed: not allowed; got "):
        ensemble(seed=seed)


def test_numpy_seed_is_a_seed():
    assert np.array_equal(start(seed=np.int64(42)), start())


def test_replicas_are_independent():
    """Correlation of neighbouring replicas' means, 4000 pairs, seed 42.

    For independent normal numbers sqrt(R) r is nearly N(0, 1): |r| < 3.9/sqrt(4000)
    fails by chance in 1e-4 of the seeds.
    """
    means = start(replicas=4001, times=[0.0]).mean(axis=1)
    for axis in range(2):
        x = means[:, axis]
        assert abs(np.corrcoef(x[:-1], x[1:])[0, 1]) < 3.9 / np.sqrt(4000)
    # Planted: overlapping streams (replica r shares half its numbers with r + 1).
    shared = means[:-1, 0] + means[1:, 0]
    assert abs(np.corrcoef(shared[:-1], shared[1:])[0, 1]) > 3.9 / np.sqrt(4000)
