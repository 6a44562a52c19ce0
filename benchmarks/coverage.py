"""``python -m benchmarks.coverage``: how often limits of alpha from samples hold alpha.

Replicas of N = 20 exchangeable Gaussian signs, of which N times the covariance is v,
are drawn from the exact law, M of them a case. A case is covered if alpha of the exact
law lies within its limits. Every case has seeds of its own. If 95 % are covered, 400
cases show less than 93 % with a chance of 3 %.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np

import mfplug
from mfplug.theory.counting import laws

N, CELLS = 20, (0.5, 0.5)
EXCESSES, REPLICAS = (0.0, 0.25, 1.0, 4.0), (1_000, 10_000)
#: Least part of cases that is to be covered.
ASKED = 0.93


@dataclass(frozen=True)
class Row:
    """What was found for one law and one number of replicas.

    ``low`` and ``high`` are how many cases the lower and the upper limit missed.
    """

    excess: float
    replicas: int
    alpha: float
    cases: int
    low: int
    high: int
    mean: float
    width: float
    seconds: float

    @property
    def covered(self) -> float:
        """Part of the cases in which both limits hold."""
        return 1.0 - (self.low + self.high) / self.cases


def campaign(excess: float, replicas: int, cases: int) -> Row:
    """Return the coverage of the nominal 95 % limits."""
    law = laws.gaussian_signs(N, excess)
    keys, weights = np.array(list(law)), np.array(list(law.values()))
    # Independent signs have alpha = 0; the solver would give 1e-13.
    true = mfplug.counting_measure(law, CELLS).value if excess else 0.0
    start = time.process_time()
    low, high, values, widths = 0, 0, [], []
    for case in range(cases):
        rng = np.random.default_rng([77, round(100 * excess), replicas, case])
        rows = np.repeat(keys, rng.multinomial(replicas, weights), axis=0)
        found = mfplug.counting_measure(rows, CELLS, seed=case)
        low += found.lower > true
        high += found.upper < true
        values.append(found.value)
        widths.append(found.upper - found.lower)
    seconds = time.process_time() - start
    mean, width = float(np.mean(values)), float(np.mean(widths))
    return Row(excess, replicas, true, cases, low, high, mean, width, seconds)


def table(rows: list[Row]) -> str:
    """Return the rows as Markdown."""
    lines = [
        "| v | M | alpha | covered | alpha < lower | alpha > upper | mean value "
        "| mean width | asked | met |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.excess:g} | {row.replicas} | {row.alpha:.5f} | {row.covered:.4f} "
        f"| {row.low} | {row.high} | {row.mean:.5f} | {row.width:.4f} "
        f"| >= {ASKED} | {'yes' if row.covered >= ASKED else 'no'} |"
        for row in rows
    ]
    return "\n".join(lines)


def main() -> int:
    """Run the campaign; the exit status says whether every row is covered."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.coverage",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cases", type=int, default=400)
    cases = parser.parse_args().cases
    rows = [campaign(v, count, cases) for v in EXCESSES for count in REPLICAS]
    print(table(rows))
    print(f"\n{cases} cases a row, {sum(r.seconds for r in rows):.0f} s of processor")
    return 0 if all(row.covered >= ASKED for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
