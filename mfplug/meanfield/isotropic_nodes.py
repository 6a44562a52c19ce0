"""Quadrature of an isotropic law in the coordinates that a rotation leaves alone."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.distribution import Distribution
from mfplug.errors import NumericsError

Array = NDArray[np.float64]

#: Points from which the widths of the law are read off; the seed is part of the rule.
SAMPLE = 4096
#: An axis ends where the integrand along it has fallen to this part of its largest.
CUT = 1e-12
#: A mass that is wrong by more is refused.
WRONG = 0.1
#: Farthest end of an axis in widths: sinh(12) = 8e4.
FARTHEST = 12.0
#: Shares of the axes r, p_r, p_t in the number of nodes.
SHARES = {2: (0.75, 1.0, 1.0), 3: (1.0, 1.6, 0.8)}


def isotropic_nodes(law: Distribution, size: int) -> tuple[Array, Array, Array]:
    r"""Return nodes of a law of |q|, |p| and q . p; all have q on the first axis.

    .. math:: \int g f_0 = \int_0^\infty \!\! dr \int \! dp_r \int \! dp_t\,
              J g f_0(r e_1, p_r e_1 + p_t e_2), \quad
              J = 4 \pi r^2\, 2 \pi p_t \ (d = 3), \quad 2 \pi r \ (d = 2)

    with p_t > 0 in space and of both signs in the plane. Each axis is a width times
    sinh(u): Gauss-Legendre in u on a half line, the trapezoid rule on a line. For
    smooth laws both converge faster than any power; sinh reaches heavy tails.

    Parameters
    ----------
    size
        About how many nodes; those of no weight are left out.

    Returns
    -------
    q, p, w
        Shapes (M, d), (M, d), (M,); the weights sum to 1.

    Raises
    ------
    NumericsError
        If the density is not finite, or its mass on the nodes is wrong by a tenth.
    """
    d = law.dimension
    q, p = law.sample(np.random.default_rng(0), SAMPLE)
    wide = float(np.median(np.linalg.norm(q, axis=1)))
    fast = float(np.median(np.linalg.norm(p, axis=1)))

    def weight(r: Array, radial: Array, transverse: Array) -> Array:
        x, v = np.zeros((*r.shape, d)), np.zeros((*r.shape, d))
        x[..., 0], v[..., 0], v[..., 1] = r, radial, transverse
        jacobian = 2.0 * math.pi * r
        if d == 3:
            jacobian = 8.0 * math.pi**2 * r**2 * transverse
        return np.asarray(jacobian * law.density(x, v))

    def end(axis: int) -> float:
        """Return the u at which the integrand along an axis has died away."""
        u = np.linspace(0.0, FARTHEST, 1201)[1:]
        at = [np.full_like(u, 0.5 * wide), np.full_like(u, 0.0)]
        at.append(np.full_like(u, 0.5 * fast))
        at[axis] = (wide if axis == 0 else fast) * np.sinh(u)
        along = weight(*at) * np.cosh(u)
        alive = np.flatnonzero(along > CUT * along.max())
        return float(u[alive[-1]]) if alive.size else FARTHEST

    shares = SHARES[d]
    one = (size / math.prod(shares)) ** (1.0 / 3.0)
    counts = [max(2, round(one * share)) for share in shares]
    half = (True, False, d == 3)
    grids = [
        _axis(unit, end(k), counts[k], half[k])
        for k, unit in enumerate((wide, fast, fast))
    ]
    r, radial, transverse = np.meshgrid(*(x for x, _ in grids), indexing="ij")
    cell = np.einsum("i,j,k->ijk", *(w for _, w in grids))
    w = (cell * weight(r, radial, transverse)).ravel()
    total = float(w.sum())
    if not abs(total - 1.0) < WRONG:
        raise NumericsError(
            f"solver 'spherical': {size} nodes do not hold the mass of "
            f"'{law.name}'; got {total:.4g}, expected 1. Take more nodes."
        )
    kept = w > 1e-2 * CUT * w.max()
    q, p = np.zeros((int(kept.sum()), d)), np.zeros((int(kept.sum()), d))
    q[:, 0], p[:, 0] = r.ravel()[kept], radial.ravel()[kept]
    p[:, 1] = transverse.ravel()[kept]
    return q, p, w[kept] / w[kept].sum()


def _axis(unit: float, end: float, count: int, half: bool) -> tuple[Array, Array]:
    """Return nodes unit * sinh(u) and weights on (0, end) or (-end, end) in u."""
    if half:
        x, w = np.polynomial.legendre.leggauss(count)
        u, w = 0.5 * end * (x + 1.0), 0.5 * end * w
    else:
        u, step = np.linspace(-end, end, count, retstep=True)
        w = np.full(count, step)
    return unit * np.sinh(u), w * unit * np.cosh(u)
