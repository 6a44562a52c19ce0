r"""The linearised Vlasov equation on the line, solved backward for test functions.

Fluctuations zeta = sqrt(N) (mu_N - f_t) obey, as N grows, the Vlasov equation
linearised about f_t (Braun and Hepp, Commun. Math. Phys. 56 (1977) 125). Tested with g
at the time T, <g, zeta_T> = <G_0, zeta_0>, where G_T = g and along characteristics

.. math:: \frac{d}{ds} G_s(X_s) = \int \partial_p G_s(y)\, \phi'(y_q - X_s) f_s(y)\,dy.

So N Cov(<g, mu_N(T)>, <h, mu_N(T)>) tends to the covariance of G_0 and H_0 under f_0.

With a quadrature rule in place of f_0 the state is a system of ordinary equations, and
G_0 at a node is the derivative of sum_i w_i g(X_i(T)) by the weight of the node. It is
computed by the adjoint of the splitting scheme itself, kick by kick; with a = dG/dp and
b = dG/dq at the nodes, a kick of length c is undone by

.. math:: G_j \mathrel{-}= c \sum_i w_i a_i \phi'(q_i - q_j), \quad
          b_i \mathrel{-}= c \sum_j w_j \phi''(q_i - q_j)(a_i - a_j) + c V'' a_i,

and a drift of length c by a += c b / M.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.meanfield import KAHAN_LI_6
from mfplug.errors import NumericsError
from mfplug.meanfield.pair_field import external_hessian

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]
Function = Callable[[Array, Array], Array]

#: Chebyshev points from which a force on the line is interpolated, first and last.
POINTS, MOST_POINTS = 48, 768
#: Part of the largest Chebyshev coefficient at which a series counts as converged.
CONVERGED = 1e-10
#: Step of central differences of a test function.
DIFFERENCE = 1e-5


@dataclass(frozen=True, eq=False)
class DualSolution:
    """Test functions carried back from a time T to the initial time, at nodes of f_0.

    Attributes
    ----------
    time
        T.
    q, p, weights : ndarray, shape (M,)
        The nodes.
    values : ndarray, shape (n, M)
        G_0 of each test function.
    means : ndarray, shape (n,)
        The averages of the test functions over f_T.
    """

    time: float
    q: Array
    p: Array
    weights: Array
    values: Array
    means: Array

    @property
    def centred(self) -> Array:
        """G_0 less its average over f_0, shape (n, M)."""
        average = np.sum(self.weights * self.values, axis=1)
        return np.asarray(self.values - average[:, None])

    def covariance(self) -> Array:
        """Return Cov_f0(G_0, H_0), the limit of N times the covariances, (n, n)."""
        centred = self.centred
        return np.einsum("m,am,bm->ab", self.weights, centred, centred)


def solve_dual(
    system: System,
    functions: Sequence[Function],
    times: Sequence[float],
    nodes: int = 1600,
    step: float = 0.2,
) -> list[DualSolution]:
    """Return the test functions carried back from every time after the first.

    Parameters
    ----------
    system
        On the line, with a smooth pair potential.
    functions
        g(q, p) of arrays of one shape.
    times
        The initial time and those at which the functions are taken.
    nodes
        Nodes of f_0 to aim at.
    step
        Largest step of the splitting of order 6.

    Raises
    ------
    NumericsError
        If a force is not smooth on the scale of the cloud.
    """
    q, p, w = system.initial.nodes(nodes)
    state = (q[:, 0], p[:, 0])
    kicks: list[_Kick] = []
    found = []
    for start, end in pairwise(times):
        state = _advance(system, state, w, (start, end), step, kicks)
        value, means = _backward(system, functions, state, w, kicks)
        found.append(DualSolution(end, q[:, 0], p[:, 0], w, value, means))
    return found


@dataclass(frozen=True)
class _Kick:
    """A kick of some length at positions q and the drift that comes after it."""

    length: float
    q: Array
    time: float
    drift: float


def _advance(
    system: System,
    state: tuple[Array, Array],
    w: Array,
    interval: tuple[float, float],
    step: float,
    kicks: list[_Kick],
) -> tuple[Array, Array]:
    """Carry the nodes over an interval and note what was done to them."""
    (q, p), (t, end) = state, interval
    steps = max(1, math.ceil((end - t) / step - 1e-9))
    stages = np.tile(np.array(KAHAN_LI_6) * ((end - t) / steps), steps)
    # A kick that ends one stage and the one that begins the next are one.
    halves = 0.5 * np.concatenate([[0.0], stages, [0.0]])
    for length, drift in zip(
        halves[:-1] + halves[1:], np.concatenate([stages, [0.0]]), strict=True
    ):
        force, _ = _Series(system, q, w)(q)
        if system.external is not None:
            force = force - system.external.gradient(q[:, None], t)[:, 0]
        kicks.append(_Kick(float(length), q, t, float(drift)))
        p = p + length * force
        q = q + (drift / system.mass) * p
        t += drift
    return q, p


def _backward(
    system: System,
    functions: Sequence[Function],
    state: tuple[Array, Array],
    w: Array,
    kicks: Sequence[_Kick],
) -> tuple[Array, Array]:
    """Return (G_0, means) of the test functions by the adjoint of all kicks."""
    q, p = state
    h = DIFFERENCE
    value = np.stack([g(q, p) for g in functions])
    means = np.sum(w * value, axis=1)
    b = np.stack([(g(q + h, p) - g(q - h, p)) / (2 * h) for g in functions])
    a = np.stack([(g(q, p + h) - g(q, p - h)) / (2 * h) for g in functions])
    for kick in reversed(kicks):
        c, q = kick.length, kick.q
        a = a + (kick.drift / system.mass) * b
        # The density and the sources w a of all functions, in one series each.
        force, slope = _Series(system, q, np.concatenate([w[None], w * a]))(q)
        value = value - c * force[1:]
        b = b + c * (slope[0] * a - slope[1:])
        if system.external is not None:
            hessian = external_hessian(system.external, q[:, None], kick.time)
            b = b - c * hessian[:, 0, 0] * a
    return value, means


class _Series:
    """The force -sum_j c_j phi'(q - q_j) of sources, as a Chebyshev series in q.

    Parameters
    ----------
    sources
        Shape (..., M): one set of weights c or several.
    """

    def __init__(self, system: System, q: Array, sources: Array) -> None:
        self.middle = 0.5 * (q.max() + q.min())
        self.half = max(0.5 * (q.max() - q.min()), 1e-12)
        rows = np.atleast_2d(sources)
        count = POINTS
        while True:
            angle = math.pi * (np.arange(count) + 0.5) / count
            at = self.middle + self.half * np.cos(angle)
            gaps = (at[:, None] - q)[..., None]
            force = -system.potential.gradient(gaps)[..., 0] @ rows.T
            order = np.arange(count)
            series = 2.0 / count * np.cos(np.outer(order, angle)) @ force
            series[0] *= 0.5
            size = np.abs(series).max(axis=0)
            if np.all(np.abs(series[-3:]) <= CONVERGED * size + 1e-300):
                break
            count *= 2
            if count > MOST_POINTS:
                raise NumericsError(
                    f"linearised Vlasov: the force of potential "
                    f"'{system.potential.name}' is not resolved; got an error above "
                    f"{CONVERGED:g} with {MOST_POINTS} points on a cloud of half "
                    f"width {self.half:.3g}, expected less. Take a smoother potential."
                )
        self.series = series
        self.single = sources.ndim == 1

    def __call__(self, q: Array) -> tuple[Array, Array]:
        """Return the force and its derivative at q, shapes (..., M)."""
        from numpy.polynomial import chebyshev

        x = (q - self.middle) / self.half
        table = chebyshev.chebvander(x, len(self.series) - 1)
        derived = chebyshev.chebder(self.series, axis=0) / self.half
        force = (table @ self.series).T
        slope = (table[:, :-1] @ derived).T
        return (force[0], slope[0]) if self.single else (force, slope)
