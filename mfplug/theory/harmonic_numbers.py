"""What the exact law of harmonic particles says at one N: distances, fluctuation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HarmonicDistances:
    """Distances of the s-particle marginal F^s from f^(x)s, and of F_N from f^(x)N.

    ``l1``, ``kl``, ``kl_reverse``, ``hellinger_squared``, ``w2`` compare the
    phase-space marginals of s particles; ``l1_first`` is ``l1`` at s = 1; ``w1_q``,
    ``bl_q``, ``l1_q`` the position marginals of one particle; ``correlation_q`` is
    corr(q_1, q_2); ``l1_all``, ``kl_all`` and ``hellinger_squared_all`` belong to all N
    particles and do not depend on N.
    """

    particles: int
    index: int
    l1_first: float
    l1: float
    kl: float
    kl_reverse: float
    hellinger_squared: float
    w2: float
    w1_q: float
    bl_q: float
    l1_q: float
    correlation_q: float
    tau: float
    l1_all: float
    kl_all: float
    hellinger_squared_all: float


@dataclass(frozen=True)
class ForceFluctuation:
    """Fluctuation of the force on one particle about the mean field, one axis.

    ``rms`` has the terms j != i, ``rms_with_self`` all j, both under the N-body law
    F_t; ``rms_iid`` is ``rms`` under f_t^(x)N; ``mean_abs_with_self`` is E|.| with all
    j. Units of acceleration.
    """

    rms: float
    rms_with_self: float
    rms_iid: float
    mean_abs_with_self: float
