r"""Fits of ((log N + b)/N)^e, the law of the empirical measure in two dimensions.

In dimension two the transport distance of N independent points sums equal
contributions of all scales between the size of the law and the spacing of the points
(Ajtai, Komlos and Tusnady 1984), so its square is A (log N + B)/N: the constant B
stands for the largest and the smallest scale and is no smaller than log N at any N that
can be computed. Leaving it out moves the exponent of (log N / N)^e by 0.02 to 0.05.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import NumericsError, ParameterError
from mfplug.theory.power_fit import PowerFit, fit_data, fit_result, fit_solve

Array = NDArray[np.float64]


def fit_shifted_log(
    n: ArrayLike, y: ArrayLike, stderr: ArrayLike | None = None, level: float = 0.95
) -> PowerFit:
    r"""Fit y = a ((log N + b)/N)^e by weighted least squares in the logarithm.

    Errors and interval as those of :func:`mfplug.theory.power_fit.fit_power`, with
    three parameters; ``correction`` of the result is b.

    Parameters
    ----------
    n, y
        N and positive values, shape (n,), n >= 4.
    stderr
        Standard errors of y, all positive; None where y is exact or unknown.
    level
        Probability of the interval.

    Raises
    ------
    ParameterError
        If shapes differ, a number is not positive, an N is 1 or less, or there are
        fewer than 4 different N.
    NumericsError
        If no b in ]-log min N, 20 log max N[ fits best.
    """
    from scipy.optimize import minimize_scalar

    x, values, weight = fit_data(n, y, stderr, 3)
    if x.min() <= 1.0:
        raise ParameterError(
            f"fit 'log N / N': got N = {x.tolist()}, expected N >= 2. "
            "Drop the smallest N."
        )
    log_n, log_y = np.log(x), np.log(values)

    def solved(s: float) -> tuple[float, Array, Array]:
        b = math.exp(s) - float(log_n.min())
        design = np.stack([np.ones_like(x), np.log(log_n + b) - log_n], axis=1)
        start, residual = fit_solve(design, log_y, weight)
        return b, start, residual

    def left(s: float) -> float:
        residual = solved(s)[2]
        return float(weight @ residual**2)

    # log N + b > 0 for all N: b = e^s - log(min N).
    grid = np.linspace(math.log(1e-2), math.log(20.0 * float(log_n.max())), 120)
    scatter = np.array([left(s) for s in grid])
    best = int(scatter.argmin())
    if best in (0, grid.size - 1):
        raise NumericsError(
            "fit 'log N / N': the constant beside log N runs away; got no best b, "
            f"expected one with |b| < {20.0 * float(log_n.max()):.3g}. Fit without the "
            "correction or take a wider range of N."
        )
    found = minimize_scalar(
        left,
        bounds=(grid[best - 1], grid[best + 1]),
        method="bounded",
        options={"xatol": 1e-10},
    )
    b, start, residual = solved(float(found.x))
    shifted = log_n + b
    jacobian = np.stack(
        [np.ones_like(x), np.log(shifted) - log_n, start[1] / shifted], axis=1
    )
    return fit_result(
        jacobian, residual, weight, start, b, 1.0, level, stderr is not None
    )
