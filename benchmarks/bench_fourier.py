"""Forces by nonuniform FFTs against the bare transforms, and a fast summation library.

N independent points with a Gaussian potential, relative error 1e-8. "FINUFFT" is the
bare work: one transform of type 1 and one of type 2 for each pair of components, with
the same modes, tolerance and threads, and nothing else (FINUFFT's own threads, with
which its results are not the same bits each time). "pynfft3" is the fast summation of
the NFFT library through its Python package: energies, for which mfplug's energies are
timed, at the cheapest of a list of its parameters with which it reaches 1e-8 on a
sample; its points and weights are set anew in every call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import mfplug
from benchmarks.harness import Case, Settings, Skip
from mfplug.dynamics.sums import PairSum

TITLE = "Fast sums by nonuniform FFTs"
TOLERANCE, WIDTH = 1e-8, 1.3
#: Expansion degree and window of pynfft3, from cheap to dear; the first that serves.
LADDER = ((16, 4), (24, 5), (32, 5), (48, 6), (64, 6), (128, 8))
SIZES = {d: (10_000, 100_000, 1_000_000) for d in (1, 2, 3)}


def cases(settings: Settings) -> Iterator[Case | Skip]:
    """Yield the comparisons."""
    potential = mfplug.create("potential", "gaussian", width=WIDTH)
    for d, sizes in SIZES.items():
        for n in sizes[:1] if settings.small else sizes:
            x = np.random.default_rng(20).normal(size=(d, n))
            pairs = PairSum(
                potential, d, n, "fourier", factor=1 / n, tolerance=TOLERANCE,
                threads=settings.threads,
            )  # fmt: skip
            yield Case(
                f"forces, d = {d}, N = {n}",
                {
                    "mfplug": _forces(pairs, x),
                    "FINUFFT": bare(pairs, x, settings.threads),
                },
                float(n),
                "points",
                {"FINUFFT": 0.77},
            )
            if n == 10_000 or d == 1:
                yield from _library(pairs, x)


def _forces(pairs: PairSum, x: np.ndarray) -> Callable[[], None]:
    w = np.ones(x.shape[1])

    def call() -> None:
        pairs.forces(x, w, x)

    call()
    return call


def bare(pairs: PairSum, x: np.ndarray, threads: int) -> Callable[[], None]:
    """Return the transforms alone, of the size that mfplug chose."""
    import finufft

    d, n = x.shape
    low, high = x.min(axis=1), x.max(axis=1)
    modes = pairs.sum.modes(tuple(float(v) for v in high - low))
    angles = [
        (x[a] - 0.5 * (low[a] + high[a])) * (2 * np.pi / modes.periodic.period[a])
        for a in range(d)
    ]
    first = getattr(finufft, f"nufft{d}d1")
    second = getattr(finufft, f"nufft{d}d2")
    w = np.ones(n, dtype=complex)
    options = {"eps": TOLERANCE, "nthreads": threads}

    def call() -> None:
        spectrum = first(*angles, w, modes.sizes, isign=-1, **options)
        both = np.stack([spectrum] * ((d + 1) // 2))
        second(*angles, both, isign=1, **options)

    return call


def _library(pairs: PairSum, x: np.ndarray) -> Iterator[Case | Skip]:
    d, n = x.shape
    name = f"energies, d = {d}, N = {n}"
    w = np.ones(n)

    def ours() -> None:
        pairs.energies(x, w, x)

    exact = PairSum(pairs.kernel.potential, d, n, "direct", factor=1 / n)
    sample = np.ascontiguousarray(x[:, :50])
    truth = exact.energies(x, w, sample)
    for cut, window in LADDER:
        try:
            call, found = fastsum(x, cut, window)
            call()
        except (ImportError, OSError) as error:
            yield Skip(name, "pynfft3", f"{type(error).__name__}: {error}"[:200])
            return
        error = float(np.abs(found()[:50].real / n - truth).max() / np.abs(truth).max())
        if error < TOLERANCE:
            break
    else:
        yield Skip(name, "pynfft3", f"its relative error stays at {error:.1e}")
        return
    yield Case(
        f"{name}, its error {error:.0e}",
        {"mfplug": ours, "pynfft3": call},
        float(n),
        "points",
    )


def fastsum(
    x: np.ndarray, cut: int, window: int
) -> tuple[Callable[[], None], Callable[[], Any]]:
    """Return pynfft3's fast summation of the Gaussian, and its result.

    It asks for points within 1/4 - eps_B/2 of the origin, so they are shrunk, and the
    Gaussian exp(-r^2/c^2) with them.
    """
    import pyNFFT3

    d, n = x.shape
    border = 1 / 16
    shrink = (0.25 - border / 2) / float(np.sqrt((x**2).sum(axis=0)).max()) * 0.999
    points = np.ascontiguousarray((x * shrink).T)
    width = np.sqrt(2.0) * WIDTH * shrink
    numbers = (cut, 8, 0.0, border, 2 * cut, window)
    plan = pyNFFT3.FASTSUM(d, n, n, "gaussian", float(width), *numbers)
    points = points[:, 0].copy() if d == 1 else points

    def call() -> None:
        plan.x = points
        plan.y = points
        plan.alpha = np.ones(n, dtype=np.complex128)
        plan.fastsum_trafo()

    return call, lambda: np.asarray(plan.f)
