"""Frequency and growth of a linear mode from equidistant samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import NumericsError, ParameterError

Array = NDArray[np.float64]

#: Singular values below this part of the largest are noise.
NOISE = 1e-6
#: Terms that a signal is taken to have, at most.
TERMS = 6


@dataclass(frozen=True)
class ModeFit:
    """A fitted mode, amplitude * exp(-i frequency t) and what is beside it.

    Attributes
    ----------
    frequency
        w with Re w >= 0; Im w is the growth rate.
    stderr
        Half the difference from the fits of both halves of the window: an estimate of
        the systematic error, not of noise.
    residual
        Root mean square of what the fit leaves, relative to that of the signal.
    """

    frequency: complex
    stderr: float
    residual: float


def fit_mode(times: Array, values: Array, terms: int = TERMS) -> ModeFit:
    """Return the strongest mode of a real signal by the matrix pencil method.

    The signal is a sum of at most ``terms`` exponentials; the shift between two windows
    of a Hankel matrix has them as eigenvalues (Hua and Sarkar, IEEE Trans. Acoust.
    Speech Signal Process. 38 (1990) 814). The one of the largest energy in the window
    is returned. Equidistant samples are scaled to even out growth before the fit, so
    that early and late times count alike.

    Parameters
    ----------
    times, values
        Equidistant times and the signal there, shape (T,), T >= 12.

    Raises
    ------
    ParameterError
        If the times are not equidistant or too few.
    NumericsError
        If the signal is 0 or not finite.
    """
    times, values = np.asarray(times, float), np.asarray(values, float)
    steps = np.diff(times)
    if times.size < 12 or np.ptp(steps) > 1e-9 * abs(times[-1] - times[0]):
        raise ParameterError(
            f"theory 'fit_mode': times are not allowed; got {times.size} of them, "
            "expected at least 12 that are equidistant. Change them."
        )
    if not np.isfinite(values).all() or not np.any(values):
        raise NumericsError(
            "theory 'fit_mode': no signal to fit; got zeros or values that are not "
            "finite. Choose another window."
        )
    dt = float(steps.mean())
    frequency, residual = _pencil(dt, values, terms)
    half = times.size // 2
    ends = []
    for part in (values[:half], values[half:]):
        found = _pencil(dt, part, terms, near=frequency)
        ends.append(found[0])
    return ModeFit(frequency, 0.5 * abs(ends[0] - ends[1]), residual)


def _pencil(
    dt: float, values: Array, terms: int, near: complex | None = None
) -> tuple[complex, float]:
    # A fit to log |signal| is enough to even out growth or damping.
    n = np.arange(values.size)
    size = np.abs(values)
    top = np.maximum(size, 1e-300)
    rate = float(np.polyfit(n, np.log(top), 1)[0])
    signal = values * np.exp(-rate * n)
    signal = signal / np.abs(signal).max()
    length = values.size // 2
    windows = np.lib.stride_tricks.sliding_window_view(signal, length)
    _, sizes, rows = np.linalg.svd(windows, full_matrices=False)
    count = max(1, min(terms, int(np.sum(sizes > NOISE * sizes[0])), length - 1))
    basis = rows[:count].T
    shift = np.linalg.lstsq(basis[:-1], basis[1:], rcond=None)[0]
    poles = np.linalg.eigvals(shift)
    powers = poles[None, :] ** n[:, None]
    weights = np.linalg.lstsq(powers, signal.astype(complex), rcond=None)[0]
    rest = signal - (powers @ weights).real
    residual = float(np.sqrt(np.mean(rest**2) / np.mean(signal**2)))
    frequencies = 1j * (np.log(poles) + rate) / dt
    if near is None:
        energy = np.abs(weights) ** 2 * np.sum(np.abs(powers) ** 2, axis=0)
        best = complex(frequencies[int(np.argmax(energy))])
    else:
        away = np.minimum(
            np.abs(frequencies - near), np.abs(frequencies + near.conjugate())
        )
        best = complex(frequencies[int(np.argmin(away))])
    return complex(abs(best.real), best.imag), residual
