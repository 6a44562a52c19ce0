"""How far a run is and when it will end, from estimated costs and the measured pace."""

from __future__ import annotations

import time
from collections.abc import Iterable

from mfplug.studies.jobs import Block

# The estimates count as this many seconds of experience at pace 1.
_TRUST = 5.0
# A job that runs longer than predicted is never said to be over.
_ALMOST = 0.95


class Outlook:
    """Progress and time left of a run.

    A job's expected time is its estimated cost times the pace of its step: measured
    seconds over estimated seconds of the finished jobs, drawn towards the pace of all
    steps, and that towards 1. The time left is the larger of the work left divided by
    the cores and the longest chain of jobs that wait for each other.

    Parameters
    ----------
    blocks
        The jobs of this run that are not done, each after what it needs.
    cores
        How many jobs run at a time.
    """

    def __init__(self, blocks: Iterable[Block], cores: int) -> None:
        self.blocks = {block.id: block for block in blocks}
        self.cores = max(1, cores)
        self.waiting = set(self.blocks)
        self.running: dict[str, float] = {}
        self.finished: dict[str, float] = {}
        self.failed: set[str] = set()
        self.dropped: set[str] = set()

    def start(self, block: str, now: float) -> None:
        """Note that a job has started at time ``now`` (seconds)."""
        if block in self.waiting:
            self.waiting.remove(block)
            self.running[block] = now

    def finish(self, block: str, now: float) -> float:
        """Note that a job has ended well and return how long it took."""
        started = self.running.pop(block, now)
        self.waiting.discard(block)
        if block in self.blocks:
            self.finished[block] = now - started
        return now - started

    def retry(self, block: str) -> None:
        """Note that a job has failed and will be tried again."""
        self.running.pop(block, None)
        self.waiting.add(block)

    def fail(self, block: str) -> None:
        """Note that a job has failed; what waits for it will not run."""
        self.running.pop(block, None)
        self.waiting.discard(block)
        self.failed.add(block)
        lost = {block}
        for other in self.blocks.values():
            if lost.intersection(other.needs):
                lost.add(other.id)
        self.dropped |= lost & self.waiting
        self.waiting -= lost

    def expected(self, block: str) -> float:
        """Return how many seconds a job is expected to take."""
        return self.blocks[block].cost * self._paces()[self.blocks[block].step]

    def _paces(self) -> dict[str, float]:
        """Return the pace of each step, from one look at what is finished."""
        by_step: dict[str, list[str]] = {b.step: [] for b in self.blocks.values()}
        for name in self.finished:
            by_step[self.blocks[name].step].append(name)
        whole = self._pace(self.finished, 1.0)
        return {step: self._pace(names, whole) for step, names in by_step.items()}

    def _pace(self, finished: Iterable[str], prior: float) -> float:
        names = list(finished)
        measured = sum(self.finished[name] for name in names)
        estimated = sum(self.blocks[name].cost for name in names)
        return (measured + _TRUST * prior) / (estimated + _TRUST)

    def left(self, now: float | None = None) -> float:
        """Return the seconds that the rest of the run is expected to take."""
        rest = self._rest(time.time() if now is None else now)
        work = sum(rest[b] * min(self.blocks[b].threads, self.cores) for b in rest)
        chain: dict[str, float] = {}
        for name, block in self.blocks.items():
            before = max((chain.get(need, 0.0) for need in block.needs), default=0.0)
            chain[name] = before + rest.get(name, 0.0)
        return max(work / self.cores, max(chain.values(), default=0.0))

    def _rest(self, now: float) -> dict[str, float]:
        paces, blocks = self._paces(), self.blocks
        names = [name for name in blocks if name in self.waiting]
        rest = {name: blocks[name].cost * paces[blocks[name].step] for name in names}
        for name, started in self.running.items():
            expected = blocks[name].cost * paces[blocks[name].step]
            rest[name] = max(expected - (now - started), (1 - _ALMOST) * expected)
        return rest

    def fraction(self, now: float | None = None) -> float:
        """Return the done part of the estimated cost, from 0 to 1."""
        now = time.time() if now is None else now
        total = sum(block.cost for block in self.blocks.values())
        done = sum(self.blocks[name].cost for name in self.finished)
        for name, started in self.running.items():
            part = min((now - started) / max(self.expected(name), 1e-9), _ALMOST)
            done += max(part, 0.0) * self.blocks[name].cost
        return done / total if total else 1.0


def spoken(seconds: float) -> str:
    """Return a duration as a person says it.

    >>> [spoken(x) for x in (0.4, 12, 75, 3600, 9000)]
    ['1 s', '12 s', '1 min 15 s', '1 h', '2 h 30 min']
    """
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(round(whole / 60), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
