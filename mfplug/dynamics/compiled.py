"""A potential made ready for sums over pairs: its compiled term, or why there is none.

A potential that can be traced (:mod:`mfplug.contracts.tracing`) gets a kernel of its
own; for any other one the same sums are done by its NumPy methods in blocks. The sums
are in :mod:`mfplug.dynamics.pairs` (clouds on themselves) and
:mod:`mfplug.dynamics.fields` (weighted sources on targets).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfplug.contracts.derivation import Derivation
from mfplug.contracts.tracing import derive
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
    """Return a potential ready for the sums over pairs.

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


def box_length(box: float | None) -> float:
    """Return the side of the torus, 1 where there is none."""
    return 1.0 if box is None else float(box)


def check_points(c: CompiledPotential, what: str, array: Any, ndim: int) -> None:
    """Refuse points of the wrong type, shape or layout.

    Parameters
    ----------
    what
        What they are called in the message.
    array, ndim
        The array, and the number of axes that it must have: d is the last but one.

    Raises
    ------
    ParameterError
        If it is anything else.
    """
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
