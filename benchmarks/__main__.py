"""``python -m benchmarks [NAME ...]``: measure, and write the page."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

#: Where libraries read their number of threads from.
THREADS = (
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TTN_CPU_THREADS",
)


def main() -> int:
    """Run the named benchmarks, or all of them."""
    here = Path(__file__).parent
    known = sorted(path.stem.removeprefix("bench_") for path in here.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--small", action="store_true", help="see that everything runs")
    given = parser.parse_args()
    unknown = sorted(set(given.names) - set(known))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    # Libraries read their number of threads when they are imported.
    for name in THREADS:
        os.environ[name] = str(given.threads)
    from benchmarks.harness import Settings

    settings = Settings(given.threads, given.repeats, given.small)
    for name in given.names or known:
        measure(name, settings, given.out)
    from benchmarks.page import write_page

    print(write_page(given.out))
    return 0


def measure(name: str, settings: object, out: Path) -> None:
    """Run one benchmark; store its results and its figure."""
    from benchmarks.harness import Settings, Skip, compare
    from benchmarks.machine import describe
    from benchmarks.page import Section, draw_section

    assert isinstance(settings, Settings)
    module = importlib.import_module(f"benchmarks.bench_{name}")
    rows, skips = [], []
    for item in module.cases(settings):
        if isinstance(item, Skip):
            skips.append(item)
            print(f"{name}: {item.name}: without {item.entrant}: {item.reason}")
            continue
        found = compare(item, settings.repeats)
        for row in found:
            print(
                f"{name}: {row.case}: {row.entrant} {row.value[0]:.3g} {row.unit}"
                f"{'/s' if row.timed else ''}, ratio {row.ratio[0]:.3f}",
                flush=True,
            )
        rows += found
    text = (module.__doc__ or "").strip()
    machine = describe(settings.threads)
    section = Section(name, module.TITLE, text, machine, rows, skips)
    folder = out / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    section.save(folder)
    draw_section(section, folder, getattr(module, "draw", None))


if __name__ == "__main__":
    sys.exit(main())
