"""Homogeneous states and cosines on a torus of side 4.5."""

from __future__ import annotations

import mfplug

BOX = 4.5


def homogeneous(momentum="gaussian", amplitude=0.0, **keys):
    """Return the state as a system takes it."""
    return {
        "name": "homogeneous",
        "momentum": momentum,
        "amplitude": amplitude,
        "width": 0.8,
        **keys,
    }


def system(potential, initial, d=1, **keys):
    """Return a system on the torus of side 4.5 with mass 1.6."""
    return mfplug.System(d, potential, initial, **({"box": BOX, "mass": 1.6} | keys))


def cosine(strength=1.3, mode=1):
    return {"name": "cosine", "strength": strength, "mode": mode}
