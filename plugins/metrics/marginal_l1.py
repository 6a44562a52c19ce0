"""L1 distance of the marginals of s particles to the mean field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

import mfplug
from mfplug.dynamics.copies import blocks

if TYPE_CHECKING:
    from mfplug.theory.basis import PolynomialBasis
    from mfplug.theory.manybody import Products
    from mfplug.theory.projection import HoeffdingCoefficients
    from mfplug.theory.projection_distance import L1Estimate

Array = NDArray[np.float64]

#: Largest total degree of products of 1, 2 and 3 polynomials, by dimension.
DEGREES = {1: (6, 4, 4), 2: (4, 3, 3), 3: (3, 2, 3)}
QUADRATURE = 16384
#: Points of f_0 at which |h| is averaged for s > 1: drawn once, the same for all N.
TUPLES = 65536


@dataclass(frozen=True)
class MarginalL1(mfplug.Observable):
    r"""Distance of propagation of chaos, ||F^s - f^(x)s||_1.

    .. math:: \|F^s_t - f_t^{\otimes s}\|_1
              = E_{f_0^{\otimes s}} \Bigl| \sum_\alpha a_\alpha \Phi_\alpha \Bigr|,
              \quad a_\alpha = E \prod_{k \in \alpha} e_k(\Phi_{t \to 0} x_k(t))

    e_k are orthonormal polynomials of f_0, Phi the mean-field flow, and the products
    are over distinct particles (:mod:`mfplug.theory.manybody`). The a_alpha are
    estimated with the same products of the initial points as control variates, the
    Hoeffding projection, so that the error of N a_alpha does not grow with N. A
    histogram would drown the O(1/N) signal. Products of higher total degree than
    ``products`` are left out. Where the products go to degree 4 or more (d = 1; d = 2
    for s = 1), what their last two degrees add is carried on as a geometric series, and
    half of that widens the interval
    (:func:`mfplug.theory.projection_distance.continued`); for Gaussian laws it is the
    term of order N^-2. Elsewhere the row's note says that the rest is in neither value
    nor interval: one pair of degrees shows no series. Then ``products: 4`` (with
    ``degree: 4``) shows it, with some 600 replicas for d = 2 and 2000 for d = 3.
    ``marginal-l1-coarse`` is the same distance for s = 1 on a fixed partition: 16 cells
    of (q_1, p_1), carried by the mean-field flow.
    """

    name: ClassVar[str] = "marginal-l1"
    needs: ClassVar[tuple[str, ...]] = ("field", "ensemble")
    measures: ClassVar[tuple[str, ...]] = ("marginal-l1", "marginal-l1-coarse")

    s: tuple[int, ...] = mfplug.param(
        (1, 2, 3), help="numbers of particles in the marginal"
    )
    degree: int = mfplug.param(
        0, at_least=0, at_most=12, help="of the polynomials; 0: by dimension"
    )
    products: int = mfplug.param(
        0, at_least=0, at_most=8, help="degree of their products; 0: by dimension"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        wanted = tuple(self.s)
        if not wanted or wanted != tuple(sorted(set(wanted) & {1, 2, 3})):
            raise mfplug.ParameterError(
                "metric 'marginal-l1': s is wrong; got "
                f"{list(self.s)!r}, expected some of 1, 2, 3 in this order. Change `s`."
            )

    def cost(self, particles: int, replicas: int, times: int, dimension: int) -> float:
        """Return the estimated seconds."""
        from mfplug.studies.cost import flow_seconds

        points = particles * replicas * max(1, times - 1)
        return flow_seconds(points, 2.0, dimension) + 3e-6 * dimension * points

    def rows(self, sample: mfplug.Sample) -> list[mfplug.Row]:
        """Return the distances and their coarse check at every time after the first."""
        from mfplug.theory.basis import polynomial_basis
        from mfplug.theory.manybody import product_family

        law, d = sample.system.initial, sample.system.dimension
        q, p, w = law.nodes(QUADRATURE)
        nodes = np.concatenate([q, p], axis=1)
        degrees: tuple[int, ...] = DEGREES[d]
        if self.degree:
            degrees = (self.degree, *(min(n, self.degree + 1) for n in degrees[1:]))
        if self.products:
            degrees = (degrees[0], self.products, self.products)
        basis = polynomial_basis(nodes, w, degrees[0])
        bodies = min(max(self.s), sample.the_ensemble().particles)
        family = product_family(basis, degrees, bodies)
        cells = _partition(q[:, 0], p[:, 0], w)
        tuples = self._tuples(law, basis, nodes, w)
        rows = []
        for k, t in enumerate(sample.times):
            if k > 0:
                rows += self._at(sample, k, t, basis, family, cells, tuples)
        return rows

    def _tuples(
        self,
        law: mfplug.Distribution,
        basis: PolynomialBasis,
        nodes: Array,
        w: Array,
    ) -> dict[int, tuple[Array, Array]]:
        """Return for each s values (M, s, K) of the basis at points of f^s, weights.

        For s = 1 the nodes; for s > 1 points that do not depend on N or the replicas,
        so that their error is common to all N and exponents hardly feel it. What a
        control variate leaves of it is part of the intervals.
        """
        found = {1: (basis(nodes)[:, None, :], w)}
        if max(self.s) > 1:
            q, p = law.sample(np.random.default_rng(20110201), 3 * TUPLES)
            e = basis(np.concatenate([q, p], axis=1)).reshape(TUPLES, 3, -1)
            equal = np.full(TUPLES, 1.0 / TUPLES)
            found |= {s: (e[:, :s], equal) for s in (2, 3)}
        return found

    def _at(
        self,
        sample: mfplug.Sample,
        k: int,
        t: float,
        basis: PolynomialBasis,
        family: Products,
        cells: Callable[[Array], Array],
        tuples: dict[int, tuple[Array, Array]],
    ) -> list[mfplug.Row]:
        from mfplug.theory.projection import hoeffding_coefficients
        from mfplug.theory.projection_distance import cell_l1

        ensemble = sample.the_ensemble()
        N, count = ensemble.particles, ensemble.replicas
        controls = int(np.count_nonzero(family.bodies <= 2))
        needed = 2 * (controls + 3)
        if count < needed:
            why = f"{count} replicas are too few for this degree, {needed} are needed"
            named = [(self.name, str(s)) for s in self.s]
            return [
                mfplug.Row(name, t, None, index=index, replicas=count, note=why)
                for name, index in (*named, (f"{self.name}-coarse", "1"))
            ]
        after, before, moved = self._averages(sample, k, t, basis, family, cells)
        scale = float(N) ** (0.5 * family.bodies)
        regressors = (scale * before)[:, family.bodies <= 2]
        found = hoeffding_coefficients(after - before, N, regressors)
        order = family.degrees(basis)
        rows = []
        for s in self.s:
            if s > N or N == 1:
                why = f"{N} particles have no marginal of {s}"
                if s == N:
                    why = "an expansion in 1/N says nothing of one particle"
                rows.append(
                    mfplug.Row(
                        self.name, t, None, index=str(s), replicas=count, note=why
                    )
                )
                continue
            estimate, note = _l1(found, family, order, *tuples[s], s)
            rows.append(_row(self.name, t, estimate, s, count, note))
        coarse = cell_l1(moved, N, regressors)
        return [*rows, _row(f"{self.name}-coarse", t, coarse, 1, count)]

    def _averages(
        self,
        sample: mfplug.Sample,
        k: int,
        t: float,
        basis: PolynomialBasis,
        family: Products,
        cells: Callable[[Array], Array],
    ) -> tuple[Array, Array, Array]:
        """Return means over the distinct particles of each replica.

        U-statistics of the points carried back and of the initial ones (R, P) each, and
        differences of the cells' indicators (R, 16).
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
            e0, e1 = (
                basis(x.reshape(-1, x.shape[-1])).reshape(*x.shape[:2], -1)
                for x in (start, back)
            )
            parts.append(
                (family.means(e1), family.means(e0), cells(back) - cells(start))
            )
        first, second, third = (np.concatenate(x) for x in zip(*parts, strict=True))
        return first, second, third


