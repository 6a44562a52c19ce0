"""All-pairs forces in three dimensions by other codes, for the same two potentials.

Positions are (3, N), forces are -(1/N) sum_j grad phi(x_i - x_j). Every function
returns a call without arguments and the array into which that call writes, (3, N).
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import load_c
from mfplug import Potential, RadialPotential

Array = NDArray[np.float64]
Job = tuple[Callable[[], None], Array]

#: Component-major, so that gcc vectorises it, the exponential too (libmvec).
_C = """
#include <math.h>
void forces(long n, const double *x, const double *y, const double *z, double *out,
            double strength, double length) {
  const double c = -0.5 / (length * length), e2 = length * length;
  #pragma omp parallel for schedule(static)
  for (long i = 0; i < n; i++) {
    double a = 0, b = 0, e = 0;
    for (long j = 0; j < n; j++) {
      double dx = x[i] - x[j], dy = y[i] - y[j], dz = z[i] - z[j];
      double s = dx * dx + dy * dy + dz * dz;
      %s
      a += g * dx; b += g * dy; e += g * dz;
    }
    double f = strength * %s / n;
    out[i] = f * a; out[n + i] = f * b; out[2 * n + i] = f * e;
  }
}
"""
_BODY = {
    "gaussian": ("double g = exp(c * s);", "(1 / e2)"),
    "plummer": ("double t = s + e2, g = 1 / (t * sqrt(t));", "1.0"),
}


@dataclass(frozen=True)
class StrangersGaussian(RadialPotential):
    """The Gaussian as somebody else might write it, known to no part of mfplug."""

    name = "strangers-gaussian"
    height: float = 1.0
    length: float = 1.0

    def profile(self, s: Array) -> Array:
        """Return height exp(-s / (2 length^2))."""
        return self.height * np.exp(-0.5 * s / self.length**2)


@dataclass(frozen=True)
class StrangersPlummer(RadialPotential):
    """The softened inverse distance as somebody else might write it."""

    name = "strangers-plummer"
    height: float = 1.0
    length: float = 1.0

    def profile(self, s: Array) -> Array:
        """Return height (s + length^2)^(-1/2)."""
        return self.height / np.sqrt(self.length**2 + s)


def ours(potential: Potential, x: Array, box: float | None = None) -> Job:
    """Return mfplug's direct sum."""
    from mfplug.dynamics.compiled import compile_potential
    from mfplug.dynamics.pairs import pair_forces

    compiled = compile_potential(potential, len(x))
    if not compiled.compiled:
        raise RuntimeError(f"{potential.name} has no kernel: {compiled.reason}")
    cloud = np.ascontiguousarray(x[None])
    out = np.empty_like(cloud)
    factor = 1.0 / x.shape[1]
    return lambda: pair_forces(compiled, cloud, out, factor=factor, box=box), out[0]


def c_code(kind: str, strength: float, length: float, x: Array) -> Job:
    """Return hand-written C, compiled here."""
    library = load_c(_C % _BODY[kind])
    out = np.empty_like(x)
    double, pointer = ctypes.c_double, ctypes.c_void_p
    numbers = (double(strength), double(length))
    n = ctypes.c_long(x.shape[1])

    def call() -> None:
        # The arrays are named here, so that they live as long as the call does.
        places = [pointer(row.ctypes.data) for row in (*x, out)]
        library.forces(n, *places, *numbers)

    return call, out


def plain_numba(kind: str, strength: float, length: float, x: Array) -> Job:
    """Return the loop that one writes first: points (N, 3), ``math.exp``."""
    from numba import njit, prange

    @njit
    def gaussian(s: float, w: float) -> float:
        return math.exp(-s / (2 * w * w)) / (w * w)

    @njit
    def plummer(s: float, e: float) -> float:
        t = s + e * e
        return 1.0 / (t * math.sqrt(t))

    weight = {"gaussian": gaussian, "plummer": plummer}[kind]

    @njit(parallel=True, fastmath=True)
    def forces(x: Array, out: Array, strength: float, length: float) -> None:
        n = x.shape[0]
        for i in prange(n):
            a = b = c = 0.0
            for j in range(n):
                dx, dy, dz = x[i, 0] - x[j, 0], x[i, 1] - x[j, 1], x[i, 2] - x[j, 2]
                g = weight(dx * dx + dy * dy + dz * dz, length)
                a += g * dx
                b += g * dy
                c += g * dz
            f = strength / n
            out[i, 0], out[i, 1], out[i, 2] = f * a, f * b, f * c

    points = np.ascontiguousarray(x.T)
    out = np.empty_like(points)
    return lambda: forces(points, out, strength, length), out.T


def pytreegrav(strength: float, x: Array) -> Job:
    """Return pytreegrav's all-pairs sum, the faster of its two, without softening."""
    import pytreegrav as peer

    points = np.ascontiguousarray(x.T)
    n = len(points)
    masses, softening = np.full(n, 1.0 / n), np.zeros(n)
    out = np.empty_like(x)
    methods = [peer.Accel_bruteforce_parallel, peer.Accel_bruteforce_symmetric]

    def call(method: Any) -> None:
        out[:] = -strength * method(points, masses, softening).T

    return lambda: call(_faster(methods, points, masses, softening)), out


_FASTER: dict[int, Any] = {}


def _faster(methods: list[Any], *arguments: Any) -> Any:
    """Return the function that is faster here; found once for each size."""
    import time

    size = len(arguments[0])
    if size not in _FASTER:
        costs = []
        for method in methods:
            method(*arguments)
            start = time.perf_counter()
            method(*arguments)
            costs.append(time.perf_counter() - start)
        _FASTER[size] = methods[int(np.argmin(costs))]
    return _FASTER[size]


def pykeops(strength: float, width: float, x: Array) -> Job:
    """Return KeOps on the processor, in double precision, for the Gaussian."""
    import pykeops

    pykeops.set_verbose(False)
    from pykeops.numpy import LazyTensor

    points = np.ascontiguousarray(x.T)
    n = len(points)
    out = np.empty_like(x)
    factor = strength / (n * width**2)

    def call() -> None:
        a, b = LazyTensor(points[:, None, :]), LazyTensor(points[None, :, :])
        dx = a - b
        sums = (((dx**2).sum(-1) * (-0.5 / width**2)).exp() * dx).sum(axis=1)
        out[:] = factor * np.asarray(sums).T

    return call, out
