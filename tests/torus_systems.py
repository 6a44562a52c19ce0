"""Homogeneous states and cosines on a torus of side 4.5, and their linear theory."""

from __future__ import annotations

import math

import numpy as np

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


def linear_amplitude(strength, k, mass, transform, end, n=4000):
    """Solve C = C_0 + G * C for the amplitude C(t) / C(0) of the mode k.

    C_0(t) = g^(k t / m) and G(s) = -(A k^2 / 2 m) s g^(k s / m), g^ the Fourier
    transform of the momentum law (audit 4.3), by the trapezoid rule; error O(h^2).
    """
    t = np.linspace(0.0, end, n + 1)
    kernel = -0.5 * strength * k**2 / mass * t * transform(k * t / mass)
    free = transform(k * t / mass)
    c, h = np.empty(n + 1), t[1]
    c[0] = free[0]
    for i in range(1, n + 1):
        # kernel(0) = 0, so that the step is explicit.
        inner = kernel[i] * c[0] / 2 + kernel[i - 1 : 0 : -1] @ c[1:i]
        c[i] = free[i] + h * inner
    return t, c


TRANSFORMS = {
    "gaussian": lambda x: np.exp(-0.5 * (0.8 * x) ** 2),
    "waterbag": lambda x: np.sinc(0.8 * x / math.pi),
    "two-stream": lambda x: np.cos(1.9 * x) * np.exp(-0.5 * (0.8 * x) ** 2),
}
