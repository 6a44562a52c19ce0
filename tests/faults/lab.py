"""A small study, run as a user runs it, and what has to be true of every run."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mfplug.studies.snake import snakefile

STUDY = """
title: A study of a second
system:
  potential: {name: gaussian, strength: 0.7}
  initial: {name: gaussian, qq: 1.3, pp: 0.6}
  external: faulty
sweep: {potential.strength: [0.3, 0.7, 1.1], N: [4, 8, 16]}
times: [0.0, 0.5]
replicas: 6
step: 0.1
solver: {name: characteristics, nodes: 500}
metrics: [coupling, energy-drift]
fits:
  - {name: coupling, metric: coupling-mean, where: {potential.strength: 0.7}}
"""
#: A plugin that does its work, or, where FAULT says so, one of the faults.
PLUGIN = '''
import ctypes, os, sys, time
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from mfplug import External, hookimpl


def spin(a):
    while a[0] == 0.0:
        a[1] += 1.0
    return a[1]


def spins():
    import numba
    # Compiled code that holds Python's lock and never comes back.
    numba.njit(spin)(np.zeros(2))


FAULTS = {
    "exits": lambda: sys.exit(0),
    "leaves": lambda: os._exit(0),
    "aborts": os.abort,
    "crashes": lambda: ctypes.string_at(1),
    "hangs": lambda: time.sleep(1e6),
    "spins": spins,
    "hoards": lambda: np.ones(10**15),
    "recurses": lambda: (lambda f: f(f))(lambda f: f(f)),
}


@dataclass(frozen=True)
class Faulty(External):
    """A trap that breaks on request."""

    name: ClassVar[str] = "faulty"

    def energy(self, q, t):
        return 0.35 * np.sum(q * q, axis=-1)

    def gradient(self, q, t):
        FAULTS.get(os.environ.get("FAULT", ""), lambda: None)()
        return 0.7 * q


@hookimpl
def mfplug_externals():
    return [Faulty]
'''
#: What differs between two runs by nature: where, when and what was asked for.
_NOT_COMPARED = ("provenance.json", "plan.json")


@dataclass
class Row:
    """One line of the table: a fault, and what became of it."""

    fault: str
    trials: int = 0
    #: Ended well at the first run of the same command after the fault.
    ended: int = 0
    #: Outputs and stored results equal those of an undisturbed run.
    equal: int = 0
    said: str = ""
    wrong: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was lost and nothing went unsaid."""
        return self.trials == self.ended == self.equal and not self.wrong


@dataclass(frozen=True)
class End:
    """How a run ended."""

    status: int
    text: str

    @property
    def complaint(self) -> str:
        """The line that says why not, or nothing."""
        lines = [
            line.strip()
            for line in self.text.splitlines()
            if re.match(r"(mfplug: error: |failed: )", line)
        ]
        return lines[0] if lines else ""


