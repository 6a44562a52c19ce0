"""Exact laws of occupations: products, Gaussian signs, states of the audit (3.5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mfplug.theory.counting.lattice import Array, lattice

Law = dict[tuple[int, ...], float]


def product_law(particles: int, cells: Sequence[float]) -> Law:
    """Return the law of N independent particles."""
    return mixed_law(particles, [(1.0, cells)])


def mixed_law(particles: int, mixture: Sequence[tuple[float, Sequence[float]]]) -> Law:
    """Return a mixture of products, [(weight, cells)]."""
    grid = lattice(particles, len(mixture[0][1]))
    total = np.zeros(grid.occupations.shape[0])
    for weight, cells in mixture:
        total += weight * grid.masses(np.asarray(cells, dtype=float))[0]
    return {
        tuple(n): float(w)
        for n, w in zip(grid.occupations.tolist(), total, strict=True)
    }


def bad_law(
    particles: int, bad: int, other: Sequence[float], cells: Sequence[float]
) -> Law:
    """Return the symmetrised law of ``bad`` particles of another law and the rest of f.

    Remark 2.1: F = sym(h^m f^(N - m)).
    """
    first = product_law(bad, other) if bad else {(0,) * len(cells): 1.0}
    rest = (
        product_law(particles - bad, cells)
        if bad < particles
        else {(0,) * len(cells): 1.0}
    )
    law: Law = {}
    for n, w in first.items():
        for k, v in rest.items():
            key = tuple(i + j for i, j in zip(n, k, strict=True))
            law[key] = law.get(key, 0.0) + w * v
    return law


def gaussian_signs(particles: int, excess: float, first: float = 0.5) -> Law:
    r"""Return the law of signs of exchangeable Gaussians (audit, 3.5 and 4.1).

    .. math:: F(n) = \int \varphi(z) \binom{N}{n} p(z)^n (1 - p(z))^{N-n} dz, \quad
              p(z) = \Phi(g z + \sqrt{1 + g^2}\, \Phi^{-1}(f_1)), \quad
              g = \sqrt{v/N}

    Parameters
    ----------
    excess : float
        v >= 0: N times the covariance of two of them, their own variance being 1 + v/N.
    first : float
        f_1, the probability of the first cell; F^1 = f.
    """
    from scipy import special

    # The trapezoidal rule on the line converges faster than any power.
    z = np.linspace(-12.0, 12.0, 4001)
    weight = np.exp(-0.5 * z * z)
    weight /= weight.sum()
    scale = np.sqrt(excess / particles)
    shift = scale * z + np.sqrt(1.0 + scale**2) * special.ndtri(first)
    n = np.arange(particles + 1)
    choose = (
        special.gammaln(particles + 1)
        - special.gammaln(n + 1)
        - special.gammaln(particles - n + 1)
    )
    powers = np.outer(special.log_ndtr(shift), n)
    powers += np.outer(special.log_ndtr(-shift), particles - n)
    law: Array = weight @ np.exp(powers + choose)
    law /= law.sum()
    return {(int(k), int(particles - k)): float(w) for k, w in zip(n, law, strict=True)}
