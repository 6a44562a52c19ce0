"""The thesis's own initial data: densities made smooth by its kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug import Distribution, NumericsError, ParameterError, hookimpl, param

Array = NDArray[np.float64]

#: Pairs of points and centres that are handled at once; bounds the memory.
BLOCK_PAIRS = 2_000_000
#: Points of the law at which a rule for the base is compared with one of four times as
#: many nodes, and the largest rule that is tried: beyond it a density takes minutes.
PROBES, MOST = 64, 2**16
#: Error of the density of a mollified base, as a part of its maximum.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Mollified(Distribution):
    r"""The densities f^delta of Lemma 3.3, whose score is bounded by 1/delta.

    .. math:: f^\delta = f * E_\delta / n(\delta), \quad
              E_\delta(x) = \exp\left(-\frac{|x|^2}{(1 + |x|)\delta}\right), \quad
              x = (q, p) \in R^{2d}

    (66); f is the sum of point masses at ``points`` with equal weights, or the
    distribution ``base``.

    Parameters
    ----------
    delta : float
        Width of the kernel, > 0; the score is at most 1/delta (audit, E20).
    points : tuple
        2d-tuples (q_1..q_d, p_1..p_d); without points the origin.
    base : Distribution
        Mollified in place of points.
    base_nodes : int
        Nodes for the base, at least; more of them make the density more exact.

    Raises
    ------
    NumericsError
        When the density of a mollified base is asked for, if no rule of 65536 nodes
        gives it to 1e-3 of its maximum.

    Notes
    -----
    With ``base`` the density is a sum over a quadrature rule of the base law. Its nodes
    must be closer than the kernel is wide, about delta^(1/2): their number is
    ``base_nodes``, or 4, 16, ... times it, until four times as many change the density
    at 64 points of the law by less than 1e-3 of its maximum.
    """

    name: ClassVar[str] = "mollified"

    delta: float = param(0.25, above=0.0, help="width of the kernel")
    points: tuple[tuple[float, ...], ...] = param(
        (), help="centres, each (q_1..q_d, p_1..p_d)"
    )
    base: Distribution | None = param(None, help="a law to mollify, instead of points")
    base_nodes: int = param(
        1024, at_least=1, help="nodes that stand for the base law, at least"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.points and self.base is not None:
            raise ParameterError(
                "distribution 'mollified': both points and base are given; got two "
                "laws, expected one. Remove the other."
            )

    def on(self, dimension: int, box: float | None = None) -> Mollified:
        """Return this distribution in d dimensions; a torus is refused."""
        if box is not None:
            raise ParameterError(
                f"distribution 'mollified': it lives in free space; got box = {box:g}, "
                "expected none. Leave out the box."
            )
        for point in self.points:
            numbers = isinstance(point, tuple) and all(
                isinstance(x, int | float) and not isinstance(x, bool) for x in point
            )
            if not numbers or len(point) != 2 * dimension:
                raise ParameterError(
                    f"distribution 'mollified': a centre does not fit d = {dimension}; "
                    f"got {point!r}, expected {2 * dimension} numbers "
                    "(q_1..q_d, p_1..p_d). Change `points`."
                )
        return super().on(dimension, box)

    def _centres(self) -> tuple[Array, Array]:
        """Return centres (C, 2d) and their weights (C,)."""
        d = self.dimension
        if self.base is not None:
            return self._base_rule(self.base, self.base_nodes)
        if not self.points:
            return np.zeros((1, 2 * d)), np.ones(1)
        return np.array(self.points, dtype=float), np.full(
            len(self.points), 1.0 / len(self.points)
        )

    def _base_rule(self, base: Distribution, size: int) -> tuple[Array, Array]:
        q, p, w = base.on(self.dimension).nodes(size)
        return np.concatenate([q, p], axis=1), w

    def _fine_centres(self) -> tuple[Array, Array]:
        """Return centres that give the density to the tolerance."""
        if self.base is None:
            return self._centres()
        # A copy in another dimension shares what is known, so it is kept by dimension.
        known = vars(self).setdefault("_rules", {})
        if self.dimension not in known:
            known[self.dimension] = self._refined(self.base)
        found: tuple[Array, Array] = known[self.dimension]
        return found

    def _refined(self, base: Distribution) -> tuple[Array, Array]:
        x = np.concatenate(self.sample(np.random.default_rng(20110131), PROBES), axis=1)
        size = self.base_nodes
        rule = self._base_rule(base, size)
        while True:
            finer = self._base_rule(base, 4 * size)
            exact = self._sum(x, *finer)
            error = np.abs(self._sum(x, *rule) - exact).max() / exact.max()
            if error <= TOLERANCE:
                return rule
            if 4 * size > MOST:
                raise NumericsError(
                    f"distribution 'mollified': the base is too coarse for delta = "
                    f"{self.delta:g} in d = {self.dimension}; got an error of "
                    f"{error:.2g} of the density with {len(rule[1])} nodes, expected "
                    f"{TOLERANCE:g}. Take a larger delta."
                )
            size, rule = 4 * size, finer

    def sample(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Return n independent points (q, p), each (n, d)."""
        from mfplug.theory.mollifier import kernel_sample

        d = self.dimension
        if self.base is not None:
            x = np.concatenate(self.base.on(d).sample(rng, n), axis=1)
        else:
            centres, _ = self._centres()
            x = centres[rng.integers(len(centres), size=n)]
        x = x + kernel_sample(rng, n, self.delta, 2 * d)
        return x[:, :d], x[:, d:]

    def density(self, q: Array, p: Array) -> Array:
        """Return f_0(q, p), shape (...)."""
        x, flat = self._points(q, p)
        return self._sum(flat, *self._fine_centres()).reshape(x.shape[:-1])

    def _sum(self, flat: Array, centres: Array, weights: Array) -> Array:
        """Return the density at points (n, 2d), shape (n,), as a sum over centres."""
        from mfplug.theory.mollifier import kernel_density

        density = np.zeros(len(flat))
        for part, share in _blocks(len(flat), centres, weights):
            kernel = kernel_density(flat[:, None] - part, self.delta)
            density += (kernel * share).sum(axis=1)
        return density

    def score(self, q: Array, p: Array) -> tuple[Array, Array]:
        """Return (grad_q log f_0, grad_p log f_0), each (..., d)."""
        from mfplug.theory.mollifier import kernel_exponent, kernel_score

        d = self.dimension
        x, flat = self._points(q, p)
        parts = _blocks(len(flat), *self._fine_centres())
        # Far out every kernel is 0 in floating point, their ratios are not.
        top = np.full(len(flat), -np.inf)
        for centres, weights in parts:
            exponent = kernel_exponent(flat[:, None] - centres, self.delta)
            top = np.maximum(top, (exponent + np.log(weights)).max(axis=1))
        total, gradient = np.zeros(len(flat)), np.zeros_like(flat)
        for centres, weights in parts:
            away = flat[:, None] - centres
            exponent = kernel_exponent(away, self.delta) + np.log(weights)
            share = np.exp(exponent - top[:, None])
            total += share.sum(axis=1)
            gradient += np.sum(
                share[..., None] * kernel_score(away, self.delta), axis=1
            )
        score = (gradient / total[:, None]).reshape(x.shape)
        return score[..., :d], score[..., d:]

    @staticmethod
    def _points(q: Array, p: Array) -> tuple[Array, Array]:
        """Return the points (..., 2d), and the same in a row."""
        x = np.concatenate([np.asarray(q, float), np.asarray(p, float)], axis=-1)
        return x, x.reshape(-1, x.shape[-1])

    @property
    def mollifier_width(self) -> float:
        """Delta."""
        return self.delta

    @property
    def score_bound(self) -> float:
        """Return 1/delta, the sharp constant of (67) (audit, E20)."""
        return 1.0 / self.delta

    def symmetry_centre(self) -> tuple[Array, Array] | None:
        """Return the origin where it is the only point, else None."""
        if self.base is not None or self.points:
            return None
        return np.zeros(self.dimension), np.zeros(self.dimension)

    def nodes(self, size: int) -> tuple[Array, Array, Array]:
        """Return a Gauss rule in the radius times a sphere rule at each centre."""
        from mfplug.contracts.sphere import gauss_rule, sphere_rule
        from mfplug.theory.mollifier import radial_density, radial_quantile

        axes = 2 * self.dimension
        centres, weights = self._centres()
        each = max(1, size // len(centres))
        # The sphere takes the power (axes - 1)/axes of the nodes, the radius the rest.
        radial = max(2, round(each ** (1.0 / axes) * (0.6 if axes == 2 else 1.5)))
        degree = 3
        while len(sphere_rule(axes, degree + 2)[1]) * radial <= each:
            degree += 2
        direction, share = sphere_rule(axes, degree)
        far = float(radial_quantile(np.array([1 - 1e-15]), self.delta, axes)[0])
        radius, mass = gauss_rule(
            lambda r: radial_density(r, self.delta, axes), far, radial
        )
        kernel = (radius[:, None, None] * direction).reshape(-1, axes)
        kernel_weights = np.outer(mass / mass.sum(), share).ravel()
        x = (centres[:, None, :] + kernel).reshape(-1, axes)
        w = np.outer(weights, kernel_weights).ravel()
        d = self.dimension
        return x[:, :d].copy(), x[:, d:].copy(), w / w.sum()


def _blocks(points: int, centres: Array, weights: Array) -> list[tuple[Array, Array]]:
    """Return the centres with their weights in blocks of bounded size."""
    size = max(1, BLOCK_PAIRS // max(1, points))
    starts = range(0, len(centres), size)
    return [(centres[k : k + size], weights[k : k + size]) for k in starts]


@hookimpl
def mfplug_distributions() -> list[type[Distribution]]:
    """Return the distribution of this file."""
    return [Mollified]
