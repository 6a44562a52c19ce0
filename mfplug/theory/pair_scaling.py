r"""What the scaling (5) does to the forces of a homogeneous state, exactly.

With phi_N(q) = N^(beta - 1) phi(N^(beta/d) q), independent uniform positions on a torus
of side l and Maxwellian momenta of temperature T, the force on a particle is a sum of
N - 1 independent terms of mean 0. Its variance, and that of the momentum which it gives
along free flights, are one quadrature each (audit, row (5) and E18).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.potential import Potential
from mfplug.errors import NumericsError, ParameterError

Array = NDArray[np.float64]

#: Values below this part of the largest end the range of a potential.
SMALL = 1e-15
#: Gauss-Legendre panels and nodes a panel over the range.
PANELS, NODES = 24, 12
#: Modes are summed up to this wave number times the range of phi_N.
LARGEST = 60.0
#: Part of the sum that its last tenth of wave numbers may have.
TAIL = 1e-6
#: Wave numbers at which the transform is computed; a cubic spline goes through them.
WAVES = 6000


def asymptotic_exponents(beta: float, d: int) -> dict[str, float]:
    r"""Return the exponents of N for range, sup force, rms force and momentum.

    .. math:: -\beta/d, \quad -1 + \beta + \beta/d, \quad
              -1/2 + \beta/2 + \beta/d, \quad (-1 + \beta + \beta/d)/2

    The momentum's is negative, and single trajectories keep their mean field, exactly
    where beta < d/(d + 1) (audit, E18).
    """
    steep = -1.0 + beta + beta / d
    return {
        "range": -beta / d,
        "sup-force": steep,
        "force": -0.5 + 0.5 * beta + beta / d,
        "momentum": 0.5 * steep,
    }


def survival_threshold(d: int) -> float:
    """Return d/(d + 1), below which beta leaves single trajectories their mean field.

    >>> [survival_threshold(d) for d in (1, 2, 3)]
    [0.5, 0.6666666666666666, 0.75]
    """
    return d / (d + 1)


def force_variance(
    potential: Potential, d: int, box: float, beta: float, N: int
) -> float:
    r"""Return E |F_i|^2 of independent uniform positions, a homogeneous state.

    .. math:: (N - 1)\, \ell^{-d} \int |\nabla \phi_N|^2
              = (N - 1)\, N^{-2 + \beta + 2\beta/d}\, \ell^{-d} \int |\nabla \phi|^2

    Parameters
    ----------
    potential
        phi, radial; its range must be below box/2.
    d, box, beta, N
        Dimension, side of the torus, exponent of (5), number of particles.
    """
    r, weight = _radial(potential, d, box)
    points = np.zeros((len(r), d))
    points[:, 0] = r
    square = float(np.sum(weight * potential.gradient(points)[:, 0] ** 2))
    power = -2.0 + beta + 2.0 * beta / d
    return (N - 1) * N**power / box**d * square


def momentum_variance(
    potential: Potential,
    d: int,
    box: float,
    beta: float,
    N: int,
    time: float,
    speed: float,
) -> float:
    r"""Return E |p_i(t) - p_i(0)|^2 to second order in phi, along free flights.

    .. math:: \frac{N - 1}{\ell^{2d}} \sum_{k \in (2\pi/\ell) Z^d}
              k^2\, |\hat\phi_N(k)|^2\; 2 \int_0^t (t - s)\, e^{-k^2 u^2 s^2} ds,
              \qquad \hat\phi_N(k) = N^{-1} \hat\phi(N^{-\beta/d} k)

    The last exponential is the characteristic function of the relative velocity, which
    has variance 2 u^2 on each axis; u is the thermal speed of one particle.

    Parameters
    ----------
    potential, d, box, beta, N
        As of :func:`force_variance`.
    time, speed
        t, and u = sqrt(T/m), both > 0.

    Raises
    ------
    NumericsError
        If the sum over modes has not converged: phi is not smooth enough.
    """
    scale = N ** (beta / d)
    reach = _reach(potential, d, box) / scale
    n, count = _shells(d, (LARGEST / reach * box / (2.0 * math.pi)) ** 2)
    k = 2.0 * math.pi / box * np.sqrt(n)
    amplitude = _transform(potential, d, box, k / scale) / N
    terms = count * k**2 * amplitude**2 * _flights(k * speed, time)
    total, last = float(terms.sum()), float(terms[k > 0.9 * k[-1]].sum())
    if last > TAIL * total:
        raise NumericsError(
            f"momentum_variance: the sum over modes of '{potential.name}' has not "
            f"converged; got {last / total:.1e} of it from the last tenth of the wave "
            f"numbers, expected below {TAIL:g}. Take a smoother potential."
        )
    return (N - 1) / box ** (2 * d) * total


def _flights(rate: Array, t: float) -> Array:
    """Return 2 int_0^t (t - s) exp(-a^2 s^2) ds for a = ``rate`` > 0."""
    from scipy.special import erf

    at = rate * t
    # The two terms cancel to t^2 where a t is small.
    with np.errstate(divide="ignore", invalid="ignore"):
        full = math.sqrt(math.pi) * erf(at) / at + np.expm1(-(at**2)) / at**2
    return np.where(at < 1e-3, t**2 * (1.0 - at**2 / 6.0), t**2 * full)


def _shells(d: int, largest: float) -> tuple[Array, Array]:
    """Return n = |z|^2 > 0 for z in Z^d and how many z have it, up to ``largest``."""
    if d == 1:
        line = np.arange(1.0, math.floor(math.sqrt(largest)) + 1.0)
        return line**2, np.full(len(line), 2.0)
    size = int(largest) + 1
    count = np.zeros(size)
    count[0] = 1.0
    for _ in range(d):
        wider = count.copy()
        for z in range(1, math.isqrt(size - 1) + 1):
            wider[z * z :] += 2.0 * count[: size - z * z]
        count = wider
    n = np.flatnonzero(count)[1:]
    return n.astype(float), count[n]


def _reach(potential: Potential, d: int, box: float) -> float:
    """Return the separation beyond which phi is negligible, below box/2."""
    r = np.linspace(0.0, 0.5 * box, 4001)
    points = np.zeros((len(r), d))
    points[:, 0] = r
    size = np.abs(potential.energy(points))
    inside = np.flatnonzero(size > SMALL * size.max())
    if len(inside) == 0 or inside[-1] >= len(r) - 2:
        raise ParameterError(
            f"theory.pair_scaling: the range of the potential '{potential.name}' must "
            f"lie in (0, box/2); got one that is none or longer, with box = {box:g}. "
            "Take a larger box or another potential."
        )
    return float(r[inside[-1] + 1])


def _radial(potential: Potential, d: int, box: float) -> tuple[Array, Array]:
    """Return nodes r and weights, so that sum w g(r) is the integral of g over R^d."""
    x, w = np.polynomial.legendre.leggauss(NODES)
    edges = np.linspace(0.0, _reach(potential, d, box), PANELS + 1)
    half = 0.5 * np.diff(edges)[:, None]
    r = (edges[:-1, None] + half * (1.0 + x)).ravel()
    sphere = {1: 2.0, 2: 2.0 * math.pi, 3: 4.0 * math.pi}[d]
    return r, (half * w).ravel() * sphere * r ** (d - 1)


def _transform(potential: Potential, d: int, box: float, k: Array) -> Array:
    """Return the Fourier transform of phi at wave numbers k, shape of k."""
    from scipy.interpolate import CubicSpline
    from scipy.special import j0

    r, weight = _radial(potential, d, box)
    points = np.zeros((len(r), d))
    points[:, 0] = r
    weighted = weight * potential.energy(points)

    def kernel(x: Array) -> Array:
        if d == 1:
            return np.cos(x)
        return np.asarray(j0(x)) if d == 2 else np.sinc(x / math.pi)

    # Many shells of the lattice lie close together: the spline is exact to 1e-10.
    grid = np.linspace(0.0, float(k.max()), WAVES)
    return CubicSpline(grid, kernel(grid[:, None] * r) @ weighted)(k)
