"""Whether an initial law and an external potential can be ones, before they are used.

The density of a law is nowhere negative and its mass is 1; nodes and the values of an
external potential have the shapes that the contracts say. What is found later is found
in the arithmetic of somebody else, who is then blamed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.calls import calling, values_at
from mfplug.errors import MfplugError, NumericsError, PluginError, shown

if TYPE_CHECKING:
    from mfplug.contracts.distribution import Distribution
    from mfplug.contracts.potential import External

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
        drawn(law, np.random.default_rng(20110101), SAMPLES), axis=1
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
    with calling(law, "density()"):
        density = np.asarray(law.density(points[:, :d], points[:, d:]), dtype=float)
    if density.shape != points.shape[:1]:
        raise PluginError(
            f"distribution '{law.name}': density() has the wrong shape; got "
            f"{density.shape} for {len(points)} points, expected {points.shape[:1]}. "
            "Mend density()."
        )
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


def drawn(law: Distribution, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Return n points (q, p) of a law, each (n, d), or say what is wrong with them.

    Raises
    ------
    PluginError, NumericsError
        If ``sample`` fails, or returns anything but two finite arrays of this shape.
    """
    who = f"distribution '{law.name}': sample()"
    with calling(law, "sample()"):
        found = law.sample(rng, n)
    if not (isinstance(found, tuple) and len(found) == 2):
        raise PluginError(f"{who} returned {shown(found)}; expected (q, p). Mend it.")
    with calling(law, "sample()"):
        q, p = (np.asarray(x, dtype=float) for x in found)
    if not q.shape == p.shape == (n, law.dimension):
        raise PluginError(
            f"{who} has the wrong shape; got {q.shape} and {p.shape}, expected twice "
            f"{(n, law.dimension)}. Mend it."
        )
    if not (np.isfinite(q).all() and np.isfinite(p).all()):
        raise NumericsError(
            f"{who} is not finite; got NaN or infinity, expected numbers. Mend it."
        )
    return q, p


def check_nodes(law: Distribution) -> None:
    """Refuse a law whose own nodes are no rule for it.

    A law may have none, and says so with an error of mfplug, which is left to whoever
    needs nodes.

    Raises
    ------
    PluginError
        If ``nodes`` returns anything but (q, p, w) in the shapes of the contract, all
        finite and with weights that sum to 1.
    """
    d = law.dimension
    try:
        with calling(law, "nodes()"):
            found = law.nodes(64)
    except MfplugError as error:
        if isinstance(error, PluginError) and error.__cause__ is not None:
            raise
        return
    who = f"distribution '{law.name}': nodes()"
    if not (isinstance(found, tuple) and len(found) == 3):
        raise PluginError(
            f"{who} returned {shown(found)}; expected three arrays (q, p, w). Mend it."
        )
    with calling(law, "nodes()"):
        q, p, w = (np.asarray(x, dtype=float) for x in found)
    if not (w.ndim == 1 and q.shape == p.shape == (w.size, d)):
        raise PluginError(
            f"{who} has the wrong shapes; got {q.shape}, {p.shape} and {w.shape}, "
            f"expected (M, {d}), (M, {d}) and (M,). Mend it."
        )
    if not all(np.isfinite(x).all() for x in (q, p, w)) or abs(w.sum() - 1.0) > 1e-6:
        raise PluginError(
            f"{who} is no rule of a law; got weights that sum to {w.sum():.6g}, "
            "expected finite points and weights that sum to 1. Mend it."
        )


def check_external(external: External, law: Distribution, t: float) -> None:
    """Refuse an external potential that is no number at six points of a law.

    Raises
    ------
    PluginError, NumericsError
        If its energy or gradient fails, has another shape or is not finite.
    """
    rng = np.random.default_rng(20110131)
    q = drawn(law, rng, 6)[0].reshape(2, 3, law.dimension)
    for what in ("energy", "gradient"):
        values = values_at(external, what, q, t)
        if not np.isfinite(values).all():
            raise NumericsError(
                f"external '{external.name}': {what} is not finite; got "
                f"{values[~np.isfinite(values)][0]} at a point of f_0 at t = {t:g}, "
                f"expected numbers. Mend {what}(), or its parameters."
            )
