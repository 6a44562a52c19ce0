"""When N particles leave an unstable homogeneous state of the mean field."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug
from mfplug.contracts.integrator import State
from mfplug.dynamics.forces import Forces
from mfplug.meanfield.linear import exact_mode

if TYPE_CHECKING:
    from mfplug.meanfield.linear_mode import LinearMode

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

#: Coordinates that are advanced together.
BATCH = 1 << 18
#: Part of the replicas that may start above the threshold.
EARLY = 0.05
#: Paths of the linearised equation from which their mean crossing is taken.
PATHS = 1000


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
    carries the free motion of each replica's own points to a mode rho(t)
    (:class:`mfplug.meanfield.linear_mode.LinearMode`), noise included. The time at
    which |rho| passes the threshold is a control variate: its mean over
    independent points is that over paths of a Gaussian process with a known covariance,
    in which the logarithm of the last \|rho\|, with the known mean
    (ln(variance) - 0.5772) / 2, is a control variate in turn. Rows:

    - ``break-time`` t*, with its control variate, and ``break-time-plain`` without;
    - ``break-time-linear``, what the linear equation alone says;
    - ``amplification`` e^(2 gamma t), which grows as N, and ``break-time-exponential``
      e^t, which grows as N^(1 / (2 gamma)), where t is t* less the time by which, as
      the linear equation says, the decaying modes and the noise move it; that time
      vanishes as N grows.
    """

    name: ClassVar[str] = "break-time"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)
    measures: ClassVar[tuple[str, ...]] = (
        "break-time", "break-time-plain", "break-time-linear", "break-time-exponential",
        "amplification",
    )  # fmt: skip

    threshold: float = mfplug.param(0.1, above=0.0, below=1.0, help="C*, of the mode")
    end: float = mfplug.param(100.0, above=0.0, help="latest time")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds, for some 150 steps."""
        return 150 * 4e-8 * particles * replicas + 1.0

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the rows, or one that says why there is none."""
        from mfplug.meanfield.linear_mode import LinearMode

        ensemble = sample.the_ensemble()
        growth = self._growth(sample.system)
        count = max(2, math.ceil(self.end / ensemble.step))
        times = ensemble.step * np.arange(count + 1, dtype=np.float64)
        mode = LinearMode(sample.system, np.asarray(times, dtype=np.float64))
        crossing, linear = self._crossings(ensemble, mode)
        start, replicas = sample.times[0], ensemble.replicas
        missing = int(np.isnan(crossing + linear).sum())
        early = int((crossing == 0.0).sum())
        note = ""
        if missing:
            note = (
                f"{missing} of {replicas} replicas stay below {self.threshold:g} until "
                f"{self.end:g}"
            )
        elif early > EARLY * replicas:
            # The others alone would be no sample of anything.
            note = (
                f"{early} of {replicas} replicas start above {self.threshold:g}; take "
                "more particles"
            )
        if note:
            return [
                mfplug.Row(name, start, None, replicas=replicas, note=note)
                for name in (self.name, "amplification", "break-time-exponential")
            ]
        expected, pole = self._linear(mode, ensemble.particles, growth)
        paired = crossing - linear + expected
        rows = [
            mfplug.mean_row(self.name, start, start + paired),
            mfplug.mean_row("break-time-plain", start, start + crossing),
            mfplug.Row("break-time-linear", start, start + expected, replicas=replicas),
        ]
        t = mfplug.mean_row(self.name, start, paired - (expected - pole))
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

    def _linear(
        self, mode: LinearMode, particles: int, growth: float
    ) -> tuple[float, float]:
        """Return the mean crossing of the linear equation, and that of its pole.

        The second is (ln C* - E ln z) / gamma for the growing part z e^(gamma t).
        """
        rng = np.random.default_rng(20110101)
        size = np.abs(mode.sampled(rng, PATHS)) / math.sqrt(particles)
        times = mode.times
        last = np.log(size[:, -1])
        mean_last = 0.5 * (math.log(mode.variance() / particles) - np.euler_gamma)
        goal = math.log(self.threshold)
        crossing = np.full(PATHS, np.nan)
        for n in range(len(times)):
            before = np.log(size[:, max(0, n - 1)])
            _cross(crossing, before, np.log(size[:, n]), goal, times, n)
        # What has not crossed at the end would go on to grow.
        late = np.isnan(crossing)
        crossing[late] = times[-1] + (goal - last[late]) / growth
        expected = float(np.mean(crossing + (last - mean_last) / growth))
        pole = times[-1] + (goal - mean_last) / growth
        return expected, float(pole)

    def _crossings(
        self, ensemble: mfplug.Ensemble, mode: LinearMode
    ) -> tuple[Array, Array]:
        """Return the crossings of C and of its linear control, NaN where none is."""
        system = ensemble.system
        forces = Forces(system, ensemble.particles)
        size = max(1, BATCH // ensemble.particles)
        parts = []
        for first in range(0, ensemble.replicas, size):
            q = ensemble.q_storage[0, first : first + size]
            p = ensemble.p_storage[0, first : first + size]
            state = State(q.copy(), p.copy(), system.mass)
            parts.append(self._batch(ensemble, mode, forces, state))
        return np.concatenate(parts, axis=1)[0], np.concatenate(parts, axis=1)[1]

    def _batch(
        self,
        ensemble: mfplug.Ensemble,
        mode: LinearMode,
        forces: Forces,
        state: State,
    ) -> Array:
        """Return the crossings of some replicas together, shape (2, R)."""
        times, k = mode.times, mode.wavenumber
        goal = math.log(self.threshold)
        wave = np.exp(-1j * k * state.q[:, 0])
        turn = np.exp(-1j * k * times[1] * state.p[:, 0] / state.mass)
        free = np.zeros((len(wave), len(times)), dtype=complex)
        found = np.full((2, len(wave)), np.nan)
        before = np.zeros_like(found)
        for n, t in enumerate(times):
            if n > 0:
                wave *= turn
                if np.isnan(found[0]).any():
                    now = float(ensemble.times[0] + t - times[1])
                    state = ensemble.integrator.step(state, now, times[1], forces)
            free[:, n] = wave.mean(axis=1)
            after = np.log([_modulus(state.q, k), np.abs(mode.at(n, free))])
            for j in (0, 1):
                _cross(found[j], before[j] if n else after[j], after[j], goal, times, n)
            before = after
            if not np.isnan(found).any():
                break
        return found


def _cross(
    found: Array, before: Array, after: Array, goal: float, times: Array, n: int
) -> None:
    """Note the time at which ln C first reached the goal, if it was in step n."""
    new = np.isnan(found) & (after >= goal)
    if n == 0:
        found[new] = times[0]
        return
    part = (goal - before[new]) / (after - before)[new]
    found[new] = times[n - 1] + part * (times[n] - times[n - 1])


def _modulus(q: Array, k: float) -> Array:
    """Return |mean of exp(-i k q)| of replicas (R, 1, N), shape (R,)."""
    phase = k * q[:, 0]
    return np.hypot(np.cos(phase).mean(axis=1), np.sin(phase).mean(axis=1))


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
