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
#: Replicas that are summed together where they have at most ``FEW`` particles: as many
#: as the widest vectors have numbers, so that none lies across two of them.
LANES = 8
FEW = 64
#: Numbers from one row of the working memory to the next: not a multiple of 4 KiB,
#: where reading waits for a store to another row, because their addresses end alike.
STRIDE = TILE + 24
WIDE = LANES * (FEW + 3)

#: Particles i0..i1 with the others j0..j1, two sets without a common one.
_SQUARE = """
def square(x, out, r, i0, i1, j0, j1, scale, box, p):
    work = empty({d} * 2 * STRIDE)
    count = j1 - j0
    for j in range(count):
        poke(work, {a} * STRIDE + j, scale * x[r, {a}, j0 + j])
        poke(work, ({d} + {a}) * STRIDE + j, out[r, {a}, j0 + j])
    for i in range(i0, i1):
        x{a} = scale * x[r, {a}, i]
        t{a} = 0.0
        for j in range(count):
            d{a} = {image}(x{a} - peek(work, {a} * STRIDE + j), box)
            g = pair_gradient(({all d}), p)
            t{a} += g[{a}]
            f{a} = peek(work, ({d} + {a}) * STRIDE + j) - g[{a}]
            poke(work, ({d} + {a}) * STRIDE + j, f{a})
        out[r, {a}, i] += t{a}
    for j in range(count):
        out[r, {a}, j0 + j] = peek(work, ({d} + {a}) * STRIDE + j)
"""

#: All pairs of i0..i1. The pairs j, j + k (modulo their number) for k = 1, 2, ... up to
#: half of it are every pair once; written twice in a row, no index has to be wrapped.
#: What belongs to j lies before what belongs to j + k, so one test separates them.
_TRIANGLE = """
def triangle(x, out, r, i0, i1, scale, box, p):
    work = empty({d} * 6 * STRIDE)
    count = i1 - i0
    for j in range(count):
        x{a} = scale * x[r, {a}, i0 + j]
        poke(work, {a} * STRIDE + j, x{a})
        poke(work, ({d} + {a}) * STRIDE + j, 0.0)
        poke(work, ({d} + {a}) * 2 * STRIDE + j, x{a})
        poke(work, ({d} + {a}) * 2 * STRIDE + count + j, x{a})
        poke(work, (2 * {d} + {a}) * 2 * STRIDE + j, 0.0)
        poke(work, (2 * {d} + {a}) * 2 * STRIDE + count + j, 0.0)
    for k in range(1, count // 2 + 1):
        size = k if 2 * k == count else count
        for j in range(size):
            y{a} = peek(work, ({d} + {a}) * 2 * STRIDE + k + j)
            d{a} = {image}(peek(work, {a} * STRIDE + j) - y{a}, box)
            g = pair_gradient(({all d}), p)
            f{a} = peek(work, ({d} + {a}) * STRIDE + j) + g[{a}]
            h{a} = peek(work, (2 * {d} + {a}) * 2 * STRIDE + k + j) - g[{a}]
            poke(work, ({d} + {a}) * STRIDE + j, f{a})
            poke(work, (2 * {d} + {a}) * 2 * STRIDE + k + j, h{a})
    for j in range(count):
        h{a} = peek(work, (2 * {d} + {a}) * 2 * STRIDE + j)
        h{a} += peek(work, (2 * {d} + {a}) * 2 * STRIDE + count + j)
        out[r, {a}, i0 + j] = peek(work, ({d} + {a}) * STRIDE + j) + h{a}
"""

