"""Forces and energies of clouds of particles, compiled for the potential if it can be.

A potential that can be traced (:mod:`mfplug.contracts.tracing`) gets a kernel of its
own; for any other one the same sums are done by its NumPy methods in blocks. The
functions raise no error for a NaN or an infinity: they hand it on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.derivation import Derivation
from mfplug.contracts.tracing import derive
from mfplug.dynamics import plain
from mfplug.dynamics.loops import FEW, TILE
from mfplug.errors import ParameterError

if TYPE_CHECKING:
    from mfplug.contracts.potential import Potential
    from mfplug.dynamics.pairtypes import PairTerm

Array = NDArray[np.float64]
DIMENSIONS = (1, 2, 3)


@dataclass(frozen=True, eq=False)
class CompiledPotential:
    """A potential in d dimensions, ready to be summed over pairs.

    Attributes
    ----------
    potential
        The plugin.
    dimension
        d.
    derivation
        Source of its functions.
    """

    potential: Potential
    dimension: int
    derivation: Derivation

    @property
    def compiled(self) -> bool:
        """Whether there is a compiled kernel; otherwise plain NumPy does the work."""
        return not self.derivation.reason

    @property
    def reason(self) -> str:
        """Why plain NumPy is used; empty if it is not."""
        return self.derivation.reason

    @cached_property
    def parameters(self) -> Array:
        """Values of the parameters that are arguments of the kernel."""
        return self.derivation.values(self.potential)

    @cached_property
    def scalars(self) -> tuple[float, ...]:
        """The same as a tuple, whose entries stay in registers."""
        return tuple(float(value) for value in self.parameters)

    @cached_property
    def origin(self) -> float:
        """phi(0) if it is finite, otherwise 0."""
        with np.errstate(all="ignore"):
            value = float(
                np.ravel(self.potential.energy(np.zeros((1, self.dimension))))[0]
            )
        return value if np.isfinite(value) else 0.0

    @cached_property
    def _terms(self) -> tuple[PairTerm, PairTerm]:
        from mfplug.dynamics.codegen import pair_source
        from mfplug.dynamics.pairtypes import PairTerm

        source = pair_source(self.derivation, self.dimension, self._is_singular)
        return PairTerm(source, self.dimension, False), PairTerm(
            source, self.dimension, True
        )

    @property
    def _is_singular(self) -> bool:
        """Whether the formula of the gradient gives anything but 0 at 0."""
        zero, functions = np.zeros(1), self.derivation.functions
        with np.errstate(all="ignore"):
            if self.derivation.radial:
                weight = functions["weight"](zero, self.parameters)
                return not bool(np.all(np.isfinite(weight)))
            parts = functions["gradient"](*[zero] * self.dimension, self.parameters)
        return not all(bool(np.all(part == 0.0)) for part in parts)

    def term(self, box: float | None) -> PairTerm:
        """Return the typed object that the kernels take, for this sort of space."""
        return self._terms[box is not None]


def compile_potential(potential: Potential, dimension: int) -> CompiledPotential:
    """Return a potential ready for :func:`pair_forces` and the other sums.

    Nothing is compiled yet: the first sum does that, or finds it on disk. Results are
    kept for potentials that are equal.

    Raises
    ------
    ParameterError
        If the dimension is not 1, 2 or 3.
    """
    if dimension not in DIMENSIONS:
        raise ParameterError(
            f"potential '{potential.name}': forces are compiled for d = 1, 2, 3; got "
            f"dimension {dimension!r}, expected one of 1, 2, 3. Change the dimension."
        )
    return CompiledPotential(potential, dimension, derive(potential, dimension))


def pair_forces(
    c: CompiledPotential,
    x: Array,
    out: Array,
    *,
    factor: float,
    scale: float = 1.0,
    box: float | None = None,
) -> None:
    """Set out[r, :, i] = -factor sum_{j != i} grad phi(scale (x_i - x_j)).

    Equation (2) of the thesis with factor 1/N and scale 1, its scaling (5) otherwise.
    The same bits for any number of threads and any grouping of replicas. Particles at
    the same place do not act on each other. No array of size N^2 is made.

    Parameters
    ----------
    c
        From :func:`compile_potential`.
    x, out
        Positions and forces, float64, C-contiguous, shape (R, d, N).
    factor, scale
        Energy scale times ``scale``, and scale of length.
    box
        Side of the torus: the nearest image of x_i - x_j is taken, then scaled.

    Raises
    ------
    ParameterError
        If an array has the wrong type, shape or layout.
    """
    _check(c, "positions", x, 3)
    _check(c, "forces", out, 3)
    if out.shape != x.shape:
        raise ParameterError(
            f"potential '{c.potential.name}': positions and forces differ in shape; "
            f"got {x.shape} and {out.shape}, expected the same. Make out like x."
        )
    if c.compiled:
        from mfplug.dynamics.kernels import group_forces_kernel, pair_forces_kernel

        length, n = float(scale) * _length(box), x.shape[2]
        if n <= FEW:
            group_forces_kernel(
                c.term(box), x, out, c.scalars, -float(factor), float(scale), length
            )
            return
        pair_forces_kernel(
            c.term(box), x, out, c.scalars, tile_width(n), float(scale), length
        )
        np.multiply(out, -factor, out=out)
        return
    ones = np.ones(x.shape[2])
    for r in range(x.shape[0]):
        sums = plain.gradient_sums(c.potential, x[r], x[r], ones, scale, box)
        out[r] = -factor * sums


def pair_steps(
    c: CompiledPotential,
    x: Array,
    momenta: Array,
    forces: Array,
    steps: int,
    kicks: Array,
    drifts: Array,
    *,
    factor: float,
    scale: float = 1.0,
    box: float | None = None,
) -> None:
    """Advance replicas of at most ``FEW`` particles by equal steps, in place.

    A step is, for each k, p += kicks[k] F, q += drifts[k] p, p += kicks[k] F with the
    forces F of :func:`pair_forces`. Memory is read and written once for all steps.

    Parameters
    ----------
    c
        Compiled, from :func:`compile_potential`.
    x, momenta, forces
        The state and the forces at ``x``, each (R, d, N), overwritten.
    steps
        How many.
    kicks, drifts
        Shape (K,): half the length of a part of the step, and its length over the mass.
    factor, scale, box
        As in :func:`pair_forces`.

    Raises
    ------
    ParameterError
        If an array has the wrong type, shape or layout.
    """
    from mfplug.dynamics.kernels import group_steps_kernel

    for what, array in (("positions", x), ("momenta", momenta), ("forces", forces)):
        _check(c, what, array, 3)
    length = float(scale) * _length(box)
    group_steps_kernel(
        c.term(box), x, momenta, forces, steps, kicks, drifts, c.scalars,
        -float(factor), float(scale), length,
    )  # fmt: skip


def pair_energies(
    c: CompiledPotential,
    x: Array,
    *,
    factor: float,
    scale: float = 1.0,
    box: float | None = None,
) -> Array:
    """Return factor sum_{i<j} phi(scale (x_i - x_j)) of each replica, shape (R,).

    Parameters and guarantees as of :func:`pair_forces`.
    """
    _check(c, "positions", x, 3)
    if c.compiled:
        from mfplug.dynamics.kernels import pair_energies_kernel

        rows = np.empty((x.shape[0], x.shape[2]))
        length = float(scale) * _length(box)
        pair_energies_kernel(c.term(box), x, rows, c.scalars, float(scale), length)
        return np.asarray(factor * rows.sum(axis=1))
    sums = [plain.pair_energy(c.potential, cloud, scale, box) for cloud in x]
    return factor * np.array(sums, dtype=float)


def field_forces(
    c: CompiledPotential,
    sources: Array,
    weights: Array,
    targets: Array,
    *,
    box: float | None = None,
) -> Array:
    """Return -sum_m w_m grad phi(x_k - y_m) at targets x_k, shape (d, K).

    A source at the place of the target adds 0.

    Parameters
    ----------
    c
        From :func:`compile_potential`.
    sources, weights
        Points y_m, shape (d, M), and their weights, shape (M,).
    targets
        Points x_k, shape (d, K).
    box
        Side of the torus, for nearest images.

    Raises
    ------
    ParameterError
        If an array has the wrong shape.
    """
    y, w, x = _field_arrays(c, sources, weights, targets)
    if c.compiled:
        from mfplug.dynamics.kernels import field_forces_kernel

        out = np.zeros(x.shape)
        field_forces_kernel(c.term(box), y, w, x, out, c.scalars, _length(box))
        return out
    return -plain.gradient_sums(c.potential, x, y, w, 1.0, box)


def field_energies(
    c: CompiledPotential,
    sources: Array,
    weights: Array,
    targets: Array,
    *,
    box: float | None = None,
) -> Array:
    """Return sum_m w_m phi(x_k - y_m) at targets x_k, shape (K,).

    A source at the place of the target adds w_m phi(0), or 0 where phi(0) is not
    finite. Parameters and errors as of :func:`field_forces`.
    """
    y, w, x = _field_arrays(c, sources, weights, targets)
    if c.compiled:
        from mfplug.dynamics.kernels import field_energies_kernel

        out = np.empty(x.shape[1])
        field_energies_kernel(
            c.term(box), y, w, x, out, c.scalars, _length(box), c.origin
        )
        return out
    return plain.energy_sums(c.potential, x, y, w, box, c.origin)


def tile_width(particles: int) -> int:
    """Return the number of particles in a tile; it depends on N alone.

    Narrow tiles give the threads of one small replica something to share; tiles are of
    equal size up to whole vectors.
    """
    most = TILE if particles >= 16 * TILE else TILE // 2
    tiles = max(1, math.ceil(particles / most))
    return min(most, 8 * math.ceil(max(1, particles) / tiles / 8))


def _length(box: float | None) -> float:
    return 1.0 if box is None else float(box)


def _field_arrays(
    c: CompiledPotential, sources: Array, weights: Array, targets: Array
) -> tuple[Array, Array, Array]:
    y, w, x = (
        np.ascontiguousarray(a, dtype=float) for a in (sources, weights, targets)
    )
    _check(c, "sources", y, 2)
    _check(c, "targets", x, 2)
    if w.shape != y.shape[1:]:
        raise ParameterError(
            f"potential '{c.potential.name}': weights do not fit the sources; got "
            f"shape {w.shape}, expected {y.shape[1:]}. Give one weight a source."
        )
    return y, w, x


def _check(c: CompiledPotential, what: str, array: Any, ndim: int) -> None:
    d = c.dimension
    if (
        isinstance(array, np.ndarray)
        and array.dtype == np.float64
        and array.ndim == ndim
        and array.shape[-2] == d
        and array.flags.c_contiguous
    ):
        return
    expected = f"(replicas, {d}, N)" if ndim == 3 else f"({d}, points)"
    got = f"{getattr(array, 'dtype', type(array))} of shape {np.shape(array)}"
    raise ParameterError(
        f"potential '{c.potential.name}': {what} cannot be used; got {got}, expected "
        f"contiguous float64 of shape {expected}. Use np.ascontiguousarray."
    )
