"""What is around a run: disk, permissions, memory, locks, compile cache, clock."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lab import End, Lab, Row

CLOCK = """
import time
_real, _began = time.time, time.time()


def _time():
    # Two seconds after its start every process goes back by an hour.
    now = _real()
    return now - 3600.0 * (now > _began + 2.0)


time.time = _time
time.time_ns = lambda: int(_time() * 1e9)
"""


def cases(lab: Lab) -> Iterator[Row]:
    """Yield the rows of this module."""
    if os.geteuid() == 0:
        yield full_disk(lab)
        yield read_only(lab)
        yield read_only_cache(lab)
    else:
        yield Row("disk full; results, cache read-only", said="not tried: takes root")
    yield small_files(lab)
    yield memory(lab)
    yield group(lab)
    yield stale_lock(lab)
    yield from cache(lab)
    yield clock(lab)


@contextlib.contextmanager
def disk(lab: Lab, kilobytes: int) -> Iterator[Callable[[str], None]]:
    """Mount a small disk at ``lab.folder/disk``; yield a way to mount it otherwise."""
    place = lab.folder / "disk"
    place.mkdir(exist_ok=True)
    size = f"size={kilobytes}k"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", place], check=True)

    def again(options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", place], check=True)

    try:
        yield again
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def full_disk(lab: Lab) -> Row:
    """Run on disks that are too small by more and less; then there is room."""
    row = Row("disk full, at 12 sizes from 4 kB to nearly enough")
    needed = sum(
        -(-f.stat().st_size // 4096) * 4
        for f in (lab.folder / "undisturbed").rglob("*")
        if f.is_file()
    )
    for size in (4, 40, *(needed * i // 21 for i in range(2, 21, 2))):
        with disk(lab, size) as again:
            out = lab.folder / "disk" / "out"
            lab.expect_line(row, lab.run(out))
            again("size=50m")
            lab.settle(row, out)
    return row


def read_only(lab: Lab) -> Row:
    """Results on a disk that becomes read-only: before a run, and half-way."""
    row = Row("results read-only")
    for done in (False, True):
        with disk(lab, 50000) as again:
            out = lab.folder / "disk" / "out"
            if done:
                process = lab.run(out)
                (out / "small" / "table.csv").unlink()
                assert process.status == 0
            again("ro")
            lab.expect_line(row, lab.run(out))
            again("rw")
            lab.settle(row, out)
    return row


def read_only_cache(lab: Lab) -> Row:
    """Compiled code on a disk that is read-only, filled before and empty."""
    row = Row("compile cache read-only, empty and filled")
    for filled in (False, True):
        with disk(lab, 50000) as again:
            cache = lab.folder / "disk" / "cache"
            cache.mkdir(mode=0o700)
            given = {"MFPLUG_CACHE_DIR": str(cache)}
            if filled and lab.run(lab.place(), given).status != 0:
                row.wrong.append("it does not run with a cache of its own")
            again("ro")
            out = lab.place()
            end = lab.run(out, given)
            if end.status != 0:
                row.wrong.append(end.complaint or end.text[-300:])
            lab.settle(row, out)
    return row


def small_files(lab: Lab) -> Row:
    """A limit on the size of a file, as ``ulimit -f`` sets it."""
    row = Row("limit on the size of a file (ulimit -f)")
    for size in (100, 1500, 40000):
        out = lab.place()

        def limit(size: int = size) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        lab.expect_line(row, lab.run(out, limit=limit))
        lab.settle(row, out)
    return row


def memory(lab: Lab) -> Row:
    """A limit on the address space, as ``ulimit -v`` sets it."""
    row = Row("limit on memory (ulimit -v)")
    for megabytes in (250, 450, 650):
        out = lab.place()

        def limit(size: int = megabytes << 20) -> None:
            resource.setrlimit(resource.RLIMIT_AS, (size, size))

        end = lab.run(out, limit=limit)
        if end.status != 0:
            lab.expect_line(row, End(end.status, end.text))
        lab.settle(row, out)
    return row


def group(lab: Lab) -> Row:
    """A control group whose memory is less than the jobs take: the system kills."""
    row = Row("limit on memory (control group)")
    root = Path("/sys/fs/cgroup/memory")
    try:
        folder = Path(tempfile.mkdtemp(prefix="mfplug-", dir=root))
    except OSError:
        row.said = "not tried: no control groups of version 1 that can be written"
        return row
    try:
        for megabytes in (60, 150, 250):
            # What others keep of the group's files counts as well, so it grows.
            (folder / "memory.limit_in_bytes").write_text(str(megabytes << 20))

            def enter() -> None:
                (folder / "tasks").write_text("0")

            out = lab.place()
            lab.expect_line(row, lab.run(out, limit=enter))
            # Told that there is more, it goes on until the system ends it.
            end = lab.run(out, limit=enter, more=["--memory", "4G"])
            if "Traceback" in end.text:
                row.wrong.append(f"a traceback: {end.text[-600:]}")
            lab.settle(row, out)
    finally:
        while (folder / "tasks").read_text():
            time.sleep(0.1)
        folder.rmdir()
    return row


def stale_lock(lab: Lab) -> Row:
    """Locks that another host or a run of long ago left in the folder."""
    row = Row("stale locks, of another host")
    out = lab.place()
    locks = out / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (out / ".mfplug.lock").write_text("process 1 on another-host\n")
    for name in ("0.input.lock", "0.output.lock"):
        (locks / name).write_text(f"{out}/store/done/x.json\n")
    (out / "store" / "locks").mkdir(parents=True)
    (out / "store" / "locks" / ".x.lock").write_text("")
    lab.settle(row, out)
    return row


def cache(lab: Lab) -> Iterator[Row]:
    """A compile cache that is garbage or truncated."""
    for fault in ("corrupted", "truncated"):
        row = Row(f"compile cache {fault}")
        with tempfile.TemporaryDirectory() as folder:
            given = {"MFPLUG_CACHE_DIR": folder}
            if lab.run(lab.place(), given).status != 0:
                row.wrong.append("it does not run with a cache of its own")
            files = [f for f in Path(folder).rglob("*") if f.is_file()]
            row.said = f"{len(files)} files of the cache"
            for file in files:
                content = file.read_bytes()
                if fault == "corrupted":
                    middle = len(content) // 2
                    file.write_bytes(content[:middle] + b"\0\xffspoilt" * 9)
                else:
                    file.write_bytes(content[: len(content) // 3])
            out = lab.place()
            end = lab.run(out, given)
            if end.status != 0:
                row.wrong.append(end.complaint or end.text[-300:])
            lab.settle(row, out)
        yield row


def clock(lab: Lab) -> Row:
    """A clock that jumps back by an hour in the middle of every process."""
    row = Row("clock that jumps back by an hour")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(textwrap.dedent(CLOCK))
        path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
        out = lab.place()
        end = lab.run(out, {"PYTHONPATH": path})
        if end.status != 0:
            row.wrong.append(end.complaint or end.text[-300:])
        # Files from tomorrow and from 1970 are as good as any.
        for i, file in enumerate(sorted(out.rglob("*"))):
            if file.is_file():
                when = 0 if i % 2 else 4e9
                os.utime(file, (when, when))
        (out / "small" / "table.csv").unlink()
    lab.settle(row, out)
    return row
