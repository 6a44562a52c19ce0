"""Checks of mean-field solvers: an exact case, what is stored, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.checks.conservation import conserved
from mfplug.checks.core import Check, CheckFailed, Refused
from mfplug.checks.probes import Bell, Cloud, Spring
from mfplug.contracts.meanfield import MeanField
from mfplug.contracts.solver import Solver
from mfplug.errors import MfplugError, ParameterError
from mfplug.registry import names
from mfplug.system import System

Array = NDArray[np.float64]

STRENGTH, WIDTH, SPEED, END = 0.7, 0.8, 0.6, 1.3
#: The line through the cloud along which forces are compared, by its first d axes.
DIRECTION = (1.0, 0.5, -0.3)

#: Time steps of the order, large enough that the error is that of the step.
STEPS, LAST = (1.6, 0.8, 0.4, 0.2, 0.1), 1.6


def _systems(mass: float) -> Iterator[System]:
    """Yield the harmonic probe: with plugins of the kit's own, with those installed.

    A solver that is exact for one potential may know that one only, and one for the
    plane or for space no line.
    """
    own = Spring(strength=STRENGTH), Cloud(width=WIDTH, speed=SPEED)
    for d in (1, 2, 3):
        yield System(dimension=d, potential=own[0], initial=own[1], mass=mass)
        if "harmonic" in names("potential") and "gaussian" in names("distribution"):
            yield System(
                dimension=d,
                potential={"name": "harmonic", "strength": STRENGTH},  # type: ignore[arg-type]
                initial={"name": "gaussian", "qq": WIDTH**2, "pp": SPEED**2},  # type: ignore[arg-type]
                mass=mass,
            )


def _line(d: int) -> Array:
    """Return 31 points on a line through the centre, shape (31, d)."""
    return np.linspace(-1.5, 1.5, 31)[:, None] * np.array(DIRECTION[:d])


@lru_cache(maxsize=8)
def _solve(solver: Solver, mass: float = 1.0) -> MeanField:
    refusal = ""
    for system in _systems(mass):
        try:
            field = solver.solve(system, (0.0, END / 2, END))
        except ParameterError as error:
            refusal = refusal or str(error)
            continue
        if not isinstance(field, MeanField):
            raise CheckFailed(
                f"solve() returned {type(field).__name__}; expected a mfplug.MeanField"
            )
        return field
    raise Refused(f"it does not take the harmonic probe: {refusal}")


def exact(solver: Solver) -> str:
    """Check the force of a harmonic system, -strength (q - mean), mean = 0."""
    field = _solve(solver)
    q = _line(field.system.dimension)
    worst = 0.0
    for t in (0.0, 0.31 * END, END / 2, 0.83 * END, END):
        error = np.abs(field.force(t, q) + STRENGTH * q).max() / (1.5 * STRENGTH)
        worst = max(worst, float(error))
        if worst > 1e-3:
            raise CheckFailed(
                f"the force of the harmonic probe is off by {worst:.2g} of its largest "
                f"value at t = {t:.3g}; expected below 1e-3. Check its sign and the "
                "convolution grad phi * rho"
            )
    return f"harmonic probe: force right to {worst:.1g} of its largest value"


def density(solver: Solver) -> str:
    """Check the density of the harmonic probe, a Gaussian with known covariance."""
    from mfplug.theory.harmonic import harmonic_law

    field = _solve(solver)
    law = harmonic_law(END, STRENGTH, covariance=[[WIDTH**2, 0.0], [0.0, SPEED**2]])
    covariance = law.vlasov
    d = field.system.dimension
    # On each axis a pair (q, p).
    x = np.random.default_rng(2).standard_normal((40, d, 2))
    inverse = np.linalg.inv(covariance)
    expected = np.exp(-0.5 * np.einsum("nda,ab,ndb->n", x, inverse, x))
    expected /= (2 * np.pi * np.sqrt(np.linalg.det(covariance))) ** d
    error = np.abs(field.density(END, x[..., 0], x[..., 1]) - expected).max()
    worst = float(error / expected.max())
    if worst > 1e-2:
        raise CheckFailed(
            f"the density of the harmonic probe is off by {worst:.2g} of its largest "
            "value; expected below 1e-2"
        )
    return f"harmonic probe: density right to {worst:.1g} of its largest value"


def order(solver: Solver) -> str:
    """Check the declared order in the step, where there is a parameter ``step``.

    The error that does not come from the step is told from the two finest ones; a slope
    is taken from the finest steps whose errors are well above it.
    """
    if "step" not in solver.parameters():
        raise Refused("it has no parameter `step`")
    cls: Any = type(solver)
    forces = []
    for step in STEPS:
        made = cls(**solver.parameters() | {"step": step})
        field = _first_taken(made, (0.0, LAST))
        forces.append(field.force(LAST, _line(field.system.dimension)))
    errors = [float(np.abs(f - forces[-1]).max()) for f in forces[:-1]]
    floor = max(errors[-1], 1e-13 * float(np.abs(forces[-1]).max()))
    pairs = [k for k in range(len(errors) - 2) if errors[k + 1] > 10 * floor]
    if not pairs:
        return f"errors of {errors[0]:.1g} at step {STEPS[0]}: no slope can be told"
    k = pairs[-1]
    slope = float(np.log2(errors[k] / errors[k + 1]))
    if slope < solver.order - 0.5:
        raise CheckFailed(
            f"order is {solver.order}, but the error falls with slope {slope:.2f} "
            f"({errors[k]:.2g} and {errors[k + 1]:.2g} at steps {STEPS[k]} and "
            f"{STEPS[k + 1]})"
        )
    return f"order {solver.order}, measured slope {slope:.2f}"


def _first_taken(solver: Solver, times: tuple[float, ...]) -> MeanField:
    """Return the field of the first system that the solver takes."""
    refusal = ""
    smooth = [
        System(dimension=d, potential=Bell(), initial=Cloud(), beta=beta)
        for d in (1, 2, 3)
        for beta in (0.0, 0.5)
    ]
    for system in (*smooth, *_systems(1.0)):
        try:
            return solver.solve(system, times)
        except ParameterError as error:
            refusal = refusal or str(error)
    raise Refused(f"it takes none of the probes: {refusal}")


@lru_cache(maxsize=4)
def _any(solver: Solver) -> MeanField:
    return _first_taken(solver, (0.0, END / 2, END))


def stored(solver: Solver) -> str:
    """Check that what is stored gives the same field to the last bit."""
    field = _any(solver)
    arrays = field.arrays()
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype == object:
            raise CheckFailed(f"arrays()['{name}'] is no array of numbers")
    again = solver.restore(field.system, field.times, arrays, field.info)
    q = _line(field.system.dimension)
    for t in (0.0, 0.37 * END, END):
        if not np.array_equal(again.force(t, q), field.force(t, q)):
            raise CheckFailed(
                "restore() of what arrays() gave is another field; store all that the "
                "force depends on"
            )
    size = sum(a.nbytes for a in arrays.values())
    return f"{len(arrays)} arrays, {size / 1024:.1f} KiB, give the same bits back"


def times(solver: Solver) -> str:
    """Check that a time outside of the solved interval is refused."""
    field = _any(solver)
    for t in (-0.2, END + 0.2):
        try:
            field.force(t, np.zeros((1, field.system.dimension)))
        except MfplugError:
            continue
        raise CheckFailed(
            f"force() answers at t = {t:g}, outside of [0, {END:g}]; call "
            "self.check_time(t)"
        )
    return "times outside of the solved interval are refused"


def mass(solver: Solver) -> str:
    """Check that particles of mass m move with velocity p/m."""
    from mfplug.theory.harmonic import propagator

    field = _solve(solver, 1.7)
    start = np.zeros((2, 1, field.system.dimension))
    start[:, 0, 0] = 0.6, -0.4
    q, p = field.flow(start[0], start[1], 0.0, END)
    # Of mass m the frequency is sqrt(strength / m), and p = m dq/dt.
    turn = np.asarray(propagator(STRENGTH / 1.7, END))
    expected = turn @ [0.6, -0.4 / 1.7] * [1.0, 1.7]
    error = float(np.abs(np.array([q[0, 0], p[0, 0]]) - expected).max())
    if error > 1e-3:
        raise CheckFailed(
            f"with mass 1.7 a trajectory of the harmonic probe is off by {error:.2g}; "
            "velocity is p/m"
        )
    return f"mass 1.7: a trajectory right to {error:.1g}"


CHECKS = [
    Check("exact", "the force of a harmonic system is exact", exact),
    Check("density", "the density of a harmonic system is exact", density),
    Check("order", "the error falls with the declared order in the step", order),
    Check("conserves", "what it says it conserves is conserved", conserved),
    Check("mass", "velocity is p/m", mass),
    Check("stored", "what is stored gives the same bits back", stored),
    Check("times", "times outside of the interval are refused", times),
]
