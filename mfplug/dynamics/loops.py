"""The inner loops of all sums over pairs, written out for a dimension.

In the texts a line with ``{a}`` stands for one line an axis, and ``{all x}`` for the
list x0, x1, ... of all axes: scalars stay in registers and every loop has unit stride,
so that LLVM makes vector instructions of it. Working memory has a fixed stride, which
spares the loops all tests of whether arrays overlap; ``peek`` and ``poke`` are plain
memory access, because NumPy's negative indices would keep a loop scalar.

Each pair is taken once: its gradient is added to one particle and subtracted from the
other. The order of the sums depends on N alone.
"""

from __future__ import annotations

import re

#: Most particles in a tile: its working memory stays in the nearest cache.
TILE = 256

#: Particles i0..i1 with the others j0..j1, two sets without a common one.
_SQUARE = """
def square(x, out, r, i0, i1, j0, j1, scale, box, p):
    work = empty({d} * 2 * TILE)
    count = j1 - j0
    for j in range(count):
        poke(work, {a} * TILE + j, scale * x[r, {a}, j0 + j])
        poke(work, ({d} + {a}) * TILE + j, out[r, {a}, j0 + j])
    for i in range(i0, i1):
        x{a} = scale * x[r, {a}, i]
        t{a} = 0.0
        for j in range(count):
            d{a} = {image}(x{a} - peek(work, {a} * TILE + j), box)
            g = pair_gradient(({all d}), p)
            t{a} += g[{a}]
            f{a} = peek(work, ({d} + {a}) * TILE + j) - g[{a}]
            poke(work, ({d} + {a}) * TILE + j, f{a})
        out[r, {a}, i] += t{a}
    for j in range(count):
        out[r, {a}, j0 + j] = peek(work, ({d} + {a}) * TILE + j)
"""

#: All pairs of i0..i1. The pairs j, j + k (modulo their number) for k = 1, 2, ... up to
#: half of it are every pair once; written twice in a row, no index has to be wrapped.
#: What belongs to j lies before what belongs to j + k, so one test separates them.
_TRIANGLE = """
def triangle(x, out, r, i0, i1, scale, box, p):
    work = empty({d} * 6 * TILE)
    count = i1 - i0
    for j in range(count):
        x{a} = scale * x[r, {a}, i0 + j]
        poke(work, {a} * TILE + j, x{a})
        poke(work, ({d} + {a}) * TILE + j, 0.0)
        poke(work, ({d} + {a}) * 2 * TILE + j, x{a})
        poke(work, ({d} + {a}) * 2 * TILE + count + j, x{a})
        poke(work, (2 * {d} + {a}) * 2 * TILE + j, 0.0)
        poke(work, (2 * {d} + {a}) * 2 * TILE + count + j, 0.0)
    for k in range(1, count // 2 + 1):
        size = k if 2 * k == count else count
        for j in range(size):
            y{a} = peek(work, ({d} + {a}) * 2 * TILE + k + j)
            d{a} = {image}(peek(work, {a} * TILE + j) - y{a}, box)
            g = pair_gradient(({all d}), p)
            f{a} = peek(work, ({d} + {a}) * TILE + j) + g[{a}]
            h{a} = peek(work, (2 * {d} + {a}) * 2 * TILE + k + j) - g[{a}]
            poke(work, ({d} + {a}) * TILE + j, f{a})
            poke(work, (2 * {d} + {a}) * 2 * TILE + k + j, h{a})
    for j in range(count):
        h{a} = peek(work, (2 * {d} + {a}) * 2 * TILE + j)
        h{a} += peek(work, (2 * {d} + {a}) * 2 * TILE + count + j)
        out[r, {a}, i0 + j] = peek(work, ({d} + {a}) * TILE + j) + h{a}
"""

_ENERGY_ROW = """
def energy_row(x, r, i, scale, box, p):
    x{a} = scale * x[r, {a}, i]
    total = 0.0
    for j in range(i):
        d{a} = {image}(x{a} - scale * x[r, {a}, j], box)
        total += pair_energy(({all d}), p)
    return total
"""

#: Sources j0..j1 on target k.
_FIELD_ROW = """
def field_row(sources, weights, j0, j1, targets, out, k, scale, box, p):
    x{a} = scale * targets[{a}, k]
    t{a} = 0.0
    for j in range(j0, j1):
        d{a} = {image}(x{a} - scale * sources[{a}, j], box)
        g = pair_gradient(({all d}), p)
        w = weights[j]
        t{a} += w * g[{a}]
    out[{a}, k] -= t{a}
"""

_FIELD_ENERGY_ROW = """
def field_energy_row(sources, weights, j0, j1, targets, k, scale, box, p, origin):
    x{a} = scale * targets[{a}, k]
    total = 0.0
    for j in range(j0, j1):
        d{a} = {image}(x{a} - scale * sources[{a}, j], box)
        value = pair_energy(({all d}), p)
        here = {each d{a} == 0.0}
        total += weights[j] * (origin if here else value)
    return total
"""

_TEXTS = (_SQUARE, _TRIANGLE, _ENERGY_ROW, _FIELD_ROW, _FIELD_ENERGY_ROW)
#: Names of the loops.
NAMES = tuple(re.findall(r"def (\w+)", "".join(_TEXTS)))


def loops(dimension: int, periodic: bool) -> str:
    """Return the text of the loops; they call ``pair_gradient`` and ``pair_energy``.

    Parameters
    ----------
    dimension
        Number of components.
    periodic
        Whether separations are those of the nearest image.
    """
    lines = "".join(_TEXTS).splitlines()
    return "\n".join(_written_out(line, dimension, periodic) for line in lines) + "\n"


def _written_out(line: str, dimension: int, periodic: bool) -> str:
    axes = range(dimension)
    line = line.replace("{d}", str(dimension))
    line = line.replace("{image}", "image" if periodic else "unbounded")
    line = re.sub(
        r"{all (\w)}", lambda m: "".join(f"{m[1]}{a}, " for a in axes).strip(), line
    )
    line = re.sub(
        r"{each (\w){a} == 0.0}",
        lambda m: " & ".join(f"({m[1]}{a} == 0.0)" for a in axes),
        line,
    )
    if "{a}" not in line:
        return line
    return "\n".join(line.replace("{a}", str(a)) for a in axes)
