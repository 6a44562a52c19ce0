"""Stability of the mean field under a change of the initial measure, (44)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError
from mfplug.theory.gronwall import linear_gronwall_bound

Array = NDArray[np.float64]


def neunzert_constant(
    force_bound: float,
    force_lipschitz: float,
    external_lipschitz: float = 0.0,
    mass: float = 1.0,
) -> float:
    r"""Return a constant c for which (44) holds: (1/m + L + L_V)/2 + max(L, 2B).

    Derivation (audit, row (44), there with m = 1). The mean-field flow q' = p/m, p' = K
    of one measure spreads two points at the logarithmic rate 1/2 ||I/m + DK|| <=
    (1/m + L + L_V)/2. Under the flows of two
    measures mu, nu a point feels forces that differ by int grad phi(q - y) (mu -
    nu)(dy), whose integrand, along any direction, has Lipschitz constant L and
    oscillation 2B: at most max(L, 2B) d_BL(mu, nu). Gronwall's lemma adds the two
    rates.

    Parameters
    ----------
    force_bound
        B = sup |grad phi|.
    force_lipschitz
        L = Lip(grad phi).
    external_lipschitz
        L_V = Lip(grad V) of the external potential.
    mass
        m > 0.

    Raises
    ------
    ParameterError
        If a constant is negative or not finite: then (44) is not known to hold.
    """
    named = {
        "force_bound": force_bound,
        "force_lipschitz": force_lipschitz,
        "external_lipschitz": external_lipschitz,
    }
    for name, value in named.items():
        if not (math.isfinite(value) and value >= 0.0):
            raise ParameterError(
                f"bound 'neunzert': {name} is {value}, expected a finite number >= 0. "
                "Take a potential with bounded, Lipschitz force."
            )
    if not (math.isfinite(mass) and mass > 0.0):
        raise ParameterError(
            f"bound 'neunzert': mass is {mass}, expected a number > 0. Change it."
        )
    spread = 0.5 * (1.0 / mass + force_lipschitz + external_lipschitz)
    return spread + max(force_lipschitz, 2.0 * force_bound)


def neunzert_bound(initial_distance: float, constant: float, time: ArrayLike) -> Array:
    """Return e^(c t) d_BL(mu_0, nu_0), the right side of (44), shape of ``time``.

    It is not capped; d_BL <= 1 always, so a value above 1 says nothing.

    Raises
    ------
    ParameterError
        If the distance is not in [0, 1], or a time or the constant is bad.
    """
    if not 0.0 <= initial_distance <= 1.0:
        raise ParameterError(
            f"bound 'neunzert': initial distance is {initial_distance}, expected a "
            "number in [0, 1]. d_BL has test functions with values in [0, 1]."
        )
    return linear_gronwall_bound(initial_distance, constant, 0.0, time)
