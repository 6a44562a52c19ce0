"""Frequency and growth rate of a linear mode of the mean field, against theory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug

if TYPE_CHECKING:
    from mfplug.theory import ModeFit

Array = NDArray[np.float64]

#: Points of a wave at which the force is asked for its first harmonic.
POINTS = 16


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

    start: float = mfplug.param(10.0, at_least=0.0, help="begin of the fitted window")
    samples: int = mfplug.param(121, at_least=12, help="times in the window")

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the fitted and the exact mode, and the amplitude at each snapshot."""
        from mfplug import theory

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


def wave_amplitude(field: mfplug.MeanField, times: Array) -> Array:
    """Return the sine coefficient of the force at the potential's wave, shape (T,)."""
    potential, box = field.system.potential, field.system.box
    mode = int(getattr(potential, "mode", 1))
    q = np.arange(POINTS * mode)[:, None] * ((box or 1.0) / (POINTS * mode))
    k = 2.0 * np.pi * mode / (box or 1.0)
    wave = 2.0 * np.sin(k * q[:, 0]) / q.size
    return np.array([(field.force(float(t), q)[:, 0] * wave).sum() for t in times])


def exact_mode(system: mfplug.System) -> complex:
    """Return the root of the dispersion relation.

    Raises
    ------
    ParameterError
        If there is no relation for this system.
    """
    from mfplug import theory

    potential, law = system.potential, system.initial
    good = (
        system.dimension == 1
        and system.external is None
        and system.box is not None
        and potential.name == "cosine"
        and law.name == "homogeneous"
        and law.momentum != "student"  # type: ignore[attr-defined]
        and law.mode == potential.mode  # type: ignore[attr-defined]
    )
    if not good:
        raise mfplug.ParameterError(
            "metric 'mode-rate': it has no dispersion relation for this system; got "
            f"'{potential.name}' and '{law.name}', expected cosine and homogeneous "
            "with one mode in d = 1, without an external potential. Leave it out."
        )
    return theory.mode_frequency(
        potential.wavenumber,  # type: ignore[attr-defined]
        potential.strength,  # type: ignore[attr-defined]
        momentum=law.momentum,  # type: ignore[attr-defined]
        width=law.width,  # type: ignore[attr-defined]
        speed=law.speed,  # type: ignore[attr-defined]
        mass=system.mass,
    )


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
