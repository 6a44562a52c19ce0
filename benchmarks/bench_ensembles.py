"""Ensembles of small clouds against one large one, and the memory that a run takes.

Nanoseconds a pair, smaller is better: 10^5 replicas of N = 64 in one dimension, 40
leapfrog steps, initial points, snapshots and the account of the energy included,
beside one force of N = 20 000 by the same kernel. Then the same with d = 3, and N =
1000. Memory is the peak of a process of its own, imports and compiled code included.
"""

from __future__ import annotations

import functools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

import mfplug
from benchmarks.harness import Case, Settings
from mfplug.dynamics.sums import PairSum

TITLE = "Ensembles and memory"
STEPS, STEP, WIDTH, LARGE = 40, 0.05, 1.3, 20_000
#: Dimension, particles, replicas, ratio asked for.
ENSEMBLES = ((1, 64, 100_000, 0.8), (3, 64, 10_000, None), (1, 1_000, 100, None))
#: What runs, its statement, and the MiB allowed.
MEMORY = (
    ("import of mfplug and one small force", "force(1, 100)", None),
    ("one force, d = 1, N = 10^6", "force(1, 1_000_000)", None),
    ("one force, d = 3, N = 10^6", "force(3, 1_000_000)", 4096.0),
    ("ensemble, 10^4 x 64, 2 snapshots", "ensemble(1, 64, 10_000)", None),
)


def cases(settings: Settings) -> Iterator[Case]:
    """Yield the comparisons."""
    for d, n, replicas, asked in ENSEMBLES:
        count = replicas // 100 if settings.small else replicas
        yield Case(
            f"{count} replicas of N = {n}, d = {d}",
            {"ensemble": lambda d=d, n=n, r=count: rate(d, n, r), "large N": large(d)},
            unit="ns/pair",
            asked={} if asked is None else {"large N": asked},
        )
    for name, statement, most in MEMORY[: 1 if settings.small else None]:
        call = functools.partial(peak, statement)
        yield Case(f"memory: {name}", {"mfplug": call}, unit="MiB", most=most)


def system(d: int) -> mfplug.System:
    """Return a Gaussian cloud with a Gaussian potential."""
    return mfplug.System(
        dimension=d,
        potential={"name": "gaussian", "width": WIDTH},
        initial={"name": "gaussian", "qq": 0.8, "pp": 0.6},
    )


def ensemble(d: int, n: int, replicas: int) -> None:
    """Simulate the replicas."""
    mfplug.simulate(
        system(d), n, replicas=replicas, times=[0.0, STEPS * STEP], step=STEP,
        integrator="leapfrog", forces="direct",
    )  # fmt: skip


def rate(d: int, n: int, replicas: int) -> float:
    """Return nanoseconds a pair of an ensemble."""
    start = time.perf_counter()
    ensemble(d, n, replicas)
    return 1e9 * (time.perf_counter() - start) / (replicas * n**2 * (STEPS + 1))


def large(d: int) -> Callable[[], float]:
    """Return nanoseconds a pair of one large cloud."""
    x = np.random.default_rng(20).normal(size=(1, d, LARGE))
    pairs = PairSum(system(d).potential, d, LARGE, "direct", factor=1 / LARGE)
    pairs.clouds(x)

    def call() -> float:
        start = time.perf_counter()
        pairs.clouds(x)
        return 1e9 * (time.perf_counter() - start) / LARGE**2

    return call


def force(d: int, n: int) -> None:
    """Compute one force by the way that `auto` chooses."""
    x = np.random.default_rng(20).normal(size=(1, d, n))
    PairSum(system(d).potential, d, n, factor=1 / n, tolerance=1e-8).clouds(x)


@functools.cache
def peak(statement: str) -> float:
    """Return the peak resident memory of a new process that does this, in MiB."""
    # VmHWM belongs to the new program; ru_maxrss would start at the parent's.
    code = (
        f"from benchmarks.bench_ensembles import ensemble, force; {statement}; "
        "import re; "
        "print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return float(done.stdout) / 1024.0
