"""How a bracket of alpha is closed: which method, in which order."""

from __future__ import annotations

from math import comb, sqrt

from mfplug.theory.counting.certify import Problem, certificate, upper_bound
from mfplug.theory.counting.cuts import Bracket, cutting_planes, trivial
from mfplug.theory.counting.network import Network, network
from mfplug.theory.counting.windows import by_windows

#: Width that is aimed at, up to N = 150 and beyond.
NARROW, WIDE = 5e-10, 2e-7
#: Nodes up to which the whole network is solved at once.
WHOLE = 250_000
#: Nodes up to which it is the last resort for two cells, and cutting planes for more.
RESORT = 20_000


def solved(problem: Problem) -> Bracket:
    """Return a proved bracket of alpha, as narrow as the methods get it.

    Two cells go to the program of windows. Problems of three cells and more go to the
    whole network; where that is too large, cutting planes find the certificate and the
    network pruned by it the decomposition. With cells that are next to empty the
    network's solution may be far from exact; cutting planes go on from there.
    """
    bracket = trivial(problem)
    N, m = problem.particles, problem.lattice.cells
    target, mass = accuracy(problem)
    nodes = comb(N + m, m)
    if bracket.width <= target:
        return bracket
    if m == 2:
        by_windows(problem, bracket, target, mass)
        if bracket.width > target and nodes <= RESORT:
            close(problem, bracket, network(problem))
        return bracket
    if nodes <= WHOLE:
        close(problem, bracket, network(problem))
        if bracket.width > target and nodes <= RESORT:
            cutting_planes(problem, bracket, target / 4, N, False, 100, mass)
        return bracket
    last = min(N, int(6 * sqrt(N)) + 10)
    cutting_planes(problem, bracket, target / 4, last, mass=mass)
    close(problem, bracket, pruned(problem, bracket, last, mass))
    if bracket.width > target:
        cutting_planes(problem, bracket, target / 4, N, False, 100, mass)
        close(problem, bracket, pruned(problem, bracket, N, mass))
    return bracket


def accuracy(problem: Problem) -> tuple[float, float]:
    """Return the width aimed at, and the F + f^N below which types may be left out."""
    return (NARROW, 1e-13) if problem.particles <= 150 else (WIDE, 1e-10)


def pruned(problem: Problem, bracket: Bracket, last: int, mass: float) -> Network:
    """Return the network that a bracket's certificate leaves open."""
    slack = 1e-6 if problem.particles <= 150 else 1e-4
    return network(problem, last, mass, certificate=bracket.certificate, slack=slack)


def close(problem: Problem, bracket: Bracket, flow: Network) -> None:
    """Narrow a bracket by the solution of a network."""
    _, u, found = flow.solve()
    bracket.offer_lower(*certificate(problem, u))
    bracket.offer_upper(upper_bound(problem, found), found)
