"""A stand-in for a NumPy array that records the formula computed from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
import sympy as sp
from numpy.lib.mixins import NDArrayOperatorsMixin

from mfplug.contracts.symbolic import Select, TraceError, as_number, lift
from mfplug.contracts.trace_rules import STRUCTURAL, rule_of

_REDUCING = ("add", "multiply", "maximum", "minimum", "logical_and", "logical_or")


class Traced(NDArrayOperatorsMixin):
    """An array of expressions that NumPy's functions accept.

    One class stands for the scalar s = r^2, for a vector of components, and for a
    parameter. What has no formula (a branch on a value, ``float()``, a write into an
    array, a function without a rule) raises :class:`TraceError` with the reason.

    Parameters
    ----------
    cells
        One expression or number, or an array of them.
    """

    __array_priority__ = 1000.0
    __slots__ = ("cells",)

    def __init__(self, cells: Any) -> None:
        self.cells = _cells(cells)

    # -- what NumPy asks ---------------------------------------------------------------
    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any
    ) -> Traced:
        """Apply a universal function entry by entry, or reduce with it."""
        name = ufunc.__name__
        for key in ("out", "where"):
            if options.pop(key, None) not in (None, True):
                raise TraceError(f"it gives `{key}=` to np.{name}")
        options.pop("dtype", None)
        if name == "matmul" and method == "__call__":
            return Traced(np.matmul(*map(_numbers, inputs)))
        rule = rule_of(name)
        if method == "reduce" and name in _REDUCING:
            options.pop("initial", None)
            return Traced(
                np.frompyfunc(rule, 2, 1).reduce(_cells(inputs[0]), **options)
            )
        if method != "__call__":
            raise TraceError(f"it uses np.{name}.{method}, which has no formula")
        return Traced(np.frompyfunc(rule, len(inputs), 1)(*map(_cells, inputs)))

    def __array_function__(
        self, func: Any, types: Any, args: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        """Apply one of the functions of NumPy that have a formula."""
        name = func.__name__
        options.pop("out", None)
        if name in _SPECIAL:
            return _SPECIAL[name](*args, **options)
        if name in STRUCTURAL:
            options.pop("dtype", None)
            return Traced(func(*map(_unwrap, args), **options))
        raise TraceError(f"it uses np.{name}, which cannot be traced")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """Return an array of scalars of this class: np.asarray changes nothing."""
        if dtype is not None and np.dtype(dtype) != object:
            self._refuse("it converts an array to numbers, by np.asarray or the like")
        wrapped = np.empty(self.shape, dtype=object)
        for index in np.ndindex(self.shape):
            wrapped[index] = Traced(self.cells[index])
        return wrapped

    # -- what Python asks --------------------------------------------------------------
    @property
    def shape(self) -> tuple[int, ...]:
        """Shape, as of the array it stands for."""
        return tuple(self.cells.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return int(self.cells.ndim)

    @property
    def size(self) -> int:
        """Number of entries."""
        return int(self.cells.size)

    @property
    def dtype(self) -> np.dtype[np.float64]:
        """The type that the entries stand for."""
        return np.dtype(np.float64)

    @property
    def T(self) -> Traced:
        """Transpose."""
        return Traced(self.cells.T)

    @property
    def expression(self) -> Any:
        """The expression, of a scalar."""
        return self.cells[()]

    def __len__(self) -> int:
        return len(self.cells)

    def __iter__(self) -> Iterator[Traced]:
        return (Traced(self.cells[k]) for k in range(len(self.cells)))

    def __getitem__(self, key: Any) -> Traced:
        if isinstance(key, Traced) or (
            isinstance(key, tuple) and any(isinstance(k, Traced) for k in key)
        ):
            self._refuse("it picks entries by their value: use np.where")
        return Traced(self.cells[key])

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise TraceError("it writes into an array: use np.where or np.stack")

    def __bool__(self) -> bool:
        cell = self.cells[()] if self.cells.ndim == 0 else None
        if cell is not sp.true and cell is not sp.false:
            self._refuse("it branches on a value: use np.where")
        return cell is sp.true

    def _number(self) -> NoReturn:
        self._refuse("it turns a value into a Python number: use NumPy functions")

    __float__ = __int__ = __index__ = __complex__ = _number

    def _refuse(self, reason: str) -> NoReturn:
        names: set[str] = set()
        for cell in self.cells.ravel():
            names |= {symbol.name for symbol in cell.free_symbols}
        raise TraceError(reason, frozenset(names))

    # -- methods of arrays -------------------------------------------------------------
    def sum(self, axis: Any = None, keepdims: bool = False) -> Traced:
        """Sum along axes."""
        return Traced(np.sum(_numbers(self), axis=axis, keepdims=keepdims))

    def prod(self, axis: Any = None, keepdims: bool = False) -> Traced:
        """Product along axes."""
        return Traced(np.prod(_numbers(self), axis=axis, keepdims=keepdims))

    def dot(self, other: Any) -> Traced:
        """Dot product."""
        return Traced(np.dot(_numbers(self), _numbers(other)))

    def reshape(self, *shape: Any) -> Traced:
        """Reshape."""
        return Traced(self.cells.reshape(*shape))

    def astype(self, dtype: Any, **_: Any) -> Traced:
        """Return itself for a floating type."""
        if not np.issubdtype(dtype, np.floating):
            self._refuse("it converts values to a type that is not floating")
        return Traced(_numbers(self))

    def copy(self) -> Traced:
        """Return a copy."""
        return Traced(self.cells.copy())

    def clip(self, low: Any = None, high: Any = None) -> Traced:
        """Clip."""
        return _clip(self, low, high)


def _cells(value: Any) -> np.ndarray[Any, Any]:
    """Return an object array of expressions."""
    if isinstance(value, Traced):
        return value.cells
    if isinstance(value, sp.Basic):
        return _scalar(value)
    array = np.asarray(value, dtype=object)
    lifted = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        entry: Any = array[index]
        lifted[index] = entry.expression if isinstance(entry, Traced) else lift(entry)
    return lifted


def _scalar(value: Any) -> np.ndarray[Any, Any]:
    cell = np.empty((), dtype=object)
    cell[()] = value
    return cell


def _numbers(value: Any) -> Any:
    """Return the expressions, conditions among them as 0 or 1."""
    cells = np.frompyfunc(as_number, 1, 1)(_cells(value))
    return cells if isinstance(cells, np.ndarray) else _scalar(cells)


def _unwrap(value: Any) -> Any:
    if isinstance(value, Traced):
        return _numbers(value)
    if isinstance(value, list | tuple):
        return type(value)(_unwrap(v) for v in value)
    return value


def _where(condition: Any, a: Any, b: Any) -> Traced:
    chosen = np.frompyfunc(
        lambda c, x, y: Select(
            c if isinstance(c, sp.logic.boolalg.Boolean) else sp.Ne(c, 0),
            as_number(x),
            as_number(y),
        ),
        3, 1,
    )  # fmt: skip
    return Traced(chosen(_cells(condition), _cells(a), _cells(b)))


def _clip(
    x: Any, low: Any = None, high: Any = None, *, min: Any = None, max: Any = None
) -> Traced:
    low, high = (min if low is None else low), (max if high is None else high)
    if low is not None:
        x = np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Traced:
    if ord not in (None, 2) or (axis is None and np.ndim(x) > 1):
        raise TraceError(
            "it uses np.linalg.norm other than the Euclidean norm of vectors"
        )
    length: Traced = np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))
    return length


def _pick(conditions: Any, choices: Any, default: Any = 0.0) -> Traced:
    result = Traced(_cells(default))
    for condition, choice in reversed(list(zip(conditions, choices, strict=True))):
        result = _where(condition, choice, result)
    return result


_SPECIAL: dict[str, Callable[..., Any]] = {
    "where": _where,
    "clip": _clip,
    "norm": _norm,
    "select": _pick,
    "max": lambda x, axis=None, **k: np.maximum.reduce(x, axis=axis, **k),
    "amax": lambda x, axis=None, **k: np.maximum.reduce(x, axis=axis, **k),
    "all": lambda x, axis=None, **k: np.logical_and.reduce(x, axis=axis, **k),
    "any": lambda x, axis=None, **k: np.logical_or.reduce(x, axis=axis, **k),
    "min": lambda x, axis=None, **k: np.minimum.reduce(x, axis=axis, **k),
    "amin": lambda x, axis=None, **k: np.minimum.reduce(x, axis=axis, **k),
    "shape": lambda x: x.shape,
    "ndim": lambda x: x.ndim,
    "size": lambda x: x.size,
}
