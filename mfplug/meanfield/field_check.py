"""Whether what a solver returned is a field: found when it is solved, not when used.

Metrics call a field a long time after its solver has ended, and would be blamed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from mfplug.contracts.calls import calling
from mfplug.contracts.meanfield import MeanField
from mfplug.contracts.solver import Solver
from mfplug.contracts.soundness import drawn
from mfplug.errors import NumericsError, PluginError, shown

#: Points of f_0 at which the force is looked at; two axes, so that neither is lost.
POINTS = (2, 3)


def check_field(field: MeanField, solver: Solver) -> None:
    """Refuse a field whose force, or what is stored of it, breaks the contract.

    The force is looked at in six points of f_0 at the first, middle and last time, its
    gradient at the last one.

    Raises
    ------
    PluginError
        If a method fails, or returns another shape or type than the contract says.
    NumericsError
        If a force is not finite.
    """
    d = field.system.dimension
    rng = np.random.default_rng(20110130)
    q = drawn(field.system.initial, rng, int(np.prod(POINTS)))[0].reshape(*POINTS, d)
    first, last = field.times[0], field.times[-1]
    for t in sorted({first, 0.5 * (first + last), last}):
        with calling(solver, "force() of its field"):
            force = np.asarray(field.force(t, q.copy()), dtype=float)
        _numbers(solver, "force", force, q.shape, t)
    with calling(solver, "force_gradient() of its field"):
        gradient = np.asarray(field.force_gradient(last, q.copy()), dtype=float)
    _numbers(solver, "force_gradient", gradient, (*q.shape, d), last)
    with calling(solver, "arrays() of its field"):
        arrays: Any = field.arrays()
    _storable(solver, arrays, field.info)


def _numbers(
    solver: Solver, method: str, found: Any, shape: tuple[int, ...], t: float
) -> None:
    who = f"solver '{solver.name}': {method}() of its field"
    if found.shape != shape:
        raise PluginError(
            f"{who} has the wrong shape; got {found.shape} for points of shape "
            f"{(*POINTS, shape[len(POINTS)])}, expected {shape}. Mend {method}()."
        )
    if not np.all(np.isfinite(found)):
        raise NumericsError(
            f"{who} is not finite; got {found[~np.isfinite(found)][0]} at t = {t:g} at "
            f"a point of f_0, expected numbers. Mend {method}(), or solve()."
        )


def _storable(solver: Solver, arrays: Any, info: Any) -> None:
    who = f"solver '{solver.name}'"
    if not isinstance(arrays, Mapping):
        raise PluginError(
            f"{who}: arrays() of its field returned {shown(arrays)}; expected a dict "
            "of arrays by name. Mend arrays()."
        )
    for name, array in arrays.items():
        if not (isinstance(name, str) and name.isidentifier()):
            raise PluginError(
                f"{who}: arrays() of its field has a name that cannot be stored; got "
                f"{shown(name)}, expected a word such as 'nodes'. Change it."
            )
        if not (isinstance(array, np.ndarray) and array.dtype.kind in "biuf"):
            raise PluginError(
                f"{who}: arrays() of its field cannot be stored; got {shown(array)} "
                f"for '{name}', expected an array of real numbers. Mend arrays()."
            )
    try:
        json.dumps(info, allow_nan=False, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise PluginError(
            f"{who}: the info of its field is no plain data; got {error}, expected "
            "finite numbers, strings, lists and dicts with strings as keys. Mend info."
        ) from error
