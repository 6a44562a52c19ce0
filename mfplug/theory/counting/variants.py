"""What goes wrong without the details of Definitions 2.1 to 2.3."""

from __future__ import annotations

import numpy as np

from mfplug.errors import ParameterError
from mfplug.theory.counting.certify import Problem
from mfplug.theory.counting.lattice import Array
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


def given_sectors(problem: Problem, sectors: Array) -> float:
    r"""Return the least \|\|F - F'\|\|_1 over the F' that have the sectors ``sectors``.

    What the negative parts cost if the masses c_k are prescribed: 0 if F has a
    decomposition of these sectors without them; \|\|F - f^N\|\|_1 for c_0 = 1; never
    more if mass moves to higher sectors, since they are nested.

    Parameters
    ----------
    sectors : ndarray, shape (N + 1,)
        c_k >= 0 with sum 1 up to 1e-9, which is divided out.

    Raises
    ------
    ParameterError
        If they are no probabilities.
    """
    c = np.asarray(sectors, dtype=float)
    N = problem.particles
    good = c.shape == (N + 1,) and np.isfinite(c).all() and (c >= 0.0).all()
    if not (good and abs(c.sum() - 1.0) <= 1e-9):
        raise ParameterError(
            f"counting measure: the sectors are no probabilities; got shape {c.shape} "
            f"and sum {c.sum():.12g}, expected {N + 1} numbers >= 0 with sum 1. Mend "
            "them."
        )
    c = c / c.sum()
    flow = network(problem)
    for place, k in enumerate(flow.sectors.tolist()):
        mass = float(c[k])
        flow.highs.changeColBounds(flow.first_sector + place, mass, mass)
    mean = float(np.arange(N + 1) / N @ c)
    return max(0.0, _value(flow) - mean)


def _value(flow: Network) -> float:
    flow.highs.run()
    return float(flow.highs.getInfo().objective_function_value)
