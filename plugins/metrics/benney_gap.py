"""How far the mean field smoothed at N is from the Vlasov-Dirac-Benney limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import mfplug


@dataclass(frozen=True)
class BenneyGap(mfplug.Observable):
    r"""Distance of the mean field of phi_N^beta from its formal limit, beta > 0.

    N phi_N^beta tends to c times Dirac's delta, c = int phi. For a smooth density the
    force differs from the limit -c grad rho by the next term of the expansion,

    .. math:: N^{-2\beta/d}\; \frac{1}{2d} \int |q|^2 \phi\, dq\;
              \nabla \Delta \rho_t,

    so that it is gone as N^(-2 beta/d). At ``points`` points of f_0, carried by the
    limit's flow: ``benney-force``, max |K_N - K| / max |K|, at every time, and
    ``benney-flow``, the largest distance of the two flows of a point, after the first.
    ``benney-width`` is what the smoothed delta of the solver ``dirac-benney`` changes,
    of fourth order in its width; it must lie below the gap.
    """

    name: ClassVar[str] = "benney-gap"
    needs: ClassVar[tuple[str, ...]] = ("field",)
    measures: ClassVar[tuple[str, ...]] = (
        "benney-force",
        "benney-flow",
        "benney-width",
    )

    points: int = mfplug.param(200, at_least=8, help="points that are compared")
    width: float = mfplug.param(0.0, at_least=0.0, help="as of dirac-benney")
    nodes: int = mfplug.param(0, at_least=0, help="as of dirac-benney")
    step: float = mfplug.param(0.0, at_least=0.0, help="as of dirac-benney")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 2.0 * dimension

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the gaps at each time."""
        # int N phi_N is int phi, so the smoothed system has the same limit.
        field = sample.the_field()
        limit = mfplug.solve_mean_field(
            sample.system,
            sample.times,
            solver="dirac-benney",
            width=self.width,
            nodes=self.nodes,
            step=self.step,
        )
        rng = np.random.default_rng(20110101)
        q, p = sample.system.initial.sample(rng, self.points)
        rows = []
        for t in sample.times:
            at = limit.flow(q, p, sample.times[0], t)
            exact = limit.force(t, at[0])
            force = np.abs(field.force(t, at[0]) - exact).max() / np.abs(exact).max()
            rows.append(mfplug.Row("benney-force", t, float(force)))
            if t > sample.times[0]:
                other = field.flow(q, p, sample.times[0], t)
                square = np.sum((other[0] - at[0]) ** 2 + (other[1] - at[1]) ** 2, -1)
                gap = float(np.sqrt(square.max()))
                rows.append(mfplug.Row("benney-flow", t, gap))
        error = float(limit.info["width_error"])
        return [*rows, mfplug.Row("benney-width", sample.times[-1], error)]


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [BenneyGap]
