r"""A smooth law of occupations fitted to samples.

.. math:: F_\theta(n) \propto Mult(n) \exp\Bigl(\sum_j \theta_j T_j(n)\Bigr)

T are the standardised counts of m - 1 cells and their products: the exponential family
of the multinomial law tilted by a quadratic, of which the Gaussian fluctuations of a
mean-field system are the limit. The maximum likelihood estimate matches the moments of
T and is found by Newton's method on a convex function.
"""

from __future__ import annotations

import numpy as np

from mfplug.theory.counting.lattice import Array, Lattice

STEPS = 60


def fitted_law(grid: Lattice, law: Array, base: Array) -> Array:
    """Return the fitted law, shape (T,).

    Parameters
    ----------
    law : ndarray, shape (T,)
        The empirical law.
    base : ndarray, shape (T,)
        The multinomial law; where it is 0 so is the fitted one, and the empirical law
        is returned if it has mass there.
    """
    inside = base > 0.0
    if law[~inside].sum() > 0.0:
        return law
    statistics = _statistics(grid, base)
    wanted = law @ statistics
    theta = np.zeros(statistics.shape[1])
    fitted = base
    for _ in range(STEPS):
        gap = wanted - fitted @ statistics
        centred = statistics - fitted @ statistics
        hessian = centred.T @ (fitted[:, None] * centred)
        step = np.linalg.lstsq(hessian, gap, rcond=1e-12)[0]
        slope = float(gap @ step)
        if slope < 1e-20:
            break
        size, start = 1.0, _likelihood(theta, statistics, base, wanted)
        while size > 1e-6:
            trial = theta + size * step
            if _likelihood(trial, statistics, base, wanted) >= start:
                theta = trial
                break
            size *= 0.5
        else:
            break
        fitted = _tilted(theta, statistics, base)
    return fitted


def _statistics(grid: Lattice, base: Array) -> Array:
    """Return standardised counts and their products, shape (T, number)."""
    counts = grid.occupations[:, :-1].astype(float)
    mean = base @ counts
    spread = np.sqrt(np.maximum(base @ (counts - mean) ** 2, 1e-300))
    z = (counts - mean) / np.where(spread > 1e-100, spread, 1.0)
    number = z.shape[1]
    pairs = [z[:, i] * z[:, j] for i in range(number) for j in range(i, number)]
    return np.column_stack([z, *pairs])


def _tilted(theta: Array, statistics: Array, base: Array) -> Array:
    exponent = statistics @ theta
    weights = base * np.exp(exponent - exponent[base > 0].max())
    return np.asarray(weights / weights.sum())


def _likelihood(theta: Array, statistics: Array, base: Array, wanted: Array) -> float:
    exponent = statistics @ theta
    top = exponent[base > 0].max()
    partition = top + np.log(base @ np.exp(np.minimum(exponent - top, 0.0)))
    return float(theta @ wanted - partition)
