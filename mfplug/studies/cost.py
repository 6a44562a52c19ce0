"""Estimated cost of the steps, in seconds of one thread.

The constants ship: they decide how work is grouped into jobs and what the time left is
said to be, never a result.
"""

from __future__ import annotations

import math

from mfplug.contracts.metric import Metric
from mfplug.errors import MfplugError
from mfplug.studies.cells import Cell

#: What one job should take, in seconds; small cells share a job, large ones are split.
TARGET = 20.0
PAIR = 1.0e-9
POINT = 2.5e-8
SPLINE = {1: 2e-8, 2: 9e-8, 3: 6e-7}
STARTUP = 1.2
#: What it takes to find, write and pack the replicas of a cell, whatever their number.
PIECE = 0.01
#: What a job needs before it holds any particles, in MB.
BASE_MB = 500
#: Below this many particles a sum over all pairs costs next to nothing.
FEW = 512


def replica_seconds(cell: Cell) -> float:
    """Return the cost of simulating one replica of a cell."""
    N, d = cell.particles or 0, cell.system.dimension
    steps = (cell.times[-1] - cell.times[0]) / cell.step
    forces = steps * max(1, cell.integrator.order - 1)
    return forces * (_force_seconds(cell, N) + POINT * d * N) + 3e-5


def _force_seconds(cell: Cell, N: int) -> float:
    """Return the cost of one force, summed in the way that the cell will take."""
    from mfplug.dynamics.sums.choose import candidates
    from mfplug.dynamics.sums.kernel import ScaledKernel

    system, d = cell.system, cell.system.dimension
    pairs = PAIR * (0.7 + 0.3 * d) * N**2
    if N < FEW:
        return pairs
    factor, scale = system.pair_scaling(N)
    try:
        kernel = ScaledKernel(system.at(N).potential, d, factor, scale, system.box)
        ways = candidates(kernel, N, 1e-10, 1, cell.forces)
    except MfplugError:
        # What is wrong with the potential is said where it is used.
        return pairs
    return min((seconds for seconds, _ in ways.values()), default=pairs)


def chunk(cell: Cell) -> int:
    """Return how many replicas are stored in one file: a power of two.

    It depends on the cell alone, not on the number of replicas, so that more replicas
    extend what is stored.
    """
    wanted = TARGET / replica_seconds(cell)
    bytes_each = 16.0 * (cell.particles or 1) * len(cell.times) * cell.system.dimension
    wanted = max(1.0, min(wanted, 2**28 / bytes_each))
    return int(2 ** math.floor(math.log2(wanted)))


def ensemble_memory_mb(cell: Cell, replicas: int) -> int:
    """Return what a job needs that holds some replicas of a cell, in MB.

    Positions and momenta three times: as they are stored, as they are read or joined,
    and in what is computed from them.
    """
    numbers = 2 * len(cell.times) * cell.system.dimension * (cell.particles or 1)
    return int(BASE_MB + 3 * 8e-6 * numbers * replicas)


def cell_memory_mb(cell: Cell) -> int:
    """Return what the largest job of a cell needs, in MB."""
    if cell.needs("ensemble"):
        return ensemble_memory_mb(cell, cell.replicas)
    return BASE_MB


def field_seconds(cell: Cell) -> float:
    """Return the cost of a cell's mean field; a solver may declare its own."""
    declared = getattr(cell.solver, "cost", None)
    if callable(declared):
        return float(declared(cell.system, cell.times))
    return 1.5


def rows_seconds(cell: Cell, metric: Metric) -> float:
    """Return the cost of one metric in one cell; a metric may declare its own.

    The forces that it says it sums are counted in the way that they will be summed.
    """
    declared = getattr(metric, "cost", None)
    N, d = cell.particles or 1, cell.system.dimension
    if callable(declared):
        seconds = float(declared(N, cell.replicas, len(cell.times), d))
        if metric.force_sums:
            sums = metric.force_sums * cell.replicas * len(cell.times)
            seconds += sums * _force_seconds(cell, N)
        return seconds
    return 1e-7 * cell.replicas * N * len(cell.times) * d + 0.05


def flow_seconds(points: float, duration: float, dimension: int) -> float:
    """Return the cost of carrying points along a stored mean field."""
    return points * duration / 0.1 * 10 * SPLINE[dimension]
