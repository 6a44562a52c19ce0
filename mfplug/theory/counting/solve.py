"""How a bracket of alpha is closed: which method, in which order."""

from __future__ import annotations

from math import comb, sqrt

from mfplug.theory.counting.certify import Problem, certificate, upper_bound
from mfplug.theory.counting.cuts import Bracket, cutting_planes, trivial
from mfplug.theory.counting.highs import interior
from mfplug.theory.counting.network import SMALLEST, Network, network

#: Width that is aimed at, up to N = 150 and beyond.
NARROW, WIDE = 5e-10, 2e-7
#: Nodes up to which the whole network is solved at once, for two cells and for more.
WHOLE_TWO, WHOLE = 3_500, 250_000
#: Nodes up to which its vertices are the last resort, and interior points are tried.
RESORT, INTERIOR = 20_000, 250_000


def solved(problem: Problem) -> Bracket:
    """Return a proved bracket of alpha, as narrow as the methods get it.

    Small problems, and those of three cells and more, go to the whole network. With two
    cells, cutting planes find the certificate and the network pruned by it the
    decomposition. Where that does not close the bracket, an interior point of the
    network and, for small ones, a vertex of the whole follow.
    """
    bracket = trivial(problem)
    N, m = problem.particles, problem.lattice.cells
    target = NARROW if N <= 150 else WIDE
    nodes = comb(N + m, m)
    if bracket.width <= target:
        return bracket
    if nodes <= (WHOLE_TWO if m == 2 else WHOLE):
        close(problem, bracket, network(problem))
        return bracket
    mass = 1e-13 if N <= 150 else 1e-10
    last = min(N, int(6 * sqrt(N)) + 10)
    cutting_planes(problem, bracket, target / 4, last, mass=mass)
    close(problem, bracket, pruned(problem, bracket, last, mass))
    if bracket.width > target and m == 2 and nodes <= INTERIOR:
        by_interior_points(problem, bracket, mass)
    if bracket.width > target and nodes <= RESORT:
        close(problem, bracket, network(problem))
    elif bracket.width > target and nodes > INTERIOR:
        cutting_planes(problem, bracket, target / 4, N, False, 100, mass)
        close(problem, bracket, pruned(problem, bracket, N, mass))
    return bracket


def by_interior_points(problem: Problem, bracket: Bracket, mass: float) -> None:
    """Narrow a bracket for two cells by an interior point of the windowed network.

    Where F is rough, or far from f^N, sectors of all sizes have mass, and planes take
    hundreds of rounds. The certificate of the interior point is right to 1e-8 or so;
    the network that it leaves open then gives the decomposition.
    """
    flow = network(problem, mass=max(mass, SMALLEST), window=max(mass, SMALLEST))
    interior(flow.highs, 1e-10 if problem.particles <= 150 else 1e-7)
    close(problem, bracket, flow)
    close(problem, bracket, pruned(problem, bracket, problem.particles, mass))


def pruned(problem: Problem, bracket: Bracket, last: int, mass: float) -> Network:
    """Return the network that a bracket's certificate leaves open."""
    slack = 1e-6 if problem.particles <= 150 else 1e-4
    return network(problem, last, mass, certificate=bracket.certificate, slack=slack)


def close(problem: Problem, bracket: Bracket, flow: Network) -> None:
    """Narrow a bracket by the solution of a network."""
    _, u, found = flow.solve()
    bracket.offer_lower(*certificate(problem, u))
    bracket.offer_upper(upper_bound(problem, found), found)
