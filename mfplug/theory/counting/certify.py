r"""What proves a value of alpha: certificates below it, decompositions above it.

A function u of occupations is a certificate (audit, 3.3) if

.. math:: g_k(u) = E_{a \sim Mult(N-k, f)} \max_{n \ge a} u(n) - k/N \le 0
          \quad (k = 0, \dots, N), \qquad \max u - \min u \le 2;

then E_F[u] <= alpha. Any u becomes one by subtracting max_k g_k(u)^+.

A decomposition gives the sectors k = 0, ..., N - 1 the weights c_k, sum c_k <= 1, and
the laws H_k of the types n that it makes by adding k bad particles to N - k independent
ones. The rest of the mass is all bad, and with G = F - sum_k c_k H_k (audit, 3.2)

.. math:: alpha \le \sum_k (k/N) c_k + (1 - \sum_k c_k) + 2 \sum_n G(n)^- .

Both sides are sums of a few thousand products. Their rounding errors are bounded a
priori and added outwards: the bracket is proved by arithmetic, whatever the solver.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mfplug.theory.counting.lattice import Array, Index, Lattice

#: Unit roundoff of float64.
UNIT = 2.0**-53


@dataclass(frozen=True)
class Problem:
    """A law of types and a one-particle law on the same lattice.

    Attributes
    ----------
    law : ndarray, shape (T,)
        F(n) for each occupation of N particles, normalised.
    cells : ndarray, shape (m,)
        f, normalised.
    masses : list of ndarray
        ``masses[k]``: the multinomial law of N - k independent particles.
    """

    lattice: Lattice
    law: Array
    cells: Array
    masses: list[Array]

    @property
    def particles(self) -> int:
        """N."""
        return self.lattice.particles

    def rounding(self, scale: float) -> float:
        """Return a bound of the rounding error of one side of the bracket.

        A mass of layer M has relative error at most (2m + 1) M u, a sum of T products
        T u more; law and cells are normalised with an error of T u.
        """
        depth = (2 * self.lattice.cells + 1) * self.particles
        return 4.0 * (depth + 2 * self.law.size + 8) * UNIT * scale


def ceilings(problem: Problem, u: Array) -> Array:
    """Return g_k(u) + k/N, the mean of the largest u above a, for k = 0, ..., N."""
    lattice, masses = problem.lattice, problem.masses
    means = np.empty(problem.particles + 1)
    top = u
    means[0] = masses[0] @ top
    for k in range(1, problem.particles + 1):
        size = masses[k].size
        top = top[lattice.above[:, :size]].max(axis=0)
        means[k] = masses[k] @ top
    return means


def argmax_layers(problem: Problem, u: Array, last: int) -> list[Index]:
    """Return, for k = 0, ..., last, where u is largest above each a of layer k."""
    lattice = problem.lattice
    where = np.arange(u.size)
    layers = [where]
    top = u
    for k in range(1, last + 1):
        size = problem.masses[k].size
        above = lattice.above[:, :size]
        best = top[above].argmax(axis=0)
        chosen = above[best, np.arange(size)]
        top, where = top[chosen], where[chosen]
        layers.append(where)
    return layers


def excess(problem: Problem, u: Array) -> float:
    """Return max_k g_k(u)^+, by which u fails to be a certificate."""
    N = problem.particles
    return float(np.max(ceilings(problem, u) - np.arange(N + 1) / N, initial=0.0))


def certificate(problem: Problem, u: Array, spread: float = 2.0) -> tuple[float, Array]:
    """Return a proved lower bound of alpha and the certificate that proves it.

    Parameters
    ----------
    u : ndarray, shape (T,)
        Any function of the occupations.
    spread : float
        The largest max u - min u: 2 for alpha, infinity for alpha+.

    Returns
    -------
    float, ndarray
        E_F[u] less the rounding error, and the repaired u. Zero is a certificate too:
        the bound is never negative.
    """
    u = np.maximum(u, u.max() - spread)
    u = u - excess(problem, u)
    scale = max(1.0, float(np.abs(u).max()))
    # The shift makes u a certificate up to rounding; that error goes into the bound.
    error = 2.0 * problem.rounding(scale)
    value = math.fsum(problem.law * u) - error
    if value <= 0.0:
        return 0.0, np.zeros_like(u)
    return value, u - 0.5 * error


@dataclass(frozen=True)
class Decomposition:
    """Sectors of a decomposition with the laws of types that they make.

    Attributes
    ----------
    sectors : ndarray, shape (N + 1,)
        c_k; the last is the mass that is all bad.
    good : ndarray, shape (T,)
        sum over k < N of c_k H_k.
    """

    sectors: Array
    good: Array


def upper_bound(problem: Problem, found: Decomposition) -> float:
    """Return the proved upper bound of alpha from a decomposition."""
    N = problem.particles
    cost = math.fsum(np.arange(N + 1) / N * found.sectors)
    missing = math.fsum(np.maximum(found.good - problem.law, 0.0))
    return min(1.0, cost + 2.0 * missing + problem.rounding(1.0))


def completed(problem: Problem, weights: Array, good: Array) -> Decomposition:
    """Return a decomposition from weights of sectors k < N and what they make.

    Weights whose sum exceeds 1 are scaled down; the rest of the mass is all bad.
    """
    total = math.fsum(weights)
    scale = 1.0 / total if total > 1.0 else 1.0
    sectors = np.append(weights * scale, max(0.0, 1.0 - total * scale))
    return Decomposition(sectors, good * scale)
