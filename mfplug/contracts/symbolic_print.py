"""Print expressions as source that runs on scalars (Numba) and on arrays (NumPy).

One text serves both: the names ``exp``, ``sqrt``, ``select`` and so on are bound to
scalar functions by :mod:`mfplug.dynamics.codegen` and to NumPy's by
:func:`mfplug.contracts.derivation.array_functions`. Each distinct subexpression is
computed once and kept in a local name; nothing branches, so that loops over it
vectorise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from mfplug.contracts.symbolic import Expm1, Log1p, Select, TraceError, derivative

_FUNCTIONS = {
    sp.exp: "exp",
    sp.log: "log",
    sp.sin: "sin",
    sp.cos: "cos",
    sp.tan: "tan",
    sp.asin: "arcsin",
    sp.acos: "arccos",
    sp.atan: "arctan",
    sp.atan2: "arctan2",
    sp.sinh: "sinh",
    sp.cosh: "cosh",
    sp.tanh: "tanh",
    sp.asinh: "arcsinh",
    sp.acosh: "arccosh",
    sp.atanh: "arctanh",
    sp.erf: "erf",
    sp.erfc: "erfc",
    sp.Abs: "fabs",
    Log1p: "log1p",
    Expm1: "expm1",
}
_RELATIONS = {
    sp.StrictLessThan: "<",
    sp.LessThan: "<=",
    sp.StrictGreaterThan: ">",
    sp.GreaterThan: ">=",
    sp.Equality: "==",
    sp.Unequality: "!=",
}
_LARGEST_POWER = 64
_ROOTS = {1: 0, 2: 1, 4: 2, 8: 3}


def radial_source(formula: Any) -> str:
    """Return ``profile``, ``weight`` = 2 profile', ``second`` = profile'' of (s, p)."""
    (s,), (profile,) = formula.variables, formula.results
    first = derivative(profile, s)
    functions = {
        "profile": profile,
        "weight": 2 * first,
        "second": derivative(first, s),
    }
    symbols = list(formula.parameters.values())
    return "\n\n".join(
        function_source(name, ["s"], {s: "s"}, symbols, [e])
        for name, e in functions.items()
    )


def general_source(formula: Any) -> str:
    """Return ``energy`` and ``gradient``, a tuple, of (x0, ..., p)."""
    names = [f"x{a}" for a in range(len(formula.variables))]
    variables = dict(zip(formula.variables, names, strict=True))
    symbols = list(formula.parameters.values())
    energy, *gradient = formula.results
    return "\n\n".join(
        [
            function_source("energy", names, variables, symbols, [energy]),
            function_source("gradient", names, variables, symbols, gradient, many=True),
        ]
    )


def function_source(
    name: str,
    arguments: Sequence[str],
    variables: Mapping[Any, str],
    parameters: Sequence[Any],
    results: Sequence[Any],
    many: bool = False,
) -> str:
    """Return the source of ``def name(*arguments, p)`` that computes the expressions.

    Parameters
    ----------
    name, arguments
        Name of the function and of its arguments, without ``p``.
    variables
        The symbols of the arguments, with their names.
    parameters
        The symbols of the parameters; the k-th is ``p[k]``.
    results
        Expressions.
    many
        Whether they are returned as a tuple; otherwise there is one, returned bare.

    Raises
    ------
    TraceError
        If an expression holds something without a printed form.
    """
    printer = _Printer(variables, parameters, results)
    values = [printer.value(r) for r in results]
    answer = f"({', '.join(values)},)" if many else values[0]
    body = [*printer.lines, f"return {answer}"]
    head = f"def {name}({', '.join([*arguments, 'p'])}):"
    return "\n    ".join([head, *body]) + "\n"


