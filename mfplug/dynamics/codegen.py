"""Compiled functions of one separation, from the text derived from a potential."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mfplug.contracts.derivation import NUMPY_NAMES, Derivation
from mfplug.contracts.fingerprint import file_hash
from mfplug.dynamics.loops import LANES, NAMES, STRIDE, WIDE, loops

#: Sources compiled into a kernel; Numba itself notices edits of kernels.py only.
_COMPILED_IN = (
    "vexp",
    "vtrig",
    "codegen",
    "vlog",
    "loops",
    "memory",
    "pairtypes",
    "kernels",
    "sums/cell_lists",
)

_ENERGY = """
def pair_energy(dx, p):
    return {energy}
"""
_RADIAL = """
def pair_gradient(dx, p):
    w = weight({square}, p)
    return ({products},)
"""
_GENERAL = """
def pair_gradient(dx, p):
    return gradient({components}, p)
"""
# Where the gradient is not 0 at 0 (a singular profile has an infinite derivative there,
# but the gradient of an even function is 0), it is chosen so, without a branch. It
# costs a third of the speed, so it is done only where needed.
_RADIAL_SINGULAR = """
def pair_gradient(dx, p):
    s = {square}
    w = select(s == 0.0, 0.0, weight(s, p))
    return ({products},)
"""
_GENERAL_SINGULAR = """
def pair_gradient(dx, p):
    g = gradient({components}, p)
    here = {square} == 0.0
    return ({selected},)
"""


def pair_source(derivation: Derivation, dimension: int, singular: bool) -> str:
    """Return the text of ``pair_energy(dx, p)`` and ``pair_gradient(dx, p)``.

    dx is a tuple of the components; the gradient is one too, and 0 at dx = 0.

    Parameters
    ----------
    derivation
        What was derived from the potential.
    dimension
        Number of components.
    singular
        Whether the gradient as computed at 0 is anything but 0.
    """
    axes = range(dimension)
    components = ", ".join(f"dx[{a}]" for a in axes)
    square = " + ".join(f"dx[{a}] * dx[{a}]" for a in axes)
    energy = (
        f"profile({square}, p)" if derivation.radial else f"energy({components}, p)"
    )
    if derivation.radial:
        gradient = _RADIAL_SINGULAR if singular else _RADIAL
    else:
        gradient = _GENERAL_SINGULAR if singular else _GENERAL
    text = (_ENERGY + "\n" + gradient).format(
        energy=energy,
        square=square,
        components=components,
        products=", ".join(f"w * dx[{a}]" for a in axes),
        selected=", ".join(f"select(here, 0.0, g[{a}])" for a in axes),
    )
    return derivation.source + "\n" + text


def source_tag(source: str) -> str:
    """Return a hash of a text and of the sources that are compiled together with it."""
    return hashlib.sha256((_engine() + source).encode()).hexdigest()[:20]


@cache
def _engine() -> str:
    folder = Path(__file__).parent
    return "".join(file_hash(folder / f"{name}.py") for name in _COMPILED_IN)


def compile_source(
    source: str, dimension: int, periodic: bool
) -> dict[str, Callable[..., Any]]:
    """Return the loops over pairs (:mod:`mfplug.dynamics.loops`) for a potential.

    Each is compiled when a kernel that calls it is.
    """
    from numba import njit

    from mfplug.dynamics.vexp import INLINE

    namespace = dict(_scalar_functions()) | _memory_functions()
    plain = set(namespace)
    text = source + loops(dimension, periodic)
    exec(compile(text, "<pair>", "exec"), namespace)
    # Each function calls those above it, so they are compiled in this order.
    for name in [n for n in namespace if n not in plain and n != "__builtins__"]:
        namespace[name] = njit(**INLINE)(namespace[name])
    return {name: namespace[name] for name in NAMES}


@cache
def _memory_functions() -> dict[str, Any]:
    from numba import njit

    from mfplug.dynamics.memory import peek, poke
    from mfplug.dynamics.vexp import INLINE, nearest

    def image(x: float, box: float) -> float:
        return x - box * nearest(x * (1.0 / box))

    def unbounded(x: float, box: float) -> float:
        return x

    return {
        "empty": np.empty,
        "STRIDE": STRIDE,
        "LANES": LANES,
        "WIDE": WIDE,
        "min": min,
        "peek": peek,
        "poke": poke,
        "image": njit(**INLINE)(image),
        "unbounded": njit(**INLINE)(unbounded),
    }


@cache
def _scalar_functions() -> dict[str, Any]:
    from numba import njit

    from mfplug.dynamics.vexp import INLINE, vexp
    from mfplug.dynamics.vlog import vlog, vpow
    from mfplug.dynamics.vtrig import vcos, vsin

    def select(condition: bool, a: float, b: float) -> float:
        return a if condition else b

    python = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
              "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
              "power": "pow"}  # fmt: skip
    functions = {n: getattr(math, python.get(n, n)) for n in NUMPY_NAMES}
    own = {
        "exp": vexp,
        "log": vlog,
        "power": vpow,
        "sin": vsin,
        "cos": vcos,
        "select": njit(**INLINE)(select),
    }
    return functions | own | {"erf": math.erf, "erfc": math.erfc}
