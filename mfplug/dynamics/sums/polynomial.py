"""Potentials that are a polynomial of the separation: O(N) sums by moments."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import comb, prod

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics.sums.kernel import ScaledKernel

Array = NDArray[np.float64]
Index = tuple[int, ...]

#: phi is even; beyond the fourth power the forces of a cloud are hardly of use.
_DEGREE = 4
_AGREEMENT = 1e-11


class PolynomialSum:
    r"""phi_N(x) = sum_alpha c_alpha x^alpha in free space, the spring among them.

    .. math:: \sum_j w_j (x - y_j)^\alpha =
        \sum_{\beta \le \alpha} \binom{\alpha}{\beta} x^{\alpha - \beta} (-1)^{|\beta|}
        \sum_j w_j y_j^\beta

    with both x and y from the mean of the sources, so that little cancels. Exact up to
    rounding.

    Parameters
    ----------
    kernel
        A potential in free space.
    terms
        c_alpha by alpha, a tuple of d exponents.
    """

    name = "separable"

    def __init__(self, kernel: ScaledKernel, terms: dict[Index, float]) -> None:
        self.kernel = kernel
        self.terms = terms

    def _field(self, y: Array, w: Array) -> tuple[Array, dict[Index, Array]]:
        """Return the centres (R, d, 1) and the field's coefficients, each (R,)."""
        total = np.sum(w)
        centre = np.sum(y * w, axis=-1, keepdims=True) / (total if total else 1.0)
        if not np.isfinite(centre).all():
            centre = np.zeros_like(centre)
        z = y - centre
        field: dict[Index, Array] = {}
        moments: dict[Index, Array] = {}
        for alpha, c in self.terms.items():
            for beta in product(*(range(a + 1) for a in alpha)):
                if beta not in moments:
                    moments[beta] = np.sum(w * _power(z, beta), axis=-1)
                gamma = tuple(a - b for a, b in zip(alpha, beta, strict=True))
                ways = prod(comb(a, b) for a, b in zip(alpha, beta, strict=True))
                part = c * ways * (-1.0) ** sum(beta) * moments[beta]
                field[gamma] = field.get(gamma, 0.0) + part
        return centre, field

    def _forces(self, y: Array, w: Array, x: Array) -> Array:
        centre, field = self._field(y, w)
        z = x - centre
        out = np.zeros_like(z)
        for gamma, c in field.items():
            for a, power in enumerate(gamma):
                if power:
                    lower = (*gamma[:a], power - 1, *gamma[a + 1 :])
                    out[:, a] -= (power * c)[:, None] * _power(z, lower)
        return out

    def forces(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return -sum_m w_m grad phi_N(x_k - y_m), shape (d, K)."""
        return self._forces(sources[None], weights, targets[None])[0]

    def energies(self, sources: Array, weights: Array, targets: Array) -> Array:
        """Return sum_m w_m phi_N(x_k - y_m), shape (K,)."""
        centre, field = self._field(sources[None], weights)
        z = targets[None] - centre
        out = np.zeros(targets.shape[1])
        for gamma, c in field.items():
            out += c[0] * _power(z, gamma)[0]
        return out

    def clouds(self, x: Array, weight: float) -> Array:
        """Return the forces of each cloud on itself, all weights equal; (R, d, N)."""
        return self._forces(x, np.full(x.shape[2], weight), x)


def _power(z: Array, exponents: Index) -> Array:
    """Return the product of z[:, a] ** exponents[a], shape (R, N)."""
    out = np.ones((z.shape[0], z.shape[2]))
    for a, power in enumerate(exponents):
        for _ in range(power):
            out *= z[:, a]
    return out


def _indices(d: int) -> Iterator[Index]:
    for alpha in product(range(_DEGREE + 1), repeat=d):
        if sum(alpha) % 2 == 0 and sum(alpha) <= _DEGREE:
            yield alpha


def find_polynomial(kernel: ScaledKernel) -> PolynomialSum | None:
    """Return the sum by moments if the potential is a polynomial, else None.

    The coefficients are fitted at points within 2 / scale and must give energy and
    gradient at other points, up to a thousand times as far.
    """
    if kernel.box is not None:
        return None
    unit = 1.0 / kernel.scale
    u = _spread(kernel.dimension, 2.0)
    alphas = list(_indices(kernel.dimension))
    values = kernel.energy(unit * u)
    if not np.isfinite(values).all():
        return None
    matrix = np.stack([np.prod(u ** np.array(a), axis=1) for a in alphas], axis=1)
    fitted = np.linalg.lstsq(matrix, values, rcond=None)[0]
    size = float(np.abs(values).max())
    fitted[np.abs(fitted) <= 1e-12 * size] = 0.0
    terms = {
        a: float(c) / unit ** sum(a)
        for a, c in zip(alphas, fitted, strict=True)
        if c != 0.0
    }
    found = PolynomialSum(kernel, terms)
    far = (0.7, 30.0, 1000.0)
    return found if all(_agrees(found, unit * t) for t in far) else None


def _spread(d: int, size: float, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-size, size, size=(96, d))


def _agrees(found: PolynomialSum, size: float) -> bool:
    kernel = found.kernel
    dx = _spread(kernel.dimension, size, seed=1)
    zero, one = np.zeros((kernel.dimension, 1)), np.ones(1)
    energy, exact = found.energies(zero, one, dx.T), kernel.energy(dx)
    force, gradient = found.forces(zero, one, dx.T), kernel.gradient(dx)
    with np.errstate(invalid="ignore"):
        return bool(
            np.abs(energy - exact).max() <= _AGREEMENT * np.abs(exact).max()
            and np.abs(force.T + gradient).max() <= _AGREEMENT * np.abs(gradient).max()
        )
