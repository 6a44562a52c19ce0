"""L1 distance of the one-particle marginal to the mean field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug
from mfplug.dynamics.copies import blocks

Array = NDArray[np.float64]

DEGREE = {1: 6, 2: 4, 3: 3}
QUADRATURE = 16384


@dataclass(frozen=True)
class MarginalL1(mfplug.Observable):
    r"""Distance of propagation of chaos, ||F^s - f^(x)s||_1, here for s = 1.

    .. math:: \|F^1_t - f_t\|_1 = E_{f_0} |h_1| / N, \quad
              h_1 = \sum_k c_k e_k, \quad
              c_k = N\, E[e_k(\Phi_{t \to 0} x_1(t))]

    e_k are orthonormal polynomials of f_0 up to a total degree, Phi the mean-field
    flow; c_k is estimated by the first Hoeffding projection, with the polynomials of
    the initial points as control variates, so that its error does not grow with N. A
    histogram would drown the O(1/N) signal. ``marginal-l1-coarse`` is the same distance
    on a fixed partition: 16 cells of (q_1, p_1), carried by the mean-field flow.
    """

    name: ClassVar[str] = "marginal-l1"
    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")

    s: tuple[int, ...] = mfplug.param((1,), help="numbers of particles in the marginal")
    degree: int = mfplug.param(
        0, at_least=0, at_most=12, help="of the polynomials; 0: by dimension"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if tuple(self.s) != (1,):
            raise mfplug.ParameterError(
                "metric 'marginal-l1': only s = 1 is computed; got "
                f"s = {list(self.s)!r}, expected [1]. Change `s`."
            )

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        from mfplug.studies.cost import flow_seconds

        points = particles * replicas * max(1, times - 1)
        return flow_seconds(points, 2.0, dimension) + 3e-6 * dimension * points

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the distance and its coarse check at every time after the first."""
        from mfplug.theory.basis import polynomial_basis

        law, d = sample.system.initial, sample.system.dimension
        q, p, w = law.nodes(QUADRATURE)
        nodes = np.concatenate([q, p], axis=1)
        basis = polynomial_basis(nodes, w, self.degree or DEGREE[d])
        values = basis(nodes)
        cells = _partition(q[:, 0], p[:, 0], w)
        rows = []
        for k, t in enumerate(sample.times):
            if k > 0:
                rows += self._at(sample, k, t, basis, cells, values, w)
        return rows

    def _at(
        self,
        sample: mfplug.Sample,
        k: int,
        t: float,
        basis: Callable[[Array], Array],
        cells: Callable[[Array], Array],
        values: Array,
        w: Array,
    ) -> list[mfplug.Row]:
        from mfplug.theory.projection import (
            cell_l1,
            hoeffding_coefficients,
            hoeffding_l1,
        )

        ensemble = sample.the_ensemble()
        N, count = ensemble.particles, ensemble.replicas
        needed = 2 * (values.shape[1] + 3)
        if count < needed:
            note = f"{count} replicas are too few for this degree, {needed} are needed"
            return [
                mfplug.Row(name, t, None, index="1", replicas=count, note=note)
                for name in (self.name, f"{self.name}-coarse")
            ]
        differences, regressors, moved = self._averages(sample, k, t, basis, cells)
        smooth = hoeffding_coefficients(differences, N, regressors)
        coarse = cell_l1(moved, N, regressors)
        rows = []
        for name, result in (
            (self.name, hoeffding_l1(smooth, values, w)),
            (f"{self.name}-coarse", coarse),
        ):
            rows.append(
                mfplug.Row(
                    name,
                    t,
                    result.value,
                    result.stderr,
                    result.lower,
                    result.upper,
                    "1",
                    count,
                )
            )
        return rows

    def _averages(
        self,
        sample: mfplug.Sample,
        k: int,
        t: float,
        basis: Callable[[Array], Array],
        cells: Callable[[Array], Array],
    ) -> tuple[Array, Array, Array]:
        """Return averages over the particles of each replica.

        Differences of the polynomials (R, K), regressors (R, K), and differences of
        the cells' indicators (R, 16).
        """
        ensemble, field = sample.the_ensemble(), sample.the_field()
        parts = []
        for part in blocks(ensemble, 40_000):
            q0, p0 = ensemble.q[0, part], ensemble.p[0, part]
            q, p = field.flow(
                ensemble.q[k, part], ensemble.p[k, part], t, sample.times[0]
            )
            start = np.concatenate([q0, p0], axis=-1)
            back = np.concatenate([q, p], axis=-1)
            shape = (*start.shape[:2], -1)
            flat = start.reshape(-1, start.shape[-1])
            e0 = basis(flat).reshape(shape)
            e1 = basis(back.reshape(flat.shape)).reshape(shape)
            parts.append(
                (
                    np.mean(e1 - e0, axis=1),
                    e0.sum(axis=1) / np.sqrt(ensemble.particles),
                    cells(back) - cells(start),
                )
            )
        first, second, third = (np.concatenate(x) for x in zip(*parts, strict=True))
        return first, second, third


def _partition(q: Array, p: Array, w: Array) -> Callable[[Array], Array]:
    """Return a function from points (R, N, 2d) to the shares (R, 16) of the cells."""
    from mfplug.theory.partition import cells_of, quartile_edges

    edges = []
    for x in (q, p):
        mean = float(w @ x)
        edges.append(quartile_edges(float(np.sqrt(w @ (x - mean) ** 2)), mean))

    def shares(points: Array) -> Array:
        d = points.shape[-1] // 2
        numbers = cells_of(points[..., 0], points[..., d], *edges)
        one = np.stack([np.bincount(row, minlength=16) for row in numbers])
        return one / points.shape[1]

    return shares


@mfplug.hookimpl
def mfplug_metrics() -> list[type[mfplug.Metric]]:
    """Return the metric."""
    return [MarginalL1]
