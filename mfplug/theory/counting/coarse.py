r"""Coarse maps of phase space: cells between quantiles of an observable.

A map x -> cell, applied to each particle, can only lower alpha (audit, 3.4 d): alpha of
the cells bounds alpha from below, and that of a coarser map is at most that of a finer
one. The cells of an observable psi are cut at quantiles of psi under f_t, so that all
have nearly the same probability; their probabilities are summed over points of f_t with
weights, and have to be right to 1e-5 or so (2^20 points), for alpha sees an error of f
as a whole.
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
    probabilities = np.bincount(cell, weights, cells) / weights.sum()
    if np.unique(cuts).size < cells - 1 or (probabilities <= 0).any():
        raise ParameterError(
            f"counting measure: the observable has too few values for {cells} cells; "
            f"got cuts {cuts.tolist()}, expected different ones. Take fewer cells."
        )
    return CoarseMap(cuts, probabilities)


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
