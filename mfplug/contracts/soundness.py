"""Whether an initial law can be one: its density is nowhere negative, its mass is 1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import NumericsError

if TYPE_CHECKING:
    from mfplug.contracts.distribution import Distribution

Array = NDArray[np.float64]

#: Points of the law and points of the box at which its density is looked at.
SAMPLES = 4096
POINTS = {1: 4096, 2: 8192, 3: 16384}
#: Half the box, in quartile distances from the median.
REACH = 1.5
#: How far the two masses may be apart: five standard errors of the sampled one, and
#: what Sobol points may miss of a density that jumps.
SLACK = 0.1


def check_density(law: Distribution) -> None:
    """Refuse a law whose density is negative, not finite, or has another mass than 1.

    Within a box about the median, all of the torus in q, the integral of the density at
    Sobol points is compared with the part of a fixed sample that lies there. A box does
    not ask for tails, so heavy ones are no trouble.

    Raises
    ------
    NumericsError
        If the density is wrong, or does not fit the samples.
    """
    from scipy.stats import qmc

    d = law.dimension
    sample = np.concatenate(
        law.sample(np.random.default_rng(20110101), SAMPLES), axis=1
    )
    if law.box is not None:
        sample[:, :d] %= law.box
    first, middle, third = np.quantile(sample, [0.25, 0.5, 0.75], axis=0)
    half = np.maximum(REACH * (third - first), 1e-12)
    low, width = middle - half, 2.0 * half
    if law.box is not None:
        low[:d], width[:d] = 0.0, law.box
    inside = np.all((sample >= low) & (sample <= low + width), axis=1).mean()
    power = math.ceil(math.log2(POINTS[d]))
    uniform = qmc.Sobol(2 * d, scramble=False).random_base2(power) + 0.5 / 2**power
    points = low + width * uniform
    density = np.asarray(law.density(points[:, :d], points[:, d:]), dtype=float)
    bad = ~(density >= 0.0) | ~np.isfinite(density)
    if np.any(bad):
        raise NumericsError(
            f"distribution '{law.name}': its density is negative or not finite; got "
            f"{density[bad][0]:.3g}, expected values >= 0 everywhere. Mend density()."
        )
    mass = float(density.mean() * np.prod(width) / inside)
    if abs(mass - 1.0) > SLACK:
        raise NumericsError(
            f"distribution '{law.name}': its density is not normalised; got a mass of "
            f"about {mass:.3g}, expected 1. Mend density(), or sample() if it is that "
            "which does not fit."
        )
