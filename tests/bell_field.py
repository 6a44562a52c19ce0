"""Gaussian repulsion, particles from a correlated Gaussian, and their mean field."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import mfplug

SIGMA = ((0.49, -0.2), (-0.2, 0.81))
MEAN = (0.4, -0.3)
LAW = {
    "name": "gaussian",
    "mean_q": MEAN[0],
    "mean_p": MEAN[1],
    "qq": SIGMA[0][0],
    "qp": SIGMA[0][1],
    "pp": SIGMA[1][1],
}
BELL = {"name": "gaussian", "strength": 1.7, "width": 0.6}
MASS, END = 1.6, 1.3
#: Enough for 1e-8 on the line; in the plane and in space small, for the definitions.
SIZES = {
    1: {"nodes": 900, "grid": 100, "step": 0.05},
    2: {"nodes": 600, "grid": 40, "step": 0.1},
    3: {"nodes": 600, "grid": 28, "step": 0.1},
}


def bell(d=1, **keys):
    """Return a system with Gaussian repulsion and mass 1.6."""
    return mfplug.System(d, BELL, LAW, **({"mass": MASS} | keys))


@cache
def _fields():
    # Of the process, as several files of tests use it.
    times = [0.0, 0.6, END]
    return {d: mfplug.solve_mean_field(bell(d), times, **SIZES[d]) for d in SIZES}


@pytest.fixture(scope="session")
def fields():
    """The field of that system in d = 1, 2, 3."""
    return _fields()


def sampled(field, n=60, seed=1):
    """Return points of f_0 of the field's system."""
    return field.system.initial.sample(np.random.default_rng(seed), n)


def harmonic(eta, trap, m, d=1):
    """Return a harmonic system with a moving, correlated Gaussian."""
    return mfplug.System(
        dimension=d,
        potential={"name": "harmonic", "strength": eta},
        initial=LAW,
        external={"name": "trap", "strength": trap} if trap else None,
        mass=m,
    )


def worst(a, b):
    """Return the largest difference of two arrays."""
    return float(np.abs(np.asarray(a) - np.asarray(b)).max())


def summed(field, t, q):
    """Return the pair force as a plain sum over all nodes at a stored level."""
    assert np.abs(field.arrays()["levels"] - t).min() < 1e-12
    potential, weights = field.system.potential, field.node_weights()
    nodes = field.node_positions(t).T
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    return np.stack(
        [-weights @ potential.gradient(x - nodes) for x in np.atleast_2d(q)]
    )
