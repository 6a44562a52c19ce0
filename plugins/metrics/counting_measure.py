"""The counting measure alpha of the coarse-grained law of the particles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

import mfplug

Array = NDArray[np.float64]

NAMES = ("auto", "cos", "sin", "q", "p", "qp", "q-squared", "p-squared")


@dataclass(frozen=True)
class CountingMeasureMetric(mfplug.Observable):
    """Alpha of Definition 2.3 on cells between f_t-quantiles of an observable.

    Rows ``alpha`` (extrapolated), ``alpha-lower``, ``alpha-upper`` (95 % limits),
    ``hamming`` (of the empirical law, biased upwards as the plug-in alpha is) and
    ``alpha-null``, the plug-in value of as many independent particles. A coarse alpha
    bounds alpha from below. With ``auto`` the observable whose variance differs most
    from that of independent particles is chosen on the first third of the replicas,
    which is used for nothing else. Observables are of the first coordinate. Beyond
    ``largest`` particles there is an empty row instead.
    """

    name: ClassVar[str] = "counting-measure"
    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")
    measures: ClassVar[tuple[str, ...]] = (
        "alpha", "alpha-lower", "alpha-upper", "alpha-null", "hamming",
    )  # fmt: skip

    observable: str = mfplug.param(
        "auto", choices=NAMES, help="what the cells are cut from"
    )
    cells: int = mfplug.param(2, at_least=2, at_most=4, help="number of cells")
    nodes: int = mfplug.param(
        1048576, at_least=1024, help="points that the cells' probabilities are from"
    )

    largest: int = mfplug.param(
        400, at_least=2, help="largest N at which the linear program is solved"
    )

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        from mfplug.studies.cost import flow_seconds

        if particles > self.largest:
            return 0.0
        solving = 1e-5 * particles ** (self.cells + 0.5) + 0.05
        return times * (flow_seconds(self.nodes, 1.0, dimension) + 20.0 * solving)

    def specimen(self, folder: Path) -> Self:
        """Return one with few points: the cells' probabilities to three digits."""
        return replace(self, nodes=min(self.nodes, 16384))

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return alpha at every time."""
        from mfplug.theory.counting.coarse import cell_points

        ensemble, field = sample.the_ensemble(), sample.the_field()
        if ensemble.particles > self.largest:
            why = f"no linear program beyond N = {self.largest}, the metric's `largest`"
            return [mfplug.Row("alpha", t, None, note=why) for t in sample.times]
        q, p, w = cell_points(sample.system.initial, self.nodes)
        rows = []
        for k, t in enumerate(sample.times):
            moved = field.flow(q, p, sample.times[0], t) if k else (q, p)
            rows += self._at(sample, t, (ensemble.q[k], ensemble.p[k]), (*moved, w))
        return rows

    def _at(
        self,
        sample: mfplug.Sample,
        t: float,
        particles: tuple[Array, Array],
        points: tuple[Array, Array, Array],
    ) -> list[mfplug.Row]:
        from mfplug.theory.counting.coarse import observables, quantile_map

        known = observables(sample.system.box)
        q, p, w = points
        chosen, start = self.observable, 0
        if chosen == "auto":
            start = particles[0].shape[0] // 3
            chosen = _choose(known, particles, points, start)
        if chosen not in known:
            raise mfplug.ParameterError(
                f"metric 'counting-measure': no observable '{chosen}' here; got box = "
                f"{sample.system.box}, expected one of {', '.join(known)}. Change it."
            )
        value = known[chosen]
        coarse = quantile_map(value(q, p), w, self.cells)
        counts = coarse.occupations(value(particles[0][start:], particles[1][start:]))
        seed = int(sample.rng.integers(2**31))
        a = mfplug.counting_measure(counts, coarse.probabilities, seed=seed)
        note = f"{self.cells} cells of {chosen}"
        error = (a.upper - a.lower) / (2 * 1.959964)
        count = counts.shape[0]
        value_row = mfplug.Row(
            "alpha", t, a.value, error, a.lower, a.upper, "", count, note
        )
        others = {
            "alpha-lower": a.lower,
            "alpha-upper": a.upper,
            "hamming": a.hamming,
            "alpha-null": a.null,
        }
        return [
            value_row,
            *(
                mfplug.Row(k, t, v, replicas=count, note=note)
                for k, v in others.items()
            ),
        ]


def _choose(
    known: Mapping[str, Callable[[Array, Array], Array]],
    particles: tuple[Array, Array],
    points: tuple[Array, Array, Array],
    count: int,
) -> str:
    """Return the observable whose fluctuations differ most from independent ones.

    Each observable is the indicator of the upper half of its values.
    """
    from mfplug.theory.counting.coarse import quantile_map, variance_ratio

    if count < 10:
        raise mfplug.ParameterError(
            "metric 'counting-measure': too few replicas to choose an observable; got "
            f"{3 * count}, expected at least 30. Name one, or simulate more."
        )
    q, p, w = points
    ratios = {}
    for name, value in known.items():
        cut = quantile_map(value(q, p), w, 2)
        upper = cut.probabilities[1]
        inside = value(particles[0][:count], particles[1][:count]) >= cut.cuts[0]
        ratios[name] = variance_ratio(
            inside.astype(float), float(upper), float(upper * (1 - upper))
        )
    return max(ratios, key=lambda name: ratios[name])


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [CountingMeasureMetric]
