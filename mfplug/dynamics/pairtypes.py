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

from numba import extending, types
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr

from mfplug.dynamics.codegen import compile_source, source_tag
from mfplug.dynamics.loops import NAMES

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


_COMPILED: dict[PairType, dict[str, Callable[..., Any]]] = {}


def _functions(kind: PairType) -> dict[str, Callable[..., Any]]:
    if kind not in _COMPILED:
        source = _SOURCES[kind.tag]
        _COMPILED[kind] = compile_source(source, kind.dimension, kind.periodic)
    return _COMPILED[kind]


# ``term.square`` is Numba's function itself: no function stands between it and the
# kernel, which halves the time of compilation.
@infer_getattr
class _Loops(AttributeTemplate):
    """The loops over pairs as attributes of a term in compiled code."""

    key = PairType

    def generic_resolve(self, kind: PairType, name: str) -> Any:
        """Return the type of a loop, a function of Numba's, or None."""
        return types.Dispatcher(_functions(kind)[name]) if name in NAMES else None


@lower_getattr_generic(PairType)
def _no_value(context: Any, builder: Any, kind: Any, value: Any, name: str) -> Any:
    return context.get_dummy_value()
