"""Processes that end too early: killed, stopped, interrupted; two runs at once."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from lab import Lab, Row, finish, stored

VICTIMS = ("the run", "a job", "all")


def cases(lab: Lab, kills: int) -> Iterator[Row]:
    """Yield the rows of this module."""
    yield from killed(lab, kills)
    yield from told_to_stop(lab)
    yield two_runs(lab)


def killed(lab: Lab, kills: int) -> Iterator[Row]:
    """Kill -9 at random moments; go on in the same folder until the run ends well."""
    dice = random.Random(8)
    rows = {v: Row(f"kill -9 of {v}, at random moments") for v in VICTIMS}
    out, keep = lab.place(), dict[str, int]()
    for number in range(kills):
        victim = VICTIMS[number % 3]
        process = lab.start(out)
        time.sleep(dice.uniform(0.2, 1.1) * lab.seconds)
        ended = process.poll() is not None
        _kill(process.pid, victim, dice)
        end = finish(process)
        row = rows[victim]
        row.trials += 1
        if ended or (victim == "a job" and end.status == 0):
            row.said = row.said or "some came when all was done"
        # Whatever was whole when the signal came has to be there at the end.
        keep = {**stored(out), **keep}
        if end.status == 0 or number == kills - 1 or number % 10 == 9:
            check = Row("")
            lab.settle(check, out, keep)
            row.wrong += check.wrong
            if not check.good:
                row.wrong.append(f"after kill {number}: ended {check.ended}/1")
            out, keep = lab.place(), {}
    for row in rows.values():
        row.ended = row.equal = row.trials - len(row.wrong)
        yield row


def _kill(group: int, victim: str, dice: random.Random) -> None:
    jobs = _children(group)
    targets = {"the run": [group], "a job": jobs[:], "all": [group, *jobs]}[victim]
    if victim == "a job" and jobs:
        targets = [dice.choice(jobs)]
    for pid in targets:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _children(parent: int) -> list[int]:
    """Return the processes below one."""
    found, pairs = [], []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pairs.append((int(folder.name), int(fields[1])))
    wanted = {parent}
    for _ in pairs:
        more = {pid for pid, above in pairs if above in wanted} - wanted
        if not more:
            break
        wanted |= more
        found += sorted(more)
    return found


def told_to_stop(lab: Lab) -> Iterator[Row]:
    """SIGTERM, and Ctrl-C, which reaches all processes of the terminal."""
    for name, number, status in (
        ("SIGTERM to the run", signal.SIGTERM, 143),
        ("Ctrl-C", signal.SIGINT, 130),
    ):
        row = Row(name)
        for part in (0.2, 0.5, 0.8):
            out = lab.place()
            process = lab.start(out)
            time.sleep(part * lab.seconds)
            if name == "Ctrl-C":
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
            end = finish(process)
            told = [x for x in end.text.splitlines() if "stopped" in x]
            row.said = row.said or (told[0] if told else "")
            # Before the run takes over, Python itself ends by the signal.
            if end.status not in (status, -number, 0):
                row.wrong.append(f"status {end.status}: {end.text[-300:]}")
            if "Traceback" in end.text:
                row.wrong.append(f"a traceback: {end.text[-600:]}")
            lab.settle(row, out, stored(out))
        yield row


def two_runs(lab: Lab) -> Row:
    """Start the same command twice; one works, the other says so."""
    row = Row("two runs at once in one folder")
    out = lab.place()
    first = lab.start(out)
    while not (out / "small" / "plan.json").exists():
        time.sleep(0.05)
    lab.expect_line(row, lab.run(out))
    end = finish(first)
    if end.status != 0:
        row.wrong.append(f"the first run failed: {end.text[-300:]}")
    lab.settle(row, out)
    return row
