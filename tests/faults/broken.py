"""A plugin that breaks while a job runs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

from lab import Lab, Row, finish

SAYS = {
    "exits": "sys.exit(0)",
    "leaves": "os._exit(0), without a word",
    "aborts": "abort()",
    "crashes": "a segmentation fault",
    "hoards": "8 PB of memory asked for",
    "recurses": "endless recursion",
}
HANGS = {"hangs": "Python", "spins": "compiled code"}


def cases(lab: Lab) -> Iterator[Row]:
    """Yield a row for each fault of the plugin; then it is mended."""
    for fault, text in SAYS.items():
        row = Row(f"plugin: {text}")
        out = lab.place()
        lab.expect_line(row, lab.run(out, {"FAULT": fault}))
        lab.settle(row, out)
        yield row
    yield from hangs(lab)
    yield interrupted(lab)


def hangs(lab: Lab) -> Iterator[Row]:
    """Let a job hang until its time is over: the run ends by itself and says why."""
    for fault, text in HANGS.items():
        row = Row(f"plugin that hangs in {text} (time limit)")
        out = lab.place()
        # Longer than a whole run takes here: a job that compiles first is no fault.
        limit = f"{max(10, round(lab.seconds))}s"
        end = lab.run(out, {"FAULT": fault}, more=["--time-limit", limit])
        lab.expect_line(row, end)
        for word in ("external 'faulty': gradient() does not end", "N=4)"):
            if word not in end.complaint:
                row.wrong.append(f"not said: {word}: {end.complaint}")
        lab.settle(row, out)
        yield row


def interrupted(lab: Lab) -> Row:
    """Interrupt a run whose job hangs, before its time is over."""
    row = Row("plugin that hangs, until Ctrl-C")
    out = lab.place()
    process = lab.start(out, {"FAULT": "hangs"})
    time.sleep(max(6.0, lab.seconds))
    os.killpg(process.pid, signal.SIGINT)
    end = finish(process, 30)
    row.said = next((x for x in end.text.splitlines() if "stopped" in x), "")
    if end.status != 130:
        row.wrong.append(f"status {end.status}: {end.text[-300:]}")
    lab.settle(row, out)
    return row
