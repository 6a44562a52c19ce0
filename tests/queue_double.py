"""A queue of batch jobs made of three scripts, as a cluster's commands for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SUBMIT = """#!/bin/bash
# Start the script $3 in a session of its own; note what was asked for; print an id.
id=$(date +%s%N)
echo "$id $1 $2" >> {folder}/asked
setsid bash -c 'echo $$ > {folder}/'$id'.pid; bash "$0" > {folder}/'$id'.log 2>&1
  echo $? > {folder}/'$id'.tmp; mv {folder}/'$id'.tmp {folder}/'$id'.rc' "$3" \
  > /dev/null 2>&1 < /dev/null &
while [ ! -s {folder}/$id.pid ]; do sleep 0.02; done
echo $id
"""
STATUS = """#!/bin/bash
if [ -f {folder}/$1.rc ]; then
  if [ "$(cat {folder}/$1.rc)" = 0 ]; then echo success; else echo failed; fi
elif [ -d /proc/$(cat {folder}/$1.pid) ]; then echo running
else echo failed; fi
"""
CANCEL = """#!/bin/bash
for id in "$@"; do
  kill -9 -- -$(cat {folder}/$id.pid) 2> /dev/null
  echo $id >> {folder}/cancelled
done
true
"""


@dataclass(frozen=True)
class Queue:
    """The folder of the queue and the settings that name its commands."""

    folder: Path
    settings: tuple[str, ...]

    def asked(self) -> list[tuple[int, int]]:
        """Return (memory in MB, minutes) of every job, in order of submission."""
        lines = (self.folder / "asked").read_text().splitlines()
        return [(int(a), int(b)) for _, a, b in (line.split() for line in lines)]

    def cancelled(self) -> list[str]:
        """Return the ids that were cancelled."""
        file = self.folder / "cancelled"
        return file.read_text().split() if file.exists() else []

    def said(self) -> str:
        """Return what all jobs wrote, for a test that fails."""
        return "\n".join(f.read_text() for f in sorted(self.folder.glob("*.log")))


def make_queue(folder: Path) -> Queue:
    """Write the three commands into a new folder."""
    folder.mkdir()
    for name, text in (("submit", SUBMIT), ("status", STATUS), ("cancel", CANCEL)):
        (folder / name).write_text(text.replace("{folder}", str(folder)))
        (folder / name).chmod(0o755)
    asked = "{resources.mem_mb} {resources.runtime}"
    return Queue(
        folder,
        (
            f"submit-cmd={folder}/submit {asked}",
            f"status-cmd={folder}/status",
            f"cancel-cmd={folder}/cancel",
            "seconds-between-status-checks=1",
            "latency-wait=5",
        ),
    )
