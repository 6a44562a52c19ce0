"""Frequency and growth rate of a linear mode of the mean field, against theory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

import mfplug

if TYPE_CHECKING:
    from mfplug.theory import ModeFit


@dataclass(frozen=True)
class ModeRate(mfplug.Observable):
    r"""The mode exp(-i w t) of the force of a homogeneous state with a small wave.

    The sine coefficient of the force at the wave number of the potential is fitted by
    exponentials on [``start``, last time] (matrix pencil, ``mfplug.theory.fit_mode``):
    ``start`` has to be late enough for the continuous spectrum to have faded, the last
    time early enough for the wave to be linear. Rows:

    - ``mode-frequency`` Re w and ``mode-growth`` Im w, ``stderr`` half the difference
      of the fits of the window's halves;
    - ``mode-frequency-exact``, ``mode-growth-exact``, the root of the dispersion
      relation (``mfplug.theory.mode_frequency``);
    - ``mode-error``, what of the two errors is larger, each relative to its exact
      value (the frequency of a mode that only grows, and the growth of one that only
      oscillates, relative to \|w\|);
    - ``mode-amplitude``, the absolute coefficient at each snapshot.

    The system has to be a ``cosine`` potential with a ``homogeneous`` law in d = 1.
    """

    name: ClassVar[str] = "mode-rate"
    needs: ClassVar[tuple[str, ...]] = ("field",)
    measures: ClassVar[tuple[str, ...]] = (
        "mode-frequency", "mode-frequency-exact", "mode-growth", "mode-growth-exact",
        "mode-error", "mode-amplitude",
    )  # fmt: skip

    start: float = mfplug.param(10.0, at_least=0.0, help="begin of the fitted window")
    samples: int = mfplug.param(121, at_least=12, help="times in the window")

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the fitted and the exact mode, and the amplitude at each snapshot."""
        from mfplug import theory
        from mfplug.meanfield.linear import exact_mode, wave_amplitude

        field, system = sample.the_field(), sample.system
        exact = exact_mode(system)
        last = sample.times[-1]
        if not self.start < last:
            raise mfplug.ParameterError(
                f"metric 'mode-rate': the window is empty; got start = {self.start:g}, "
                f"expected less than {last:g}. Change it or the times."
            )
        times = np.linspace(self.start, last, self.samples)
        fit = theory.fit_mode(times, wave_amplitude(field, times))
        found = fit.frequency
        note = f"fitted on {self.start:g} to {last:g}"
        numbers = {
            "mode-frequency": (found.real, fit.stderr),
            "mode-growth": (found.imag, fit.stderr),
            "mode-frequency-exact": (exact.real, None),
            "mode-growth-exact": (exact.imag, None),
            "mode-error": (relative_error(fit, exact), None),
        }
        rows = [
            mfplug.Row(key, last, value, error, note=note)
            for key, (value, error) in numbers.items()
        ]
        seen = np.abs(wave_amplitude(field, np.array(sample.times)))
        return rows + [
            mfplug.Row("mode-amplitude", t, float(a))
            for t, a in zip(sample.times, seen, strict=True)
        ]


def relative_error(fit: ModeFit, exact: complex) -> float:
    """Return the larger of the relative errors of frequency and growth."""
    size = abs(exact)
    parts = [
        abs(a - b) / (abs(b) if abs(b) > 1e-12 * size else size)
        for a, b in (
            (fit.frequency.real, exact.real),
            (fit.frequency.imag, exact.imag),
        )
    ]
    return max(parts)


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [ModeRate]
