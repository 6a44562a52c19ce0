"""When N particles leave an unstable homogeneous state of the mean field."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug
from mfplug.contracts.integrator import State
from mfplug.dynamics.forces import Forces
from mfplug.meanfield.linear import exact_mode, mode_options

Array = NDArray[np.float64]

#: Coordinates that are advanced together.
BATCH = 1 << 18


@dataclass(frozen=True)
class BreakTime(mfplug.Observable):
    r"""First time at which the unstable mode of N particles passes a threshold.

    .. math:: C(t) = \Big| \frac1N \sum_j e^{-i k q_j(t)} \Big| = C_*, \qquad
              t^* \simeq \frac{\ln N}{2 \gamma} + c

    for a homogeneous state without a wave that grows at the rate gamma: mean field says
    C = 0 for ever, and independent initial points give C(0) of order N^(-1/2). The
    ensemble gives the initial points (its first snapshot); they are advanced with its
    integrator and step until C passes ``threshold``, at the latest to ``end``, and
    ln C is interpolated between steps.

    Since the empirical measure solves the Vlasov equation, the linearised equation
    says of each replica (residue of the Laplace transform at the growing pole)

    .. math:: C(t) \approx z\, e^{\gamma t}, \quad
              z = \Big| \frac1N \sum_j \frac{e^{-i k q_j}}{\gamma + i k p_j / m} \Big|
                  \,/\, |D'(\gamma)|

    ln(z) is a control variate: its mean over initial points, (ln(sigma^2 / N) -
    0.5772) / 2 with sigma^2 = E |..|^2, is known (z is the modulus of a complex normal
    number up to 1/N). Rows: ``break-time`` t*, with its control variate;
    ``break-time-plain``, the mean as it is; ``break-time-linear``, what the linear
    equation alone says; ``amplification`` e^(2 gamma t*), which grows as N; and
    ``break-time-exponential`` e^(t*), which grows as N^(1 / (2 gamma)).
    """

    name: ClassVar[str] = "break-time"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)

    threshold: float = mfplug.param(0.1, above=0.0, below=1.0, help="C*, of the mode")
    end: float = mfplug.param(100.0, above=0.0, help="latest time")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds, for some 150 steps."""
        return 150 * 3e-8 * particles * replicas + 0.1

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the rows, or one that says why there is none."""
        ensemble = sample.the_ensemble()
        growth = self._growth(sample.system)
        crossing = self._crossings(ensemble)
        start, replicas = sample.times[0], ensemble.replicas
        missing = int(np.isnan(crossing).sum())
        if missing:
            note = (
                f"{missing} of {replicas} replicas stay below {self.threshold:g} until "
                f"{self.end:g}"
            )
            return [
                mfplug.Row(name, start, None, replicas=replicas, note=note)
                for name in (self.name, "amplification", "break-time-exponential")
            ]
        logs, mean = linear_amplitude(ensemble, growth)
        expected = (math.log(self.threshold) - mean) / growth
        paired = crossing + (logs - mean) / growth
        rows = [
            mfplug.mean_row(self.name, start, paired),
            mfplug.mean_row("break-time-plain", start, crossing),
            mfplug.Row("break-time-linear", start, expected, replicas=replicas),
        ]
        t = rows[0]
        for name, factor in (
            ("amplification", 2.0 * growth),
            ("break-time-exponential", 1.0),
        ):
            rows.append(_exponential(name, t, factor))
        return rows

    def _growth(self, system: mfplug.System) -> float:
        mode = exact_mode(system)
        if not mode.imag > 0 or abs(mode.real) > 1e-12 * abs(mode):
            raise mfplug.ParameterError(
                f"metric 'break-time': the state has no growing mode; got w = "
                f"{mode:.4g}, expected a positive imaginary number. Make it unstable."
            )
        if system.initial.amplitude != 0.0:  # type: ignore[attr-defined]
            raise mfplug.ParameterError(
                "metric 'break-time': the state has a wave already; got amplitude = "
                f"{system.initial.amplitude:g}, expected 0. Remove it."  # type: ignore[attr-defined]
            )
        return mode.imag

    def _crossings(self, ensemble: mfplug.Ensemble) -> Array:
        """Return t* of each replica, NaN where C stays below the threshold."""
        system = ensemble.system
        forces = Forces(system, ensemble.particles)
        k = system.potential.wavenumber  # type: ignore[attr-defined]
        size = max(1, BATCH // ensemble.particles)
        parts = []
        for first in range(0, ensemble.replicas, size):
            q = ensemble.q_storage[0, first : first + size]
            p = ensemble.p_storage[0, first : first + size]
            state = State(q.copy(), p.copy(), system.mass)
            found = np.full(len(q), np.nan)
            before = np.log(_modulus(state.q, k))
            crossed = before >= math.log(self.threshold)
            found[crossed] = ensemble.times[0]
            for t, dt, later in self._steps(ensemble, state, forces):
                now = np.log(_modulus(later.q, k))
                new = np.isnan(found) & (now >= math.log(self.threshold))
                part = (math.log(self.threshold) - before[new]) / (now - before)[new]
                found[new] = t + part * dt
                before = now
                if not np.isnan(found).any():
                    break
            parts.append(found)
        return np.concatenate(parts)

    def _steps(
        self, ensemble: mfplug.Ensemble, state: State, forces: Forces
    ) -> Iterator[tuple[float, float, State]]:
        """Yield (start, length, state after) of each step up to ``end``."""
        t, dt = ensemble.times[0], ensemble.step
        while t < self.end:
            state = ensemble.integrator.step(state, t, dt, forces)
            yield t, dt, state
            t += dt


def _modulus(q: Array, k: float) -> Array:
    """Return |mean of exp(-i k q)| of replicas (R, 1, N), shape (R,)."""
    phase = k * q[:, 0]
    return np.hypot(np.cos(phase).mean(axis=1), np.sin(phase).mean(axis=1))


def linear_amplitude(ensemble: mfplug.Ensemble, growth: float) -> tuple[Array, float]:
    """Return ln z of each replica and its exact mean; see :class:`BreakTime`."""
    from mfplug.theory import mode_derivative

    system = ensemble.system
    law, potential = system.initial, system.potential
    k = potential.wavenumber  # type: ignore[attr-defined]
    slope = abs(mode_derivative(1j * growth, **mode_options(system)))
    logs = np.empty(ensemble.replicas)
    for r in range(ensemble.replicas):
        q, p = ensemble.q_storage[0, r, 0], ensemble.p_storage[0, r, 0]
        terms = np.exp(-1j * k * q) / (growth + 1j * k * p / system.mass)
        logs[r] = math.log(abs(terms.mean()) / slope)
    # E |term|^2 by the trapezoid rule over the quantiles' range of momenta.
    p = np.linspace(-1.0, 1.0, 20001) * _range(law)
    weight = law.law.density(p)  # type: ignore[attr-defined]
    square = (weight / (growth**2 + (k * p / system.mass) ** 2)).sum() / weight.sum()
    mean = 0.5 * (math.log(square / ensemble.particles) - np.euler_gamma)
    return logs, mean - math.log(slope)


def _range(law: mfplug.Distribution) -> float:
    """Return a momentum beyond which a law with thin tails has nothing."""
    return float(law.speed + 12.0 * law.width)  # type: ignore[attr-defined]


def _exponential(name: str, row: mfplug.Row, factor: float) -> mfplug.Row:
    """Return the row of exp(factor * value), its error carried over."""
    values = [
        None if x is None else math.exp(factor * x)
        for x in (row.value, row.lower, row.upper)
    ]
    error = None
    if values[0] is not None and row.stderr is not None:
        error = factor * row.stderr * values[0]
    return mfplug.Row(
        name, row.time, values[0], error, values[1], values[2], replicas=row.replicas
    )


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [BreakTime]
