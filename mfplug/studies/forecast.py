"""What a run will cost, on paper: work, time on so many cores, memory, jobs."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mfplug.studies.limits import largest_mb, shown_mb
from mfplug.studies.outlook import spoken

#: Cores that a forecast is made for, beside those asked for.
LADDER = (1, 2, 16, 64, 1024)


def makespan(
    blocks: Sequence[Mapping[str, Any]], slots: int, overhead: float = 0.0
) -> float:
    """Return the seconds that jobs take on a number of cores.

    Jobs start as soon as what they need is done and a core is free, in the order of the
    plan, as Snakemake's greedy scheduler starts them.

    Parameters
    ----------
    blocks
        Jobs with ``id``, ``needs`` and ``cost`` in seconds of one core, each after what
        it needs.
    slots
        Cores.
    overhead
        Seconds between a job's end and the start of what waited for it: the queue.

    Examples
    --------
    >>> one = {"id": "a", "needs": [], "cost": 3.0}
    >>> two = {"id": "b", "needs": [], "cost": 2.0}
    >>> end = {"id": "c", "needs": ["a", "b"], "cost": 1.0}
    >>> [makespan([one, two, end], n) for n in (1, 2, 9)]
    [6.0, 4.0, 4.0]
    """
    waiting = {b["id"]: len(set(b["needs"])) for b in blocks}
    position = {b["id"]: i for i, b in enumerate(blocks)}
    after: dict[str, list[int]] = {}
    for i, block in enumerate(blocks):
        for need in set(block["needs"]):
            after.setdefault(need, []).append(i)
    ready = [position[name] for name, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    running: list[tuple[float, int]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < slots:
            i = heapq.heappop(ready)
            heapq.heappush(running, (now + overhead + blocks[i]["cost"], i))
        now, done = heapq.heappop(running)
        for i in after.get(blocks[done]["id"], ()):
            waiting[blocks[i]["id"]] -= 1
            if waiting[blocks[i]["id"]] == 0:
                heapq.heappush(ready, i)
    return now


def forecast(plans: Sequence[dict[str, Any]], slots: int, overhead: float = 0.0) -> str:
    """Return a table of the studies, and the time that all take on some cores.

    Parameters
    ----------
    plans
        From :func:`mfplug.studies.plan.make_plan`.
    slots
        Cores, or jobs in a queue at a time.
    overhead
        Seconds that each job waits in the queue.
    """
    lines = [f"{'study':<20} {'jobs':>5} {'work':>12} {'at least':>12} {'memory':>8}"]
    shared: dict[str, dict[str, Any]] = {}
    for plan in plans:
        fresh = [b for b in plan["blocks"] if b["id"] not in shared]
        shared |= {b["id"]: b for b in fresh}
        lines.append(_row(plan["study"], plan["blocks"], largest_mb([plan]), overhead))
    every = list(shared.values())
    lines.append(_row("all", every, largest_mb(plans), overhead))
    for cores in sorted({*LADDER, slots}):
        seconds = makespan(every, cores, overhead)
        lines.append(f"on {cores} core{'s' * (cores != 1)}: about {spoken(seconds)}")
    return "\n".join(lines)


def _row(
    name: str, blocks: Iterable[Mapping[str, Any]], memory: int, overhead: float
) -> str:
    jobs = list(blocks)
    work = sum(b["cost"] for b in jobs)
    longest = makespan(jobs, len(jobs), overhead)
    return (
        f"{name:<20} {len(jobs):>5} {spoken(work):>12} {spoken(longest):>12} "
        f"{shown_mb(memory):>8}"
    )
