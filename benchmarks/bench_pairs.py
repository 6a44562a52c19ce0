"""One force on N particles in three dimensions, all pairs, against other codes.

The rate counts N^2 ordered pairs a force, whatever a code does to find them. The C
code is hand-written, component-major, and compiled with `gcc -O3 -march=native
-ffast-math -fopenmp` (its exponential is the C library's vector one). The plain numba
loop is the one that one writes first. The stranger's potentials are the same formulas
as a third party would write them, in one line each. Before the clock starts every
result is compared with mfplug's, to a relative error of 1e-10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import mfplug
from benchmarks import pair_codes as codes
from benchmarks.harness import Case, Settings, Skip
from mfplug import Potential

TITLE = "All pairs"
WIDTH, SOFTENING, STRENGTH, BOX = 1.3, 0.3, 0.8, 14.0
OURS = "mfplug"


def cases(settings: Settings) -> Iterator[Case | Skip]:
    """Yield the comparisons."""
    n = 2000 if settings.small else 20000
    x = np.random.default_rng(20).normal(size=(3, n))
    yield from _gaussian(x)
    yield from _plummer(x)
    yield from _others(x)


def _gaussian(x: codes.Array) -> Iterator[Case | Skip]:
    ours = mfplug.create("potential", "gaussian", strength=STRENGTH, width=WIDTH)
    stranger = codes.StrangersGaussian(STRENGTH, WIDTH)
    peers = {
        "C": lambda: codes.c_code("gaussian", STRENGTH, WIDTH, x),
        "plain numba": lambda: codes.plain_numba("gaussian", STRENGTH, WIDTH, x),
        "pykeops": lambda: codes.pykeops(STRENGTH, WIDTH, x),
    }
    yield from _against("gaussian", ours, x, peers, {"C": 1.15, "plain numba": 4.5})
    yield from _stranger("gaussian", stranger, ours, x)


def _plummer(x: codes.Array) -> Iterator[Case | Skip]:
    make = {"strength": STRENGTH, "softening": SOFTENING}
    ours = mfplug.create("potential", "plummer", **make)
    stranger = codes.StrangersPlummer(STRENGTH, SOFTENING)
    peers = {
        "C": lambda: codes.c_code("plummer", STRENGTH, SOFTENING, x),
        "plain numba": lambda: codes.plain_numba("plummer", STRENGTH, SOFTENING, x),
    }
    yield from _against("plummer", ours, x, peers, {"C": 0.97})
    yield from _stranger("plummer", stranger, ours, x)
    # pytreegrav softens otherwise, so both go without: the softening is below rounding.
    hard = mfplug.create("potential", "plummer", strength=STRENGTH, softening=1e-9)
    tree = {"pytreegrav": lambda: codes.pytreegrav(STRENGTH, x)}
    yield from _against("plummer, not softened", hard, x, tree, {"pytreegrav": 2.5})


def _others(x: codes.Array) -> Iterator[Case | Skip]:
    """The remaining potentials that ship, against the C code for the Gaussian."""
    clock = codes.c_code("gaussian", STRENGTH, WIDTH, x)[0]
    work = float(x.shape[1]) ** 2
    for name, parameters, box in [
        ("yukawa", {"screening": 1.7, "softening": 0.2}, None),
        ("power", {"exponent": 0.7, "cutoff": 0.2}, None),
        ("power", {"exponent": 0.0, "cutoff": 0.2}, None),
        ("bump", {"radius": 1.9}, None),
        ("harmonic", {"strength": 0.7}, None),
        ("cosine", {"mode": 2}, BOX),
        ("gaussian", {"width": WIDTH}, BOX),
        ("plummer", {"softening": SOFTENING}, BOX),
    ]:
        potential = mfplug.create("potential", name, **parameters)
        if name == "cosine":
            potential = potential.on(3, box)
        label = name + (
            f", exponent {parameters['exponent']:g}" if name == "power" else ""
        )
        label += " on the torus" if box else ""
        call = codes.ours(potential, x, box)[0]
        yield Case(label, {OURS: call, "C, gaussian": clock}, work, "pairs")


def _against(
    name: str,
    potential: Potential,
    x: codes.Array,
    peers: dict[str, Callable[[], codes.Job]],
    asked: dict[str, float],
) -> Iterator[Case | Skip]:
    """Yield one case with those peers that can be had and agree."""
    call, own = codes.ours(potential, x)
    call()
    entrants: dict[str, Any] = {OURS: call}
    for peer, make in peers.items():
        try:
            other, out = make()
            other()
        except (ImportError, RuntimeError, OSError) as error:
            yield Skip(name, peer, f"{type(error).__name__}: {error}"[:200])
            continue
        error = float(np.abs(out - own).max() / np.abs(own).max())
        if not error < 1e-10:
            raise ValueError(f"{name}: {peer} differs from mfplug by {error:.1e}")
        entrants[peer] = other
    yield Case(name, entrants, float(x.shape[1]) ** 2, "pairs", asked)


def _stranger(
    name: str, stranger: Potential, shipped: Potential, x: codes.Array
) -> Iterator[Case]:
    entrants = {
        "a stranger's": codes.ours(stranger, x)[0],
        "the shipped one": codes.ours(shipped, x)[0],
    }
    work, asked = float(x.shape[1]) ** 2, {"the shipped one": 0.95}
    yield Case(f"{name}, a stranger's", entrants, work, "pairs", asked)
