"""Checks of external potentials."""

from __future__ import annotations

from functools import partial

import numpy as np

from mfplug.checks.core import Check, CheckFailed
from mfplug.checks.probes import directions, gradient_error
from mfplug.contracts.potential import External

TIMES = (0.0, 0.7, 3.1)


def _points(d: int) -> np.ndarray:
    r = np.geomspace(0.02, 5.0, 60)
    return r[:, None] * directions(np.random.default_rng(3), 60, d)


def shapes(external: External) -> str:
    """Check shapes, numbers, and that arguments are left alone."""
    for d in (1, 2, 3):
        q = _points(d).reshape(5, 12, d)
        before = q.copy()
        for what, expected in (("energy", (5, 12)), ("gradient", (5, 12, d))):
            value = np.asarray(getattr(external, what)(q, 0.7))
            if value.shape != expected:
                raise CheckFailed(
                    f"{what}() has the wrong shape in d = {d}; got {value.shape} for "
                    f"an argument of shape {q.shape}, expected {expected}"
                )
            if not np.isfinite(value).all():
                raise CheckFailed(f"{what}() is not finite at some points, d = {d}")
            if not np.array_equal(q, before):
                raise CheckFailed(f"{what}() changes its argument")
    return "energy (..., d) -> (...), gradient (..., d) -> (..., d), all finite"


def gradient(external: External) -> str:
    """Check the gradient against differences of the energy, at several times."""
    largest = 0.0
    for d in (1, 2, 3):
        q = _points(d)
        for t in TIMES:
            given = np.asarray(external.gradient(q, t), dtype=float)
            error = gradient_error(partial(external.energy, t=t), given, q, 1.0)
            scale = max(float(np.abs(given).max()), float(error.max()), 1e-300)
            largest = max(largest, float(error.max()) / scale)
            if largest > 1e-6:
                raise CheckFailed(
                    f"gradient() is not that of energy() at t = {t} in d = {d}; off by "
                    f"{largest:.2g} of the largest gradient; check signs and factors"
                )
    return f"largest difference {largest:.1g} of the largest gradient, d = 1, 2, 3"


def time(external: External) -> str:
    """Check that ``time_dependent`` says what the energy does."""
    q = _points(2)
    first = np.asarray(external.gradient(q, TIMES[0]))
    changes = any(
        not np.array_equal(np.asarray(external.gradient(q, t)), first)
        for t in TIMES[1:]
    )
    if changes and not external.time_dependent:
        raise CheckFailed(
            "the force changes with time, but time_dependent is False; the energy "
            "would be taken for conserved. Set time_dependent = True"
        )
    if external.time_dependent and not changes:
        raise CheckFailed(
            "time_dependent is True, but the force is the same at t = "
            f"{', '.join(map(str, TIMES))}"
        )
    return f"time_dependent = {external.time_dependent}, as the force is"


CHECKS = [
    Check("shapes", "shapes of energy and gradient, finite numbers", shapes),
    Check("gradient", "gradient() is the gradient of energy()", gradient),
    Check("time", "time_dependent says what the force does", time),
]
