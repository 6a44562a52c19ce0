"""Small waves of homogeneous states: what theory says, and what a field does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import ParameterError

if TYPE_CHECKING:
    from mfplug.contracts.meanfield import MeanField
    from mfplug.system import System

Array = NDArray[np.float64]

#: Points of a wave at which the force is asked for its first harmonic.
POINTS = 16


def wave_amplitude(field: MeanField, times: Array) -> Array:
    """Return the sine coefficient of the force at the potential's wave, shape (T,)."""
    potential, box = field.system.potential, field.system.box
    mode = int(getattr(potential, "mode", 1))
    q = np.arange(POINTS * mode)[:, None] * ((box or 1.0) / (POINTS * mode))
    k = 2.0 * np.pi * mode / (box or 1.0)
    wave = 2.0 * np.sin(k * q[:, 0]) / q.size
    return np.array([(field.force(float(t), q)[:, 0] * wave).sum() for t in times])


def exact_mode(system: System) -> complex:
    """Return the root of the dispersion relation, see :func:`mode_options`."""
    from mfplug.theory import mode_frequency

    return mode_frequency(**mode_options(system))


def mode_options(system: System) -> dict[str, Any]:
    """Return the arguments of the functions of ``mfplug.theory.dispersion``.

    Raises
    ------
    ParameterError
        If there is no dispersion relation for this system.
    """
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
        raise ParameterError(
            "dispersion relation: there is none for this system; got "
            f"'{potential.name}' and '{law.name}', expected cosine and homogeneous "
            "with one mode in d = 1, without an external potential. Leave it out."
        )
    return {
        "wavenumber": potential.wavenumber,  # type: ignore[attr-defined]
        "strength": potential.strength,  # type: ignore[attr-defined]
        "momentum": law.momentum,  # type: ignore[attr-defined]
        "width": law.width,  # type: ignore[attr-defined]
        "speed": law.speed,  # type: ignore[attr-defined]
        "mass": system.mass,
    }
