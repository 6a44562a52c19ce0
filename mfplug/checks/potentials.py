"""Checks of pair potentials: what is declared against what is computed."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mfplug.checks import pair_sums
from mfplug.checks.core import Check, CheckFailed
from mfplug.checks.pair_sums import length_of
from mfplug.checks.probes import BOX, directions, gradient_error, places
from mfplug.contracts.potential import REGULARITIES, Potential
from mfplug.errors import MfplugError

Array = NDArray[np.float64]


def points(phi: Potential, d: int, box: float | None, size: int = 80) -> Array:
    """Return points in random directions, at distances around the potential's own."""
    length = length_of(phi)
    far = 8 * length if box is None else 0.49 * box
    r = np.geomspace(min(0.02 * length, far / 100), far, size)
    return r[:, None] * directions(np.random.default_rng(3), size, d)


def shapes(phi: Potential) -> str:
    """Check shapes, numbers, and that arguments are left alone."""
    for d, box, placed in places(phi):
        x = points(placed, d, box, 24).reshape(4, 6, d)
        before = x.copy()
        for what, expected in (("energy", (4, 6)), ("gradient", (4, 6, d))):
            value = np.asarray(getattr(placed, what)(x))
            if value.shape != expected:
                raise CheckFailed(
                    f"{what}() has the wrong shape in d = {d}; got {value.shape} for "
                    f"an argument of shape {x.shape}, expected {expected}"
                )
            if not np.isfinite(value).all():
                raise CheckFailed(f"{what}() is not finite at some points, d = {d}")
            if not np.array_equal(x, before):
                raise CheckFailed(f"{what}() changes its argument")
    return "energy (..., d) -> (...), gradient (..., d) -> (..., d), all finite"


def gradient(phi: Potential) -> str:
    """Check the gradient against differences of the energy."""
    largest = 0.0
    for d, box, placed in places(phi):
        x = points(placed, d, box)
        given = np.asarray(placed.gradient(x), dtype=float)
        error = gradient_error(placed.energy, given, x, length_of(placed))
        scale = max(float(np.abs(given).max()), float(error.max()))
        worst = int(error.argmax())
        if scale > 0.0:
            largest = max(largest, float(error[worst]) / scale)
        if largest > 1e-6:
            raise CheckFailed(
                f"gradient() is not that of energy() in d = {d}: at dx = "
                f"{np.round(x[worst], 4).tolist()} it is off by {error[worst]:.3g}, "
                f"{largest:.2g} of the largest gradient; check signs and factors"
            )
    return f"largest difference {largest:.1g} of the largest gradient, d = 1, 2, 3"


def even(phi: Potential) -> str:
    """Check that phi is even and that there is no force at 0."""
    for d, box, placed in places(phi):
        x = points(placed, d, box)
        plus, minus = np.asarray(placed.energy(x)), np.asarray(placed.energy(-x))
        odd = np.abs(plus - minus).max() / max(np.abs(plus).max(), 1e-300)
        if odd > 1e-12:
            raise CheckFailed(
                f"phi(-dx) is not phi(dx) in d = {d}; they differ by {odd:.2g} of the "
                "largest value, so Newton's third law is broken"
            )
        g, h = np.asarray(placed.gradient(x)), np.asarray(placed.gradient(-x))
        if np.abs(g + h).max() > 1e-12 * max(np.abs(g).max(), 1e-300):
            raise CheckFailed(f"gradient(-dx) is not -gradient(dx) in d = {d}")
        at_zero = np.asarray(placed.gradient(np.zeros((1, d))))
        if np.any(at_zero != 0.0):
            raise CheckFailed(
                f"gradient(0) is {at_zero[0].tolist()} in d = {d}; an even function "
                "has none there, and no particle acts on itself"
            )
    return "phi(-dx) = phi(dx), grad phi(0) = 0"


def bounds(phi: Potential) -> str:
    """Check the declared bounds against the largest values that a search finds."""
    said = []
    for d, box, placed in places(phi):
        declared = placed.gradient_bound, placed.gradient_lipschitz
        found = _search(placed, d, box)
        for name, limit, value in zip(
            ("gradient_bound", "gradient_lipschitz"), declared, found, strict=True
        ):
            if math.isnan(limit) or limit < 0:
                raise CheckFailed(f"{name} is {limit}; expected a number >= 0 or inf")
            if value > limit * (1 + 1e-6) + 1e-12:
                raise CheckFailed(
                    f"{name} is too small in d = {d}; declared {limit:.6g}, found "
                    f"{value:.6g}"
                )
        said.append(f"d = {d}: {found[0]:.4g} of B = {declared[0]:.4g}, "
                    f"{found[1]:.4g} of L = {declared[1]:.4g}")  # fmt: skip
    return "; ".join(said)


