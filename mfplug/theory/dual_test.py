r"""A lower bound of alpha at finite N: the dual test of sums of signs (audit, 3.4k).

.. math:: \alpha(F, f) \ge N^{-1} (E_F |S_N| - E_{f^N} |S_N|), \qquad
          S_N = \sum_i \psi(x_i),\ |\psi| \le 1,\ E_f \psi = 0.

In a homogeneous state psi = sign sin(k q - a) takes both values with probability 1/2,
whatever the phase a, so that E_{f^N} |S_N| is that of a random walk. The mean over
phases is a lower bound as well, with a smaller variance.

The relative error of a plain average does not depend on N, but it is large: the signal
is a tenth of the spread of |S_N|. The free flights of the same initial points, and the
answer that linear theory gives to them (:mod:`mfplug.theory.linear_response`), have
moments that are known exactly for every N, and follow S_N the better the larger N is:
they are the control variates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import ParameterError
from mfplug.theory.linear_response import ModeResponse, modes

Array = NDArray[np.float64]

#: Phases a in [0, pi); |S_N| has that period.
PHASES = 16
#: Intervals of the Volterra equation of the control variate.
INTERVALS = 16
#: Amplitude of the first harmonic of the sign of a sine, and its part of the variance.
FIRST, PART = 4.0 / math.pi, 8.0 / math.pi**2


def walk_mean(particles: int) -> float:
    """Return E|S_N| of N independent fair signs, N C(N-1, [(N-1)/2]) / 2^(N-1).

    Examples
    --------
    >>> walk_mean(1), walk_mean(2), walk_mean(3)
    (1.0, 1.0, 1.5)
    """
    if particles < 1:
        raise ParameterError(
            f"dual test: got N = {particles}, expected at least 1. Change it."
        )
    middle = math.comb(particles - 1, (particles - 1) // 2)
    # Integers of any size: the quotient is rounded once.
    return particles * middle / 2 ** (particles - 1)


def half_circle_sums(angle: Array) -> Array:
    """Return N^(-1/2) sum_i sign sin(angle_i - a) for the phases a, (R, N) -> (R, K).

    Particles are counted in 2 K sectors; a half circle is K of them.
    """
    count, N = angle.shape
    turn = np.mod(angle * (PHASES / math.pi), 2 * PHASES)
    sector = np.minimum(turn.astype(np.int64), 2 * PHASES - 1)
    sector += 2 * PHASES * np.arange(count)[:, None]
    counts = np.bincount(sector.ravel(), minlength=2 * PHASES * count)
    rows = counts.reshape(count, 2 * PHASES)
    sums = np.zeros((count, 3 * PHASES + 1))
    np.cumsum(np.concatenate([rows, rows[:, :PHASES]], axis=1), axis=1, out=sums[:, 1:])
    inside = sums[:, PHASES : 2 * PHASES] - sums[:, :PHASES]
    return (2.0 * inside - N) / math.sqrt(N)


@dataclass(frozen=True)
class DualTest:
    """What one block of replicas gives.

    Attributes
    ----------
    signs : ndarray, shape (R,)
        The mean over phases of |S_N| / sqrt(N), less that of independent particles.
    square : ndarray, shape (R,)
        |m|^2, the squared modulus of the collective mode.
    controls : ndarray, shape (R, J)
        Control variates, of mean 0.
    """

    signs: Array
    square: Array
    controls: Array


def dual_test(
    response: ModeResponse, q: Array, start: tuple[Array, Array], time: float
) -> DualTest:
    """Return the test of a block of replicas, with its control variates.

    Parameters
    ----------
    response
        The linear theory of the state.
    q : ndarray, shape (R, N)
        Positions at the time ``time`` > 0.
    start
        Initial positions and momenta, (R, N) each.
    """
    k, N = response.wavenumber, q.shape[1]
    first, velocity = start[0], start[1] / response.mass
    free = modes(first, velocity, k, time / INTERVALS, INTERVALS)
    known = free[-1]
    answer = response.weights(time, INTERVALS) @ free
    now = np.abs(half_circle_sums(k * q))
    before = half_circle_sums(k * (first + time * velocity))
    # To leading order the forces move the first harmonic of the signs, by the mode.
    phase = np.exp(1j * math.pi / PHASES * np.arange(PHASES))
    moved = before - FIRST * ((answer - known)[:, None] * phase).imag
    level = walk_mean(N) / math.sqrt(N)
    variance = response.variance(time, INTERVALS)
    square, free_square = np.abs(answer) ** 2, np.abs(known) ** 2
    controls = [
        np.abs(before).mean(axis=1) - level,
        (before**2).mean(axis=1) - 1.0,
        (moved**2).mean(axis=1) - (1.0 - PART + PART * variance),
        free_square - 1.0,
        free_square**2 - (2.0 - 1.0 / N),
        square - variance,
        square**2 - response.fourth(time, INTERVALS, N),
    ]
    mode = np.exp(-1j * k * q).sum(axis=1)
    return DualTest(
        now.mean(axis=1) - level, np.abs(mode) ** 2 / N, np.stack(controls, axis=1)
    )


def sign_test_limit(variance: float) -> float:
    """Return lim sqrt(N) times the test, from C(t) = lim E|m|^2 (audit, 4.3).

    The central limit theorem: S_N / sqrt(N) has variance 1 + (8 / pi^2)(C - 1).

    Examples
    --------
    >>> round(sign_test_limit(1.3958909), 3)
    0.119
    """
    spread = 1.0 + PART * (variance - 1.0)
    if not spread >= 0.0:
        raise ParameterError(
            f"dual test: got C = {variance}, expected a variance. Change it."
        )
    return math.sqrt(2.0 / math.pi) * (math.sqrt(spread) - 1.0)
