r"""Products of one-particle functions over distinct particles: Hoeffding components.

Pulled back to time 0, the marginal of s particles has the density ratio

.. math:: \frac{F^s_t}{f_t^{\otimes s}} = 1 + \sum_\alpha a_\alpha \Phi_\alpha, \qquad
          \Phi_\alpha(x_1, \dots, x_s) = \frac{1}{|\alpha|!_=}
          \sum_{i_1, \dots, i_b\ \mathrm{distinct}} e_{k_1}(x_{i_1}) \cdots
          e_{k_b}(x_{i_b}), \qquad
          a_\alpha = E_{F_t}[e_{k_1}(y_1) \cdots e_{k_b}(y_b)]

over the multisets alpha = {k_1, ..., k_b} of b <= s indices; e_k are orthonormal with
mean zero under f_0 and the divisor counts the permutations that change nothing. The
terms with b = 1 and 2 are h_1/N and h_2/N to leading order, those with b = 3 are of
order N^-2. ``a_alpha`` is the mean of a U-statistic, the same sum over the N particles
of a replica divided by N(N-1)...(N-b+1): one function does both.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfplug.errors import ParameterError
from mfplug.theory.basis import PolynomialBasis

Array = NDArray[np.float64]
Product = tuple[int, ...]


@dataclass(frozen=True)
class Products:
    """Products over distinct particles of the functions of a basis.

    ``products`` are the multisets of places in the basis, by number of bodies; at most
    three.
    """

    products: tuple[Product, ...]

    @property
    def bodies(self) -> NDArray[np.int64]:
        """How many particles each product takes, shape (P,)."""
        return np.array([len(product) for product in self.products], dtype=np.int64)

    def degrees(self, basis: PolynomialBasis) -> NDArray[np.int64]:
        """Return the total degree of each product of polynomials, shape (P,)."""
        single = [sum(index) for index in basis.indices[1:]]
        total = [sum(single[k] for k in product) for product in self.products]
        return np.array(total, dtype=np.int64)

    def sums(self, values: ArrayLike) -> Array:
        """Return the sums over ordered tuples of distinct particles, shape (..., P).

        Parameters
        ----------
        values
            e_k of every particle, shape (..., n, K).
        """
        e = np.asarray(values, float)
        total = e.sum(axis=-2)
        pairs: dict[Product, Array] = {}

        def both(k: int, m: int) -> Array:
            key = (min(k, m), max(k, m))
            if key not in pairs:
                pairs[key] = (e[..., k] * e[..., m]).sum(axis=-1)
            return pairs[key]

        out = np.empty((*e.shape[:-2], len(self.products)))
        for place, product in enumerate(self.products):
            s = [total[..., k] for k in product]
            if len(product) == 1:
                out[..., place] = s[0]
            elif len(product) == 2:
                out[..., place] = s[0] * s[1] - both(*product)
            else:
                a, b, c = product
                triple = (e[..., a] * e[..., b] * e[..., c]).sum(axis=-1)
                out[..., place] = (
                    s[0] * s[1] * s[2]
                    - both(a, b) * s[2]
                    - both(a, c) * s[1]
                    - both(b, c) * s[0]
                    + 2.0 * triple
                )
        return out

    def means(self, values: ArrayLike) -> Array:
        """Return the U-statistics: means over distinct tuples, shape (..., P).

        Raises
        ------
        ParameterError
            If there are fewer particles than bodies.
        """
        e = np.asarray(values, float)
        n = e.shape[-2]
        if n < int(self.bodies.max()):
            raise ParameterError(
                f"products 'particles': got {n}, expected at least "
                f"{int(self.bodies.max())} distinct ones. Take fewer bodies."
            )
        return self.sums(e) / np.array([math.perm(n, int(b)) for b in self.bodies])

    def squares(self, particles: int) -> Array:
        r"""Return E[Phi_alpha^2] of s particles, s!/((s - b)! |alpha|!_=): shape (P,).

        Phi_alpha is the sum of as many orthonormal products.
        """
        found = [
            math.perm(particles, len(product)) / _same(product)
            for product in self.products
        ]
        return np.array(found)

    def features(self, values: ArrayLike) -> Array:
        """Return Phi_alpha of s particles with e_k = ``values`` (..., s, K)."""
        return self.sums(values) / np.array([_same(k) for k in self.products])


def _same(product: Product) -> int:
    """Return the number of permutations that change nothing."""
    return math.prod(math.factorial(c) for c in Counter(product).values())


def product_family(
    basis: PolynomialBasis, degrees: tuple[int, ...], bodies: int
) -> Products:
    """Return all products of up to ``bodies`` polynomials with limited total degree.

    Parameters
    ----------
    basis
        Its places are the indices k.
    degrees
        Largest total degree of the products of 1, 2 and 3 bodies.
    bodies
        1, 2 or 3.

    Raises
    ------
    ParameterError
        If ``bodies`` is not 1 ... 3 or has no degree.
    """
    if not 1 <= bodies <= min(3, len(degrees)):
        raise ParameterError(
            f"products 'bodies': got {bodies}, expected 1 to {min(3, len(degrees))}. "
            "Take fewer."
        )
    degree = [sum(index) for index in basis.indices[1:]]
    found: list[Product] = []
    for count in range(1, bodies + 1):
        limit = degrees[count - 1]
        # The lowest of the others has degree 1.
        usable = [k for k, n in enumerate(degree) if n <= limit - (count - 1)]
        found += [
            product
            for product in itertools.combinations_with_replacement(usable, count)
            if sum(degree[k] for k in product) <= limit
        ]
    return Products(tuple(found))
