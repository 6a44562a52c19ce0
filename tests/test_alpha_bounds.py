"""The bounds of alpha for homogeneous HMF: what its delta K is at most."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import mfplug
from mfplug.contracts.metric import Sample

SYSTEM = mfplug.System(
    dimension=1,
    box=2.0 * math.pi,
    potential=mfplug.create("potential", "cosine", strength=-1.0),
    initial=mfplug.create(
        "distribution", "homogeneous", momentum="lorentz", width=0.7, amplitude=0.0
    ),
)


def test_delta_k_of_hmf_is_at_most_one_and_the_infection_runs_at_it():
    """alpha' = S (1 - alpha) (b alpha + a) with b = sup |delta K| by this potential.

    Uniform positions pull with a mean force of 0, so that b is sup |grad phi| = 1 and
    not twice as much, which the general bound would be (planted defect).
    """
    q = np.linspace(0.0, 2.0 * math.pi, 721)[:, None]
    force = SYSTEM.potential.gradient(q)[:, 0]
    b = float(np.abs(force - force[:-1].mean()).max())
    assert b == pytest.approx(1.0, abs=1e-4)
    N, t = 300, 0.8
    sample = Sample(SYSTEM, (0.0, t), np.random.default_rng(0), particles=N)
    rows = mfplug.create("metric", "alpha-bounds").rows(sample)
    found = next(row.value for row in rows if row.metric == "alpha-logistic")

    def solved(deviation):
        a, S = math.sqrt(3.0 * math.log(N) / N), 1.0 / 0.7
        right = lambda _, y: S * (1.0 - y) * (deviation * y + a)  # noqa: E731
        return float(solve_ivp(right, (0, t), [0.0], rtol=1e-9, atol=1e-12).y[0, -1])

    assert found == pytest.approx(solved(b), rel=1e-3)
    assert found < 0.9 * solved(2.0 * b)
