"""What a metric is said to cost follows the way in which its forces are summed."""

from __future__ import annotations

import pytest

from mfplug.studies.cells import cells_of
from mfplug.studies.cost import rows_seconds
from mfplug.studies.model import StudyFile

METRICS = ["energy-drift", "force-fluctuation", "invariants"]


def seconds(metric, N, forces):
    """Return the declared cost for attracting particles on a circle."""
    study = StudyFile(
        title="costs",
        system={
            "potential": {"name": "cosine", "strength": -1.0},
            "initial": {"name": "homogeneous", "momentum": "gaussian"},
            "box": 6.283185307179586,
        },
        particles=N,
        forces=forces,
        metrics=METRICS,
    )
    (cell,) = cells_of(study, "costs")
    (found,) = (m for m in cell.metrics if m.name == metric)
    return rows_seconds(cell, found)


@pytest.mark.parametrize("metric", METRICS)
def test_ten_times_the_particles(metric):
    once = seconds(metric, 2, "auto")  # what does not depend on N
    few, many = (seconds(metric, N, "auto") - once for N in (10**5, 10**6))
    assert 9 < many / few < 11  # by separation: O(N)
    few, slow = (seconds(metric, N, "direct") - once for N in (10**5, 10**6))
    assert 90 < slow / few < 110  # all pairs
    assert slow > 100 * many
