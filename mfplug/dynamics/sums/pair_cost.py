"""Seconds of a pair, from the operations in the text derived from a potential.

The numbers are a fit to the potentials that are shipped, in one, two and three
dimensions, in free space and on the torus, each timed over all pairs by one thread of
the machine of ``benchmarks``: within 15 %, ``yukawa`` on the line within 35 %. Nothing
is timed while the program runs, so that what is chosen is the same on every machine.
"""

from __future__ import annotations

import ast
from collections import Counter
from functools import lru_cache

from mfplug.contracts.derivation import Derivation
from mfplug.dynamics.sums.direct import DirectSum
from mfplug.dynamics.sums.kernel import ScaledKernel

#: Nanoseconds a pair of one operation on the separation. As each pair is taken once, a
#: pair that is counted is half an evaluation.
OPERATION = {
    "arithmetic": 0.011,
    "divide": 0.045,
    "sqrt": 0.25,
    "exp": 0.44,
    "log": 0.6,
    "power": 1.2,
    "sin": 0.3,
    "cos": 0.3,
}
#: Any other function: a call for each pair, and no vector instructions.
FUNCTION = 6.0
#: Memory and sums of a pair, by dimension; the nearest image, for each axis.
PAIR = {1: 0.061, 2: 0.118, 3: 0.181}
IMAGE = 0.04
#: Seconds of a pair where the potential is not compiled, by NumPy.
PLAIN = 6e-8


def direct_seconds(kernel: ScaledKernel, pairs: float) -> float:
    """Return the seconds that ``direct`` takes for so many pairs.

    Parameters
    ----------
    kernel
        The scaled potential.
    pairs
        Ordered ones: N^2 of a cloud.
    """
    compiled = DirectSum(kernel).compiled
    if not compiled.compiled:
        return PLAIN * pairs
    periodic = kernel.box is not None
    return pair_seconds(compiled.derivation, kernel.dimension, periodic) * pairs


def pair_seconds(derivation: Derivation, dimension: int, periodic: bool) -> float:
    """Return the seconds of one of the N^2 ordered pairs of a force by one thread.

    Parameters
    ----------
    derivation
        What was derived from the potential.
    dimension
        d.
    periodic
        Whether separations are those of the nearest image.
    """
    counts = operations(derivation.source, derivation.radial)
    each = PAIR[dimension] + (IMAGE * dimension if periodic else 0.0)
    each += sum(OPERATION.get(k, FUNCTION) * n for k, n in counts.items())
    return 1e-9 * each


@lru_cache(maxsize=256)
def operations(source: str, radial: bool) -> Counter[str]:
    """Return how often each operation is done for a pair.

    What depends on the parameters alone is computed once and does not count.

    Parameters
    ----------
    source
        Text of the derived functions, one assignment a line.
    radial
        Whether the slope is ``weight(s, p)``, otherwise ``gradient(x0, ..., p)``.
    """
    name = "weight" if radial else "gradient"
    (function,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    )
    varying = {a.arg for a in function.args.args} - {"p"}
    found: Counter[str] = Counter()
    for line in function.body:
        known = {n.id for n in ast.walk(line) if isinstance(n, ast.Name)}
        _count(line, varying, found)
        if isinstance(line, ast.Assign) and known & varying:
            varying.update(n.id for n in line.targets if isinstance(n, ast.Name))
    return found


def _count(node: ast.AST, varying: set[str], found: Counter[str]) -> bool:
    """Count the operations on what varies; return whether a node does."""
    if isinstance(node, ast.Name):
        return node.id in varying
    parts = [_count(child, varying, found) for child in ast.iter_child_nodes(node)]
    if not any(parts):
        return False
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        called = node.func.id
        found["arithmetic" if called in ("select", "fabs") else called] += 1
    elif isinstance(node, ast.BinOp):
        found["divide" if isinstance(node.op, ast.Div) else "arithmetic"] += 1
    elif isinstance(node, ast.Compare):
        found["arithmetic"] += 1
    return True
