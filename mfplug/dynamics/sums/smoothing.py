"""A polynomial that stands for a radial kernel near 0, so that the rest is smooth."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Points up to the radius, and how many radii are looked at.
_POINTS, _SPAN = 64, 8
#: From here on, in radii, the kernel is ended by a smooth step; of the tolerance, what
#: the step leaves out at its ends.
_START, _LEFT = 1.5, 3e-4
#: Degrees in r^2: few different ones, because each is compiled.
_DEGREES = (8, 12, 16, 20)
#: A polynomial larger than the kernel by this hides what is not smooth beyond.
_WILD = 100.0
#: Wavenumbers times radius that are tried.
_LEAST, _MOST = 4, 40


@dataclass(frozen=True)
class Smoothing:
    """P(u), u = 2 s / square - 1, in place of a profile of s = r^2 up to ``square``.

    Attributes
    ----------
    square
        The radius squared.
    values, slopes
        Coefficients of P and of dP/ds, by rising powers of u.
    band
        Wavenumber times radius beyond which nothing is left of the smoothed kernel.
    """

    square: float
    values: tuple[float, ...]
    slopes: tuple[float, ...]
    band: float

    def value(self, s: Array) -> Array:
        """Return P."""
        return self._polynomial(self.values, s)

    def slope(self, s: Array) -> Array:
        """Return dP/ds."""
        return self._polynomial(self.slopes, s)

    def _polynomial(self, coefficients: tuple[float, ...], s: Array) -> Array:
        u = np.minimum(2.0 * s / self.square - 1.0, 1.0)
        return np.polynomial.polynomial.polyval(u, np.array(coefficients))


def smoothing(
    profile: Callable[[Array], Array], square: float, tolerance: float
) -> Smoothing | None:
    r"""Return the smoothing of the lowest band, or None where none is enough.

    P has the smallest :math:`\sum_{\kappa > K} |\kappa \hat g(\kappa)|^2` of the line
    g(r) = P for r < R, the kernel beyond (an even function of r that is limited to K on
    the line is limited to K in every dimension). K R is the smallest whole number for
    which the sum of :math:`|\kappa \hat g|` beyond K is small enough. For powers of r
    it falls as :math:`e^{-K R}`, as far as any function of this range lets it.

    Parameters
    ----------
    profile
        The kernel as a function of s = r^2 >= 0; it need not be finite at 0.
    square
        R^2.
    tolerance
        Error of the slope of g without what lies beyond K, relative to the largest
        slope beyond R.
    """
    h = math.sqrt(square) / _POINTS
    r = h * np.arange(_POINTS * _SPAN + 1.0)
    inside = np.arange(len(r)) < _POINTS
    with np.errstate(all="ignore"):
        outside = np.asarray(profile(np.where(inside, square, r**2)), dtype=float)
    if not np.isfinite(outside).all():
        return None
    level = float(outside[-1])
    rest = np.where(
        inside, 0.0, (outside - level) * _step(r / (h * _POINTS), tolerance)
    )
    bands = range(_LEAST, _MOST + 1)
    low, high = 0, len(bands) - 1
    found: Smoothing | None = None
    while low <= high:
        middle = (low + high) // 2
        fitted = _fitted(rest, inside, bands[middle], square, level, tolerance)
        if fitted is None:
            low = middle + 1
        else:
            found, high = fitted, middle - 1
    return found


def _step(u: Array, tolerance: float) -> Array:
    from scipy.special import ndtr, ndtri

    v = (u - _START) / (_SPAN - _START)
    steep = -float(ndtri(_LEFT * tolerance))
    return np.where(v <= 0.0, 1.0, ndtr(steep * (1.0 - 2.0 * v)))


def _fitted(
    rest: Array,
    inside: NDArray[np.bool_],
    band: int,
    square: float,
    level: float,
    tolerance: float,
) -> Smoothing | None:
    """Return the best polynomial for a band, None if it leaves too much beyond it."""
    from scipy.fft import dct

    degree = next((n for n in _DEGREES if n >= 0.8 * band), _DEGREES[-1])
    n = len(rest) - 1
    u = 2.0 * (np.arange(n + 1.0) / _POINTS) ** 2 - 1.0
    basis = np.zeros((n + 1, degree + 1))
    basis[inside] = np.polynomial.chebyshev.chebvander(u[inside], degree)
    # Amplitudes of cos(k r) with k in units of 1 / radius.
    spectra = 2.0 / n * dct(np.column_stack([rest, basis]), type=1, axis=0)
    k = np.pi / _SPAN * np.arange(n + 1)
    beyond = k > band
    spectra = k[beyond, None] * spectra[beyond]
    c, *_ = np.linalg.lstsq(spectra[:, 1:], -spectra[:, 0], rcond=1e-15)
    g = rest + basis @ c
    amplitudes = np.abs(spectra[:, 0] + spectra[:, 1:] @ c)
    # The transform rounds at this level whatever the wavenumber.
    noise = 1e-15 * float(np.abs(g).max()) * k[beyond]
    left = float(amplitudes[amplitudes > noise].sum())
    # Outside, because there the polynomial cannot make it larger.
    steepest = float(np.abs(np.diff(g[_POINTS:])).max()) * _POINTS
    wild = np.abs(c).sum() > _WILD * np.abs(rest).max()
    if wild or not left <= 0.4 * tolerance * steepest:
        return None
    c[0] += level
    slopes = np.polynomial.chebyshev.chebder(c) * (2.0 / square)
    convert = np.polynomial.chebyshev.cheb2poly
    return Smoothing(
        square,
        tuple(float(v) for v in convert(c)),
        tuple(float(v) for v in convert(slopes)),
        float(band),
    )
