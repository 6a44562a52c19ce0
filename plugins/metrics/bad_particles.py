"""Remark 2.1: the L1 distance of a state with one bad particle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import mfplug

#: Particles up to which alpha is computed beside the L1 distances.
SOLVED = 200


@dataclass(frozen=True)
class BadParticles(mfplug.Observable):
    r"""L1 distances of h (x) f^(N - 1) to f^N, symmetrised and not, exactly.

    .. math:: \Vert sym(h f^{N-1}) - f^N \Vert_1
              = E_{f^N} \Bigl| \frac1N \sum_i \frac{h(x_i)}{f(x_i)} - 1 \Bigr|
              \sim \sqrt{2 \chi^2(h | f) / (\pi N)}

    on two cells with h in the first one and f_1 = ``first`` (audit, E8). As printed,
    Remark 2.1 says that the distance stays 2 (1 - f_1) for one bad particle among any
    number (``l1-unsymmetrised``); for the symmetric F of the thesis it tends to 0
    (``l1-symmetrised``, beside ``l1-asymptotic``). ``alpha`` is at most 1/N.
    """

    name: ClassVar[str] = "bad-particles"
    needs: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = (
        "alpha", "alpha-bound", "l1-unsymmetrised", "l1-symmetrised", "l1-asymptotic",
    )  # fmt: skip

    particles: int = mfplug.param(10, at_least=2, at_most=100_000, help="N")
    first: float = mfplug.param(0.1, above=0.0, below=1.0, help="f_1")

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the distances."""
        from scipy import stats

        N, f = self.particles, self.first
        n = np.arange(N + 1)
        mass = stats.binom.pmf(n, N, f)
        symmetric = math.fsum(mass * np.abs(n / (N * f) - 1.0))
        numbers = {
            "l1-unsymmetrised": 2.0 * (1.0 - f),
            "l1-symmetrised": symmetric,
            "l1-asymptotic": math.sqrt(2.0 * (1.0 / f - 1.0) / (math.pi * N)),
            "alpha-bound": 1.0 / N,
        }
        rows = [mfplug.Row(k, None, v) for k, v in numbers.items()]
        if N <= SOLVED:
            from mfplug.theory.counting.laws import bad_law

            law = bad_law(N, 1, (1.0, 0.0), (f, 1.0 - f))
            a = mfplug.counting_measure(law, (f, 1.0 - f))
            rows.append(mfplug.Row("alpha", None, a.value, None, a.lower, a.upper))
        return rows


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [BadParticles]
