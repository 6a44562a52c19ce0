r"""The counter-example to Lemma 3.2 (audit, E6): alpha jumps from 1/2 to 1.

Two particles on the line, phi(r) = -exp((1 - r^2)/2), so |phi'| <= 1 with its maximum
at r = 1; f_0 = t_3(q) (1/2) sech^2 p, with momentum score at most 2. Particle 2 is
good: x_2 ~ f_0. Particle 1 is bad and reads its momentum: p_1 is about 4 and q_1 = q_2
- sgn sin(pi M p_2), both with a little noise. So F_0 lies in M^1 and alpha_0 <= 1/2.
The force on particle 2 is -(1/2) sgn sin(pi M p_2): neighbouring stripes of width 1/M
are pushed together and apart, and at t = 1/M the gaps A are half of all momenta |p| <
3. No particle is in A, and f_t(A) is nearly 1/2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import ParameterError
from mfplug.theory.pair_alpha import pair_alpha

Array = NDArray[np.float64]

#: S = sup |d/dp log f_0|, B = sup |phi'|, N.
SCORE, FORCE_BOUND, PARTICLES = 2.0, 1.0, 2
#: The gaps are cut here: the bad particle is never in them (audit, note iii).
CUT, BAD_MOMENTUM = 3.0, 4.0
_NOISE = 1e-3


@dataclass(frozen=True, eq=False)
class CoarseLaw:
    """Masses of the cells (A, |p| < 3 outside of A, |p| >= 3).

    ``joint`` (3, 3) is the symmetric law F_t of the two particles, ``mean_field`` (3,)
    that of f_t.
    """

    joint: Array
    mean_field: Array

    @property
    def marginal(self) -> Array:
        """F^1_t on the cells."""
        return np.asarray(self.joint.sum(axis=1))

    @property
    def alpha(self) -> float:
        """The counting measure on the cells: it bounds alpha(F_t, f_t) from below."""
        return pair_alpha(self.joint, self.mean_field)


def limit_alpha(phase: float) -> float:
    """Return min(1, 1/2 + M t), the limit M -> inf of alpha on the cells.

    Keeping the good particle good puts f(A) = Mt/2 where F_t has nothing: twice that
    is to be paid, until it is cheaper to call both bad.
    """
    return min(1.0, 0.5 + phase)


def coarse_law(frequency: float, phase: float) -> CoarseLaw:
    """Return the coarse laws at t = ``phase``/M, by integrating both particles.

    Quadrature over the momentum of the good particle (a rule in each of the stripes)
    and over the noise; the pair is integrated by leapfrog. f_t moves with the
    mean-field force of f_0, whose change over so short a time is of higher order.

    Parameters
    ----------
    frequency
        M, at least 8: stripes of width 1/M.
    phase
        M t in [0, 1].

    Raises
    ------
    ParameterError
        If M or Mt is out of range.
    """
    if not (8.0 <= frequency <= 1e5 and 0.0 <= phase <= 1.0):
        raise ParameterError(
            f"counter-example: got M = {frequency} and Mt = {phase}, expected 8 <= M "
            "<= 1e5 and 0 <= Mt <= 1. Change them."
        )
    time = phase / frequency
    momentum, weight = _stripes(frequency)
    joint = np.zeros((3, 3))
    noise = _NOISE / frequency * np.array([-0.5, 0.5])
    for dq in noise:
        good, bad = _pair(momentum, frequency, time, float(dq))
        cells = 3 * _cells(good, frequency, phase) + _cells(bad, frequency, phase)
        counted = np.bincount(cells, weight / noise.size, minlength=9)
        joint += counted.reshape(3, 3)
    # A good particle beyond the rule stays beyond the cut, and so does the bad one.
    joint[2, 2] += 1.0 - joint.sum()
    return CoarseLaw(0.5 * (joint + joint.T), _mean_field(frequency, phase))


def _stripes(frequency: float) -> tuple[Array, Array]:
    """Return momenta and their masses: Gauss rules in the stripes (k/M, (k + 1)/M)."""
    # tanh(5) = 1 - 9e-5: what lies beyond is nowhere near the cut at 3.
    count = math.ceil(5.0 * frequency)
    edges = np.arange(-count, count + 1) / frequency
    node, share = np.polynomial.legendre.leggauss(_nodes_each(frequency))
    momentum = edges[:-1, None] + (node + 1.0) / (2.0 * frequency)
    height = 0.5 / np.cosh(momentum) ** 2
    return momentum.ravel(), (height * share / (2.0 * frequency)).ravel()


def _nodes_each(frequency: float) -> int:
    """Return the nodes of a stripe: the fewer stripes, the more blurred their edges."""
    return min(200, max(8, round(8_000 / frequency)))


def _pair(
    momentum: Array, frequency: float, time: float, noise: float
) -> tuple[Array, Array]:
    """Return the momenta of the good and the bad particle at a time."""
    good = momentum.copy()
    bad = np.full_like(good, BAD_MOMENTUM)
    r = np.sign(np.sin(math.pi * frequency * good)) - noise
    steps = 16
    dt = time / steps
    for _ in range(steps):
        r = r + 0.5 * dt * (good - bad)
        # phi'(r) = r exp((1 - r^2)/2), and the pair potential is phi/2.
        push = 0.5 * dt * r * np.exp(0.5 * (1.0 - r**2))
        good, bad = good - push, bad + push
        r = r + 0.5 * dt * (good - bad)
    return good, bad


def _cells(momentum: Array, frequency: float, phase: float) -> NDArray[np.int64]:
    """Return the cell of each momentum: 0 in a gap, 1 beside it, 2 beyond the cut.

    The gaps are centred at odd multiples of 1/M and Mt/M wide.
    """
    scaled = frequency * momentum
    away = np.abs(scaled - (2.0 * np.floor(0.5 * scaled) + 1.0))
    inside = np.where(away < 0.5 * phase, 0, 1)
    return np.where(np.abs(momentum) < CUT, inside, 2).astype(np.int64)


def _mean_field(frequency: float, phase: float) -> Array:
    """Return the masses of the cells under f_t."""
    time = phase / frequency
    q, mass = _positions()
    kick = time * _force(q, q, mass)
    k = np.arange(-math.ceil(CUT * frequency), math.ceil(CUT * frequency) + 1)
    centre = (2.0 * k + 1.0) / frequency
    half = 0.5 * phase / frequency
    low = np.clip(centre - half, -CUT, CUT)
    high = np.clip(centre + half, -CUT, CUT)
    kept = high > low
    low, high = low[kept], high[kept]

    def below(p: Array) -> Array:
        return np.asarray(0.5 * (1.0 + np.tanh(p)))

    gaps = np.array([(below(high - x) - below(low - x)).sum() for x in kick])
    body = below(CUT - kick) - below(-CUT - kick)
    in_gaps, in_body = float(mass @ gaps), float(mass @ body)
    return np.array([in_gaps, in_body - in_gaps, 1.0 - in_body])


def _positions() -> tuple[Array, Array]:
    """Return a rule for Student's law with three degrees of freedom."""
    from scipy.special import stdtrit

    node, share = np.polynomial.legendre.leggauss(64)
    return np.asarray(stdtrit(3.0, 0.5 * (node + 1.0))), 0.5 * share


def _force(at: Array, q: Array, mass: Array) -> Array:
    """-(phi' * rho) at some points."""
    r = at[:, None] - q
    return np.asarray(-(mass * r * np.exp(0.5 * (1.0 - r**2))).sum(axis=1))
