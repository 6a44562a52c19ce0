"""Deterministic nodes for a density that is known only point by point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import NumericsError

if TYPE_CHECKING:
    from mfplug.contracts.distribution import Distribution

Array = NDArray[np.float64]


def importance_nodes(law: Distribution, size: int) -> tuple[Array, Array, Array]:
    """Return Sobol nodes in a Student-t proposal, weighted by density / proposal.

    The proposal has 5 degrees of freedom per axis, with the median and quartile
    width of a fixed sample of the law; the weights are normalised to sum 1. The error
    falls about as 1/size for smooth integrands (quasi-Monte Carlo with importance
    weights; Owen, Monte Carlo theory, chapters 9 and 17).

    Raises
    ------
    NumericsError
        If the density is negative or not finite at a node, or is zero at all nodes.
    """
    from scipy import stats

    d = law.dimension
    q, p = law.sample(np.random.default_rng(20110101), 4096)
    points = np.concatenate([q, p], axis=1)
    low, centre, high = np.quantile(points, [0.25, 0.5, 0.75], axis=0)
    scale = np.maximum((high - low) / 1.35, 1e-12)
    power = max(4, int(np.ceil(np.log2(size))))
    uniform = stats.qmc.Sobol(2 * d, scramble=False).random_base2(power)
    # Unscrambled Sobol points start at 0; the half-cell shift keeps them inside (0, 1).
    uniform = uniform + 0.5 / 2**power
    proposal = stats.t(df=5)
    standard = proposal.ppf(uniform)
    points = centre + scale * standard
    density = law.density(points[:, :d], points[:, d:])
    if not np.all(np.isfinite(density)) or np.any(density < 0):
        raise NumericsError(
            f"distribution '{law.name}': its density is negative or not finite; "
            "expected values >= 0 everywhere. Mend density()."
        )
    weights = density / np.prod(proposal.pdf(standard) / scale, axis=1)
    if not weights.sum() > 0:
        raise NumericsError(
            f"distribution '{law.name}': its density is 0 at all {2**power} nodes near "
            "its own samples; expected density() and sample() to agree. Mend one."
        )
    weights /= weights.sum()
    keep = weights > 1e-14 * weights.max()
    weights = weights[keep] / weights[keep].sum()
    return points[keep, :d], points[keep, d:], weights
