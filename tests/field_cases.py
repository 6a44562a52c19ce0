"""Systems whose fluctuation field is known, and rows of the metric."""

from __future__ import annotations

import math

import numpy as np

import mfplug
from mfplug.theory.line_laws import line_law
from mfplug.theory.linear_response import ModeResponse
from mfplug.theory.wave_fluctuations import WaveFluctuations

TWO_PI = 2.0 * math.pi


def waves(name="gaussian", width=1.0, k=0.5, strength=8.0, mass=1.0):
    law = line_law(name, width, df=3.0, speed=1.2)
    return WaveFluctuations(ModeResponse(law.transform, k, strength, mass), law)


def harmonic():
    initial = {"name": "gaussian", "mean_q": 1.0, "mean_p": 0.5, "qp": 0.2, "pp": 0.5}
    potential = {"name": "harmonic", "strength": 1.3}
    return mfplug.System(1, potential, initial, {"name": "trap", "strength": 0.4})


def field(count, seed, complex_=False):
    """Return two correlated Gaussian fields and noisy copies with known moments."""
    rng = np.random.default_rng(seed)
    shape = (count, 2)
    y = rng.standard_normal(shape)
    noise = rng.standard_normal(shape)
    if complex_:
        y = (y + 1j * rng.standard_normal(shape)) / math.sqrt(2.0)
        noise = (noise + 1j * rng.standard_normal(shape)) / math.sqrt(2.0)
    y[:, 1] += 0.5 * y[:, 0]
    return y, 1.2 * y + 0.2 * noise + (0.0 if complex_ else 0.3)


def hmf():
    law = {"name": "homogeneous", "momentum": "lorentz"}
    return mfplug.System(1, {"name": "cosine", "strength": -1.0}, law, box=TWO_PI)


def rows(system, N, replicas, times, seed=2, **metric):
    step = 0.1
    ensemble = mfplug.simulate(system, N, replicas, times, step, "leapfrog", seed=seed)
    found = mfplug.measure([{"name": "fluctuation-field", **metric}], ensemble)
    return found.set_index(["metric", "index"])