class Lab:
    """A folder with the study, its undisturbed results, and room for trials."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.study = folder / "small.yaml"
        self.plugin = folder / "faulty.py"
        self.study.write_text(STUDY)
        self.plugin.write_text(PLUGIN)
        self.count = 0
        began = time.monotonic()
        end = self.run(folder / "undisturbed")
        if end.status != 0:
            raise SystemExit(f"the study itself does not run:\n{end.text}")
        #: How long an undisturbed run takes, in seconds.
        self.seconds = time.monotonic() - began
        self.wanted = results(folder / "undisturbed")

    def place(self) -> Path:
        """Return a new folder for results."""
        self.count += 1
        return self.folder / f"trial{self.count}"

    def start(
        self,
        out: Path,
        environment: Mapping[str, str] | None = None,
        limit: Callable[[], None] | None = None,
        more: Sequence[str] = (),
    ) -> subprocess.Popen[str]:
        """Start the run that every trial starts, in a group of its own."""
        words = ["run", self.study, "--plugin", self.plugin, "--out", out, *more]
        return self._popen(["mfplug", *words, "--cores", 2], environment, limit)

    def start_alone(self, out: Path) -> subprocess.Popen[str]:
        """Start the workflow by Snakemake itself, as a user of Snakemake does."""
        here = out.with_name(f"{out.name}-snakemake")
        here.mkdir(exist_ok=True)
        words = ["snakemake", "--snakefile", snakefile(), "--directory", here]
        words += ["--cores", 2, "--scheduler", "greedy", "--rerun-incomplete"]
        # Its own lock stays when it is killed.
        words += ["--nolock", "--config", f"studies={self.study}", f"out={out}"]
        return self._popen(words, {"MFPLUG_PLUGIN_FILES": str(self.plugin)})

    def _popen(
        self,
        words: Sequence[object],
        environment: Mapping[str, str] | None = None,
        limit: Callable[[], None] | None = None,
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", *map(str, words)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
            preexec_fn=limit,
        )

    def run(
        self,
        out: Path,
        environment: Mapping[str, str] | None = None,
        limit: Callable[[], None] | None = None,
        more: Sequence[str] = (),
    ) -> End:
        """Run to the end; one of a quarter of an hour hangs."""
        return finish(self.start(out, environment, limit, more))

    def settle(self, row: Row, out: Path, keep: Mapping[str, int] | None = None) -> End:
        """Run the same command again and note whether all is as it should be.

        ``keep`` are pieces of work, from :func:`stored`, that must not be made anew.
        """
        end = self.run(out)
        row.trials += 1
        row.ended += end.status == 0
        if end.status != 0:
            row.wrong.append(end.complaint or f"status {end.status}: {end.text[-300:]}")
        row.equal += results(out) == self.wanted
        if lost := lost_of(keep or {}, out):
            row.wrong.append(f"computed again: {', '.join(lost)}")
        return end

    def expect_line(self, row: Row, end: End) -> None:
        """Note that a disturbed run failed with one clear line, or what it did."""
        row.said = row.said or end.complaint
        if end.status == 0:
            row.wrong.append("the fault went unnoticed")
        elif not end.complaint:
            row.wrong.append(f"no line says why: {end.text[-300:]}")
        if "Traceback" in end.text:
            row.wrong.append(f"a traceback: {end.text[-600:]}")


def finish(process: subprocess.Popen[str], seconds: float = 900.0) -> End:
    """Wait for a run; one that hangs is killed and said to hang."""
    try:
        _, text = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        _, text = process.communicate()
        text += "\nmfplug: error: it hung"
    return End(process.returncode, text)


def results(out: Path) -> dict[str, str]:
    """Return the hashes of all that a run leaves for its reader and for later runs."""
    found = {}
    for path in sorted(out.rglob("*")):
        name = str(path.relative_to(out))
        hidden = any(part.startswith(".") for part in Path(name).parts)
        if not path.is_file() or hidden or path.name in _NOT_COMPARED:
            continue
        if not name.startswith(("logs/", "store/done/", "store/locks/")):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    # A killed writer's half file stays hidden until it is overwritten; none may stay.
    for path in out.rglob(".tmp-*"):
        if ".snakemake" not in path.parts:
            found[str(path.relative_to(out))] = "left over"
    return found


def stored(out: Path) -> dict[str, int]:
    """Return the names of the finished pieces, loose or packed, and the time."""
    store, now = out / "store", time.time_ns()
    names = [
        str(path.relative_to(store))
        for path in store.glob("[fer]*/**/*")
        if path.is_file() and not path.name.startswith(".")
    ]
    for pack in store.glob("packs/[!.]*.zip"):
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(pack) as archive:
            names += archive.namelist()
    return dict.fromkeys(names, now)


def lost_of(keep: Mapping[str, int], out: Path) -> list[str]:
    """Return the pieces that are gone, or that a job says it has written since."""
    lost = set(keep) - set(stored(out))
    for log in (out / "logs").glob("*.log"):
        when = log.stat().st_mtime_ns
        written = re.findall(
            r"^mfplug: note: wrote (.+)$", log.read_text(errors="replace"), re.M
        )
        lost |= {name for name in written if when > keep.get(name, when)}
    return sorted(lost)


def indent(text: str) -> str:
    """Return a text as a block of Markdown."""
    return textwrap.indent(text, "    ")
