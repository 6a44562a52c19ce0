"""Whether an external potential lives on the torus that it is put on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.calls import calling
from mfplug.contracts.potential import External
from mfplug.errors import ParameterError

Array = NDArray[np.float64]

#: Points and times at which the force is compared with that of its images.
POINTS = 16
TIMES = (0.0, 0.37, 1.9)
#: Change over one period that is allowed, relative to the largest force: that of a box
#: or a wave number written with eight digits, and far below any other.
ALLOWED = 1e-6


def check_periodic(external: External, dimension: int, box: float) -> None:
    """Refuse an external potential whose force has not the period of the torus.

    A jump of the force where the torus closes is none of the system that was meant,
    and no method keeps its order there. Values at fixed points decide, as for pair
    potentials.

    Raises
    ------
    ParameterError
        If -grad V_t differs at a point and at its image.
    PluginError
        If ``gradient`` fails.
    """
    q = box * np.random.default_rng(20).random((POINTS, dimension))
    change, largest = 0.0, 0.0
    for t in TIMES:
        here = _gradient(external, q, t)
        largest = max(largest, float(np.abs(here).max()))
        for axis in range(dimension):
            moved = q.copy()
            moved[:, axis] += box
            there = _gradient(external, moved, t)
            change = max(change, float(np.abs(there - here).max()))
            largest = max(largest, float(np.abs(there).max()))
    if change <= ALLOWED * largest:
        return
    raise ParameterError(
        f"external '{external.name}': it has not the period of the torus; got a force "
        f"that changes by {change / largest:.2g} of its largest value over the box = "
        f"{box:g}, expected the same force at every image. Leave out `box`, or choose "
        "a box of whole periods."
    )


def _gradient(external: External, q: Array, t: float) -> Array:
    """Return grad V_t, 0 where it is not finite."""
    with np.errstate(all="ignore"), calling(external, "gradient()"):
        value = np.asarray(external.gradient(q, t), dtype=float)
    return np.nan_to_num(value, nan=0.0, posinf=0.0, neginf=0.0)
