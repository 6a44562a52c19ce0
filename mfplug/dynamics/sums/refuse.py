"""What cannot be summed, in one line each."""

from __future__ import annotations

import math
from typing import Any, NoReturn

from mfplug.dynamics.sums.kernel import ScaledKernel
from mfplug.errors import NumericsError, ParameterError, did_you_mean

METHODS = ("auto", "direct", "fourier", "split", "sorted", "separable", "cells")
#: phi and its gradient must have fallen to this part of their largest values at half
#: the box, so that the jump there is far below what a time step does.
DECAYED = 1e-6

_NEEDS = {
    "split": "a function of the distance with a slope that is bounded far away",
    "sorted": "a piecewise polynomial of the distance in one dimension",
    "separable": "a few plane waves on the torus, or a polynomial in free space",
    "cells": "a range shorter than a third of the box",
}


def check_method(method: Any) -> str:
    """Return the name of a way to compute forces, if there is one of this name."""
    if not isinstance(method, str) or method not in METHODS:
        raise ParameterError(
            f"forces: unknown method; got {method!r}, expected {', '.join(METHODS)}. "
            + did_you_mean(str(method), METHODS)
        )
    return method


def check_tolerance(value: Any) -> float:
    """Return the tolerance of a series if it is a number that can be reached."""
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not (good and 1e-13 <= value <= 1e-2):
        raise ParameterError(
            f"tolerance: not allowed; got {value!r}, expected a number from 1e-13 to "
            "0.01. Change it."
        )
    return float(value)


def check_torus(kernel: ScaledKernel) -> None:
    """Refuse a torus that is shorter than the range of the potential.

    Raises
    ------
    ParameterError
        If the potential is not periodic and has not decayed at half the box.
    """
    box = kernel.box
    if box is None or kernel.periodic:
        return
    range_ = max(kernel.reach(DECAYED), kernel.energy_reach(DECAYED))
    if range_ <= 0.5 * box:
        return
    name = kernel.potential.name
    if math.isinf(range_):
        raise ParameterError(
            f"potential '{name}': it never decays, so it has no nearest image on a "
            f"torus; got box = {box:g}, expected none. Leave out `box`, or take a "
            "periodic potential."
        )
    raise ParameterError(
        f"potential '{name}': the torus is shorter than its range; got box = {box:g}, "
        f"expected at least {2 * range_:.4g}, so that it falls to {DECAYED:g} of its "
        "largest value at half the box. Take a larger `box`, or a shorter range."
    )


def unavailable(kernel: ScaledKernel, method: str, tolerance: float) -> NoReturn:
    """Say why a method cannot serve this potential.

    Raises
    ------
    ParameterError
        Always.
    NumericsError
        If the series of ``fourier`` does not converge.
    """
    name, d = kernel.potential.name, kernel.dimension
    if method == "fourier":
        raise NumericsError(
            f"potential '{name}': forces 'fourier' cannot reach the tolerance; got no "
            f"convergent series in d = {d}, expected an error of {tolerance:.1e}. Take "
            "forces 'auto', or a larger tolerance."
        )
    space = "free space" if kernel.box is None else f"a torus of {kernel.box:g}"
    raise ParameterError(
        f"potential '{name}': forces '{method}' cannot be used; got '{name}' in d = {d}"
        f" and {space}, expected {_NEEDS[method]}. Take forces 'auto'."
    )
