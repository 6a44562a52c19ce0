"""A bump as wide as the cloud, in the plane: a series where its edge allows one."""

from __future__ import annotations

import numpy as np
import pytest

import mfplug
from mfplug import NumericsError
from mfplug.dynamics.sums import PairSum
from mfplug.dynamics.sums.fourier import FourierSum

BUMP = mfplug.create("potential", "bump", strength=1.9, radius=2.0)


def test_its_series_reaches_the_tolerance_that_the_edge_allows(monkeypatch):
    """phi' has a jump in its second derivative at the edge: modes fall by powers."""
    rng = np.random.default_rng(5)
    x, w = rng.normal(size=(2, 3000)), np.full(3000, 1.0)
    for tolerance in (1e-3, 1e-4):
        sums = PairSum(BUMP, 2, 3000, "fourier", tolerance=tolerance)
        exact = sums.direct.forces(x, w, x)
        worst = np.abs(sums.forces(x, w, x) - exact).max()
        # Relative to what all sources could exert together, sup |grad phi| = 1.717 A/R.
        assert worst < tolerance * 3000 * 1.717 * 1.9 / 2.0
        assert sums.error(x, w, x) < tolerance
    planned = FourierSum.plan
    few = lambda s, extent: (planned(s, extent)[0], (24, 24))  # noqa: E731
    monkeypatch.setattr(FourierSum, "plan", few)
    assert PairSum(BUMP, 2, 3000, "fourier", tolerance=1e-4).error(x, w, x) > 5e-4


def test_auto_takes_it_and_beyond_says_how_many_modes_it_would_need():
    many = PairSum(BUMP, 2, 10**6, tolerance=1e-4)
    assert many.method == "fourier"
    assert PairSum(BUMP, 2, 10**6, tolerance=1e-10).method == "cells"
    x, w = np.random.default_rng(5).normal(size=(2, 100)), np.ones(100)
    with pytest.raises(NumericsError, match=r"got \d+ x \d+ of modes for 1\.0e-06"):
        PairSum(BUMP, 2, 100, "fourier", tolerance=1e-6).forces(x, w, x)