def _search(placed: Potential, d: int, box: float | None) -> tuple[float, float]:
    """Return the largest |grad phi| and the steepest change of it that are found."""
    length = length_of(placed)
    far = 50 * length if box is None else 0.5 * box
    r = np.concatenate([np.geomspace(1e-3 * length, far, 1500), [0.0]])
    largest, steepest = 0.0, 0.0
    rng = np.random.default_rng(8)
    for direction in np.concatenate([np.eye(d)[:1], directions(rng, 3, d)]):
        x = r[:, None] * direction
        g = np.asarray(placed.gradient(x), dtype=float)
        largest = max(largest, float(np.linalg.norm(g, axis=1).max()))
        for step in (*np.eye(d), direction):
            h = 1e-4 * length * step
            change = np.asarray(placed.gradient(x + h)) - g
            slope = np.linalg.norm(change, axis=1).max() / np.linalg.norm(h)
            steepest = max(steepest, float(slope))
    return largest, steepest


def regularity(phi: Potential) -> str:
    """Check that the declared class agrees with the bounds."""
    declared = phi.regularity
    if declared not in REGULARITIES:
        raise CheckFailed(
            f"regularity is {declared!r}; expected one of {', '.join(REGULARITIES)}"
        )
    if declared == "unknown":
        return "nothing declared"
    d, _, placed = next(places(phi))
    bound, lipschitz = placed.gradient_bound, placed.gradient_lipschitz
    wanted = {
        "C_b^2": math.isfinite(bound) and math.isfinite(lipschitz),
        "Lipschitz": math.isfinite(bound) and math.isfinite(lipschitz),
        "singular": not (math.isfinite(bound) and math.isfinite(lipschitz)),
        "unbounded": not math.isfinite(bound),
    }[declared]
    if not wanted:
        raise CheckFailed(
            f"regularity is {declared!r}, but B = {bound:g} and L = {lipschitz:g} in "
            f"d = {d}"
        )
    return f"{declared}, with B = {bound:g} and L = {lipschitz:g} in d = {d}"


def torus(phi: Potential) -> str:
    """Check a potential in a box: its slope, its period, forces across the edge."""
    box = getattr(phi, "box", None) or BOX
    q = np.linspace(-0.49 * box, 0.49 * box, 60)[:, None]
    try:
        placed = phi.on(1, box)
        given = np.asarray(placed.gradient(q), dtype=float)
        values = placed.energy(np.concatenate([q, q + box, q - 2 * box]))
    except MfplugError as error:
        return f"it refuses the torus: {error}"
    off = float(gradient_error(placed.energy, given, q, length_of(placed)).max())
    scale = max(float(np.abs(given).max()), off)
    if off > 1e-6 * scale:
        raise CheckFailed(
            f"in a box of side {box:g} gradient() is not that of energy(); off by "
            f"{off / scale:.2g} of the largest gradient"
        )
    spread = float(np.ptp(values.reshape(3, -1), axis=0).max())
    if spread <= 1e-9 * max(float(np.abs(values).max()), 1e-300):
        moved = np.asarray(placed.gradient(q + box))
        if np.abs(moved - given).max() > 1e-6 * scale:
            raise CheckFailed(
                f"energy() has the period {box:g} of the box, but gradient() has not"
            )
        return "periodic by itself"
    edge = float(np.abs(placed.gradient(np.array([[box / 2]]))).max())
    return (
        "acts through its nearest image; at half a box of "
        f"{box:.3g} its force is {edge / scale if scale else 0.0:.1g} of the largest"
    )


CHECKS = [
    Check("shapes", "shapes of energy and gradient, finite numbers", shapes),
    Check("gradient", "gradient() is the gradient of energy()", gradient),
    Check("even", "phi is even, without a force at 0", even),
    Check("bounds", "declared bounds are not exceeded", bounds),
    Check("regularity", "the declared class agrees with the bounds", regularity),
    *pair_sums.CHECKS,
    Check("torus", "slope and period in a box", torus),
]
