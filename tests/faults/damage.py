"""Files that are not what they were: cut off, altered by a bit, foreign, gone."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from lab import Lab, Row

KINDS = {
    "stored field": "store/fields/*.npz",
    "stored ensembles": "store/packs/simulate-*.zip",
    "stored rows": "store/packs/measure-*.zip",
    "marker of a finished job": "store/done/measure-*.json",
    "table": "small/table.csv",
    "table in LaTeX": "small/table.tex",
    "verdict": "small/verdict.json",
    "figure": "small/figure.svg",
    "plan": "small/plan.json",
    "page": "report.html",
}
#: Kinds that the next step reads; the others are what the reader reads.
INTERMEDIATE = tuple(KINDS)[:3]


def cut(path: Path, dice: random.Random) -> None:
    """Truncate a file at a random place."""
    content = path.read_bytes()
    path.write_bytes(content[: dice.randrange(len(content))])


def flip(path: Path, dice: random.Random) -> None:
    """Alter one bit."""
    content = bytearray(path.read_bytes())
    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    path.write_bytes(content)


def foreign(path: Path, dice: random.Random) -> None:
    """Put another file in its place."""
    path.write_bytes(b'{"from": "elsewhere", "number": %d}\n' % dice.randrange(10**6))


def gone(path: Path, _: random.Random) -> None:
    """Delete it."""
    path.unlink()


ACTS: dict[str, Callable[[Path, random.Random], None]] = {
    "truncated": cut,
    "altered by a bit": flip,
    "foreign": foreign,
    "deleted": gone,
}


def cases(lab: Lab) -> Iterator[Row]:
    """Yield a row for each act: the file is damaged and what needs it has to run."""
    dice = random.Random(3)
    for name, act in ACTS.items():
        row = Row(f"files {name}: " + ", ".join(KINDS))
        for kind, pattern in KINDS.items():
            out = lab.place()
            shutil.copytree(lab.folder / "undisturbed", out)
            path = dice.choice(sorted(out.glob(pattern)))
            act(path, dice)
            if kind in INTERMEDIATE:
                _undo_what_follows(out, kind)
            _settle(lab, row, out, f"{kind} {name}", path)
        yield row


def _undo_what_follows(out: Path, kind: str) -> None:
    """Take away what was made from a kind of files, so that it is read again."""
    steps = ["measure", "tabulate", "plot", "report"]
    if kind == "stored rows":
        steps.remove("measure")
    else:
        for rows in (out / "store" / "packs").glob("measure-*"):
            rows.unlink()
    for step in steps:
        for marker in (out / "store" / "done").glob(f"{step}-*"):
            marker.unlink()


def _settle(lab: Lab, row: Row, out: Path, what: str, path: Path) -> None:
    """Accept an equal result, or one line that names the file and what to do."""
    check = Row(what)
    end = lab.settle(check, out)
    row.trials += 1
    if end.status != 0 and path.name in end.complaint and "Remove it" in end.text:
        # It is named with what to do; doing it has to help.
        row.said = row.said or end.complaint
        path.unlink()
        check = Row(what)
        lab.settle(check, out)
    row.ended += check.ended
    row.equal += check.equal
    row.wrong += [f"{what}: {wrong}" for wrong in check.wrong]
