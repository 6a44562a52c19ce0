"""Error of a mean field against another solver, and what it conserves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

import mfplug

Array = NDArray[np.float64]

#: What solvers say of their conservation, and the row that shows it.
DRIFTS = {
    "mass_drift": "mass",
    "momentum_drift": "momentum",
    "energy_drift": "energy",
}


@dataclass(frozen=True)
class FieldError(mfplug.Observable):
    r"""Difference of the mean field from that of a ``reference`` solver.

    At each snapshot after the first, at ``points`` fixed points of f_0 carried by the
    reference:

    .. math:: \max |K - K_{ref}| / \max |K_{ref}|, \quad
              \max |f_t - f_{t, ref}| / \max f_{t, ref}

    ``field-force`` and ``field-density``, and ``field-score``, the largest difference
    of the scores relative to the largest score, where f_0 has one. ``field-estimate``
    is the error that the solver itself estimates (relative force error over all
    times), ``field-drift`` the change of mass, momentum and energy that it states,
    ``field-work`` the number of forces or shifts of single values that it counts: the
    cost of a solver, the same on every machine.
    """

    name: ClassVar[str] = "field-error"
    needs: ClassVar[tuple[str, ...]] = ("field",)
    measures: ClassVar[tuple[str, ...]] = (
        "field-force", "field-density", "field-score", "field-estimate", "field-work",
        "field-drift",
    )  # fmt: skip

    reference: mfplug.Solver | None = mfplug.param(
        None, help="the solver to compare with"
    )
    points: int = mfplug.param(200, at_least=8, help="points that are compared")

    def specimen(self, folder: Path) -> Self:
        """Return one that has a reference, characteristics of few nodes."""
        if self.reference is not None:
            return self
        solver = mfplug.create("solver", "characteristics", nodes=200, grid=24)
        return replace(self, reference=solver)

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the errors at each time, the estimate and the drifts."""
        if self.reference is None:
            raise mfplug.ParameterError(
                "metric 'field-error': the reference is missing; got none, expected a "
                "solver. Give `reference: {name: ...}`."
            )
        field, system = sample.the_field(), sample.system
        exact = _solved(
            system, system.particles, sample.times, self.reference, self.points
        )
        rows = [row for at in exact for row in at.compared(field)]
        last, info = sample.times[-1], field.info
        if "error" in info:
            rows.append(mfplug.Row("field-estimate", last, float(info["error"])))
        if "work" in info:
            rows.append(mfplug.Row("field-work", last, float(info["work"])))
        rows += [
            mfplug.Row("field-drift", last, float(info[key]), index=index)
            for key, index in DRIFTS.items()
            if key in info
        ]
        return rows


@dataclass(frozen=True)
class _Exact:
    """What the reference says at a time, at points (q, p) of its f_t."""

    time: float
    q: Array
    p: Array
    force: Array
    density: Array
    score: Array

    @classmethod
    def of(cls, field: mfplug.MeanField, t: float, q: Array, p: Array) -> Self:
        score = np.concatenate(field.score(t, q, p), axis=-1)
        return cls(t, q, p, field.force(t, q), field.density(t, q, p), score)

    def compared(self, field: mfplug.MeanField) -> list[mfplug.Row]:
        """Return the errors of a field, relative to the largest values."""
        found = self.of(field, self.time, self.q, self.p)
        pairs = {
            "field-force": (found.force, self.force),
            "field-density": (found.density, self.density),
        }
        if np.isfinite(self.score).all():
            pairs["field-score"] = (found.score, self.score)
        rows = []
        for name, (ours, theirs) in pairs.items():
            scale = float(np.abs(theirs).max())
            value = float(np.abs(ours - theirs).max()) / scale if scale > 0 else None
            note = "" if value is not None else "the reference is 0"
            rows.append(mfplug.Row(name, self.time, value, note=note))
        return rows


@lru_cache(maxsize=1)
def _solved(
    system: mfplug.System,
    particles: int | None,
    times: tuple[float, ...],
    reference: mfplug.Solver,
    points: int,
) -> list[_Exact]:
    """Return the reference after the first time; cells of one system share it.

    ``particles``, which is no part of a system's identity, decides a smoothed force.
    """
    field = mfplug.solve_mean_field(system, times, reference)
    q, p = system.initial.sample(np.random.default_rng(20110101), points)
    return [_Exact.of(field, t, *field.flow(q, p, times[0], t)) for t in times[1:]]


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [FieldError]
