"""Rules of heavy-tailed momenta, and drifts of a field with a mass."""

from __future__ import annotations

import numpy as np
import pytest

import mfplug
from mfplug.theory.line_laws import line_law


@pytest.mark.parametrize("df", [1.0, 3.0])
def test_rule_of_heavy_tails(df):
    """int exp(-i p t) g: exp(-w t), or (1 + x) exp(-x) with x = sqrt(3) w t."""
    law = line_law("student", 0.7, df)
    p, w = law.rule(512)
    assert w.sum() == pytest.approx(1.0, abs=1e-14)
    assert len(p) == 512
    x = np.sqrt(df) * 0.7 * np.linspace(0.0, 8.0, 81)
    exact = np.exp(-x) * (1.0 if df == 1.0 else 1.0 + x)
    found = np.cos(np.multiply.outer(x / np.sqrt(df) / 0.7, p)) @ w
    assert np.abs(found - exact).max() < {1.0: 4e-3, 3.0: 3e-4}[df]


def test_drifts_are_those_of_one_motion_in_other_units():
    """Mass m, strength m A and momenta m p move as mass 1, with m times the energy.

    Relative drift of energy equal: with its kinetic part counted as p^2 / 2, without
    the mass, it would not be.
    """
    fields = []
    for m in (1.0, 2.7):
        bell = {"name": "gaussian", "strength": 1.7 * m, "width": 0.8}
        law = {"name": "gaussian", "qq": 0.9, "pp": 0.81 * m**2}
        system = mfplug.System(1, bell, law, mass=m)
        fields.append(
            mfplug.solve_mean_field(system, [0.0, 1.0], nodes=800, grid=80, step=0.5)
        )
    drifts = [f.info["energy_drift"] for f in fields]
    assert drifts[0] > 1e-9
    assert drifts[1] == pytest.approx(drifts[0], rel=1e-4)
