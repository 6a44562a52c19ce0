"""What the scaling (5) does to range, force, force variance and momentum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import mfplug
from mfplug.dynamics.forces import Forces

#: Separations at which the pair force is probed, from 1e-4 to 1 half of the box.
PROBES = 600
#: Numbers in one block of probes; bounds the memory.
BLOCK = 1 << 20
#: The pair force counts above this part of its supremum.
VISIBLE = 1e-3


@dataclass(frozen=True)
class PairScaling(mfplug.Observable):
    r"""Scales of the pair force phi_N^beta, and what a homogeneous state feels of it.

    Measured: ``pair-scaling`` with index

    - ``range``: the largest separation at which the pair force is above 1e-3 of its
      supremum, and ``sup-force``, that supremum. Both come from the forces of the
      engine on N particles, N - 1 of them at one place;
    - ``force``: root mean square of the force at the first time;
    - ``momentum``: root mean square of p_i(t) - p_i(0) at the last time.

    In a homogeneous state of the torus the mean-field force is 0, so that the last two
    are the deviation from the mean field. Beside them, as ``pair-scaling-exact``, the
    values of :mod:`mfplug.theory.pair_scaling` at this N: exact for the force, and to
    second order in phi along free flights for the momentum.
    """

    name: ClassVar[str] = "pair-scaling"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)
    measures: ClassVar[tuple[str, ...]] = ("pair-scaling", "pair-scaling-exact")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 6e-10 * particles**2 * (replicas + PROBES) + 1.0

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the measured scales, and force and momentum from the formulas.

        Raises
        ------
        ParameterError
            If the system is not a homogeneous Maxwellian on a torus, without external
            potential, with a radial pair potential.
        """
        ensemble = sample.the_ensemble()
        system, N = ensemble.system, ensemble.particles
        box, speed = _homogeneous(system)
        forces = Forces(system, N)
        reach, largest = _probed(forces, N, system.dimension, box)
        first, last = ensemble.times[0], ensemble.times[-1]
        force = forces(first, np.ascontiguousarray(ensemble.q_storage[0]))
        kick = ensemble.p_storage[-1] - ensemble.p_storage[0]
        rows = [
            mfplug.Row(self.name, last, reach, index="range"),
            mfplug.Row(self.name, last, largest, index="sup-force"),
            _root(self.name, last, force, "force"),
            _root(self.name, last, kick, "momentum"),
        ]
        exact = _exact(system, N, box, last - first, speed)
        name = f"{self.name}-exact"
        return rows + [
            mfplug.Row(name, last, value, index=index) for index, value in exact.items()
        ]


def _homogeneous(system: mfplug.System) -> tuple[float, float]:
    """Return box and thermal speed of a homogeneous Maxwellian, or refuse."""
    initial, radial = (
        system.initial,
        isinstance(system.potential, mfplug.RadialPotential),
    )
    given = initial.parameters()
    uniform = given.get("momentum") == "gaussian" and given.get("amplitude") == 0.0
    if system.box is None or system.external or not (radial and uniform):
        raise mfplug.ParameterError(
            "metric 'pair-scaling': it measures a homogeneous Maxwellian on a torus "
            f"with a radial potential; got initial '{initial.name}', potential "
            f"'{system.potential.name}', external "
            f"'{system.external.name if system.external else 'none'}', expected "
            "'homogeneous' with gaussian momenta and amplitude 0, and no external. "
            "Change the system."
        )
    return system.box, float(given["width"]) / system.mass


def _exact(
    system: mfplug.System, N: int, box: float, elapsed: float, speed: float
) -> dict[str, float]:
    """Return force and momentum by quadrature, the latter to second order in phi."""
    from mfplug.theory.pair_scaling import force_variance, momentum_variance

    given = (system.potential, system.dimension, box, system.beta, N)
    return {
        "force": math.sqrt(force_variance(*given)),
        "momentum": math.sqrt(momentum_variance(*given, elapsed, speed)),
    }


def _probed(forces: Forces, N: int, d: int, box: float) -> tuple[float, float]:
    """Return range and supremum of the pair force."""
    separations = np.geomspace(5e-5 * box, 0.4995 * box, PROBES)
    size = np.empty(PROBES)
    rows = max(1, BLOCK // (N * d))
    for start in range(0, PROBES, rows):
        part = slice(start, min(start + rows, PROBES))
        q = np.zeros((part.stop - start, d, N))
        q[:, 0, 0] = separations[part]
        # Coinciding particles feel nothing of each other, the first of all others.
        size[part] = np.abs(forces(0.0, q)[:, 0, 0]) / (N - 1)
    above = np.flatnonzero(size > VISIBLE * size.max())
    return float(separations[above[-1]]), float(size.max())


def _root(name: str, t: float, values: np.ndarray, index: str) -> mfplug.Row:
    """Return the rms over particles and replicas, its error by the delta method."""
    square = np.sum(values**2, axis=1).mean(axis=1)
    row = mfplug.mean_row(name, t, square, index)
    value = float(np.sqrt(square.mean()))
    if row.stderr is None or row.lower is None or row.upper is None or value == 0.0:
        return mfplug.Row(name, t, value, index=index, replicas=row.replicas)
    half = (row.upper - row.lower) / (4 * value)
    error = row.stderr / (2 * value)
    return mfplug.Row(
        name, t, value, error, value - half, value + half, index, row.replicas
    )


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [PairScaling]
