"""A potential as a type, so that kernels are specialised for it and cached on disk.

A :class:`PairTerm` is a tiny object whose Numba type carries a hash of the source of
the potential, the dimension, and whether space is periodic. The kernels in
:mod:`mfplug.dynamics.kernels` call its methods; Numba compiles them for each type, LLVM
inlines the potential, and because the type's name is the same in every process, and new
after an edit, the cache on disk is hit exactly when it may be. (A closure over the
potential, or the potential as an argument, is never found again.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import extending, njit, types

from mfplug.dynamics.codegen import compile_source, source_tag
from mfplug.dynamics.vexp import INLINE, nearest

#: Source by tag; it is compiled only where the disk has no kernel for the type.
_SOURCES: dict[str, str] = {}


class PairType(types.Type):
    """Numba's type of a :class:`PairTerm`; equal names are equal types."""

    def __init__(self, tag: str, dimension: int, periodic: bool) -> None:
        self.tag = tag
        self.dimension = dimension
        self.periodic = periodic
        space = "torus" if periodic else "line"
        super().__init__(name=f"Pair({tag}, {dimension}, {space})")


class PairTerm:
    """One pair potential in d dimensions, in free space or on a torus.

    Parameters
    ----------
    source
        Text with ``pair_energy`` and ``pair_gradient``.
    dimension
        Number of components.
    periodic
        Whether separations are those of the nearest image.
    """

    __slots__ = ("numba_type",)

    def __init__(self, source: str, dimension: int, periodic: bool) -> None:
        tag = source_tag(source)
        _SOURCES[tag] = source
        self.numba_type = PairType(tag, dimension, periodic)


_numba: Any = extending  # it has no types
_numba.register_model(PairType)(_numba.models.OpaqueModel)


@_numba.typeof_impl.register(PairTerm)
def _type_of(value: PairTerm, context: Any) -> PairType:
    return value.numba_type


@_numba.unbox(PairType)
def _unbox(kind: PairType, value: Any, context: Any) -> Any:
    return _numba.NativeValue(context.context.get_dummy_value())


def _method(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register an implementation of ``term.name(...)`` for compiled code."""

    def register(choose: Callable[..., Any]) -> Callable[..., Any]:
        # Numba compares signatures, and those of the lambdas have no annotations.
        choose.__annotations__ = {}
        _numba.overload_method(PairType, name)(choose)
        return choose

    return register


_COMPILED: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {}


def _functions(tag: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    if tag not in _COMPILED:
        _COMPILED[tag] = compile_source(_SOURCES[tag])
    return _COMPILED[tag]


@_method("energy")
def _energy(self: Any, dx: Any, p: Any) -> Any:
    function = _functions(self.tag)[0]
    return lambda self, dx, p: function(dx, p)


@_method("gradient")
def _gradient(self: Any, dx: Any, p: Any) -> Any:
    function = _functions(self.tag)[1]
    return lambda self, dx, p: function(dx, p)


@njit(**INLINE)
def _nearest_image(x: float, box: float) -> float:
    return x - box * nearest(x * (1.0 / box))


@_method("image")
def _image(self: Any, x: Any, box: Any) -> Any:
    if self.periodic:
        return lambda self, x, box: _nearest_image(x, box)
    return lambda self, x, box: x


# The operations on components, written out for d = 1, 2, 3: ``point`` reads one point
# of x[r, :, i], ``apart`` takes the separation from a point of x[r, :, j], ``add``
# accumulates, ``store`` writes. Tuples of scalars stay in registers.
@_method("point")
def _point(self: Any, x: Any, r: Any, i: Any) -> Any:
    if self.dimension == 1:
        return lambda self, x, r, i: (x[r, 0, i],)
    if self.dimension == 2:
        return lambda self, x, r, i: (x[r, 0, i], x[r, 1, i])
    return lambda self, x, r, i: (x[r, 0, i], x[r, 1, i], x[r, 2, i])


@_method("apart")
def _apart(self: Any, here: Any, x: Any, r: Any, j: Any, scale: Any, box: Any) -> Any:
    if self.dimension == 1:
        return lambda self, here, x, r, j, scale, box: (
            scale * self.image(here[0] - x[r, 0, j], box),
        )
    if self.dimension == 2:
        return lambda self, here, x, r, j, scale, box: (
            scale * self.image(here[0] - x[r, 0, j], box),
            scale * self.image(here[1] - x[r, 1, j], box),
        )
    return lambda self, here, x, r, j, scale, box: (
        scale * self.image(here[0] - x[r, 0, j], box),
        scale * self.image(here[1] - x[r, 1, j], box),
        scale * self.image(here[2] - x[r, 2, j], box),
    )


@_method("zero")
def _zero(self: Any) -> Any:
    if self.dimension == 1:
        return lambda self: (0.0,)
    if self.dimension == 2:
        return lambda self: (0.0, 0.0)
    return lambda self: (0.0, 0.0, 0.0)


@_method("add")
def _add(self: Any, total: Any, weight: Any, g: Any) -> Any:
    if self.dimension == 1:
        return lambda self, total, weight, g: (total[0] + weight * g[0],)
    if self.dimension == 2:
        return lambda self, total, weight, g: (
            total[0] + weight * g[0],
            total[1] + weight * g[1],
        )
    return lambda self, total, weight, g: (
        total[0] + weight * g[0],
        total[1] + weight * g[1],
        total[2] + weight * g[2],
    )


@njit(**INLINE)
def _store_1(out: Any, r: int, i: int, total: Any, factor: float) -> None:
    out[r, 0, i] = factor * total[0]


@njit(**INLINE)
def _store_2(out: Any, r: int, i: int, total: Any, factor: float) -> None:
    out[r, 0, i] = factor * total[0]
    out[r, 1, i] = factor * total[1]


@njit(**INLINE)
def _store_3(out: Any, r: int, i: int, total: Any, factor: float) -> None:
    out[r, 0, i] = factor * total[0]
    out[r, 1, i] = factor * total[1]
    out[r, 2, i] = factor * total[2]


@_method("store")
def _store(self: Any, out: Any, r: Any, i: Any, total: Any, factor: Any) -> Any:
    write = (_store_1, _store_2, _store_3)[self.dimension - 1]
    return lambda self, out, r, i, total, factor: write(out, r, i, total, factor)


@_method("together")
def _together(self: Any, dx: Any) -> Any:
    if self.dimension == 1:
        return lambda self, dx: dx[0] == 0.0
    if self.dimension == 2:
        return lambda self, dx: (dx[0] == 0.0) & (dx[1] == 0.0)
    return lambda self, dx: (dx[0] == 0.0) & (dx[1] == 0.0) & (dx[2] == 0.0)
