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

MODULES = {"kills": kills, "places": places, "damage": damage, "broken": broken}


def main() -> int:
    """Run the campaign; the exit status says whether all is well."""
    parser = argparse.ArgumentParser(prog="python tests/faults", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        help="kills, places, damage, broken (all), or a part such as places.memory",
    )
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--out", type=Path, help="append the table to this file")
    given = parser.parse_args()
    unknown = [name for name in given.names if part_of(name) is None]
    if unknown:
        parser.error(f"no {', '.join(unknown)}; there are {', '.join(MODULES)}")
    rows = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder))
        for name in given.names or MODULES:
            for row in rows_of(lab, name, given.kills):
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


def part_of(name: str) -> Callable[..., Row | Iterator[Row]] | None:
    """Return what makes the rows of a module, or of a part of it."""
    module, _, part = name.partition(".")
    found: Callable[..., Row | Iterator[Row]] | None
    found = getattr(MODULES.get(module), part or "cases", None)
    return found


def rows_of(lab: Lab, name: str, count: int) -> Iterator[Row]:
    """Yield the rows of a module, or of a part of it."""
    part = part_of(name)
    assert part is not None
    made = part(lab, count) if name in ("kills", "kills.killed") else part(lab)
    yield from [made] if isinstance(made, Row) else made


def line(row: Row) -> str:
    """Return a row as Markdown."""
    said = " ".join(row.said.split()).replace("|", "\\|")
    return f"| {row.fault} | {row.trials} | {row.ended} | {row.equal} | {said} |"


if __name__ == "__main__":
    sys.exit(main())
