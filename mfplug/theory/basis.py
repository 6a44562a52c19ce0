r"""Orthonormal polynomials of a law on phase space given by quadrature nodes.

They serve twice in the Hoeffding projection: as test functions e_k and as control
variates g_j with known mean zero.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError

Array = NDArray[np.float64]
Index = tuple[int, ...]

# Entries of one block of start polynomials: 4 MB, about a second-level cache.
_BLOCK = 2**19


@dataclass(frozen=True, eq=False)
class PolynomialBasis:
    r"""Polynomials e_1 ... e_K with E_f[e_k] = 0 and E_f[e_j e_k] = delta_jk.

    Made by :func:`polynomial_basis`. With z = ``whitening`` (x - ``centre``), and z
    replaced by z/sqrt(1 + z^2) where ``bounded``, e_k = sum_a T_ak P_a(z) with products
    P_a of Hermite (bounded: Chebyshev) polynomials of the multi-indices ``indices`` and
    the upper triangular matrix T = ``triangle``.

    Sums run in a fixed order: the value at a point, and the mean over a cloud, do not
    depend on which other points or clouds are evaluated with it.
    """

    centre: Array
    whitening: Array
    bounded: bool
    indices: tuple[Index, ...]
    triangle: Array

    @property
    def size(self) -> int:
        """Number K of polynomials, the constant left out."""
        return len(self.indices) - 1

    @property
    def dimension(self) -> int:
        """Dimension D of the space."""
        return int(self.centre.size)

    def __call__(self, points: ArrayLike) -> Array:
        """Return e_k at points (n, D), shape (n, K)."""
        x = self._points(points, 2)
        result = np.empty((len(x), self.size))
        rows = self._rows()
        for start in range(0, len(x), rows):
            part = slice(start, start + rows)
            result[part] = self._combine(self._start(x[part])).T
        return result

    def means(self, clouds: ArrayLike) -> Array:
        """Return N^-1 sum_i e_k(x_i) of each cloud: (R, N, D) -> (R, K)."""
        x = self._points(clouds, 3)
        if x.shape[1] == 0:
            raise ParameterError(
                f"basis 'means': got clouds {x.shape}, expected a point or more each."
                " Give (R, N, D)."
            )
        result = np.empty((len(x), self.size))
        group = max(1, self._rows() // x.shape[1])
        for start in range(0, len(x), group):
            part = slice(start, start + group)
            result[part] = self._combine(self._start_means(x[part])).T
        return result

    def _start_means(self, clouds: Array) -> Array:
        """Means of the start polynomials, (R, N, D) -> (K + 1, R), in fixed blocks."""
        replicas, n, d = clouds.shape
        rows = self._rows()
        total = np.zeros((len(self.indices), replicas))
        for start in range(0, n, rows):
            part = clouds[:, start : start + rows]
            values = self._start(part.reshape(-1, d))
            total += values.reshape(len(values), replicas, -1).sum(axis=2)
        return total / n

    def _start(self, x: Array) -> Array:
        """Start polynomials at x (n, D), shape (K + 1, n), contiguous along points."""
        degree = sum(self.indices[-1])
        # Coordinate by coordinate: no matrix product, whose rounding depends on n.
        shifted = [x[:, k] - self.centre[k] for k in range(self.dimension)]
        tables = []
        for row in self.whitening:
            z = row[0] * shifted[0]
            for k in range(1, self.dimension):
                z = z + row[k] * shifted[k]
            if self.bounded:
                z = z / np.sqrt(1.0 + z * z)
            tables.append(_powers(z, degree, self.bounded))
        place = {index: k for k, index in enumerate(self.indices)}
        values = np.empty((len(self.indices), len(x)))
        values[0] = 1.0
        for k, index in enumerate(self.indices[1:], start=1):
            axis = max(a for a, power in enumerate(index) if power)
            parent = (*index[:axis], 0, *index[axis + 1 :])
            np.multiply(values[place[parent]], tables[axis][index[axis]], out=values[k])
        return values

    def _combine(self, start: Array) -> Array:
        """T applied to start polynomials (K + 1, n), in fixed order, shape (K, n)."""
        result = np.zeros((self.size, start.shape[1]))
        for k in range(self.size + 1):
            first = max(k, 1)  # T is upper triangular; column 0 is the constant
            result[first - 1 :] += self.triangle[k, first:, None] * start[k]
        return result

    def _rows(self) -> int:
        return max(64, _BLOCK // len(self.indices))

    def _points(self, points: ArrayLike, axes: int) -> Array:
        x = np.asarray(points, float)
        if x.ndim != axes or x.shape[-1] != self.dimension:
            raise ParameterError(
                f"basis 'points': got shape {x.shape}, expected {axes} axes, the last "
                f"of length {self.dimension}. Give phase-space points."
            )
        return x


def polynomial_basis(
    nodes: ArrayLike, weights: ArrayLike, degree: int, bounded: bool = False
) -> PolynomialBasis:
    """Return the polynomials of total degree 1 ... ``degree``, orthonormal under nodes.

    K = binomial(D + degree, degree) - 1. Orthonormality and mean zero hold for the
    quadrature, so for f_0 to the accuracy of the quadrature. Householder QR of the
    start polynomials, twice.

    Parameters
    ----------
    nodes
        Shape (M, D).
    weights
        Weights >= 0 with sum 1, shape (M,).
    degree
        Total degree >= 1.
    bounded
        Polynomials of z/sqrt(1 + z^2), z in units of the quartile width: for laws
        without moments, such as Lorentz momenta.

    Raises
    ------
    ParameterError
        If shapes or weights are wrong, or the nodes do not tell the polynomials apart.

    Examples
    --------
    >>> basis = polynomial_basis([[-1.0], [0.0], [3.0]], [0.5, 0.25, 0.25], degree=1)
    >>> basis.size
    1
    """
    x, w = _check_nodes(nodes, weights, degree)
    d = x.shape[1]
    indices = _multi_indices(d, degree)
    centre, whitening = _frame(x, w, bounded)
    triangle = np.eye(len(indices))
    for _ in range(2):
        basis = PolynomialBasis(centre, whitening, bounded, indices, triangle)
        factor = _factor(basis, x, w)
        diagonal = np.abs(np.diagonal(factor))
        if len(x) < len(indices) or diagonal.min() < 1e-10 * diagonal.max():
            raise ParameterError(
                f"basis 'degree': {len(x)} nodes do not tell {len(indices)} "
                f"polynomials of degree <= {degree} apart; expected more nodes. "
                "Lower the degree."
            )
        triangle = np.triu(np.linalg.solve(factor.T, triangle.T).T)
    return PolynomialBasis(centre, whitening, bounded, indices, triangle)


def _factor(basis: PolynomialBasis, x: Array, w: Array) -> Array:
    """Upper factor R of sqrt(w) (1, e_1, ..., e_K) at the nodes, positive diagonal."""
    size = basis.size + 1
    factor = np.empty((0, size))
    rows = basis._rows()
    for start in range(0, len(x), rows):
        part = slice(start, start + rows)
        raw = basis._start(x[part])
        # The constant first: every later column becomes orthogonal to it, mean zero.
        block = np.concatenate([raw[:1], basis._combine(raw)]) * np.sqrt(w[part])
        stacked = np.concatenate([factor, block.T])
        factor = np.asarray(np.linalg.qr(stacked, mode="r"))
    sign = np.where(np.diagonal(factor) < 0.0, -1.0, 1.0)
    return np.asarray(factor * sign[:, None])


def _frame(x: Array, w: Array, bounded: bool) -> tuple[Array, Array]:
    """Centre and whitening matrix of the weighted nodes."""
    if not bounded:
        centre = (w[:, None] * x).sum(axis=0)
        gap = (x - centre) * np.sqrt(w)[:, None]
        covariance = gap.T @ gap
        if np.linalg.matrix_rank(covariance, hermitian=True) == x.shape[1]:
            return centre, np.linalg.inv(np.linalg.cholesky(covariance))
    else:
        order = np.argsort(x, axis=0, kind="stable")
        levels = np.cumsum(w[order], axis=0)
        quartiles = np.empty((3, x.shape[1]))
        for axis in range(x.shape[1]):
            place = np.searchsorted(levels[:, axis], [0.25, 0.5, 0.75])
            quartiles[:, axis] = x[order[np.minimum(place, len(x) - 1), axis], axis]
        width = quartiles[2] - quartiles[0]
        if np.all(width > 0.0):
            return quartiles[1], np.diag(1.0 / width)
    raise ParameterError(
        "basis 'nodes': the nodes lie in a lower dimension; got no width along a "
        f"direction, expected {x.shape[1]} dimensions. Drop the constant coordinate."
    )


def _powers(z: Array, degree: int, bounded: bool) -> list[Array]:
    """Chebyshev (bounded) or normalised Hermite polynomials 0 ... degree of z."""
    table = [np.ones_like(z), z]
    for k in range(1, degree):
        if bounded:
            table.append(2.0 * z * table[k] - table[k - 1])
        else:
            following = z * table[k] - math.sqrt(k) * table[k - 1]
            table.append(following / math.sqrt(k + 1))
    return table


def _multi_indices(dimension: int, degree: int) -> tuple[Index, ...]:
    """All multi-indices of total degree <= degree, graded, the constant first."""
    powers = itertools.product(range(degree + 1), repeat=dimension)
    kept = [index for index in powers if sum(index) <= degree]
    return tuple(sorted(kept, key=lambda index: (sum(index), [-k for k in index])))


def _check_nodes(
    nodes: ArrayLike, weights: ArrayLike, degree: int
) -> tuple[Array, Array]:
    x, w = np.asarray(nodes, float), np.asarray(weights, float)
    if x.ndim != 2 or 0 in x.shape or w.shape != (len(x),):
        raise ParameterError(
            f"basis 'nodes': got shapes {x.shape} and {w.shape}, expected (M, D) and "
            "(M,). Give one weight a node."
        )
    if not (np.all(np.isfinite(x)) and np.all(w >= 0.0) and abs(w.sum() - 1) < 1e-9):
        raise ParameterError(
            f"basis 'weights': got sum {w.sum()}, expected finite nodes and weights >= "
            "0 with sum 1. Normalise them."
        )
    if degree < 1:
        raise ParameterError(
            f"basis 'degree': got {degree}, expected at least 1. Raise the degree."
        )
    return x, w
