"""Symbolic nodes that NumPy has and SymPy lacks, and numbers without surprises.

This module imports SymPy; it is itself imported only while a potential is traced.
"""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
import sympy as sp

#: Numbers below this, and dyadic fractions with denominators up to the second, are
#: kept exact, so that a half-integer exponent is recognised and printed with sqrt.
_EXACT_BELOW = 2.0**31
_EXACT_DENOMINATOR = 64


class TraceError(Exception):
    """A function cannot be turned into a formula; ``names`` says which symbols it used.

    ``names`` is empty where the reason has nothing to do with a value.
    """

    def __init__(self, reason: str, names: frozenset[str] = frozenset()) -> None:
        super().__init__(reason)
        self.names = names


class Select(sp.Expr):  # type: ignore[misc]
    """``a`` where the condition holds and ``b`` elsewhere, as :func:`numpy.where`.

    SymPy's Piecewise analyses and refines its conditions, which takes seconds where
    several are combined; this node is only differentiated and printed.
    """

    is_commutative = True
    is_real = True

    def __new__(cls, condition: Any, a: Any, b: Any) -> Any:
        """Return the node, or the one branch that can be reached."""
        if condition is sp.true or a == b:
            return a
        if condition is sp.false:
            return b
        return sp.Expr.__new__(cls, condition, a, b)

    def _eval_derivative(self, x: Any) -> Any:
        condition, a, b = self.args
        return Select(condition, derivative(a, x), derivative(b, x))


def derivative(e: Any, x: Any) -> Any:
    """Return de/dx; that of NaN is NaN, so that a force shows it, and not 0."""
    return e if e is sp.nan else sp.diff(e, x)


class Log1p(sp.Function):  # type: ignore[misc]
    """log(1 + x), exact also for small x."""

    nargs = 1
    is_real = True

    def fdiff(self, argindex: int = 1) -> Any:
        """Return the derivative 1 / (1 + x)."""
        return 1 / (1 + self.args[0])


class Expm1(sp.Function):  # type: ignore[misc]
    """exp(x) - 1, exact also for small x."""

    nargs = 1
    is_real = True

    def fdiff(self, argindex: int = 1) -> Any:
        """Return the derivative exp(x)."""
        return sp.exp(self.args[0])


def number(value: float) -> Any:
    """Return a float as a SymPy number of the same value, exact where it is short."""
    if math.isnan(value):
        return sp.nan
    if math.isinf(value):
        return sp.oo if value > 0 else -sp.oo
    top, bottom = value.as_integer_ratio()
    if bottom <= _EXACT_DENOMINATOR and abs(value) < _EXACT_BELOW:
        return sp.Rational(top, bottom)
    return sp.Float(value)


def lift(value: Any) -> Any:
    """Return a value as a SymPy expression.

    Raises
    ------
    TraceError
        If it is neither a real number nor an expression.
    """
    if isinstance(value, sp.Basic):
        return value
    if isinstance(value, bool | np.bool_):
        return sp.true if value else sp.false
    if isinstance(value, numbers.Integral):
        return sp.Integer(int(value))
    if isinstance(value, numbers.Real):
        return number(float(value))
    raise TraceError(f"it uses a value of type {type(value).__name__}, no real number")


def as_number(value: Any) -> Any:
    """Return a condition as 1 or 0, as NumPy does in arithmetic; else the value."""
    value = lift(value)
    if isinstance(value, sp.logic.boolalg.Boolean) and not isinstance(value, sp.Symbol):
        return Select(value, sp.Integer(1), sp.Integer(0))
    return value


def magnitude(x: Any) -> Any:
    """Return abs(x); SymPy's own Abs only where it knows that x is real."""
    return sp.Abs(x) if x.is_extended_real else Select(x >= 0, x, -x)


def sign(x: Any) -> Any:
    """Return -1, 0 or 1, and NaN for NaN."""
    if x.is_extended_real:
        return sp.sign(x)
    return Select(x > 0, sp.Integer(1), Select(x < 0, sp.Integer(-1), 0 * x))


def larger(a: Any, b: Any) -> Any:
    """Return the larger of the two; NaN if either is NaN, as NumPy does."""
    return Select(a >= b, a, Select(b > a, b, sp.nan))


def smaller(a: Any, b: Any) -> Any:
    """Return the smaller of the two; NaN if either is NaN, as NumPy does."""
    return Select(a <= b, a, Select(b < a, b, sp.nan))


def step(x: Any, at_zero: Any) -> Any:
    """Return numpy.heaviside(x, at_zero)."""
    zero, one = sp.Integer(0), sp.Integer(1)
    return Select(x > 0, one, Select(x < 0, zero, at_zero))


def cube_root(x: Any) -> Any:
    """Return the cube root of x >= 0."""
    if not x.is_nonnegative:
        raise TraceError("it uses np.cbrt of a value that may be negative")
    return x ** sp.Rational(1, 3)
