r"""Lemma 3.5: how fast the score can grow along the flow, by three constants M.

Along a characteristic the score s = grad_x log f_t obeys ds/dt = -A^T s with
A = [[0, I], [DK, 0]] in the order (q, p); the matrix printed in the proof is the one
for the order (p, q) (audit, E22). Each M below bounds d log|s|/dt, so sup |s_t| <= e^(M
t) sup |s_0|.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError

Array = NDArray[np.float64]


def operator_constant(force_lipschitz: float, mass: float = 1.0) -> float:
    """Return M = max(1/m, ||DK||), the operator norm that the proof of Lemma 3.5 uses.

    ||DK|| <= L + L_V: the force -f * grad phi has the Lipschitz constant L of grad phi.

    Raises
    ------
    ParameterError
        If L is negative or not finite, or the mass not positive.
    """
    return max(1.0 / _mass(mass), _checked(force_lipschitz))


def symmetric_constant(force_lipschitz: float, mass: float = 1.0) -> float:
    """Return M = (1/m + ||DK||)/2, from the matrix's symmetric part (audit, E22).

    Raises
    ------
    ParameterError
        If L is negative or not finite, or the mass not positive.
    """
    return 0.5 * (1.0 / _mass(mass) + _checked(force_lipschitz))


def logarithmic_constant(force_gradient: ArrayLike) -> float:
    r"""Return M = (1/2) sup_q ||I + DK(q)||, the logarithmic norm of the matrix.

    0 for a trap of unit frequency, where |s| is conserved; 1 for its inverse.

    Parameters
    ----------
    force_gradient
        DK at points of space, shape (..., d, d); the supremum is over these points.

    Raises
    ------
    ParameterError
        If the last two axes are not square or a number is not finite.

    Examples
    --------
    >>> logarithmic_constant([[-1.0]]), logarithmic_constant([[[1.0]], [[0.5]]])
    (0.0, 1.0)
    """
    matrix = np.asarray(force_gradient, float)
    square = matrix.ndim >= 2 and matrix.shape[-1] == matrix.shape[-2] > 0
    if not (square and matrix.size and np.all(np.isfinite(matrix))):
        raise ParameterError(
            f"bound 'score growth': DK has shape {matrix.shape}, expected finite "
            "(..., d, d). Give the Jacobian of the force."
        )
    shifted = matrix + np.eye(matrix.shape[-1])
    return 0.5 * float(np.linalg.norm(shifted, ord=2, axis=(-2, -1)).max())


def score_growth_bound(initial: float, constant: float, time: ArrayLike) -> Array:
    """Return e^(M t) sup |s_0|, the bound (69) of Lemma 3.5, shape of ``time``.

    ``initial`` bounds the whole score, of q and p: they mix.

    Raises
    ------
    ParameterError
        If an argument is negative or not finite.
    """
    t = np.asarray(time, float)
    numbers = (initial, constant)
    if not all(math.isfinite(x) and x >= 0.0 for x in numbers) or not np.all(
        np.isfinite(t) & (t >= 0.0)
    ):
        raise ParameterError(
            f"bound 'score growth': got sup |s_0| = {initial}, M = {constant}, t = "
            f"{t.tolist()}, expected finite numbers >= 0. Check them."
        )
    with np.errstate(over="ignore"):
        return np.asarray(initial * np.exp(constant * t))


def _checked(force_lipschitz: float) -> float:
    if not (math.isfinite(force_lipschitz) and force_lipschitz >= 0.0):
        raise ParameterError(
            f"bound 'score growth': the Lipschitz constant of the force is "
            f"{force_lipschitz}, expected a finite number >= 0. Take a potential with "
            "a Lipschitz force."
        )
    return force_lipschitz


def _mass(mass: float) -> float:
    if not (math.isfinite(mass) and mass > 0.0):
        raise ParameterError(
            f"bound 'score growth': the mass is {mass}, expected a finite number > 0. "
            "Check it."
        )
    return mass
