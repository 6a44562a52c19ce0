"""An isotropic cloud of nodes, moved by the field of its radial expansion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import ParameterError
from mfplug.meanfield import radial_basis, radial_spline
from mfplug.meanfield.isotropic_nodes import isotropic_nodes
from mfplug.meanfield.march import Clock, Ledger, march
from mfplug.meanfield.spherical_field import RadialForce

if TYPE_CHECKING:
    from mfplug.system import System

Array = NDArray[np.float64]

#: Points at which isotropy is tried, and the relative difference that rounding allows.
TRIALS = 64
ROUNDING = 1e-9
#: Functions and part of the nodes of the run that finds the length.
PILOT_TERMS = 12
PILOT_PART = 8
FEWEST = 1000


def check_isotropic(system: System, times: tuple[float, float]) -> None:
    """Raise unless turning all space leaves the system as it is.

    The law and the external potential are tried at 64 points each and a fixed turn
    that keeps no axis.

    Raises
    ------
    ParameterError
        If the dimension is 1, the potential is not radial, or the law or the external
        potential has a preferred direction or place.
    """
    from mfplug.contracts.potential import RadialPotential

    d = system.dimension

    def refuse(what: str, got: str, expected: str, advice: str) -> ParameterError:
        return ParameterError(
            f"solver 'spherical': {what}; got {got}, expected {expected}. {advice}"
        )

    if d == 1 or system.box is not None:
        where = "the torus" if system.box is not None else "d = 1"
        raise refuse(
            "it solves isotropic clouds in the plane or in space",
            where,
            "all space with d = 2 or 3",
            "Take solver 'characteristics'.",
        )
    if not isinstance(system.potential, RadialPotential):
        raise refuse(
            "the potential is not a function of the distance alone",
            f"'{system.potential.name}'",
            "a radial potential",
            "Take solver 'characteristics'.",
        )
    turn = _turn(d)
    q, p = system.initial.sample(np.random.default_rng(0), TRIALS)
    law = system.initial.density
    if _differ(law(q, p), law(q @ turn.T, p @ turn.T)):
        raise refuse(
            "the initial law is not isotropic",
            f"'{system.initial.name}' whose density changes under a rotation",
            "a law of |q|, |p| and q . p",
            "Centre it, or take solver 'characteristics'.",
        )
    external = system.external
    if external is not None:
        for t in times:
            turned = external.gradient(q @ turn.T, t)
            if _differ(external.gradient(q, t) @ turn.T, turned):
                raise refuse(
                    "the external potential is not isotropic",
                    f"'{external.name}' whose force changes under a rotation",
                    "a function of |q|",
                    "Take solver 'characteristics'.",
                )


def _turn(d: int) -> Array:
    """Return a rotation by 1 radian about no axis of coordinates."""
    axis = np.array([0.48, 0.6, 0.64])
    cos, sin = np.cos(1.0), np.sin(1.0)
    if d == 2:
        return np.array([[cos, -sin], [sin, cos]])
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + sin * cross + (1.0 - cos) * cross @ cross)


def _differ(a: Array, b: Array) -> bool:
    return bool(np.abs(a - b).max() > ROUNDING * max(np.abs(a).max(), 1e-300))


def march_radial(
    system: System,
    nodes: tuple[Array, Array, Array],
    clock: Clock,
    terms: int,
    length: float,
) -> tuple[dict[str, Array], dict[str, Any], Array]:
    """Return arrays of a :class:`SphericalField`, drifts, and the widths of the cloud.

    Parameters
    ----------
    nodes
        (q, p, w) of f_0, shapes (M, d), (M, d), (M,).
    clock
        The levels.
    terms, length
        Number of radial functions and their length b.

    Returns
    -------
    arrays, drift, widths
        The widths at each level: the median radius in units of that of a standard
        Gaussian, shape (T,).
    """
    w, d = nodes[2], system.dimension
    q, p = (np.ascontiguousarray(x.T) for x in nodes[:2])
    energy, force = radial_basis.tables(system.potential, terms, d, length)  # type: ignore[arg-type]
    reach = radial_basis.REACH * length
    forces = radial_spline.coefficients(force, -1)
    energies = radial_spline.coefficients(energy, 1)

    # The mass is exact: the smallest change of the amplitudes that makes it so.
    mass = radial_basis.masses(terms, d) * length ** (0.5 * d)
    mend = mass / np.sum(mass**2)

    def amplitudes(x: Array) -> Array:
        r = np.sqrt(np.sum(x**2, axis=0)) / length
        found = np.sum(radial_basis.basis(r, terms, d) * w, axis=1)
        found /= length ** (0.5 * d)
        return np.asarray(found + mend * (1.0 - np.sum(mass * found)))

    def pair(x: Array) -> Array:
        column = np.sum(forces * amplitudes(x), axis=1)
        return RadialForce(system.potential, column, reach).force(x)

    def pair_energy(x: Array) -> float:
        column = np.sum(energies * amplitudes(x), axis=1)
        r = np.sqrt(np.sum(x**2, axis=0))
        value, outside = radial_spline.evaluate(column, reach, r)
        if outside.any():
            far = np.zeros((int(outside.sum()), d))
            far[:, 0] = r[outside]
            value[outside] = system.potential.energy(far)
        return float(0.5 * (w * value).sum())

    ledger = Ledger(system, w, pair_energy)
    found, widths = [], []
    for t, x, momenta in march(system, q, p, clock, pair):
        found.append(amplitudes(x))
        widths.append(_width(x, w))
        if momenta is not None and len(found) in (1, len(clock.levels)):
            ledger.enter(t, x, momenta)
    arrays = {
        "levels": clock.levels,
        "amplitudes": np.stack(found),
        "force": force,
        "reach": np.array([reach]),
    }
    drift = {"energy_drift": ledger.drift()["energy_drift"]}
    return arrays, drift, np.array(widths)


def best_length(system: System, size: int, clock: Clock) -> float:
    """Return the b that suits the narrowest and the widest state of the cloud alike.

    From a run with an eighth of the nodes: sqrt(least width * largest width), for which
    the slowest coefficients fall as fast as they can.
    """
    few = isotropic_nodes(system.initial, max(FEWEST, size // PILOT_PART))
    start = _width(np.ascontiguousarray(few[0].T), few[2])
    _, _, widths = march_radial(system, few, clock, PILOT_TERMS, start)
    return float(np.sqrt(widths.min() * widths.max()))


def truncation(arrays: dict[str, Array]) -> float:
    """Return what the last eighth of the functions adds, relative to the force."""
    amplitudes, force = arrays["amplitudes"], arrays["force"]
    last = max(1, amplitudes.shape[1] // 8)
    tail = np.abs(amplitudes[:, -last:] @ force[:, -last:].T).max()
    whole = np.abs(amplitudes @ force.T).max()
    return float(tail / whole) if whole > 0.0 else 0.0


def _width(q: Array, w: Array) -> float:
    """Return the weighted median of |q| over that of a standard Gaussian."""
    from scipy.special import gammaincinv

    r = np.sqrt(np.sum(q**2, axis=0))
    order = np.argsort(r)
    half = int(np.searchsorted(np.cumsum(w[order]), 0.5 * w.sum()))
    usual = float(np.sqrt(2.0 * gammaincinv(0.5 * len(q), 0.5)))
    return float(r[order][min(half, len(r) - 1)] / usual)
