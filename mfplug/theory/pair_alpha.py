r"""The counting measure of two particles on a few cells, by Definition 2.3 itself.

For more particles see :func:`mfplug.counting_measure`; this is the definition written
out, N = 2, for the counter-example to Lemma 3.2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import NumericsError, ParameterError

Array = NDArray[np.float64]


def pair_alpha(joint: ArrayLike, density: ArrayLike) -> float:
    r"""Return alpha(F, f) of a symmetric law F of two particles on m cells.

    The linear program of audit 3.2: F + d^- - d^+ = sym(c_0 f f + g^1) + g^2 with g^1,
    g^2, d >= 0, where g^1 is bad in the first particle and has the marginal c_1 f in
    the second; cost c_1/2 + c_2 + sum d, with c_0 + c_1 + c_2 = 1.

    Parameters
    ----------
    joint
        F, symmetric, shape (m, m), summing to 1.
    density
        f, shape (m,), summing to 1.

    Raises
    ------
    ParameterError
        If these are no such laws.
    NumericsError
        If the program is not solved.

    Examples
    --------
    >>> round(pair_alpha([[0.0, 0.5], [0.5, 0.0]], [0.5, 0.5]), 10)  # parity: 1/N
    0.5
    """
    from scipy.optimize import linprog

    law, f = np.asarray(joint, float), np.asarray(density, float)
    m = f.size
    fits = f.ndim == 1 and m > 0 and law.shape == (m, m)
    if (
        not fits
        or not _is_law(f)
        or not _is_law(law)
        or np.abs(law - law.T).max() > 1e-9
    ):
        raise ParameterError(
            f"pair alpha: got shapes {law.shape} and {f.shape}, expected a symmetric "
            "law (m, m) and a law (m,). Normalise and symmetrise them."
        )
    square = m * m
    # Variables: c_0, c_1, then g^1, g^2, d^+, d^- cell by cell.
    places = [2 + k * square for k in range(4)]
    rows = np.zeros((square + m + 1, 2 + 4 * square))
    right = np.concatenate([law.ravel(), np.zeros(m), [1.0]])
    for i in range(m):
        for j in range(m):
            row = rows[i * m + j]
            row[0] = f[i] * f[j]
            row[places[0] + i * m + j] += 0.5
            row[places[0] + j * m + i] += 0.5
            row[places[1] + i * m + j] = 1.0
            row[places[2] + i * m + j] = 1.0
            row[places[3] + i * m + j] = -1.0
    for j in range(m):
        rows[square + j, places[0] + j : places[0] + square : m] = 1.0
        rows[square + j, 1] = -f[j]
    rows[-1, :2] = 1.0
    rows[-1, places[1] : places[2]] = 1.0
    cost = np.zeros(rows.shape[1])
    cost[1] = 0.5
    cost[places[1] :] = 1.0
    found = linprog(cost, A_eq=rows, b_eq=right, method="highs-ds")
    if not found.success or found.fun is None:
        raise NumericsError(
            f"pair alpha: the linear program was not solved ({found.message}); "
            "expected an optimum. Check the laws."
        )
    return float(found.fun)


def _is_law(masses: Array) -> bool:
    return bool(np.all(masses >= 0.0) and abs(masses.sum() - 1.0) < 1e-9)
