"""Checks of the sums of a potential over pairs: every way to sum gives the same."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.checks.core import Check, CheckFailed
from mfplug.checks.probes import places
from mfplug.contracts.potential import Potential
from mfplug.errors import MfplugError

Array = NDArray[np.float64]


def length_of(phi: Potential) -> float:
    """Return a length on which the potential changes: B / L, where that is a number."""
    try:
        bound, lipschitz = phi.gradient_bound, phi.gradient_lipschitz
    except MfplugError:
        return 1.0
    if math.isfinite(bound) and math.isfinite(lipschitz) and bound > 0 < lipschitz:
        return float(bound / lipschitz)
    return 1.0


def _cloud(placed: Potential, d: int, box: float | None, size: int) -> Array:
    rng = np.random.default_rng(17)
    if box is not None:
        return rng.uniform(0.0, box, (1, d, size))
    return 2 * length_of(placed) * rng.standard_normal((1, d, size))


def _direct(placed: Potential, q: Array, box: float | None) -> tuple[Array, Any]:
    from mfplug.dynamics.compiled import compile_potential
    from mfplug.dynamics.pairs import pair_forces

    compiled = compile_potential(placed, q.shape[1])
    out = np.empty_like(q)
    pair_forces(compiled, q, out, factor=1.0 / q.shape[2], scale=1.0, box=box)
    return out, compiled


def third_law(phi: Potential) -> str:
    """Check that the forces of a random cloud add up to 0.

    Every particle sums by itself: the kernels take each pair once and give both their
    share, so they would hide a force that is not that of the other with another sign.
    """
    from mfplug.dynamics import plain

    largest = 0.0
    for d, box, placed in places(phi):
        q = _cloud(placed, d, box, 61)[0]
        force = plain.gradient_sums(placed, q, q, np.full(61, 1.0 / 61), 1.0, box)
        total = np.abs(force.sum(axis=1)).max()
        largest = max(largest, float(total / max(np.abs(force).sum(), 1e-300)))
        if largest > 1e-12:
            raise CheckFailed(
                f"the forces of 61 particles do not add up to 0 in d = {d}; they leave "
                f"{largest:.2g} of their sum"
            )
    return f"sum of the forces of 61 particles: {largest:.1g} of their sizes"


def compiled(phi: Potential) -> str:
    """Check the compiled kernel against the plain NumPy methods."""
    from mfplug.dynamics import plain

    largest, reasons = 0.0, set()
    for d, box, placed in places(phi):
        q = _cloud(placed, d, box, 57)
        force, kernel = _direct(placed, q, box)
        weights = np.full(57, 1.0 / 57)
        expected = -plain.gradient_sums(placed, q[0], q[0], weights, 1.0, box)
        scale = max(float(np.abs(expected).max()), 1e-300)
        largest = max(largest, float(np.abs(force[0] - expected).max()) / scale)
        if largest > 1e-11:
            raise CheckFailed(
                f"compiled and plain forces differ by {largest:.2g} of the largest in "
                f"d = {d}"
            )
        if not kernel.compiled:
            reasons.add(kernel.reason)
    if reasons:
        return f"not compiled, plain NumPy does the work: {'; '.join(sorted(reasons))}"
    return f"compiled and plain forces agree to {largest:.1g}"


def methods(phi: Potential) -> str:
    """Check every way to sum forces against the sum over all pairs."""
    from mfplug.dynamics.sums import METHODS, PairSum

    largest: dict[str, float] = {}
    for d, box, placed in places(phi):
        x = _cloud(placed, d, box, 300)[0]
        w = np.random.default_rng(5).uniform(0.2, 1.0, 300) / 300
        exact = PairSum(placed, d, 300, "direct", box=box).forces(x, w, x)
        scale = max(float(np.abs(exact).max()), 1e-300)
        for method in METHODS:
            if method in ("auto", "direct"):
                continue
            try:
                given = PairSum(placed, d, 300, method, box=box, tolerance=1e-9)
                force = given.forces(x, w, x)
            except MfplugError:
                continue  # it says itself that this potential is not for it
            error = float(np.abs(force - exact).max()) / scale
            largest[method] = max(largest.get(method, 0.0), error)
            if error > 1e-6:
                raise CheckFailed(
                    f"the method '{method}' differs from all pairs by {error:.2g} of "
                    f"the largest force in d = {d}; expected below 1e-6"
                )
    if not largest:
        return "all pairs is the only method for it"
    return "from all pairs: " + ", ".join(f"{m} {e:.0e}" for m, e in largest.items())


CHECKS = [
    Check("third-law", "forces add up to 0", third_law),
    Check("compiled", "the compiled kernel equals the plain methods", compiled),
    Check("methods", "every method for forces equals all pairs", methods),
]
