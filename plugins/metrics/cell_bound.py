"""The cell bound of Corollary 2.2, as printed and corrected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CellBound(mfplug.Observable):
    r"""Upper bounds of d_BL(mu_N, f_t) from the masses of cells of side delta.

    .. math:: d_{BL} \le T + \sqrt{2d}\,\delta (1 - T), \qquad
              T = \tfrac12 \sum_i |\mu_N(\Delta_i) - \mu(\Delta_i)|

    ``cell-bound-corrected`` is this bound (audit, E7) with delta =
    ``side`` * N^(-1/(2d + 2)), the cells' masses under f_t by ``nodes`` quadrature
    nodes carried by the mean field; ``cell-bound-printed`` is the false step
    (1 + delta) sum_i |..| in the proof of (47). ``corner-distance`` is the exact d_BL
    of two clouds at opposite corners of one cell of side ``corner``: all cell masses
    agree, so the printed step (``corner-printed``) says 0 and the corrected bound
    (``corner-corrected``) sqrt(2d) delta.
    """

    name: ClassVar[str] = "cell-bound"
    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")
    measures: ClassVar[tuple[str, ...]] = (
        "cell-bound-printed", "cell-bound-corrected", "corner-distance",
        "corner-printed", "corner-corrected",
    )  # fmt: skip

    side: float = mfplug.param(1.0, above=0.0, help="delta at N = 1")
    corner: float = mfplug.param(
        0.1, above=0.0, below=0.4, help="side of the cell of the counter-example"
    )
    clouds: int = mfplug.param(16, at_least=2, help="replicas that are used, at most")
    nodes: int = mfplug.param(65536, at_least=64, help="quadrature nodes of f_t")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        from mfplug.studies.cost import flow_seconds

        points = min(self.clouds, replicas) * particles
        return flow_seconds(self.nodes, 1.0, dimension) + 1e-6 * points + 0.5

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the bounds at the last time, and the counter-example."""
        from mfplug.theory.empirical import cell_bound, cell_masses

        ensemble, field = sample.the_ensemble(), sample.the_field()
        t = sample.times[-1]
        N, d = ensemble.particles, ensemble.dimension
        side = self.side * N ** (-1.0 / (2 * d + 2))
        count = min(self.clouds, ensemble.replicas)
        q, p, weights = sample.system.initial.nodes(self.nodes)
        carried = field.flow(q, p, sample.times[0], t)
        law = cell_masses(np.concatenate(carried, axis=-1), side, weights)
        values = np.empty((2, count))
        for r in range(count):
            cloud = np.concatenate([ensemble.q[-1, r], ensemble.p[-1, r]], axis=-1)
            bound = cell_bound(cell_masses(cloud, side), law)
            values[:, r] = bound.printed, bound.corrected
        return [
            mfplug.mean_row("cell-bound-printed", t, values[0]),
            mfplug.mean_row("cell-bound-corrected", t, values[1]),
            *self._corner(t, 2 * d),
        ]

    def _corner(self, t: float, axes: int) -> list[mfplug.Row]:
        """Return the counter-example: two clouds in one cell, at opposite corners."""
        from mfplug.theory.empirical import cell_bound, cell_masses
        from mfplug.theory.transport import bounded_lipschitz

        # Just inside the cell, so that both clouds belong to it.
        low = np.zeros((1, axes))
        high = np.full((1, axes), self.corner * (1 - 1e-12))
        bound = cell_bound(
            cell_masses(low, self.corner), cell_masses(high, self.corner)
        )
        note = f"one cell of side {self.corner:g} in {axes} dimensions"
        numbers = {
            "corner-distance": bounded_lipschitz(low, high),
            "corner-printed": bound.printed,
            "corner-corrected": bound.corrected,
        }
        return [mfplug.Row(k, t, float(v), note=note) for k, v in numbers.items()]


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [CellBound]
