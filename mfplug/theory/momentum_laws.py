r"""Which momentum laws have a bounded score: the catalogue of the audit, E24.

The method needs |grad_p f| <= c f (Remarks 2.3 and 3.1), that is a globally Lipschitz
log f. One-dimensional laws g(p) with scale 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError, did_you_mean

Array = NDArray[np.float64]
Score = Callable[[Array], Array]


@dataclass(frozen=True)
class MomentumLaw:
    """A law g(p) by its score (log g)'; ``bound`` is the supremum of it, or inf.

    ``edge`` is the end of the support, inf where g > 0 everywhere; beyond it there is
    no score.
    """

    name: str
    score: Score
    bound: float
    edge: float = math.inf

    def largest(self, reach: float) -> float:
        """Return sup |score| over |p| <= ``reach``, on a grid dense at both ends.

        Raises
        ------
        ParameterError
            If the reach is not positive or not inside of the support.
        """
        if not (0.0 < reach < self.edge and math.isfinite(reach)):
            raise ParameterError(
                f"momentum law '{self.name}': got reach {reach}, expected 0 < reach < "
                f"{self.edge}. Stay inside of the support."
            )
        return float(np.max(np.abs(self.score(reach_grid(reach)))))


def reach_grid(reach: float) -> Array:
    """Return momenta from 0 to ``reach``, evenly and geometrically spaced, sorted."""
    far = np.geomspace(min(1e-3, reach), reach, 4001)
    near = np.linspace(0.0, min(reach, 16.0), 4001)
    return np.union1d(far, near)


def momentum_law(name: str) -> MomentumLaw:
    """Return a law of the catalogue.

    Raises
    ------
    ParameterError
        If there is none of this name.
    """
    if name not in MOMENTUM_LAWS:
        raise ParameterError(
            f"momentum law '{name}': unknown; expected one of "
            f"{', '.join(MOMENTUM_LAWS)}. " + did_you_mean(name, MOMENTUM_LAWS)
        )
    return MOMENTUM_LAWS[name]


def student_score_bound(df: float, width: float = 1.0, dimension: int = 1) -> float:
    """Return (nu + d)/(2 sqrt(nu) theta), the largest score of Student's law (E24).

    Examples
    --------
    >>> round(student_score_bound(3.0), 6)
    1.154701
    """
    return (df + dimension) / (2.0 * math.sqrt(df) * width)


def _student(df: float) -> Score:
    return lambda p: -(df + 1.0) * p / (df + p**2)


def _mixture(p: ArrayLike) -> Array:
    """Two Gaussians of variance 1 around +-2: tanh pulls back what the tails push."""
    x = np.asarray(p, float)
    return -x + 2.0 * np.tanh(2.0 * x)


def _juttner(p: Array) -> Array:
    return np.asarray(-p / np.sqrt(1.0 + p**2))


_LAWS = (
    MomentumLaw("gaussian", lambda p: -p, math.inf),
    MomentumLaw("gaussian-mixture", _mixture, math.inf),
    # (1 - p^2)^3 on |p| < 1: smooth to second order, and still log g falls to -inf.
    MomentumLaw("compact", lambda p: -6.0 * p / (1.0 - p**2), math.inf, edge=1.0),
    MomentumLaw("water-bag", lambda p: np.zeros_like(p), math.inf, edge=1.0),
    MomentumLaw("cauchy", _student(1.0), 1.0),
    MomentumLaw("student-3", _student(3.0), student_score_bound(3.0)),
    MomentumLaw("juttner", _juttner, 1.0),
    MomentumLaw("sech", lambda p: -np.tanh(p), 1.0),
    MomentumLaw("sech-squared", lambda p: -2.0 * np.tanh(p), 2.0),
    MomentumLaw("logistic", lambda p: -np.tanh(0.5 * p), 1.0),
    MomentumLaw("laplace", lambda p: -np.sign(p), 1.0),
)

#: The laws of audit E24 by name.
MOMENTUM_LAWS: dict[str, MomentumLaw] = {law.name: law for law in _LAWS}
