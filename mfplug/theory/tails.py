r"""Large deviations of the force: exact, sampled and exponential tails of a sum.

delta K_j, j = 1 ... n, are independent, of mean 0, variance sigma^2, |delta K| <= c.
The set has N^-1 sum delta K > N^(-1/2 + kappa), so the sum S exceeds x = N^(1/2 +
kappa). A law is given by nodes: values and weights of a quadrature of one delta K
(:func:`sine_law` for HMF, delta K = sin of a uniform angle). Exact tails invert the
characteristic function along the line through the saddle point, so that they keep
their digits where they are rare.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mfplug.errors import ParameterError

Array = NDArray[np.float64]
Sampler = Callable[[np.random.Generator, int], Array]

#: Fewest terms for which the characteristic function falls fast enough.
FEWEST = 8
_PANEL = 24


@dataclass(frozen=True, eq=False)
class FluctuationLaw:
    """Law of one delta K by quadrature nodes; ``sampler`` draws it, if given."""

    values: Array
    weights: Array
    sampler: Sampler | None = None

    def __post_init__(self) -> None:
        v, w = self.values, self.weights
        total = float(w.sum()) if w.ndim == 1 and w.size else math.nan
        if v.ndim != 1 or v.shape != w.shape or not abs(total - 1.0) < 1e-9:
            raise ParameterError(
                f"tail 'weights': got shapes {v.shape} and {w.shape} with sum {total}, "
                "expected equal ones with sum 1. Normalise them."
            )
        if not abs(float(w @ v)) < 1e-9 * max(1.0, self.bound):
            raise ParameterError(
                f"tail 'values': the mean is {float(w @ v):g}, expected 0. Centre them."
            )

    @property
    def variance(self) -> float:
        """sigma^2 = E[delta K^2]."""
        return float(self.weights @ self.values**2)

    @property
    def bound(self) -> float:
        """Largest |delta K|."""
        return float(np.abs(self.values).max())

    def tilted(self, tilt: float) -> tuple[float, float, float]:
        """Return log E[e^(tilt K)] and its first two derivatives in the tilt."""
        shift = tilt * self.values
        top = float(shift.max())
        e = self.weights * np.exp(shift - top)
        mass = float(e.sum())
        mean = float(e @ self.values) / mass
        spread = float(e @ (self.values - mean) ** 2) / mass
        return top + math.log(mass), mean, spread

    def saddle(self, terms: int, level: float) -> float:
        """Return the tilt at which the mean of ``terms`` delta K is ``level``.

        Raises
        ------
        ParameterError
            If no sum of so many terms comes near the level, or there are none.
        """
        from scipy.optimize import brentq

        goal = level / terms if terms > 0 else math.inf
        if not self.values.min() < goal < self.values.max():
            raise ParameterError(
                f"tail 'level': {terms} terms cannot reach it; got {level:g}, expected "
                f"less than {terms * float(self.values.max()):g}. Lower kappa."
            )

        def gap(tilt: float) -> float:
            return self.tilted(tilt)[1] - goal

        high = 1.0 / math.sqrt(self.variance)
        while gap(high) < 0.0:
            high *= 2.0
        low = -1.0 / math.sqrt(self.variance)
        while gap(low) > 0.0:
            low *= 2.0
        return float(brentq(gap, low, high, xtol=1e-13, rtol=1e-14))


def sine_law(nodes: int = 2048) -> FluctuationLaw:
    """Return the law of sin(theta), theta uniform: delta K of homogeneous HMF.

    The mean over evenly spaced angles is exact for E[exp(i s sin theta)] = J_0(s) up to
    J_nodes(s), that is for |s| well below ``nodes``.
    """
    angles = 2.0 * np.pi * (np.arange(nodes) + 0.5) / nodes
    return FluctuationLaw(
        np.sin(angles),
        np.full(nodes, 1.0 / nodes),
        lambda rng, n: np.sin(rng.uniform(0.0, 2.0 * np.pi, n)),
    )


def exact_tail(law: FluctuationLaw, terms: int, level: float) -> float:
    r"""Return log P(S > level) for the sum S of ``terms`` independent delta K.

    .. math:: P(S > x) = \frac{1}{2\pi} \int
              \frac{e^{n K(\theta + is) - (\theta + is) x}}{\theta + is}\, ds,
              \qquad K = \log E\, e^{\theta\, \delta K},\ \theta > 0,

    theta at the saddle point, where nothing cancels (Gil-Pelaez's formula with the line
    moved; audit 4.4 has digits). Natural logarithm.

    Raises
    ------
    ParameterError
        If there are fewer than 8 terms, or the level is not positive or out of reach.
    """
    if terms < FEWEST or not level > 0.0:
        raise ParameterError(
            f"tail 'terms': got {terms} terms and level {level:g}, expected at least "
            f"{FEWEST} and a positive level. Take more particles."
        )
    # At a small level the pole at 0 is near the saddle: stay a width away from it.
    width = math.sqrt(terms * law.variance)
    tilt = max(law.saddle(terms, level), 0.5 / width)
    height, _, spread = law.tilted(tilt)
    scale = 1.0 / math.sqrt(terms * spread)
    node, weight = np.polynomial.legendre.leggauss(_PANEL)
    damp = law.weights * np.exp(tilt * law.values - height)
    total, start, quiet = 0.0, 0.0, 0
    while quiet < 4:
        # Panels of two standard widths; oscillation e^{-isx} is slow beside them.
        s = start + scale * (node + 1.0)
        cf = np.exp(1j * np.outer(s, law.values)) @ damp
        part = (cf**terms * np.exp(-1j * s * level) / (tilt + 1j * s)).real
        piece = scale * float(weight @ part)
        total += piece
        quiet = quiet + 1 if abs(piece) < 1e-15 * abs(total) else 0
        start += 2.0 * scale
        if start > 0.7 * law.values.size:
            break
    return terms * height - tilt * level + math.log(total / math.pi)


def sampled_tail(
    law: FluctuationLaw,
    terms: int,
    level: float,
    draws: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Return (P(S > level), standard error) by exponential tilting.

    The delta K are drawn from e^(theta k) of their law, theta at the saddle point,
    where the rare event is typical, and weighted back: the relative error stays the
    same however rare it is (Siegmund, Ann. Statist. 4 (1976) 673).

    Raises
    ------
    ParameterError
        If the law has no sampler, there are fewer than 2 draws, or the level is out of
        reach.
    """
    if law.sampler is None or draws < 2:
        raise ParameterError(
            f"tail 'draws': got {draws} draws and sampler {law.sampler}, expected at "
            "least 2 and a sampler. Give the law one."
        )
    tilt = law.saddle(terms, level)
    height = law.tilted(tilt)[0]
    weights = np.empty(draws)
    top = max(tilt * float(law.values.max()), tilt * float(law.values.min()))
    for k in range(draws):
        total, have = 0.0, 0
        while have < terms:
            x = law.sampler(rng, 4 * terms)
            x = x[rng.uniform(size=x.size) < np.exp(tilt * x - top)][: terms - have]
            total += math.fsum(x)
            have += x.size
        inside = total > level
        weights[k] = math.exp(terms * height - tilt * total) if inside else 0.0
    return float(weights.mean()), float(weights.std(ddof=1) / math.sqrt(draws))


def chernoff_bound(law: FluctuationLaw, terms: int, level: float) -> float:
    """Return the logarithm of the least exponential bound, min_s n K(s) - s x, s >= 0.

    Of P(S > level); 0 for a level that is not above the mean.
    """
    tilt = max(law.saddle(terms, level), 0.0)
    return terms * law.tilted(tilt)[0] - tilt * level
