"""Laws of one momentum component: density, score and its sup, quantiles, samples.

A homogeneous state on the torus is a uniform density of positions times one of these on
each axis; the score of the momentum is what the theorems of the thesis ask about.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.rules import equidistant_rule, legendre_rule

Array = NDArray[np.float64]

#: With fewer nodes a heavy-tailed law has one rule for the middle and the tails.
FEW = 24

#: Beyond this many widths a Gaussian weighs less than a rounding error.
_FAR = 8.3

LAWS = ("gaussian", "lorentz", "student", "two-stream", "waterbag")


@dataclass(frozen=True)
class LineLaw(ABC):
    """A symmetric law g on the line.

    ``score_bound`` is sup |g'/g|, infinite where it is unbounded.
    """

    width: float

    @abstractmethod
    def density(self, p: Array) -> Array:
        """Return g(p)."""

    @abstractmethod
    def score(self, p: Array) -> Array:
        """Return g'(p) / g(p)."""

    @abstractmethod
    def quantile(self, u: Array) -> Array:
        """Return the p below which lies the mass u, 0 < u < 1."""

    @abstractmethod
    def transform(self, tau: Array) -> Array:
        """Return the characteristic function E cos(p tau)."""

    @abstractmethod
    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Return independent values."""

    @abstractmethod
    def rule(self, n: int) -> tuple[Array, Array]:
        """Return a quadrature rule (p, w) of g with n symmetric nodes, sum w = 1."""

    @property
    def score_bound(self) -> float:
        """Return sup |g'/g|."""
        return math.inf


@dataclass(frozen=True)
class GaussianLine(LineLaw):
    r"""The Gaussian, ``g = exp(-p^2 / (2 w^2)) / (sqrt(2 pi) w)``; score ``-p/w^2``."""

    def density(self, p: Array) -> Array:
        """Return g(p)."""
        z = np.asarray(p, dtype=float) / self.width
        return np.exp(-0.5 * z**2) / (math.sqrt(2.0 * math.pi) * self.width)

    def score(self, p: Array) -> Array:
        """Return -p / w^2."""
        return -np.asarray(p, dtype=float) / self.width**2

    def quantile(self, u: Array) -> Array:
        """Return w times the standard quantile."""
        from scipy.special import ndtri

        return self.width * ndtri(u)

    def transform(self, tau: Array) -> Array:
        """Return exp(-(w tau)^2 / 2)."""
        return np.exp(-0.5 * (self.width * np.asarray(tau, dtype=float)) ** 2)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Return w times standard normals."""
        return self.width * rng.standard_normal(shape)

    def rule(self, n: int) -> tuple[Array, Array]:
        """Return equidistant nodes; cut and spacing are balanced for small n."""
        reach = min(math.sqrt(math.pi * n), _FAR) * self.width
        return equidistant_rule(self.density, reach, n)


@dataclass(frozen=True)
class StudentLine(LineLaw):
    r"""Student's t with scale w; ``df`` = 1 is the Lorentz (Cauchy) law.

    The score -(nu + 1) p / (nu w^2 + p^2) is largest at p = sqrt(nu) w, where it is
    (nu + 1) / (2 sqrt(nu) w): 1/w for the Lorentz law, 2 / (sqrt(3) w) for nu = 3.
    """

    df: float = 1.0

    def density(self, p: Array) -> Array:
        """Return g(p)."""
        nu = self.df
        log_norm = math.lgamma(0.5 * (nu + 1.0)) - math.lgamma(0.5 * nu)
        log_norm -= 0.5 * math.log(nu * math.pi) + math.log(self.width)
        square = (np.asarray(p, dtype=float) / self.width) ** 2
        return np.exp(log_norm - 0.5 * (nu + 1.0) * np.log1p(square / nu))

    def score(self, p: Array) -> Array:
        """Return -(nu + 1) p / (nu w^2 + p^2)."""
        p = np.asarray(p, dtype=float)
        return -(self.df + 1.0) * p / (self.df * self.width**2 + p**2)

    def quantile(self, u: Array) -> Array:
        """Return w times Student's quantile."""
        from scipy.special import stdtrit

        return self.width * np.asarray(stdtrit(self.df, u), dtype=float)

    def transform(self, tau: Array) -> Array:
        r"""Return z^a K_a(z) / (Gamma(a) 2^(a - 1)), a = nu/2, z = sqrt(nu) w \|tau\|.

        e^(-w \|tau\|) for the Lorentz law.
        """
        from scipy.special import kve

        z = math.sqrt(self.df) * self.width * np.abs(np.asarray(tau, dtype=float))
        half = 0.5 * self.df
        # z^a K_a(z) tends to its limit like z^(2a) or z^2; below, it is 1 to rounding.
        inside = np.maximum(z, 1e-12)
        log = half * np.log(inside) - inside - math.lgamma(half)
        value = np.exp(log - (half - 1.0) * math.log(2.0)) * kve(half, inside)
        return np.where(z > 1e-12, value, 1.0)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Return w times standard Student variables."""
        return self.width * rng.standard_t(self.df, shape)

    def rule(self, n: int) -> tuple[Array, Array]:
        r"""Return equidistant nodes in the middle and nodes that reach far out.

        A wave turns by exp(-i k p t): nodes h apart carry it until k h t = pi. So half
        of them are equidistant up to P = w n^(2/(2 + nu)) / 2, where they converge
        faster than any power, and the rest are midpoints in the angle of
        p = sqrt(nu) w tan(angle), for the mass beyond P and without a cut. P balances
        the time that the middle lasts against the mass outside of it.
        """
        if n < FEW:
            # Too few for two rules: midpoints in the angle alone.
            turn = math.pi * ((np.arange(n) + 0.5) / n - 0.5)
            few = np.cos(turn) ** (self.df - 1.0)
            return math.sqrt(self.df) * self.width * np.tan(turn), few / few.sum()
        side = max(1, n // 4)
        core = n - 2 * side
        far = 0.5 * self.width * n ** (2.0 / (2.0 + self.df))
        h = 2.0 * far / max(1, core)
        middle = h * (np.arange(core) - 0.5 * (core - 1))
        scale = math.sqrt(self.df) * self.width
        edge = math.atan(far / scale)
        step = (0.5 * math.pi - edge) / side
        angle = edge + step * (np.arange(side) + 0.5)
        tail = scale * np.tan(angle)
        share = self.density(tail) * (scale * step / np.cos(angle) ** 2)
        p = np.concatenate([-tail[::-1], middle, tail])
        w = np.concatenate([share[::-1], h * self.density(middle), share])
        return 0.5 * (p - p[::-1]), w / w.sum()

    @property
    def score_bound(self) -> float:
        """Return (nu + 1) / (2 sqrt(nu) w)."""
        return (self.df + 1.0) / (2.0 * math.sqrt(self.df) * self.width)


@dataclass(frozen=True)
class WaterbagLine(LineLaw):
    """Uniform on [-w, w]; it jumps, so its score is unbounded (0 inside, else NaN)."""

    def density(self, p: Array) -> Array:
        """Return 1 / (2 w) inside, 0 outside."""
        return np.where(np.abs(p) <= self.width, 0.5 / self.width, 0.0)

    def score(self, p: Array) -> Array:
        """Return 0 inside, NaN outside, where the density is 0."""
        return np.where(np.abs(p) <= self.width, 0.0, np.nan)

    def quantile(self, u: Array) -> Array:
        """Return w (2 u - 1)."""
        return self.width * (2.0 * np.asarray(u, dtype=float) - 1.0)

    def transform(self, tau: Array) -> Array:
        """Return sin(w tau) / (w tau)."""
        return np.sinc(self.width * np.asarray(tau, dtype=float) / math.pi)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Return uniform values."""
        return self.width * (2.0 * rng.random(shape) - 1.0)

    def rule(self, n: int) -> tuple[Array, Array]:
        """Return the Gauss-Legendre rule."""
        return legendre_rule(self.width, n)


