"""Trapped harmonic particles from a correlated Gaussian, and their exact law."""

from __future__ import annotations

import numpy as np

import mfplug
from mfplug.theory.harmonic import harmonic_law

ETA, TRAP = 0.7, 0.55
SIGMA = np.array([[0.49, -0.2], [-0.2, 0.81]])
MEAN = np.array([0.4, -0.3])
TIMES = (0.0, 0.8, 1.7)
LIMIT = 4.5
LAW = {
    "name": "gaussian",
    "mean_q": 0.4,
    "mean_p": -0.3,
    "qq": 0.49,
    "qp": -0.2,
    "pp": 0.81,
}


def system(eta=ETA, d=1):
    """Return trapped harmonic particles, from a correlated Gaussian."""
    pair = {"name": "harmonic", "strength": eta}
    return mfplug.System(d, pair, LAW, {"name": "trap", "strength": TRAP})


def solved(eta=ETA, d=1):
    """Return the exact field for a strength."""
    return mfplug.solve_mean_field(system(eta, d), TIMES, "harmonic-exact")


def law(t):
    """Return the exact law at a time."""
    return harmonic_law(t, ETA, TRAP, SIGMA, MEAN)