def _l1(
    found: HoeffdingCoefficients,
    family: Products,
    order: NDArray[np.int64],
    values: Array,
    w: Array,
    s: int,
) -> tuple[L1Estimate, str]:
    """Return the L1 norm of the components of at most s bodies, ``order`` their degree.

    Products of pairs begin at degree 2, so a family of degree 4 has two terms. With it
    comes a note of what is left out, where that is not estimated.
    """
    from mfplug.theory.projection_distance import continued, hoeffding_l1

    features, bodies = family.features(values), family.bodies
    most = np.array([order[bodies == b].max(initial=0) for b in range(4)])
    keep = np.flatnonzero(bodies <= s)
    # For s > 1 the points are drawn, and the Phi_alpha orthogonal.
    squares = family.squares(s)

    def norm(chosen: NDArray[np.intp]) -> L1Estimate:
        known = squares[chosen] if s > 1 else None
        return hoeffding_l1(found.of(chosen), features[:, chosen], w, squares=known)

    estimate = norm(keep)
    least = int(most[1 : min(s, 2) + 1].min())
    if least < 4:
        return estimate, f"without what is beyond degree {least}"
    fewer = np.flatnonzero((bodies <= s) & (order <= most[bodies] - 2))
    return continued(estimate, norm(fewer).value), ""


def _row(
    name: str, t: float, found: L1Estimate, s: int, count: int, note: str = ""
) -> mfplug.Row:
    return mfplug.Row(
        name,
        t,
        found.value,
        found.stderr,
        found.lower,
        found.upper,
        str(s),
        count,
        note,
    )


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
