"""``python tests/faults``: break runs in every way of the list, and print a table.

Each trial is one disturbance of a run, followed by one run of the same command. The
column *ends well* counts those second runs that end without error, *equal* those after
which every output and every stored result has the bytes of an undisturbed run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import broken
import damage
import kills
import places
from lab import Lab, Row, indent


def main() -> int:
    """Run the campaign; the exit status says whether all is well."""
    parser = argparse.ArgumentParser(prog="python tests/faults", description=__doc__)
    parser.add_argument("names", nargs="*", help="kills, places, damage, broken (all)")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--out", type=Path, help="append the table to this file")
    given = parser.parse_args()
    modules: dict[str, Callable[[Lab], Iterator[Row]]] = {
        "kills": lambda lab: kills.cases(lab, given.kills),
        "places": places.cases,
        "damage": damage.cases,
        "broken": broken.cases,
    }
    unknown = set(given.names) - set(modules)
    if unknown:
        parser.error(f"no {', '.join(sorted(unknown))}; there are {', '.join(modules)}")
    rows = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder))
        for name in given.names or modules:
            for row in modules[name](lab):
                rows.append(row)
                print(line(row), flush=True)
                for wrong in row.wrong:
                    print(indent(wrong), flush=True)
    print(f"{len(rows)} faults in {time.monotonic() - began:.0f} s")
    if given.out:
        text = "".join(f"{line(row)}\n" for row in rows)
        with open(given.out, "a", encoding="utf-8") as file:
            file.write(text)
    return int(not all(row.good for row in rows))


def line(row: Row) -> str:
    """Return a row as Markdown."""
    said = " ".join(row.said.split()).replace("|", "\\|")
    return f"| {row.fault} | {row.trials} | {row.ended} | {row.equal} | {said} |"


if __name__ == "__main__":
    sys.exit(main())
