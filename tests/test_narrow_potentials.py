"""Nodes between refusal and all that is needed: the stated error is honest there."""

from __future__ import annotations

import numpy as np
import pytest

import mfplug

#: Width, strength, end, mass, law, nodes and grid: drawn once, then kept. Spacings of
#: the nodes are one to two widths.
DRAWN = {
    1: [
        (0.36, -0.31, 0.9, 1.2, (0.8, -0.1, 0.7), 1075, 160),
        (0.30, 0.22, 1.6, 0.9, (1.1, 0.2, 0.5), 2600, 160),
    ],
    2: [
        (0.55, 0.5, 0.6, 1.0, (0.8, 0.1, 0.6), 2269, 64),
        (0.50, -0.3, 0.8, 1.4, (0.9, -0.2, 0.8), 4000, 64),
    ],
}


@pytest.mark.parametrize(("d", "which"), [(1, 0), (1, 1), (2, 0), (2, 1)])
def test_the_stated_error_of_coarse_nodes(d, which):
    width, strength, end, mass, (qq, qp, pp), nodes, grid = DRAWN[d][which]
    system = mfplug.System(
        d,
        {"name": "gaussian", "strength": strength, "width": width},
        {"name": "gaussian", "qq": qq, "qp": qp, "pp": pp},
        mass=mass,
    )
    field = mfplug.solve_mean_field(system, (0.0, end), nodes=nodes, grid=grid)
    fine = {"name": "characteristics", "nodes": 4 * nodes, "grid": 2 * grid}
    other = {"name": "spherical", "terms": 24}
    exact = mfplug.solve_mean_field(system, (0.0, end), fine if d == 1 else other)
    error, scale = 0.0, 0.0
    for t in (0.37 * end, 0.6 * end, end):
        q, _ = exact.sample(t, np.random.default_rng(5), 300)
        right = exact.force(t, q)
        error = max(error, float(np.abs(field.force(t, q) - right).max()))
        scale = max(scale, float(np.abs(right).max()))
    true, info = error / scale, field.info
    # The nodes are coarse, and the reference is far better.
    assert 3 * exact.info["error"] < true < 0.3
    assert true < 3 * info["error"]
    # Planted: without the part of the nodes the error would not be what is stated.
    assert true > 3 * (info["step_error"] + info["interpolation_error"])