@dataclass(frozen=True)
class TwoStreamLine(LineLaw):
    r"""Two beams: half and half a Gaussian of width w around +v and around -v.

    The score is (-p + v tanh(v p / w^2)) / w^2, unbounded as a Gaussian's. The law has
    two humps if and only if v > w.
    """

    speed: float = 1.0

    def density(self, p: Array) -> Array:
        """Return the mean of the two Gaussians."""
        beam = GaussianLine(self.width)
        p = np.asarray(p, dtype=float)
        return 0.5 * (beam.density(p - self.speed) + beam.density(p + self.speed))

    def score(self, p: Array) -> Array:
        """Return (-p + v tanh(v p / w^2)) / w^2, exact also far out."""
        p = np.asarray(p, dtype=float)
        square = self.width**2
        return (-p + self.speed * np.tanh(self.speed * p / square)) / square

    def quantile(self, u: Array) -> Array:
        """Return the quantile, bisected between those of the two beams."""
        from scipy.special import ndtr, ndtri

        u = np.asarray(u, dtype=float)
        middle = self.width * ndtri(u)
        low, high = middle - abs(self.speed), middle + abs(self.speed)
        for _ in range(60):
            middle = 0.5 * (low + high)
            mass = ndtr((middle - self.speed) / self.width)
            mass = 0.5 * (mass + ndtr((middle + self.speed) / self.width))
            low, high = (
                np.where(mass < u, middle, low),
                np.where(mass < u, high, middle),
            )
        return 0.5 * (low + high)

    def transform(self, tau: Array) -> Array:
        """Return cos(v tau) exp(-(w tau)^2 / 2)."""
        tau = np.asarray(tau, dtype=float)
        return np.cos(self.speed * tau) * GaussianLine(self.width).transform(tau)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Return a beam's centre, drawn with probability 1/2 each, plus a Gaussian."""
        centre = np.where(rng.random(shape) < 0.5, self.speed, -self.speed)
        return centre + self.width * rng.standard_normal(shape)

    def rule(self, n: int) -> tuple[Array, Array]:
        """Return equidistant nodes over both beams."""
        reach = min(math.sqrt(math.pi * n), _FAR) * self.width + abs(self.speed)
        return equidistant_rule(self.density, reach, n)


def line_law(name: str, width: float, df: float = 3.0, speed: float = 1.0) -> LineLaw:
    """Return the law of one momentum component by its name, one of :data:`LAWS`."""
    if name == "gaussian":
        return GaussianLine(width)
    if name == "lorentz":
        return StudentLine(width, 1.0)
    if name == "student":
        return StudentLine(width, df)
    if name == "waterbag":
        return WaterbagLine(width)
    return TwoStreamLine(width, speed)
