"""Alpha+ of correlated Gaussians from tail cells: why negative parts are needed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import mfplug


@dataclass(frozen=True)
class TailCells(mfplug.Observable):
    r"""Lower bounds of alpha+ by the cell beyond ``reach`` standard deviations.

    .. math:: \alpha_+(F, f) \ge sep(F^1, f) \ge
              1 - \frac{Q(a / \sqrt{1 + e/N})}{Q(a)}

    In the harmonic model F^1 is narrower than f_t in one direction, by the factor 1 +
    e/N with e the negative eigenvalue of A^-1 D (audit, 4.1; H1: e = (1 - sqrt 5)/2).
    The bound tends to 1 with a, for every N: alpha+ = 1.
    """

    name: ClassVar[str] = "tail-cells"
    needs: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = ("alpha-positive-tail",)

    particles: int = mfplug.param(100, at_least=2, help="N")
    reach: float = mfplug.param(4.0, above=0.0, help="a, in standard deviations")

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the bound."""
        from scipy.special import log_ndtr

        narrow = 1.0 + 0.5 * (1.0 - math.sqrt(5.0)) / self.particles
        ratio = log_ndtr(-self.reach / math.sqrt(narrow)) - log_ndtr(-self.reach)
        value = -math.expm1(float(ratio))
        index = f"{self.reach:g}"
        return [mfplug.Row("alpha-positive-tail", None, value, index=index)]


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [TailCells]
