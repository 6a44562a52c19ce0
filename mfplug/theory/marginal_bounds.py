r"""Theorem 2.2: what alpha says of the marginals, printed and sharp (audit, E9)."""

from __future__ import annotations

import math

from mfplug.errors import ParameterError


def printed_marginal_bound(alpha: float, particles: int, s: int) -> float:
    r"""Return the bound of ||F^s - f^(x)s||_1 that the proof of Theorem 2.2 prints.

    .. math:: \left[(2^s - 1) \Bigl(\frac{N}{N - s}\Bigr)^s
              + \frac{N}{N - s + 1}\right] \Bigl(\alpha + \frac1N\Bigr)

    The steps that lead to it lose a factor 2 and the negative parts; the inequality is
    true all the same, because the bracket is at least 2s (audit, E9).

    Parameters
    ----------
    alpha
        The counting measure, in [0, 1].
    particles
        N > s.
    s
        Order of the marginal, 1 or more.

    Raises
    ------
    ParameterError
        If alpha is not in [0, 1] or not 1 <= s < N.
    """
    _check(alpha, s)
    if not s < particles:
        raise ParameterError(
            f"bound 'marginal': N is {particles}, expected N > s = {s}. Take more "
            "particles."
        )
    N = float(particles)
    typical = (2.0**s - 1.0) * (N / (N - s)) ** s
    return (typical + N / (N - s + 1.0)) * (alpha + 1.0 / N)


def marginal_bound(alpha: float, s: int) -> float:
    """Return 2 s alpha, the sharp form of Theorem 2.2 for every N (audit, E9).

    Raises
    ------
    ParameterError
        If alpha is not in [0, 1] or s < 1.

    Examples
    --------
    >>> marginal_bound(0.01, 3)
    0.06
    """
    _check(alpha, s)
    return 2.0 * s * alpha


def _check(alpha: float, s: int) -> None:
    if not (math.isfinite(alpha) and 0.0 <= alpha <= 1.0):
        raise ParameterError(
            f"bound 'marginal': alpha is {alpha}, expected a number in [0, 1]. "
            "Give the value of the counting measure."
        )
    if s < 1:
        raise ParameterError(
            f"bound 'marginal': s is {s}, expected an integer >= 1. Set s."
        )
