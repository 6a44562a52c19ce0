"""The thesis's own initial data: densities made smooth by its kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mfplug import Distribution, ParameterError, hookimpl, param

Array = NDArray[np.float64]

#: Pairs of points and centres that are handled at once; bounds the memory.
BLOCK_PAIRS = 2_000_000


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

    Notes
    -----
    With ``base`` the density is a sum over a quadrature rule of the base law.
    """

    name: ClassVar[str] = "mollified"

    delta: float = param(0.25, above=0.0, help="width of the kernel")
    points: tuple[tuple[float, ...], ...] = param(
        (), help="centres, each (q_1..q_d, p_1..p_d)"
    )
    base: Distribution | None = param(None, help="a law to mollify, instead of points")
    base_nodes: int = param(1024, at_least=1, help="nodes that stand for the base law")

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
            q, p, w = self.base.on(d).nodes(self.base_nodes)
            return np.concatenate([q, p], axis=1), w
        if not self.points:
            return np.zeros((1, 2 * d)), np.ones(1)
        return np.array(self.points, dtype=float), np.full(
            len(self.points), 1.0 / len(self.points)
        )

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
        from mfplug.theory.mollifier import kernel_density

        flat, shape = self._flat(q, p)
        density = np.zeros(len(flat))
        for away, weight in self._blocks(flat):
            density += (kernel_density(away, self.delta) * weight).sum(axis=1)
        return density.reshape(shape)

    def score(self, q: Array, p: Array) -> tuple[Array, Array]:
        """Return (grad_q log f_0, grad_p log f_0), each (..., d).

        Also where f_0 itself is too small for a number.
        """
        from mfplug.theory.mollifier import kernel_score

        flat, shape = self._flat(q, p)
        top = np.full(len(flat), -np.inf)
        total, gradient = np.zeros(len(flat)), np.zeros_like(flat)
        for away, weight in self._blocks(flat):
            r = np.sqrt((away**2).sum(axis=-1))
            exponent = np.log(weight) - r**2 / ((1.0 + r) * self.delta)
            # Terms relative to the largest one so far: far out all of them underflow.
            highest = np.maximum(top, exponent.max(axis=1))
            shrink = np.exp(top - highest)
            terms = np.exp(exponent - highest[:, None])
            pull = np.sum(terms[..., None] * kernel_score(away, self.delta), axis=1)
            total = total * shrink + terms.sum(axis=1)
            gradient = gradient * shrink[:, None] + pull
            top = highest
        d = self.dimension
        score = (gradient / total[:, None]).reshape(*shape, 2 * d)
        return score[..., :d], score[..., d:]

    def _flat(self, q: Array, p: Array) -> tuple[Array, tuple[int, ...]]:
        """Return the points as (n, 2d), and the shape that a number of each has."""
        x = np.concatenate([np.asarray(q, float), np.asarray(p, float)], axis=-1)
        return x.reshape(-1, x.shape[-1]), x.shape[:-1]

    def _blocks(self, flat: Array) -> Iterator[tuple[Array, Array]]:
        """Yield distances (n, C, 2d) to some centres, and their weights (C,)."""
        centres, weights = self._centres()
        size = max(1, BLOCK_PAIRS // max(1, len(flat)))
        for start in range(0, len(centres), size):
            part = slice(start, start + size)
            # A centre without weight has no logarithm, and adds nothing.
            kept = weights[part] > 0.0
            if kept.any():
                yield (
                    flat[:, None, :] - centres[None, part][:, kept],
                    weights[part][kept],
                )

    @property
    def score_bound(self) -> float:
        """Return 1/delta, the sharp constant of (67) (audit, E20)."""
        return 1.0 / self.delta

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


@hookimpl
def mfplug_distributions() -> list[type[Distribution]]:
    """Return the distribution of this file."""
    return [Mollified]
