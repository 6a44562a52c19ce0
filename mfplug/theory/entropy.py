r"""The entropy route, the provable replacement of Lemma 3.2 (audit, E6).

H_t = KL(F_t | f_t^N) obeys H' <= inf_eta (H + Lambda_N(eta))/eta by the inequality of
Donsker and Varadhan, and Marton's inequality turns H into the Hamming distance:
dbar <= sqrt(H / 2N). So sqrt(N) dbar stays bounded, for Gaussian f_0 too.
"""

from __future__ import annotations

import math

from mfplug.errors import ParameterError

# Beyond this artanh x the entropy is above e^700, which no number holds.
_FAR = 350.0


def entropy_exponent(eta: float, fisher: float) -> float:
    r"""Return Lambda_inf(eta) = -log(1 - eta^2 I/4), infinite for eta >= 2/sqrt(I).

    The limit for N -> inf of log E exp(eta Psi) for the HMF model on a homogeneous f_0
    (audit, E6). I is the Fisher information of momentum, E_f |grad_p log f|^2.
    """
    _check(fisher, 0.0)
    x = eta * math.sqrt(fisher) / 2.0
    return -math.log1p(-x * x) if abs(x) < 1.0 else math.inf


def entropy_bound(fisher: float, time: float) -> float:
    r"""Return the bound of H_t for H_0 = 0, homogeneous HMF, N -> inf.

    The largest solution of H' = inf_eta (H + Lambda_inf(eta))/eta from 0. The infimum
    is at eta = 2x/sqrt(I) with H = 2x^2/(1 - x^2) + log(1 - x^2), where H' = sqrt(I)
    x/(1 - x^2); so t = (2/sqrt(I))(2 artanh x - x) gives x, and H. For short times
    H = I t^2/4.

    Parameters
    ----------
    fisher
        I = E_f |grad_p log f|^2, 1/momentum^2.
    time
        t >= 0.

    Raises
    ------
    ParameterError
        If an argument is negative or not finite.

    Examples
    --------
    >>> round(math.sqrt(entropy_bound(0.5, 1.0) / 2), 4)
    0.2526
    """
    from scipy.optimize import brentq

    _check(fisher, time)
    target = 0.5 * math.sqrt(fisher) * time
    if target == 0.0:
        return 0.0
    # z = artanh x keeps digits where x is close to 1; 2z - tanh z lies in [z, 2z].
    z = float(
        brentq(
            lambda u: 2.0 * u - math.tanh(u) - target,
            0.5 * target,
            target,
            xtol=1e-15,
            rtol=8.9e-16,
        )
    )
    if z > _FAR:
        return math.inf
    # x^2/(1 - x^2) = sinh^2 z, and log(1 - x^2) = -2 log cosh z, without cancellation.
    return 2.0 * math.sinh(z) ** 2 - 2.0 * math.log1p(2.0 * math.sinh(0.5 * z) ** 2)


def marton_bound(entropy: float, particles: float) -> float:
    """Return sqrt(H / 2N) >= dbar, Marton's inequality for product measures, at most 1.

    dbar is the Hamming distance of two laws of N particles in units of N, and
    TV(F^s, f^s) <= s dbar (audit, 3.4).

    Raises
    ------
    ParameterError
        If H is negative or N < 1.
    """
    if not (entropy >= 0.0 and particles >= 1):
        raise ParameterError(
            f"bound 'marton': got H = {entropy} and N = {particles}, expected H >= 0 "
            "and N >= 1. Check them."
        )
    return min(1.0, math.sqrt(0.5 * entropy / particles))


def marginal_entropy_limit(excess: tuple[float, float], s: int) -> float:
    r"""Return lim N^2 KL(F^s | f^s) = (s^2/4) sum_j e_j^2 of the harmonic model.

    e_j are the eigenvalues of A^(-1) D (audit, 4.1): the sharp rate (s/N)^2, where
    subadditivity of entropy gives no more than s/N.
    """
    return 0.25 * s * s * (excess[0] ** 2 + excess[1] ** 2)


def _check(fisher: float, time: float) -> None:
    if not (math.isfinite(fisher) and fisher >= 0.0):
        raise ParameterError(
            f"bound 'entropy': the Fisher information is {fisher}, expected a finite "
            "number >= 0. Take a law with a square-integrable score."
        )
    if not (math.isfinite(time) and time >= 0.0):
        raise ParameterError(
            f"bound 'entropy': got time {time}, expected a finite time >= 0. It runs "
            "forward from 0."
        )