#: LANES replicas of at most FEW particles, particle j of one beside those of the rest,
#: in place of one particle. The working memory holds scaled positions and pulls on what
#: comes second, twice over; then forces, positions and momenta.
#: Lanes are loaded and stored in the inner loop: the other way round LLVM vectorises
#: that, and it is half of all there is to compile.
_GROUP = """
def group_sums(work, n, factor, scale, box, p):
    count = n * LANES
    for j in range(count):
        x{a} = scale * peek(work, (5 * {d} + {a}) * WIDE + j)
        poke(work, {a} * 2 * WIDE + j, x{a})
        poke(work, {a} * 2 * WIDE + count + j, x{a})
        poke(work, ({d} + {a}) * 2 * WIDE + j, 0.0)
        poke(work, ({d} + {a}) * 2 * WIDE + count + j, 0.0)
        poke(work, (4 * {d} + {a}) * WIDE + j, 0.0)
    for shift in range(1, n // 2 + 1):
        k = shift * LANES
        size = k if 2 * k == count else count
        for j in range(size):
            y{a} = peek(work, {a} * 2 * WIDE + k + j)
            d{a} = {image}(peek(work, {a} * 2 * WIDE + j) - y{a}, box)
            g = pair_gradient(({all d}), p)
            f{a} = peek(work, (4 * {d} + {a}) * WIDE + j) + g[{a}]
            h{a} = peek(work, ({d} + {a}) * 2 * WIDE + k + j) - g[{a}]
            poke(work, (4 * {d} + {a}) * WIDE + j, f{a})
            poke(work, ({d} + {a}) * 2 * WIDE + k + j, h{a})
    for j in range(count):
        h{a} = peek(work, ({d} + {a}) * 2 * WIDE + j)
        h{a} += peek(work, ({d} + {a}) * 2 * WIDE + count + j)
        f{a} = peek(work, (4 * {d} + {a}) * WIDE + j)
        poke(work, (4 * {d} + {a}) * WIDE + j, factor * (f{a} + h{a}))

def group_load(work, row, x, r):
    replicas, _, n = x.shape
    for i in range(n):
        for lane in range(LANES):
            s = min(r + lane, replicas - 1)
            poke(work, (row * {d} + {a}) * WIDE + i * LANES + lane, x[s, {a}, i])

def group_store(work, row, x, r):
    replicas, _, n = x.shape
    for i in range(n):
        for lane in range(min(LANES, replicas - r)):
            j = i * LANES + lane
            x[r + lane, {a}, i] = peek(work, (row * {d} + {a}) * WIDE + j)

def group(x, out, r, factor, scale, box, p):
    work = empty(6 * {d} * WIDE)
    group_load(work, 5, x, r)
    group_sums(work, x.shape[2], factor, scale, box, p)
    group_store(work, 4, out, r)

def group_steps(x, m, out, r, steps, kicks, drifts, factor, scale, box, p):
    work = empty(7 * {d} * WIDE)
    group_load(work, 4, out, r)
    group_load(work, 5, x, r)
    group_load(work, 6, m, r)
    count = x.shape[2] * LANES
    parts = kicks.shape[0]
    for step in range(steps * parts):
        kick = kicks[step % parts]
        drift = drifts[step % parts]
        for j in range(count):
            m{a} = peek(work, (6 * {d} + {a}) * WIDE + j)
            m{a} += kick * peek(work, (4 * {d} + {a}) * WIDE + j)
            poke(work, (6 * {d} + {a}) * WIDE + j, m{a})
            x{a} = peek(work, (5 * {d} + {a}) * WIDE + j) + drift * m{a}
            poke(work, (5 * {d} + {a}) * WIDE + j, x{a})
        group_sums(work, x.shape[2], factor, scale, box, p)
        for j in range(count):
            m{a} = peek(work, (6 * {d} + {a}) * WIDE + j)
            m{a} += kick * peek(work, (4 * {d} + {a}) * WIDE + j)
            poke(work, (6 * {d} + {a}) * WIDE + j, m{a})
    group_store(work, 4, out, r)
    group_store(work, 5, x, r)
    group_store(work, 6, m, r)
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

#: Target k and n sources from j on, which feel it with weight w: their pulls add up.
#: Rows of ``near`` are the components and the weights, those of ``pulls`` components.
_FIELD_PAIRS = """
def field_pairs(near, pulls, j, n, targets, out, k, w, p):
    x{a} = targets[{a}, k]
    t{a} = 0.0
    y{a} = {a} * near.shape[1] + j
    f{a} = {a} * pulls.shape[1] + j
    mass = {d} * near.shape[1] + j
    for i in range(n):
        d{a} = x{a} - peek(near, y{a} + i)
        g = pair_gradient(({all d}), p)
        m = peek(near, mass + i)
        t{a} += m * g[{a}]
        poke(pulls, f{a} + i, peek(pulls, f{a} + i) + w * g[{a}])
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

_TEXTS = (
    _SQUARE, _TRIANGLE, _GROUP, _ENERGY_ROW, _FIELD_ROW, _FIELD_PAIRS,
    _FIELD_ENERGY_ROW,
)  # fmt: skip
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
