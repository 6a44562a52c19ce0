"""The parts of a radial kernel: one of short range, and smooth ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.derivation import Derivation
from mfplug.dynamics.compiled import CompiledPotential, compile_potential
from mfplug.dynamics.sums.kernel import ScaledKernel
from mfplug.dynamics.sums.smoothing import Smoothing

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Piece:
    """A radial potential smoothed within one radius, less the same within a longer one.

    Without ``inner`` nothing is smoothed and the piece is as sharp as the potential;
    without ``outer`` nothing is subtracted and it is as long. Else it is 0 beyond the
    radius of ``outer``.

    Attributes
    ----------
    whole
        The potential.
    inner, outer
        Its smoothings within the two radii, or None.
    """

    whole: Any
    inner: Smoothing | None
    outer: Smoothing | None

    @property
    def kind(self) -> str:
        """Kind of the potential, for messages."""
        return str(self.whole.kind)

    @property
    def name(self) -> str:
        """Name of the potential, for messages."""
        return str(self.whole.name)

    def profile(self, s: Array) -> Array:
        """Return the piece as a function of s = r^2; phi(0) is 0 if not finite."""
        s = np.asarray(s, dtype=float)
        with np.errstate(all="ignore"):
            phi = np.broadcast_to(self.whole.profile(s), s.shape)
        phi = np.where((s == 0.0) & ~np.isfinite(phi), 0.0, phi)
        total = phi if self.inner is None else _smoothed(self.inner, s, phi)
        return total if self.outer is None else total - _smoothed(self.outer, s, phi)

    def energy(self, dx: Array) -> Array:
        """Return the piece at separations, shape (..., d) -> (...)."""
        return self.profile(np.sum(np.square(dx), axis=-1))

    def gradient(self, dx: Array) -> Array:
        """Return its gradient, the shape of dx."""
        dx = np.asarray(dx, dtype=float)
        s = np.sum(dx**2, axis=-1, keepdims=True)
        with np.errstate(all="ignore"):
            slope = np.asarray(self.whole.gradient(dx), dtype=float)
        slope = np.where(s == 0.0, 0.0, slope)
        total = slope if self.inner is None else _sloping(self.inner, s, slope, dx)
        if self.outer is None:
            return total
        return total - _sloping(self.outer, s, slope, dx)

    def kernel(self, whole: ScaledKernel) -> ScaledKernel:
        """Return the piece with the scaling and the space of the whole."""
        k = whole
        part = ScaledKernel(self, k.dimension, k.factor, k.scale, k.box)  # type: ignore[arg-type]
        part.radial = True
        return part


def _smoothed(part: Smoothing, s: Array, phi: Array) -> Array:
    return np.where(s < part.square, part.value(s), phi)


def _sloping(part: Smoothing, s: Array, slope: Array, dx: Array) -> Array:
    return np.where(s < part.square, 2.0 * part.slope(s) * dx, slope)


@dataclass(frozen=True, eq=False)
class CompiledPiece(CompiledPotential):
    """The part of short range, compiled: the potential less its smoothing.

    Attributes
    ----------
    numbers
        Parameters of the potential, then those of the smoothing.
    """

    numbers: tuple[float, ...] = ()

    @cached_property
    def parameters(self) -> Array:
        """Values of the parameters that are arguments of the kernel."""
        return np.array(self.numbers)


_NEAR = """
def profile(s, p):
    u = p[{at}] * s - 1.0
    return select(u < 1.0, whole_profile(s, p) - ({value}), 0.0)

def weight(s, p):
    u = p[{at}] * s - 1.0
    return select(u < 1.0, whole_weight(s, p) - ({slope}), 0.0)

def second(s, p):
    u = p[{at}] * s - 1.0
    return select(u < 1.0, whole_second(s, p) - ({curve}), 0.0)
"""


def compile_near(whole: ScaledKernel, smooth: Smoothing) -> CompiledPotential:
    """Return the part of short range, ready to be summed over pairs.

    Its text is that of the potential with Horner's rule for the polynomial, whose
    coefficients are parameters: one text a potential and degree.

    Parameters
    ----------
    whole
        The scaled potential; the part is that of the potential itself.
    smooth
        What is taken off within its radius.
    """
    piece: Any = Piece(whole.potential, None, smooth)
    compiled = compile_potential(whole.potential, whole.dimension)
    scale = 2.0 / smooth.square
    slopes = 2.0 * np.array(smooth.slopes)
    curves = np.arange(1.0, len(slopes)) * slopes[1:] * (0.5 * scale)
    numbers = [*compiled.scalars, scale]
    places = []
    for coefficients in (smooth.values, slopes, curves):
        places.append((len(numbers), len(coefficients)))
        numbers.extend(float(c) for c in coefficients)
    value, slope, curve = (_horner(*place) for place in places)
    own = _NEAR.format(at=len(compiled.scalars), value=value, slope=slope, curve=curve)
    made = compiled.derivation
    text = re.sub(r"^def (\w+)\(", r"def whole_\1(", made.source, flags=re.M)
    derivation = Derivation(True, 0, made.parameters, (), text + "\n" + own)
    return CompiledPiece(piece, whole.dimension, derivation, tuple(numbers))


def _horner(first: int, count: int) -> str:
    """Return sum_i p[first + i] u^i as text."""
    text = f"p[{first + count - 1}]"
    for i in reversed(range(first, first + count - 1)):
        text = f"({text}) * u + p[{i}]"
    return text
