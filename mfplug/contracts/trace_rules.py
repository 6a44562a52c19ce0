"""Which NumPy functions have a formula, and which only move entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from mfplug.contracts import symbolic as sy
from mfplug.contracts.symbolic import TraceError, as_number

Rule = Callable[..., Any]

_ARITHMETIC: dict[str, Rule] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "float_power": lambda a, b: a**b,
    "negative": lambda a: -a,
    "positive": lambda a: a,
    "square": lambda a: a**2,
    "reciprocal": lambda a: 1 / a,
    "sqrt": sp.sqrt,
    "cbrt": sy.cube_root,
    "exp": sp.exp,
    "exp2": lambda a: sp.Integer(2) ** a,
    "expm1": sy.Expm1,
    "log": sp.log,
    "log2": lambda a: sp.log(a) / sp.log(2),
    "log10": lambda a: sp.log(a) / sp.log(10),
    "log1p": sy.Log1p,
    "sin": sp.sin,
    "cos": sp.cos,
    "tan": sp.tan,
    "arcsin": sp.asin,
    "arccos": sp.acos,
    "arctan": sp.atan,
    "arctan2": sp.atan2,
    "sinh": sp.sinh,
    "cosh": sp.cosh,
    "tanh": sp.tanh,
    "arcsinh": sp.asinh,
    "arccosh": sp.acosh,
    "arctanh": sp.atanh,
    "erf": sp.erf,
    "erfc": sp.erfc,
    "hypot": lambda a, b: sp.sqrt(a**2 + b**2),
    "absolute": sy.magnitude,
    "fabs": sy.magnitude,
    "sign": sy.sign,
    "heaviside": sy.step,
    "maximum": sy.larger,
    "minimum": sy.smaller,
    "less": sp.Lt,
    "less_equal": sp.Le,
    "greater": sp.Gt,
    "greater_equal": sp.Ge,
    "equal": sp.Eq,
    "not_equal": sp.Ne,
}
_LOGIC: dict[str, Rule] = {
    "logical_and": sp.And,
    "logical_or": sp.Or,
    "logical_not": sp.Not,
    "bitwise_and": sp.And,
    "bitwise_or": sp.Or,
    "invert": sp.Not,
}
#: Functions that only move or add entries: NumPy's own, applied to the expressions.
STRUCTURAL = frozenset(
    f.__name__
    for f in (
        np.sum, np.prod, np.dot, np.inner, np.vdot, np.tensordot, np.einsum, np.stack,
        np.concatenate, np.moveaxis, np.swapaxes, np.transpose, np.reshape, np.ravel,
        np.squeeze, np.expand_dims, np.broadcast_to, np.diff, np.roll, np.cumsum,
        np.atleast_1d, np.zeros_like, np.ones_like, np.full_like, np.take, np.copy,
    )
)  # fmt: skip


def rule_of(name: str) -> Rule:
    """Return the formula of a universal function by its name.

    Raises
    ------
    TraceError
        If it has none.
    """
    if name in _LOGIC:
        return _LOGIC[name]
    if name in _ARITHMETIC:
        rule = _ARITHMETIC[name]
        return lambda *a: rule(*map(as_number, a))
    raise TraceError(f"it uses np.{name}, which cannot be traced")
