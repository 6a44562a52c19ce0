"""What :func:`counting_measure` returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mfplug.theory.counting.certify import Problem
from mfplug.theory.counting.lattice import Array


@dataclass(frozen=True)
class CountingMeasure:
    """Alpha of a law or of samples, and what proves or limits it.

    Attributes
    ----------
    value : float
        alpha; of samples its extrapolated estimate.
    lower, upper : float
        A proved bracket for a law; confidence limits for samples.
    sectors : ndarray, shape (N + 1,)
        c_0, ..., c_N of one optimal decomposition; it is not unique.
    potential : ndarray, shape (T,)
        The certificate u for each occupation.
    note : str
        What is special about the law, or empty.
    plug_in, fitted, level, replicas, seed
        Only for samples: alpha of the empirical law and of a smooth law fitted to it,
        the level of the limits, the number of replicas, the seed of the folds.
    """

    value: float
    lower: float
    upper: float
    sectors: Array
    potential: Array = field(repr=False)
    problem: Problem = field(repr=False)
    note: str = ""
    plug_in: float | None = None
    fitted: float | None = None
    level: float | None = None
    replicas: int | None = None
    seed: int = 0

    @cached_property
    def certificate(self) -> dict[tuple[int, ...], float]:
        """The certificate u as a mapping from occupations."""
        rows = self.problem.lattice.occupations.tolist()
        return {tuple(n): float(u) for n, u in zip(rows, self.potential, strict=True)}

    @cached_property
    def null(self) -> float | None:
        """The plug-in value that as many independent replicas give on average.

        For samples: a mean over simulated ones, right to some 5 %; one of them scatters
        by 13 to 33 %.
        """
        if self.replicas is None:
            return None
        from mfplug.theory.counting.samples import null_value

        return null_value(self.problem, self.replicas, self.seed)

    @cached_property
    def hamming(self) -> float:
        """Dbar, the Hamming distance of the law to f^N."""
        from mfplug.theory.counting.hamming import hamming

        return hamming(self.problem)

    @cached_property
    def positive(self) -> float:
        """Alpha+, computed when asked for: the lower end of ``positive_bracket``.

        Where all masses are above 1e-12 it is alpha+ to 1e-9; the bracket says how far
        up alpha+ might be because of smaller ones.
        """
        return self.positive_bracket[0]

    @cached_property
    def positive_bracket(self) -> tuple[float, float]:
        """A proved bracket of alpha+."""
        from mfplug.theory.counting.positive import positive_bracket

        return positive_bracket(self.problem, self.potential)

    def sector_range(self, k: int) -> tuple[float, float]:
        """Return the least and the largest c_k of optimal decompositions."""
        from mfplug.theory.counting.face import sector_range

        return sector_range(self.problem, k)

    def sector_ranges(self, slack: float = 1e-9) -> Array:
        """Return the least and the largest c_k for every k, shape (N + 1, 2).

        Of decompositions that cost at most ``slack`` more than an optimal one.
        """
        from mfplug.theory.counting.face import sector_ranges

        return sector_ranges(self.problem, slack)

    def decomposition(self) -> dict[int, dict[tuple[tuple[int, ...], ...], float]]:
        """Return one optimal decomposition: {k: {(n, a): mass}}.

        The mass of g^k on types n of which a are the N - k good ones.
        """
        from mfplug.theory.counting.face import decomposition

        return decomposition(self.problem)

    @property
    def mean_bad(self) -> float:
        """Sum of (k/N) c_k, the part of alpha that sectors make."""
        N = self.problem.particles
        return float(np.arange(N + 1) / N @ self.sectors)
