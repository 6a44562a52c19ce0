"""Sums over weighted sources at targets: the field of a cloud of nodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mfplug.dynamics import plain
from mfplug.dynamics.compiled import CompiledPotential, box_length, check_points
from mfplug.errors import ParameterError

Array = NDArray[np.float64]


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
        From :func:`mfplug.dynamics.compiled.compile_potential`.
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
        field_forces_kernel(c.term(box), y, w, x, out, c.scalars, box_length(box))
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
            c.term(box), y, w, x, out, c.scalars, box_length(box), c.origin
        )
        return out
    return plain.energy_sums(c.potential, x, y, w, box, c.origin)


def _field_arrays(
    c: CompiledPotential, sources: Array, weights: Array, targets: Array
) -> tuple[Array, Array, Array]:
    y, w, x = (
        np.ascontiguousarray(a, dtype=float) for a in (sources, weights, targets)
    )
    check_points(c, "sources", y, 2)
    check_points(c, "targets", x, 2)
    if w.shape != y.shape[1:]:
        raise ParameterError(
            f"potential '{c.potential.name}': weights do not fit the sources; got "
            f"shape {w.shape}, expected {y.shape[1:]}. Give one weight a source."
        )
    return y, w, x
