"""The counting measure of exactly known states of two-valued particles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import mfplug

if TYPE_CHECKING:
    from mfplug.theory.counting import CountingMeasure

STATES = ("gaussian-signs", "product", "bad", "equal", "parity", "microcanonical")
#: Particles up to which alpha+ and the variants of the definition are shown.
SMALL = 40
#: Particles up to which sectors have ranges, and laws are shown.
DRAWN = 30


@dataclass(frozen=True)
class CountingState(mfplug.Observable):
    """Alpha of Definition 2.3 for a state on two cells, and what it bounds.

    States (audit, 3.5): ``gaussian-signs``, exchangeable Gaussians with N times
    their correlation about ``excess``; ``product`` of another law h = (``other``, 1 -
    other); ``bad``, the symmetrised h^m f^(N - m) of Remark 2.1 with m = ``bad``;
    ``equal``, all particles in one cell, either with probability 1/2; ``parity``,
    uniform on even counts (f_1 = 1/2); ``microcanonical``, n = N/2 exactly.

    Rows: ``alpha`` with its proved bracket as lower and upper, ``hamming``, ``law-l1``,
    ``marginal-error`` for s = 1, 2, 3 beside ``marginal-sharp`` 2 s alpha and
    ``marginal-printed`` (Theorem 2.2), and the largest deviation of (39) from 1,
    ``vandermonde``. Up to N = 40 also ``alpha-positive``, ``free-signs`` (18), and
    ``nested``, the cost of f^N in the sector k alone, beside ``nested-expected`` k/N.
    Up to N = 30 ``sector``, c_k by k of one optimal decomposition with the least and
    the largest that the optimal face allows as lower and upper, and by n = 0, ..., N,
    the particles in the first cell, the ``certificate`` u(n) with E_F u = alpha, the
    ``law`` F(n) and that of independent particles, ``law-independent``.
    """

    name: ClassVar[str] = "counting-state"
    needs: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = (
        "alpha", "alpha-width", "alpha-positive", "hamming", "law-l1", "marginal-error",
        "marginal-sharp", "marginal-printed", "vandermonde", "free-signs", "nested",
        "nested-expected", "sector", "certificate", "law", "law-independent",
    )  # fmt: skip

    state: str = mfplug.param("gaussian-signs", choices=STATES, help="which state")
    particles: int = mfplug.param(10, at_least=4, at_most=2000, help="N")
    first: float = mfplug.param(0.5, above=0.0, below=1.0, help="f_1")
    other: float = mfplug.param(0.4, at_least=0.0, at_most=1.0, help="h_1")
    bad: int = mfplug.param(1, at_least=0, help="m, bad particles of `bad`")
    excess: float = mfplug.param(1.0, at_least=0.0, help="v of `gaussian-signs`")

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        return 0.3 + 1e-6 * self.particles**2.6

    def law(self) -> dict[tuple[int, ...], float]:
        """Return F as weights of occupations."""
        from mfplug.theory.counting import laws

        N, f = self.particles, (self.first, 1.0 - self.first)
        h = (self.other, 1.0 - self.other)
        if self.state == "gaussian-signs":
            return laws.gaussian_signs(N, self.excess, self.first)
        if self.state == "product":
            return laws.product_law(N, h)
        if self.state == "bad":
            return laws.bad_law(N, min(self.bad, N), h, f)
        if self.state == "equal":
            return {(N, 0): 0.5, (0, N): 0.5}
        if self.state == "parity":
            even = laws.product_law(N, (0.5, 0.5)).items()
            return {n: 2.0 * w for n, w in even if n[0] % 2 == 0}
        return {(N // 2, N - N // 2): 1.0}

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return alpha, distances and bounds."""
        from mfplug.theory.counting.marginals import (
            marginal_error,
            printed_bound,
            sharp_bound,
            vandermonde_error,
        )

        N, f = self.particles, (self.first, 1.0 - self.first)
        a = mfplug.counting_measure(self.law(), f)
        law, base = a.problem.law, a.problem.masses[0]
        rows = [
            mfplug.Row("alpha", None, a.value, None, a.lower, a.upper),
            mfplug.Row("alpha-width", None, a.upper - a.lower),
            mfplug.Row("hamming", None, a.hamming),
            mfplug.Row("law-l1", None, math.fsum(abs(law - base))),
        ]
        for s in (1, 2, 3):
            numbers = {
                "marginal-error": marginal_error(a.problem, s),
                "marginal-sharp": sharp_bound(a.upper, s),
                "marginal-printed": printed_bound(a.upper, N, s),
                "vandermonde": float(vandermonde_error(N, s)),
            }
            rows += [mfplug.Row(k, None, v, index=str(s)) for k, v in numbers.items()]
        return rows + (self._details(a) if N <= SMALL else [])

    def _details(self, a: CountingMeasure) -> list[mfplug.Row]:
        from mfplug.theory.counting.laws import product_law
        from mfplug.theory.counting.measure import problem_of
        from mfplug.theory.counting.variants import free_signs, only_sector

        N = self.particles
        rows = [
            mfplug.Row("alpha-positive", None, a.positive),
            mfplug.Row("free-signs", None, free_signs(a.problem)),
        ]
        rows += _pictured(a) if N <= DRAWN else []
        product = product_law(N, a.problem.cells.tolist())
        independent = problem_of(product, a.problem.cells)
        for k in (0, 1, N // 2):
            cost = only_sector(independent, k)
            rows.append(mfplug.Row("nested", None, cost, index=str(k)))
            rows.append(mfplug.Row("nested-expected", None, k / N, index=str(k)))
        return rows


def _pictured(a: CountingMeasure) -> list[mfplug.Row]:
    """Return sectors with their ranges, and the certificate beside the two laws."""
    rows = []
    for k, (c, ends) in enumerate(zip(a.sectors, a.sector_ranges(), strict=True)):
        # The ends are right to the solver's tolerance, c_k is repaired to be exact.
        low, high = min(c, ends[0]), max(c, ends[1])
        value = "sector", None, float(c), None, float(low), float(high), str(k)
        rows.append(mfplug.Row(*value))
    first = a.problem.lattice.occupations[:, 0]
    for name, numbers in (
        ("certificate", a.potential),
        ("law", a.problem.law),
        ("law-independent", a.problem.masses[0]),
    ):
        rows += [
            mfplug.Row(name, None, float(v), index=str(n))
            for n, v in zip(first, numbers, strict=True)
        ]
    return rows


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [CountingState]
