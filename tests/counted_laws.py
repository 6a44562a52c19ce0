"""Laws of cells for the tests of alpha."""

from __future__ import annotations

import numpy as np

from mfplug.theory.counting import laws

HALF = (0.5, 0.5)


def equal(N):
    return {(N, 0): 0.5, (0, N): 0.5}


def parity(N):
    weights = laws.product_law(N, HALF)
    return {n: 2 * w for n, w in weights.items() if n[0] % 2 == 0}


def rough_and_mixed(N):
    """A rough law and a mixture of products, with f = (0.45, 0.55)."""
    weights = np.random.default_rng(8300).dirichlet(np.full(N + 1, 0.4))
    near, far = laws.product_law(N, (0.3, 0.7)), laws.product_law(N, (0.6, 0.4))
    return (
        {(n, N - n): float(w) for n, w in enumerate(weights)},
        {n: 0.5 * w + 0.5 * far[n] for n, w in near.items()},
    )
