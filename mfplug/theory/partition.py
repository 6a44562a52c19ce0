"""The fixed coarse partition of phase space that checks the L1 estimator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Quartile of the standard normal law.
QUARTILE = 0.6744897501960817


def quartile_edges(std: float, mean: float = 0.0) -> Array:
    """Return the edges mean + std * (-inf, -0.674, 0, 0.674, inf) of four intervals.

    They are the quartiles of a Gaussian law, and just a partition for others.
    """
    return mean + std * np.array([-np.inf, -QUARTILE, 0.0, QUARTILE, np.inf])


def cells_of(q: Array, p: Array, q_edges: Array, p_edges: Array) -> NDArray[np.intp]:
    """Return the number of the cell of each point: 4 by 4 cells in (q_1, p_1).

    Parameters
    ----------
    q, p
        First coordinates, any shape.
    """
    row = np.searchsorted(q_edges[1:-1], q, side="right")
    column = np.searchsorted(p_edges[1:-1], p, side="right")
    return row * (len(p_edges) - 1) + column
