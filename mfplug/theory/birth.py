r"""The pure-birth process of the proof: how the sectors move up, (28)-(34).

The decomposition that the proof builds from t to t + dt takes the part theta_k of the
sector k and puts it higher, (28): its masses c_k(t) are the law of a Markov chain on
the number k of bad particles that jumps up at the rate theta_k/dt (Remark 2.4). It has

.. math:: \dot c_k = \lambda_{k-j} c_{k-j} - \lambda_k c_k, \qquad c_k(0) = \delta_{k0}

for product data, with j = 2 as printed and j = 1 corrected (audit, E15). Since the
decomposition is one of F_t, alpha_t is at most E[k]/N and what the negative parts cost.
All of this rests on the repair of Lemma 3.2 (audit, E6).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError
from mfplug.theory.deviations import Tail
from mfplug.theory.propagation import infection_rate, theta

Array = NDArray[np.float64]

#: Jumps of the uniformised chain that are followed, at most.
LARGEST = 2_000_000


@dataclass(frozen=True, eq=False)
class BirthProcess:
    """A chain on k = 0, ..., N that jumps from k to k + ``step``.

    Attributes
    ----------
    rates : ndarray, shape (N + 1,)
        lambda_k >= 0, 1/time.
    step : int
        1, or 2 as in (28); what jumps beyond N is lost.

    Examples
    --------
    Each of N particles alone, at the rate 2: the binomial law.

    >>> process = BirthProcess(np.array([6.0, 4.0, 2.0, 0.0]))
    >>> process.law(0.5).round(6).tolist()
    [0.049787, 0.256645, 0.440988, 0.25258]
    """

    rates: Array
    step: int = 1

    def __post_init__(self) -> None:
        """Refuse rates that are none."""
        rates = np.asarray(self.rates, float)
        good = rates.ndim == 1 and rates.size > 0
        if not (good and np.all(np.isfinite(rates)) and np.all(rates >= 0.0)):
            raise ParameterError(
                f"birth process: got rates {rates.tolist()}, expected finite numbers "
                ">= 0, one for each k. Take data with a bounded score and force."
            )
        if self.step < 1:
            raise ParameterError(
                f"birth process: got step {self.step}, expected at least 1. Change it."
            )
        object.__setattr__(self, "rates", rates)

    def law(self, time: float, start: int = 0) -> Array:
        """Return P(k_t = k) for k = 0, ..., N, started at ``start``, shape (N + 1,).

        By uniformisation: all terms are positive, so that small probabilities keep
        their digits. The sum is below 1 by what jumped beyond N.

        Raises
        ------
        ParameterError
            If the time is negative or not finite, the start is no state, or more than
            two million jumps would have to be followed.
        """
        from scipy.stats import poisson

        if not (math.isfinite(time) and time >= 0.0):
            raise ParameterError(
                f"birth process: got time {time}, expected a finite time >= 0. It runs "
                "forward from 0."
            )
        if not 0 <= start < self.rates.size:
            raise ParameterError(
                f"birth process: got start {start}, expected 0 to "
                f"{self.rates.size - 1}. Choose a state."
            )
        clock = float(self.rates.max())
        mean = clock * time
        jumps = math.ceil(mean + 12.0 * math.sqrt(mean) + 60.0)
        if jumps > LARGEST:
            raise ParameterError(
                f"birth process: too many jumps to follow; got {jumps}, expected at "
                f"most {LARGEST}. Take a shorter time or lower rates."
            )
        state = np.zeros(self.rates.size)
        state[start] = 1.0
        if mean == 0.0:
            return state
        leave = self.rates / clock
        weights = poisson.pmf(np.arange(jumps), mean)
        law = weights[0] * state
        for weight in weights[1:]:
            moved = leave * state
            state = state - moved
            state[self.step :] += moved[: -self.step]
            law += weight * state
        return law


def corrected_process(
    particles: int, kappa: float, score: float, deviation_bound: float
) -> BirthProcess:
    """Return the chain k -> k + 1 with the corrected rates.

    See :func:`mfplug.theory.infection_rate`; 0 at k = N.

    Raises
    ------
    ParameterError
        If kappa is not in (0, 1/2) or a constant is negative or not finite.
    """
    rates = [
        infection_rate(k, particles, kappa, score, deviation_bound)
        for k in range(particles + 1)
    ]
    return BirthProcess(np.array(rates))


def printed_process(
    particles: int, kappa: float, score: float, force_bound: float
) -> BirthProcess:
    """Return the chain k -> k + 2 with theta_k/dt of (58); it leaves 0, ..., N (E15).

    Raises
    ------
    ParameterError
        As :func:`corrected_process`.
    """
    rates = [
        theta(k, particles, kappa, score, force_bound) for k in range(particles + 1)
    ]
    return BirthProcess(np.array(rates), step=2)


def mean_share(law: ArrayLike) -> float:
    """Return sum_k (k/N) c_k of sectors c_0, ..., c_N."""
    c = np.asarray(law, float)
    return float(np.arange(c.size) / max(c.size - 1, 1) @ c)


def negative_mass(
    process: BirthProcess,
    law: Array,
    kappa: float,
    score: float,
    deviation_bound: float,
    tail: Tail,
) -> float:
    r"""Return what the negative parts cost up to the time of ``law``, started at 0.

    Where a fluctuation is untypical, theta_k g^k does not outweigh the perturbation; by
    (59) that costs at the rate 2 [(N - k) S ||delta K|| + theta_k/dt] P(Omega) in the
    sector k. The chain spends the time P(k_t > k)/lambda_k there, so

    .. math:: \nu_t = 2 P(\Omega) \sum_{k < N} \Bigl[ \frac{(N - k) S \Vert \delta K
              \Vert}{\lambda_k} + 1 \Bigr] P(k_t > k) .

    Parameters
    ----------
    process
        Of step 1 with positive rates for k < N, :func:`corrected_process`.
    law
        P(k_t = k), shape (N + 1,).
    tail
        A bound of P(Omega) at (N, kappa).

    Raises
    ------
    ParameterError
        If the process has another step, or stands still before N.
    """
    rates = process.rates
    N = rates.size - 1
    if process.step != 1 or np.any(rates[:-1] <= 0.0):
        raise ParameterError(
            f"birth process: got step {process.step} and least rate "
            f"{rates[:-1].min(initial=0.0):g}, expected step 1 and rates > 0 below N. "
            "Use the corrected process."
        )
    above = np.cumsum(law[::-1])[::-1][1:]
    push = (N - np.arange(N)) * score * deviation_bound / rates[:-1] + 1.0
    chance = min(1.0, float(tail(N, kappa)))
    return float(2.0 * chance * (push @ above))
