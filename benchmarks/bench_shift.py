"""The shift of a mean by the other particles: seconds and standard errors.

N (<q^2>_F1 - <q^2>_f) of a repulsive Gaussian potential of width 1 and strength 1 with
normal data, d = 1, t = 2: N = 16, 64 and 256 to a standard error of 0.05 in less than
10 s is asked. The seconds are those of all three N, from the system to the numbers: one
mean field, three ensembles, the metric `correlation`. Compiled code is in the cache.
The numbers and their errors are the same at every call; with steps twice as long the
shift at N = 256 is off by 0.04.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator

import mfplug
from benchmarks.harness import Case, Settings

TITLE = "Shift of a mean"
#: Replicas for each number of particles.
REPLICAS = {16: 1000, 64: 750, 256: 750}
TIMES = (0.0, 2.0)
STEP = 0.1


def cases(settings: Settings) -> Iterator[Case]:
    """Yield the seconds, and the standard error for each number of particles."""
    shifts({16: 30})
    replicas = dict.fromkeys(REPLICAS, 100) if settings.small else REPLICAS
    found: dict[int, tuple[float, float]] = {}

    def ours() -> float:
        start = time.perf_counter()
        found.update(shifts(replicas))
        return time.perf_counter() - start

    yield Case("N = 16, 64, 256", {"mfplug": ours}, unit="s", most=10.0, compiled=True)
    for particles, (value, error) in found.items():
        name = f"N = {particles}, {replicas[particles]} replicas"
        for what, number, most in (("shift", value, None), ("error", error, 0.05)):
            call = functools.partial(float, number)
            yield Case(f"{name}: {what}", {"mfplug": call}, unit="", most=most)


def shifts(replicas: dict[int, int]) -> dict[int, tuple[float, float]]:
    """Return N (<q^2>_F1 - <q^2>_f) and its standard error for each N."""
    system = mfplug.System(
        dimension=1,
        potential=mfplug.create("potential", "gaussian", strength=1.0, width=1.0),
        initial=mfplug.create("distribution", "gaussian"),
    )
    field = mfplug.solve_mean_field(
        system, times=TIMES, solver="characteristics", step=STEP, nodes=4096
    )
    metric = {"name": "correlation", "observables": ["q2"]}
    found = {}
    for particles, count in replicas.items():
        ensemble = mfplug.simulate(
            system, particles=particles, replicas=count, times=TIMES, step=STEP,
            integrator="yoshida4", seed=0,
        )  # fmt: skip
        rows = mfplug.measure([metric], ensemble, field).set_index("metric")
        row = rows.loc["mean-shift"]
        found[particles] = float(row["value"]), float(row["stderr"])
    return found
