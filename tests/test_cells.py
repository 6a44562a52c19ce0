"""Cells: what a target reaches, with points far away, on the torus, other targets."""

from __future__ import annotations

import numpy as np
import pytest
from test_sums import BOX, all_pairs

import mfplug
from mfplug.dynamics.sums import PairSum, cells, fourier
from mfplug.dynamics.sums.fourier import FourierSum
from mfplug.dynamics.sums.kernel import ScaledKernel

BUMP = mfplug.create("potential", "bump", strength=1.9, radius=0.7)


def error(box, d=2):
    """Return the largest error of forces on a cloud itself, on others, of energies."""
    rng = np.random.default_rng(6)
    y = rng.normal(size=(d, 900))
    y[:, :3] *= 1e5  # in no cell of their own
    y[0, 3:9] = 0.7 * np.arange(6)  # at the edges of cells
    x = np.concatenate([y[:, :40], rng.normal(0.0, 2.0, size=(d, 60))], axis=1)
    w = rng.normal(size=900)
    sums = PairSum(BUMP, d, 900, "cells", scale=1.3, box=box)
    assert sums.method == "cells"
    force, energy = all_pairs(BUMP, y, w, x, 1.0, 1.3, box)
    own, _ = all_pairs(BUMP, y, w, y, 1.0, 1.3, box)
    return [
        np.abs(got - exact).max() / np.abs(exact).max()
        for got, exact in (
            (sums.forces(y, w, y), own),
            (sums.forces(y, w, x), force),
            (sums.energies(y, w, x), energy),
        )
    ]


@pytest.mark.parametrize("box", [None, BOX])
def test_a_target_feels_all_that_it_reaches_and_a_shorter_reach_is_seen(
    box, monkeypatch
):
    """On the torus points at 1e5 have lost five digits."""
    assert max(error(box)) < (1e-13 if box is None else 1e-9)
    # Whole vectors are taken, which hides a reach that is a little too short.
    monkeypatch.setattr(cells, "_WIDER", 0.6)
    assert min(error(box)) > 1e-4


def test_two_components_a_thread_give_the_same_bits(monkeypatch):
    """Three components are two transforms: two threads take one each."""
    monkeypatch.setattr(fourier, "SHARED", 1)
    rng = np.random.default_rng(8)
    x, w = rng.normal(size=(3, 700)), rng.normal(size=700)
    kernel = ScaledKernel(mfplug.create("potential", "gaussian", width=1.1), 3)
    one, four = FourierSum(kernel, 1e-7), FourierSum(kernel, 1e-7, threads=4)
    assert np.array_equal(one.forces(x, w, x), four.forces(x, w, x))
