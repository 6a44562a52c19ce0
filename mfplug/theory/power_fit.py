r"""Fitted rates: y = a x^e and a x^e (1 + b x^-k) by least squares in the logarithm."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import NumericsError, ParameterError
from mfplug.theory.intervals import student_quantile

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PowerFit:
    """Fit of y = amplitude x^exponent (1 + correction x^-power).

    ``lower`` and ``upper`` bound the exponent; ``correction`` is 0 unless it was
    fitted; ``chi_squared`` is the weighted scatter (unit weights where no errors were
    given), ``dof`` = points - parameters, ``inflation`` the factor >= 1 that the
    scatter put on the standard error.
    """

    exponent: float
    stderr: float
    lower: float
    upper: float
    amplitude: float
    correction: float
    chi_squared: float
    dof: int
    inflation: float
    points: int
    power: float = 1.0

    def __call__(self, x: ArrayLike) -> Array:
        """Return the fitted law at x."""
        at = np.asarray(x, float)
        factor = 1.0 + self.correction * at**-self.power
        return np.asarray(self.amplitude * at**self.exponent * factor)


def log_over(n: ArrayLike) -> Array:
    """Return log N / N, the abscissa of laws (log N / N)^e, for N > e.

    Raises
    ------
    ParameterError
        If an N is not above e, where log N / N turns.
    """
    value = np.asarray(n, float)
    if not np.all(value > math.e):
        raise ParameterError(
            f"fit 'log N / N': got N = {value.tolist()}, expected N >= 3. "
            "Drop the smallest N."
        )
    return np.asarray(np.log(value) / value)


def fit_power(
    x: ArrayLike,
    y: ArrayLike,
    stderr: ArrayLike | None = None,
    correction: bool | float = False,
    level: float = 0.95,
) -> PowerFit:
    r"""Fit y = a x^e, or a x^e (1 + b x^-k), by least squares in the logarithm.

    The errors of log y are ``stderr / y``. The standard error of e follows from the
    weights; where the scatter exceeds the errors (chi^2 > dof) it is multiplied by
    sqrt(chi^2/dof) (Birge ratio), and without errors it comes from the scatter alone.
    The interval uses the t quantile of dof = points - parameters, which is wider than
    needed where the errors are trusted. For the law (log N/N)^e give ``log_over(N)``.

    Parameters
    ----------
    x, y
        Positive numbers, shape (n,), x not all equal.
    stderr
        Standard errors of y, all positive; None where y is exact or unknown.
    correction
        Fit b too (three parameters), |b| < min x^k: the exponent k > 0 of the second
        term, True for 1, False for no term.
    level
        Probability of the interval.

    Raises
    ------
    ParameterError
        If shapes differ, a number is not positive, or n is not above the number of
        parameters.
    NumericsError
        If no b with |b| < min x^k fits best.
    """
    second = correction is not False
    power = float(correction) if second else 1.0
    if not (math.isfinite(power) and power > 0.0):
        raise ParameterError(
            f"fit 'correction': got {correction}, expected True, False or an exponent "
            "k > 0 of the second term. Change it."
        )
    ax, ay, weight = fit_data(x, y, stderr, 3 if second else 2)
    scale = ax**power
    b = _fit_correction(ax, scale, np.log(ay), weight) if second else 0.0
    design = np.stack([np.ones_like(ax), np.log(ax)], axis=1)
    start, residual = fit_solve(design, np.log(ay) - np.log1p(b / scale), weight)
    jacobian = design
    if second:
        jacobian = np.concatenate([design, (1.0 / (scale + b))[:, None]], axis=1)
    return fit_result(
        jacobian, residual, weight, start, b, power, level, stderr is not None
    )


def fit_result(
    jacobian: Array,
    residual: Array,
    weight: Array,
    start: Array,
    correction: float,
    power: float,
    level: float,
    known: bool,
) -> PowerFit:
    """Return a fit with the errors that follow from its Jacobian and its scatter.

    Columns 0 and 1 of the Jacobian of log y belong to (log a, e) = ``start``; ``known``
    says whether the weights are those of known errors (Birge ratio) or all 1.
    """
    chi = float(weight @ residual**2)
    dof = len(residual) - jacobian.shape[1]
    scatter = chi / dof
    inflation = max(1.0, math.sqrt(scatter)) if known else 1.0
    factor = inflation if known else math.sqrt(scatter)
    root = np.linalg.qr(jacobian * np.sqrt(weight)[:, None], mode="r")
    # Row 1 of R^-1 has the norm of the second parameter's standard error.
    error = factor * float(np.linalg.norm(np.linalg.inv(root)[1]))
    half = student_quantile(level, dof) * error
    exponent = float(start[1])
    return PowerFit(
        exponent=exponent,
        stderr=error,
        lower=exponent - half,
        upper=exponent + half,
        amplitude=math.exp(float(start[0])),
        correction=correction,
        chi_squared=chi,
        dof=dof,
        inflation=inflation,
        points=len(residual),
        power=power,
    )


def fit_data(
    x: ArrayLike, y: ArrayLike, stderr: ArrayLike | None, parameters: int
) -> tuple[Array, Array, Array]:
    """Return x, y and the weights of log y, checked for a fit of some parameters."""
    ax, ay = np.asarray(x, float), np.asarray(y, float)
    error = np.ones_like(ay) if stderr is None else np.asarray(stderr, float)
    if ax.ndim != 1 or ax.shape != ay.shape or ax.shape != error.shape:
        raise ParameterError(
            f"fit 'power': got shapes {ax.shape}, {ay.shape} and {error.shape}, "
            "expected three equal ones (n,). Give one value a point."
        )
    for name, values in (("x", ax), ("y", ay), ("stderr", error)):
        if not np.all(np.isfinite(values) & (values > 0.0)):
            raise ParameterError(
                f"fit 'power': got {name} = {values.tolist()}, expected positive ones."
                " Drop the points that are not."
            )
    if np.unique(ax).size <= parameters:
        raise ParameterError(
            f"fit 'power': got {np.unique(ax).size} different x, expected more than "
            f"the {parameters} parameters. Add points or drop the correction."
        )
    weight = np.ones_like(ay) if stderr is None else (ay / error) ** 2
    return ax, ay, weight


def fit_solve(design: Array, target: Array, weight: Array) -> tuple[Array, Array]:
    """Return the weighted least-squares solution and its residual."""
    root = np.sqrt(weight)
    solution = np.linalg.lstsq(design * root[:, None], target * root, rcond=None)[0]
    return np.asarray(solution, float), np.asarray(target - design @ solution)


def _fit_correction(x: Array, scale: Array, log_y: Array, weight: Array) -> float:
    """Find the b of 1 + b/scale that leaves the least scatter about the best a and e.

    Only |b| <= min scale is searched: with scale = x^k, a x^e (1 + b/x^k) with large b
    is the law with exponent e - k and a correction of its own, and fits nearly as well.
    """
    from scipy.optimize import minimize_scalar

    design = np.stack([np.ones_like(x), np.log(x)], axis=1)

    def left(s: float) -> float:
        b = float(scale.min()) * math.expm1(s)
        residual = fit_solve(design, log_y - np.log1p(b / scale), weight)[1]
        return float(weight @ residual**2)

    # b = min scale (e^s - 1): dense near b = -min scale, where the law changes fastest.
    grid = np.linspace(-7.0, math.log(2.0), 78)
    values = np.array([left(s) for s in grid])
    best = int(values.argmin())
    if best in (0, grid.size - 1):
        raise NumericsError(
            "fit 'power': the correction 1 + b/x runs away; got no best b, expected "
            "one with |b| < min x. Fit without the correction or drop the smallest x."
        )
    found = minimize_scalar(
        left,
        bounds=(grid[best - 1], grid[best + 1]),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(scale.min()) * math.expm1(float(found.x))
