"""The largest score below a momentum: where the method of the thesis stops."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import mfplug


@dataclass(frozen=True)
class MomentumScore(mfplug.Observable):
    r"""sup over |p| < P of |d/dp log f_0|, which Remarks 2.3 and 3.1 need bounded.

    A sampled supremum never diverges; this one is on a grid up to P = ``reach``.
    ``law`` names a law of the catalogue of audit E24; left out, it is the system's
    initial law, at q = 0 along the first axis. For a law on a bounded support P is the
    end of it less 1/``reach`` of it. ``momentum-score-bound`` is the known supremum,
    where there is one.
    """

    name: ClassVar[str] = "momentum-score"
    needs: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = ("momentum-score", "momentum-score-bound")

    reach: float = mfplug.param(4.0, above=1.0, help="P, momentum")
    law: str = mfplug.param(
        "", help="a law of the catalogue; left out: the initial law"
    )

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 0.01

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the supremum and its bound; they do not depend on time."""
        from mfplug.theory.momentum_laws import momentum_law

        if not self.law:
            return self._of_initial(sample.system)
        law = momentum_law(self.law)
        inside = math.isinf(law.edge)
        reach = self.reach if inside else law.edge * (1.0 - 1.0 / self.reach)
        note = "" if inside else f"the support ends at {law.edge:g}"
        return self._rows(law.largest(reach), law.bound, note)

    def _of_initial(self, system: mfplug.System) -> list[mfplug.Row]:
        from mfplug.theory.momentum_laws import reach_grid

        grid = reach_grid(self.reach)
        q = np.zeros((grid.size, system.dimension))
        p = q.copy()
        p[:, 0] = grid
        score = np.abs(system.initial.score(q, p)[1][:, 0])
        bound = system.initial.score_bound
        if not np.all(np.isfinite(score)):
            return self._rows(math.nan, bound, "f_0 vanishes: there is no score")
        return self._rows(float(score.max()), bound, "")

    def _rows(self, value: float, bound: float, note: str) -> list[mfplug.Row]:
        known = math.isfinite(bound)
        missing = "" if known else "the score is unbounded"
        return [
            mfplug.Row(
                self.name, None, value if math.isfinite(value) else None, note=note
            ),
            mfplug.Row(
                f"{self.name}-bound", None, bound if known else None, note=missing
            ),
        ]


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [MomentumScore]
