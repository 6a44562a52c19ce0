"""A results folder belongs to one run at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mfplug.errors import StoreError
from mfplug.studies.guard import writing

LOCK = ".mfplug.lock"

_held: set[Path] = set()


@contextlib.contextmanager
def hold(out: Path | str) -> Iterator[None]:
    """Keep a results folder for this process; the system frees it if we are killed.

    May be nested. Whoever plans and then runs holds the folder over both, so that a
    second run does not change the plans of the first.

    Raises
    ------
    StoreError
        If another process holds it, or the folder cannot be written.
    """
    folder = Path(os.path.realpath(out))
    if folder in _held:
        yield
        return
    with writing(folder / LOCK):
        folder.mkdir(parents=True, exist_ok=True)
        # Not through a link: the file is emptied when it is signed.
        how = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.fdopen(os.open(folder / LOCK, how, 0o666), "a+", encoding="utf-8")
    with file:
        _take(file, Path(out))
        _held.add(folder)
        try:
            yield
        finally:
            _held.discard(folder)
            with contextlib.suppress(OSError):
                file.truncate(0)


def _take(file: Any, out: Path) -> None:
    """Lock the file and sign it, or say who holds it."""
    with writing(file.name):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = file.read().strip() or "another process"
            raise StoreError(
                f"results folder '{out}': another run is at work in it, {owner}. Wait "
                "for it, stop it, or choose another --out."
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
