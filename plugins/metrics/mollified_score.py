"""The score of mollified densities, Lemma 3.3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import mfplug


@dataclass(frozen=True)
class MollifiedScore(mfplug.Observable):
    r"""The score of f^delta at one distance from the centre, beside Lemma 3.3.

    ``mollified-score`` is |grad log f^delta| at momentum ``distance`` along an axis:
    ``point``, the system's initial law (a mollified point), and ``gaussian``, f =
    N(0, 1) on the line by quadrature. ``mollified-score-sharp`` is 1/delta, which both
    approach and which is therefore the sharp constant; ``mollified-score-printed`` is 3
    sqrt(6)/delta. ``kernel-slope`` is the kernel's derivative at a point of that
    distance by sixth-order differences, beside the formula in the proof of the lemma
    (``kernel-slope-printed``, wrong) and the right one (``kernel-slope-corrected``)
    (audit, E20).
    """

    name: ClassVar[str] = "mollified-score"
    needs: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = (
        "mollified-score", "mollified-score-sharp", "mollified-score-printed",
        "kernel-slope", "kernel-slope-printed", "kernel-slope-corrected",
    )  # fmt: skip

    distance: float = mfplug.param(2.0, above=0.0, at_most=100.0, help="|x|, length")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 0.01

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return scores, bounds and derivatives; they do not depend on time."""
        from mfplug.theory import printed_score_bound, score_bound
        from mfplug.theory.mollified import mollified_gaussian_score

        initial = sample.system.initial
        delta = initial.mollifier_width
        if delta is None:
            raise mfplug.ParameterError(
                f"metric '{self.name}': the initial law is '{initial.name}', expected "
                "'mollified'. Set `initial: {name: mollified}`."
            )
        q = np.zeros(sample.system.dimension)
        p = q.copy()
        p[0] = self.distance
        point = np.concatenate(initial.score(q, p))
        scores = {
            "point": float(np.sqrt((point**2).sum())),
            "gaussian": abs(mollified_gaussian_score(self.distance, delta)),
        }
        rows = []
        for index, value in scores.items():
            numbers = {
                "": value,
                "-sharp": score_bound(delta),
                "-printed": printed_score_bound(delta),
            }
            rows += [_row(f"{self.name}{k}", v, index) for k, v in numbers.items()]
        return rows + self._slopes(delta, sample.system.dimension)

    def _slopes(self, delta: float, dimension: int) -> list[mfplug.Row]:
        """Return the kernel's derivative, differenced and by both formulas."""
        from mfplug.theory.mollified import kernel_slope, printed_kernel_slope

        # An oblique direction: no coordinate is 0 or |x|.
        direction = np.arange(1.0, 2 * dimension + 1)
        # Within some widths of the kernel, where it is not all but 0.
        length = self.distance * np.sqrt(delta)
        x = direction * (length / np.sqrt((direction**2).sum()))
        numbers = {
            "": _difference(x, delta),
            "-printed": float(printed_kernel_slope(x, delta)),
            "-corrected": float(kernel_slope(x, delta)),
        }
        return [_row(f"kernel-slope{k}", v, "") for k, v in numbers.items()]


def _difference(x: np.ndarray, delta: float) -> float:
    """Return d/dx_1 of the unnormalised kernel by central differences of order 6."""
    step = 0.01 * float(np.sqrt(delta))
    total = 0.0
    for k, weight in ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60)):
        for sign in (1.0, -1.0):
            moved = x.copy()
            moved[0] += sign * k * step
            r = np.sqrt((moved**2).sum())
            total += sign * weight * np.exp(-(r**2) / ((1.0 + r) * delta))
    return float(total / step)


def _row(metric: str, value: float, index: str) -> mfplug.Row:
    return mfplug.Row(metric, None, value, index=index)


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [MollifiedScore]
