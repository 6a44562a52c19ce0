"""What goes wrong without the details of Definitions 2.1 to 2.3."""

from __future__ import annotations

import numpy as np

from mfplug.theory.counting.certify import Problem
from mfplug.theory.counting.network import Network, network


def free_signs(problem: Problem) -> float:
    """Return (18), the count of bad particles alone, where g^k may have any sign.

    Nothing is paid for negative parts. It is 0: the sector 0 takes all of the mass,
    and the all-bad part F - f^N of mass 0 makes up the difference.
    """
    flow = network(problem)
    highs, infinity = flow.highs, flow.highs.getInfinity()
    stop = flow.first_sector + flow.sectors.size
    bad = stop + np.arange(flow.sources.size)
    for column in [*range(flow.first_sector), *bad.tolist()]:
        highs.changeColBounds(int(column), -infinity, infinity)
    # Without the slack of the splitting, and with one weight c_N >= 0 of the all-bad.
    for column in range(int(bad[-1]) + 1, highs.getNumCol()):
        highs.changeColBounds(int(column), 0.0, 0.0)
    highs.addRow(0.0, infinity, bad.size, bad.astype(np.int32), np.ones(bad.size))
    return _value(flow)


def only_sector(problem: Problem, k: int) -> float:
    """Return the least cost if all mass has to lie in the sector k < N.

    M^j is a part of M^k for j < k: a law of M^j still has a decomposition, which costs
    k/N, because independent particles may be called bad.
    """
    flow = network(problem)
    for place, sector in enumerate(flow.sectors):
        if sector != k:
            flow.highs.changeColBounds(flow.first_sector + place, 0.0, 0.0)
    start = flow.first_sector + flow.sectors.size
    for column in range(start, start + flow.sources.size):
        flow.highs.changeColBounds(column, 0.0, 0.0)
    return _value(flow)


def _value(flow: Network) -> float:
    flow.highs.run()
    return float(flow.highs.getInfo().objective_function_value)
