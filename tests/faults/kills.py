"""Processes that end too early: killed, stopped, interrupted; two runs at once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from lab import Lab, Row, finish, indent, stored

VICTIMS = {
    "the run": "the run (mfplug and Snakemake, one process)",
    "Snakemake": "Snakemake, run without mfplug run",
    "a job": "a job",
    "all": "all",
}


def cases(lab: Lab, kills: int) -> Iterator[Row]:
    """Yield the rows of this module."""
    yield from killed(lab, kills)
    yield from told_to_stop(lab)
    yield two_runs(lab)


def killed(lab: Lab, kills: int) -> Iterator[Row]:
    """Kill -9 at random moments; go on in the same folder, ten kills or to the end.

    Only true hits count: the run was at work, the victim was there, and the run did not
    end well. Other signals are drawn anew, and their number is told.
    """
    dice, victims = random.Random(8), list(VICTIMS)
    rows = {
        v: Row(f"kill -9 of {text}, at random moments") for v, text in VICTIMS.items()
    }
    missed = dict.fromkeys(victims, 0)
    out, keep, struck = lab.place(), dict[str, int](), list[Row]()
    while (count := sum(row.trials for row in rows.values())) < kills:
        victim = victims[count % len(victims)]
        process = lab.start_alone(out) if victim == "Snakemake" else lab.start(out)
        while process.poll() is None and not _at_work(process, out):
            time.sleep(0.1)
        time.sleep(dice.uniform(0.0, 0.9) * lab.seconds)
        hit = _at_work(process, out) and _kill(process.pid, victim, dice)
        end = finish(process)
        if hit and end.status != 0:
            rows[victim].trials += 1
            struck.append(rows[victim])
        else:
            missed[victim] += 1
        # Whatever was whole when the signal came has to be there at the end.
        keep = {**stored(out), **keep}
        if end.status == 0 or len(struck) == 10 or count + 1 >= kills:
            check = Row("")
            lab.settle(check, out, keep)
            for wrong in check.wrong:
                print(indent(wrong), flush=True)
            print(f"{count + 1} of {kills}, missed {missed}", flush=True)
            for row in struck:
                row.ended += check.ended
                row.equal += check.equal
                row.wrong += check.wrong
            out, keep, struck = lab.place(), {}, []
    for victim, row in rows.items():
        row.said = f"true hits; {missed[victim]} more signals found the run over"
        yield row


def _at_work(process: subprocess.Popen[str], out: Path) -> bool:
    """Say whether a run is alive and has begun: it holds its folder, or has a job."""
    if process.poll() is not None:
        return False
    lock = out / ".mfplug.lock"
    signed = lock.read_text().split() if lock.exists() else []
    return str(process.pid) in signed or bool(_children(process.pid))


def _kill(run: int, victim: str, dice: random.Random) -> bool:
    """Kill the victim; say whether there was one."""
    jobs = _children(run)
    chosen = dice.sample(jobs, 1) if jobs else []
    targets = {"a job": chosen, "all": [run, *jobs]}.get(victim, [run])
    struck = 0
    for pid in targets:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        struck += 1
    return struck > 0


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
