"""Clouds of particles, odd potentials, and sums over pairs in plain NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfplug import Potential, RadialPotential


@dataclass(frozen=True)
class Anisotropic(Potential):
    """An even potential that is neither radial nor separable."""

    name = "anisotropic"
    a: float = 0.7
    c: float = 1.9

    def energy(self, dx):
        """Return a Gaussian of a quadratic form with a mixed term."""
        form = np.sum(dx**2, axis=-1) + self.a * dx[..., 0] * dx[..., -1]
        return self.c * np.exp(-0.5 * form)

    def gradient(self, dx):
        """Return its derivative."""
        mixed = np.zeros_like(dx)
        e = np.eye(dx.shape[-1])
        mixed = dx[..., -1:] * e[0] + dx[..., :1] * e[-1]
        return -(dx + 0.5 * self.a * mixed) * self.energy(dx)[..., None]


@dataclass(frozen=True)
class Coulomb(RadialPotential):
    """Singular at 0."""

    name = "coulomb"
    regularity = "singular"
    strength: float = 0.8

    def profile(self, s):
        """Return strength / r."""
        return self.strength / np.sqrt(s)


@dataclass(frozen=True)
class Opaque(Potential):
    """A Gaussian that cannot be traced: it branches on values."""

    name = "opaque"
    width: float = 0.6

    def energy(self, dx):
        """Return the energy, point by point."""
        s = np.sum(dx**2, axis=-1)
        return np.exp(-s / (2 * self.width**2)) if np.all(s < 1e9) else 0 * s

    def gradient(self, dx):
        """Return its derivative."""
        return -dx / self.width**2 * self.energy(dx)[..., None]


def clouds(d, replicas=3, n=37, width=1.0, seed=7):
    """Return positions (R, d, N)."""
    return width * np.random.default_rng(seed).normal(size=(replicas, d, n))


def direct(phi, x, factor, scale=1.0, box=None):
    """Return forces and energies by the definition, with all pairs in one array."""
    points = np.swapaxes(x, 1, 2)
    dx = points[:, :, None, :] - points[:, None, :, :]
    if box is not None:
        dx = dx - box * np.round(dx / box)
    dx = scale * dx
    n = x.shape[2]
    off = ~np.eye(n, dtype=bool)
    with np.errstate(all="ignore"):
        gradient = np.where(off[..., None], phi.gradient(dx), 0.0)
        energy = np.where(np.tril(off, -1), phi.energy(dx), 0.0)
    return -factor * np.swapaxes(gradient.sum(axis=2), 1, 2), factor * energy.sum(
        (1, 2)
    )
