r"""Coarse maps of phase space: cells between quantiles of an observable.

A map x -> cell, applied to each particle, can only lower alpha (audit, 3.4 d): alpha of
the cells bounds alpha from below, and that of a coarser map is at most that of a finer
one. The cells of an observable psi are cut at quantiles of psi under f_t, so that all
have nearly the same probability; their probabilities are summed over points of f_t with
weights, and have to be right to 1e-5 (2^20 points), for alpha sees an error of f as a
whole. A sharp cut through a lattice of n points in the plane is off by n^(-3/4); so the
sums have soft edges, wider than the distances of the points, with a kernel of order 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.quadrature import importance_nodes
from mfplug.errors import ParameterError
from mfplug.theory.counting.lattice import Array

if TYPE_CHECKING:
    from mfplug.contracts.distribution import Distribution

Values = Callable[[Array, Array], Array]

#: Mass on either side of a cut that tells the density there.
AROUND = 0.05

#: Observables on the line and in space: the first coordinates.
OPEN: dict[str, Values] = {
    "q": lambda q, p: q[..., 0],
    "p": lambda q, p: p[..., 0],
    "qp": lambda q, p: q[..., 0] * p[..., 0],
    "q-squared": lambda q, p: q[..., 0] ** 2,
    "p-squared": lambda q, p: p[..., 0] ** 2,
}


def observables(box: float | None) -> dict[str, Values]:
    """Return the observables that cells can be made of, by name.

    On a torus q enters through cos and sin of 2 pi q_1 / box.
    """
    if box is None:
        return OPEN
    k = 2.0 * np.pi / box
    return {
        "cos": lambda q, p: np.cos(k * q[..., 0]),
        "sin": lambda q, p: np.sin(k * q[..., 0]),
        "p": lambda q, p: p[..., 0],
    }


def cell_points(law: Distribution, size: int) -> tuple[Array, Array, Array]:
    """Return (q, p, w), Sobol points that stand for f_0 where cells are cut.

    A Gauss rule does not do: cells ask for probabilities of sets. The points are those
    of a Student proposal or, where their weights are more even and on every torus, of
    a Cauchy law on each axis and the uniform law of the box.
    """
    if law.box is not None:
        return _cauchy_points(law, size)
    both = [importance_nodes(law, size), _cauchy_points(law, size)]
    return min(both, key=lambda points: float((points[2] ** 2).sum()))


def _cauchy_points(law: Distribution, size: int) -> tuple[Array, Array, Array]:
    from scipy import stats

    d = law.dimension
    power = max(10, int(np.ceil(np.log2(size))))
    uniform = stats.qmc.Sobol(2 * d, scramble=False).random_base2(power)
    # Unscrambled points start at 0; the shift by half a cell keeps them off the ends.
    uniform = uniform + 0.5 / 2**power
    sampled = np.concatenate(law.sample(np.random.default_rng(20110101), 4096), axis=1)
    low, centre, high = np.quantile(sampled, [0.25, 0.5, 0.75], axis=0)
    scale = np.maximum(0.5 * (high - low), 1e-12)
    angle = np.pi * (uniform - 0.5)
    points = centre + scale * np.tan(angle)
    inverse = np.pi * scale / np.cos(angle) ** 2
    if law.box is not None:
        points[:, :d] = law.box * uniform[:, :d]
        inverse[:, :d] = law.box
    weights = law.density(points[:, :d], points[:, d:]) * np.prod(inverse, axis=1)
    kept = weights > 1e-14 * weights.max()
    weights = weights[kept] / weights[kept].sum()
    return points[kept, :d], points[kept, d:], weights


@dataclass(frozen=True)
class CoarseMap:
    """Cells between cuts of an observable.

    Attributes
    ----------
    cuts : ndarray, shape (m - 1,)
        Increasing; cell i holds the values from cut i - 1 up to cut i.
    probabilities : ndarray, shape (m,)
        f_t(cell).
    """

    cuts: Array
    probabilities: Array

    def occupations(self, values: Array) -> NDArray[np.int64]:
        """Return the counts of each row of values, shape (R, N) -> (R, m)."""
        cells = np.searchsorted(self.cuts, values, side="right")
        size = self.probabilities.size
        return np.stack([(cells == i).sum(axis=-1) for i in range(size)], axis=-1)


def quantile_map(values: Array, weights: Array, cells: int) -> CoarseMap:
    """Return the map with ``cells`` cells of nearly equal probability.

    Parameters
    ----------
    values, weights : ndarray, shape (M,)
        The observable at points that stand for f_t, and their weights.

    Raises
    ------
    ParameterError
        If the observable takes too few values.
    """
    order = np.argsort(values)
    sorted_values, mass = values[order], np.cumsum(weights[order])
    mass /= mass[-1]
    wanted = np.arange(1, cells) / cells
    places = np.minimum(np.searchsorted(mass, wanted), values.size - 2)
    # Between two points, so that no point lies on a cut.
    cuts = 0.5 * (sorted_values[places] + sorted_values[places + 1])
    cell = np.searchsorted(cuts, values, side="right")
    sharp = np.bincount(cell, weights, cells)
    probabilities = np.diff(_below(sorted_values, weights[order], cuts))
    if (
        (sharp <= 0).any()
        or np.unique(cuts).size < cells - 1
        or (probabilities <= 0).any()
    ):
        raise ParameterError(
            f"counting measure: the observable has too few values for {cells} cells; "
            f"got cuts {cuts.tolist()}, expected different ones. Take fewer cells."
        )
    return CoarseMap(cuts, probabilities)


def _below(values: Array, weights: Array, cuts: Array) -> Array:
    """Return the probability below each cut, with 0 before and 1 behind, (m + 1,).

    ``values`` increase. The edge of a cut is h wide, at 10/sqrt(n) of a standard
    deviation for n effective points; bias O(h^4). The deviation is that of the middle
    two thirds or, where it is less, of a normal law with the density at the cut: a
    beam, or values that crowd at 0, may be narrow beside the whole.
    """
    from scipy.special import ndtr

    mass = np.concatenate([[0.0], np.cumsum(weights)])
    mass /= mass[-1]
    low, high = np.searchsorted(mass, [0.1587, 0.8413])
    last = values.size - 1
    spread = 0.5 * (values[min(high, last)] - values[min(low, last)])
    scale = 10.0 * float(np.sqrt((weights**2).sum())) / float(weights.sum())
    found = np.empty(cuts.size + 2)
    found[0], found[-1] = 0.0, 1.0
    for i, cut in enumerate(cuts):
        level = mass[np.searchsorted(values, cut)]
        near = np.searchsorted(mass, [max(level - AROUND, 0.0), level + AROUND])
        first, final = values[np.minimum(near, last)]
        h = scale * min(spread, 0.4 * (final - first) / (2.0 * AROUND))
        start, end = np.searchsorted(values, [cut - 9.0 * h, cut + 9.0 * h])
        z = (cut - values[start:end]) / max(h, 1e-300)
        density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
        share = weights[start:end] * (ndtr(z) + 0.5 * z * density)
        found[i + 1] = mass[start] + share.sum() / weights.sum()
    return found


def variance_ratio(values: Array, mean: float, variance: float) -> float:
    """Return |log| of the variance of sum_i psi(x_i) over that of independent ones.

    Parameters
    ----------
    values : ndarray, shape (R, N)
        psi of each particle.
    mean, variance : float
        Of psi under f_t.
    """
    sums = (values - mean).sum(axis=1)
    ratio = float(np.mean(sums**2)) / (values.shape[1] * variance)
    return abs(float(np.log(max(ratio, 1e-300))))