class _Printer:
    def __init__(
        self, variables: Mapping[Any, str], parameters: Sequence[Any], roots: Any
    ) -> None:
        self.lines: list[str] = []
        self.known: dict[Any, str] = dict(variables)
        self.varying = frozenset(variables)
        self.known |= {symbol: f"p[{k}]" for k, symbol in enumerate(parameters)}
        self.denominators = _common_denominators(roots)

    def keep(self, text: str) -> str:
        """Give a computed text a local name."""
        name = f"t{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        return name

    def value(self, e: Any) -> str:
        """Return a name or a literal that holds the expression."""
        if e not in self.known:
            literal = _literal(e)
            self.known[e] = literal if literal is not None else self.compute(e)
        return self.known[e]

    def compute(self, e: Any) -> str:
        if e.is_Add:
            return self.sum_of(e)
        if e.is_Mul:
            return self.product_of(e)
        if e.is_Pow and e.base is not sp.E:
            return self.power(e.base, e.exp)
        if isinstance(e, Select):
            a, b, c = (
                self.value(e.args[0]),
                self.value(e.args[1]),
                self.value(e.args[2]),
            )
            return self.keep(f"select({a}, {b}, {c})")
        if isinstance(e, sp.sign):
            x = self.value(e.args[0])
            # 0 * x keeps a NaN, which a comparison would lose.
            inner = self.keep(f"select({x} < 0.0, -1.0, 0.0 * {x})")
            return self.keep(f"select({x} > 0.0, 1.0, {inner})")
        if isinstance(e, sp.DiracDelta):
            return "0.0"  # the derivative of a sign, away from its jump
        if type(e) in _RELATIONS:
            a, b = map(self.value, e.args)
            return self.keep(f"({a} {_RELATIONS[type(e)]} {b})")
        if isinstance(e, sp.And | sp.Or):
            sign = " & " if isinstance(e, sp.And) else " | "
            return self.keep(sign.join(self.value(a) for a in _ordered(e.args)))
        if isinstance(e, sp.Not):
            return self.keep(f"({self.value(e.args[0])} == False)")
        if type(e) in _FUNCTIONS:
            arguments = ", ".join(map(self.value, e.args))
            return self.keep(f"{_FUNCTIONS[type(e)]}({arguments})")
        raise TraceError(
            f"its derivative contains {type(e).__name__}, which has no formula"
        )

    def is_fixed(self, e: Any) -> bool:
        return not (e.free_symbols & self.varying)

    def sum_of(self, e: Any) -> str:
        fixed = [a for a in _ordered(e.args) if self.is_fixed(a)]
        others = [a for a in _ordered(e.args) if not self.is_fixed(a)]
        if len(fixed) > 1 and others:
            # Parameters among themselves first: one value for the whole inner loop.
            return self.keep(self.chain([sp.Add(*fixed, evaluate=False), *others]))
        return self.keep(self.chain([*others, *fixed]))

    def chain(self, terms: Sequence[Any]) -> str:
        text = self.value(terms[0])
        for term in terms[1:]:
            negative = term.as_coeff_Mul()[0].is_negative
            sign, size = (" - ", -term) if negative else (" + ", term)
            text += sign + self.value(size)
        return text

    def product_of(self, e: Any) -> str:
        factors = _ordered(e.args)
        if factors[0] is sp.S.NegativeOne:
            return self.keep("-" + self.value(sp.Mul(*factors[1:])))
        fixed = [f for f in factors if self.is_fixed(f)]
        others = [f for f in factors if not self.is_fixed(f)]
        if len(fixed) > 1 and others:
            others.insert(0, sp.Mul(*fixed))
        else:
            others = [*fixed, *others]
        return self.keep(" * ".join(self.value(f) for f in others))

    def power(self, base: Any, exponent: Any) -> str:
        """Return a power by products, square roots and one reciprocal if it can be."""
        simple = (
            exponent.is_Rational
            and exponent.q in _ROOTS
            and abs(exponent.p) <= _LARGEST_POWER
        )
        if not simple:
            return self.keep(f"power({self.value(base)}, {self.value(exponent)})")
        q = int(exponent.q)
        if exponent.p < 0:
            q = max(q, self.denominators.get(base, 1))
        name = self.value(base)
        for depth in range(1, _ROOTS[q] + 1):
            name = self.once(("root", base, depth), f"sqrt({name})")
        if exponent.p < 0:
            name = self.once(("reciprocal", base, q), f"1.0 / {name}")
        return self.whole_power(name, int(abs(exponent) * q))

    def once(self, key: Any, text: str) -> str:
        if key not in self.known:
            self.known[key] = self.keep(text)
        return self.known[key]

    def whole_power(self, name: str, n: int) -> str:
        if n == 1:
            return name
        half = self.whole_power(name, n // 2)
        square = self.once(("square", half), f"{half} * {half}")
        return self.once(("next", name, n), f"{square} * {name}") if n % 2 else square


def _ordered(args: Any) -> list[Any]:
    return sorted(args, key=sp.default_sort_key)


def _common_denominators(roots: Sequence[Any]) -> dict[Any, int]:
    """Return the root of each base from which all its negative powers are made.

    1/u and 1/u^(3/2) then share the reciprocal of sqrt(u). Not where branches are
    selected: one of them may need 1/u at u < 0.
    """
    if any(root.has(Select) for root in roots):
        return {}
    found: dict[Any, int] = {}
    for root in roots:
        for power in root.atoms(sp.Pow):
            if power.exp.is_Rational and power.exp.q in _ROOTS:
                q = int(power.exp.q)
                found[power.base] = max(q, found.get(power.base, 1))
    return found


def _literal(e: Any) -> str | None:
    if e is sp.true or e is sp.false:
        return "True" if e is sp.true else "False"
    if e is sp.nan:
        return "nan"
    if e in (sp.oo, -sp.oo):
        return "inf" if e is sp.oo else "(-inf)"
    if not e.is_number or e.has(Select, Log1p, Expm1):
        return None
    try:
        value = float(e)
    except (TypeError, ValueError, OverflowError) as error:
        raise TraceError(f"it contains {e}, which is no real number") from error
    if not math.isfinite(value):
        raise TraceError(f"it contains {e}, which is no finite number")
    return repr(value) if value >= 0 else f"({value!r})"
