"""Error of a mean field against another solver, and what it conserves."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
        field = sample.the_field()
        exact = mfplug.solve_mean_field(sample.system, sample.times, self.reference)
        rng = np.random.default_rng(20110101)
        q, p = sample.system.initial.sample(rng, self.points)
        rows = []
        for t in sample.times[1:]:
            at = exact.flow(q, p, sample.times[0], t)
            rows += self._compared(t, field, exact, *at)
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

    def _compared(
        self,
        t: float,
        field: mfplug.MeanField,
        exact: mfplug.MeanField,
        q: Array,
        p: Array,
    ) -> list[mfplug.Row]:
        pairs = {
            "field-force": (field.force(t, q), exact.force(t, q)),
            "field-density": (field.density(t, q, p), exact.density(t, q, p)),
        }
        scores = [np.concatenate(one.score(t, q, p), axis=-1) for one in (field, exact)]
        if np.isfinite(scores[1]).all():
            pairs["field-score"] = (scores[0], scores[1])
        rows = []
        for name, (ours, theirs) in pairs.items():
            scale = float(np.abs(theirs).max())
            value = float(np.abs(ours - theirs).max()) / scale if scale > 0 else None
            note = "" if value is not None else "the reference is 0"
            rows.append(mfplug.Row(name, t, value, note=note))
        return rows


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [FieldError]
