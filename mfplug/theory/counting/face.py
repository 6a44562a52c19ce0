"""The optimal face: how far a sector can vary, and one decomposition in full.

Two cells of many particles go by windows (:mod:`.window_face`), all else by the whole
network, which knows nothing of windows.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from mfplug.errors import ParameterError, shown
from mfplug.theory.counting.certify import Problem
from mfplug.theory.counting.network import Network, network
from mfplug.theory.counting.window_face import WindowFace, window_decomposition

#: Particles of two cells from which windows are the faster way.
MANY = 60
#: Nodes of the network up to which its face is searched (three cells: N = 40).
LARGEST = 15_000
#: How far above its optimum the cost may be on what counts as the optimal face.
FACE = 1e-9


def sector_range(problem: Problem, k: int) -> tuple[float, float]:
    """Return the least and the largest c_k over the optimal decompositions.

    Those that cost at most 1e-9 more than the best one that was found.

    Raises
    ------
    ParameterError
        If k is no sector, or the problem is too large for its network.
    """
    return _face(problem, FACE).ends(_sector(k, problem.particles))


def _sector(k: Any, particles: int) -> int:
    if not (isinstance(k, Integral) and 0 <= int(k) <= particles):
        raise ParameterError(
            f"counting measure: no such sector; got k = {shown(k)}, expected 0 to "
            f"{particles}. Choose one of them."
        )
    return int(k)


def sector_ranges(problem: Problem, slack: float = FACE) -> np.ndarray:
    """Return the least and the largest c_k for every k, shape (N + 1, 2).

    As :func:`sector_range`, with the linear program built once. Each end is attained,
    not all of them by one decomposition.

    Parameters
    ----------
    slack : float
        By how much a decomposition may cost more than an optimal one. The proof takes
        near-optimal ones too, (30).

    Raises
    ------
    ParameterError
        If the slack is negative, or the problem is too large for its network.
    """
    if not slack >= 0.0:
        raise ParameterError(
            f"counting measure: the slack is wrong; got {slack}, expected a number >= "
            "0. Change it."
        )
    face = _face(problem, max(slack, FACE))
    return np.array([face.ends(k) for k in range(problem.particles + 1)])


def _face(problem: Problem, slack: float) -> WindowFace | _Face:
    if _by_windows(problem):
        return WindowFace(problem, slack)
    _check_nodes(problem)
    return _Face(problem, slack)


def _by_windows(problem: Problem) -> bool:
    return problem.lattice.cells == 2 and problem.particles >= MANY


def _check_nodes(problem: Problem) -> None:
    """Raise ParameterError if the whole network would take hours."""
    nodes = sum(row.size for row in problem.masses)
    if nodes > LARGEST:
        raise ParameterError(
            f"counting measure: the optimal face is too large; got {nodes} nodes of "
            f"the network, expected at most {LARGEST} with three cells or more. Take "
            "fewer particles."
        )


class _Face:
    """The linear program on the optimal face or near it, with no cost yet."""

    def __init__(self, problem: Problem, slack: float) -> None:
        self.flow = network(problem)
        value, _, _ = self.flow.solve()
        self.highs = self.flow.highs
        costs = _costs(self.highs)
        places = np.nonzero(costs)[0].astype(np.int32)
        infinity = self.highs.getInfinity()
        limit = value + slack
        self.highs.addRow(-infinity, limit, places.size, places, costs[places])
        self._cost(places, 0.0)

    def ends(self, k: int) -> tuple[float, float]:
        """Return the least and the largest c_k."""
        flow = self.flow
        # The all-bad sector is the sum of the columns behind those of the sectors.
        if k < flow.problem.particles:
            columns = np.array([flow.first_sector + k])
        else:
            start = flow.first_sector + flow.sectors.size
            columns = start + np.arange(flow.sources.size)
        found = []
        for sign in (1.0, -1.0):
            self._cost(columns, sign)
            self.highs.run()
            found.append(sign * float(self.highs.getInfo().objective_function_value))
        self._cost(columns, 0.0)
        return max(0.0, found[0]), min(1.0, found[1])

    def _cost(self, columns: np.ndarray, cost: float) -> None:
        for column in columns:
            self.highs.changeColCost(int(column), cost)


def _costs(highs: Any) -> np.ndarray:
    return np.asarray(highs.getLp().col_cost_, dtype=float)


def decomposition(
    problem: Problem,
) -> dict[int, dict[tuple[tuple[int, ...], ...], float]]:
    """Return an optimal decomposition, {k: {(n, a): mass}}, with exact good marginals.

    The masses add up to F' of audit 3.2, which is F where no mass is cut; the sector N
    is what is all bad.

    Raises
    ------
    ParameterError
        If it would have more than ten million entries, with three cells or more.
    """
    if _by_windows(problem):
        return window_decomposition(problem)
    entries = sum(row.size for row in problem.masses) * problem.law.size
    if entries > 1e7:
        raise ParameterError(
            f"counting measure: the decomposition is too large; got {entries} entries, "
            "expected at most 1e7. Take fewer particles."
        )
    flow = network(problem)
    flow.highs.run()
    values = np.asarray(flow.highs.getSolution().col_value)
    weights = flow.weights(values)
    weights /= max(1.0, weights.sum())
    types = [tuple(n) for n in problem.lattice.occupations.tolist()]
    result: dict[int, dict[tuple[tuple[int, ...], ...], float]] = {}
    for k, origin in _origins(flow, values):
        if weights[k] <= 0.0:
            continue
        masses = weights[k] * origin * problem.masses[k]
        good = [tuple(a) for a in problem.lattice.layer(problem.particles - k).tolist()]
        ns, places = np.nonzero(masses)
        result[k] = {
            (types[n], good[a]): float(masses[n, a])
            for n, a in zip(ns, places, strict=True)
        }
    rest = np.maximum(problem.law - flow.routed(values, weights), 0.0)
    bad = max(0.0, 1.0 - float(weights.sum()))
    nothing = (0,) * problem.lattice.cells
    if bad > 0.0 and rest.sum() > 0.0:
        rest *= bad / rest.sum()
        result[problem.particles] = {
            (n, nothing): float(w) for n, w in zip(types, rest, strict=True) if w > 0.0
        }
    return result


def _origins(flow: Network, values: np.ndarray) -> Any:
    """Yield k and P(type n | node (k, a)), shape (T, size), layer by layer."""
    above, masses = flow.problem.lattice.above, flow.problem.masses
    origin = np.eye(flow.problem.law.size)
    yield 0, origin
    for k in range(1, int(flow.sectors.max(initial=0)) + 1):
        size = masses[k].size
        share = flow.shares(k, values)
        origin = sum(
            share[i] * origin[:, above[i, :size]] for i in range(share.shape[0])
        )
        yield k, origin
