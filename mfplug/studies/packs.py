"""Packs: the many small files of one job in one, so that files are counted by jobs.

A pack is a zip archive without compression. Its members are the files that the job
wrote, to the byte, under the names that they had in the store. A job writes its pieces
one by one, so that a killed one loses none that is finished, and packs them at its end.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import zipfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mfplug.studies.guard import atomic_path, exclusive

#: A job with more pieces of work than this packs them.
FEW = 8
#: Zip archives know no earlier date; equal pieces give equal packs.
_EPOCH = (1980, 1, 1, 0, 0, 0)
#: Which step's packs hold the files of a folder of the store.
_STEPS = {"fields": "solve", "ensembles": "simulate", "rows": "measure"}
_DAMAGED = (OSError, ValueError, KeyError, zipfile.BadZipFile, NotImplementedError)
_MOST_OPEN = 4


@dataclass(frozen=True)
class Place:
    """Where a piece of work lies: a file, or a member of a pack."""

    path: Path
    member: str = ""
    packs: Packs | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.path} ({self.member})" if self.member else str(self.path)

    @contextlib.contextmanager
    def open(self) -> Iterator[io.BufferedIOBase]:
        """Yield the content as a binary file.

        Raises
        ------
        OSError, zipfile.BadZipFile, KeyError
            If it is not there, or the pack is damaged there.
        """
        if self.member and self.packs is not None:
            yield io.BytesIO(self.packs.read(self.path, self.member))
            return
        with open(self.path, "rb") as file:
            yield file


class Packs:
    """The packs of a store, found by the names of their members.

    Parameters
    ----------
    root
        The store's folder; names of members are relative to it.
    first
        Ids of jobs whose packs are looked into before all others.
    """

    def __init__(self, root: Path, first: Iterable[str] = ()) -> None:
        self.root = root
        self.folder = root / "packs"
        self._first = [self.path(job) for job in first]
        #: Of each folder in the store: file name -> pack.
        self._index: dict[str, dict[str, Path]] = {}
        self._known: dict[Path, list[str]] = {}
        self._open: dict[Path, zipfile.ZipFile] = {}

    def path(self, job: str) -> Path:
        """Return where the pack of a job is kept."""
        return self.folder / f"{job}.zip"

    def find(self, name: str) -> Place | None:
        """Return where a member is, if it is in a pack that can be read."""
        folder, _, file = name.rpartition("/")
        for look in (self._nothing, self._look_first, self._look_at_all):
            look(folder)
            pack = self._index.get(folder, {}).get(file)
            if pack is not None and pack.is_file():
                return Place(pack, name, self)
        return None

    def names(self, folder: str) -> list[str]:
        """Return the names of the members in a folder of the store."""
        self._look_at_all(folder)
        return [f"{folder}/{file}" for file in self._index.get(folder, {})]

    def read(self, pack: Path, name: str) -> bytes:
        """Return a member; the archive's checksum is verified."""
        if pack not in self._open:
            while len(self._open) >= _MOST_OPEN:
                self._open.pop(next(iter(self._open))).close()
            self._open[pack] = zipfile.ZipFile(pack)
        archive = self._open[pack]
        if archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
            # Not ours, and it could unpack to more than there is memory.
            raise zipfile.BadZipFile("a compressed member")
        return archive.read(name)

    def pack(self, job: str, names: Collection[str]) -> None:
        """Move loose files into the pack of a job, which keeps what it has of them.

        Files that are not there, because another pack has them, are left out.
        """
        target = self.path(job)
        loose = [name for name in names if (self.root / name).is_file()]
        if loose:
            self._write(target, names, set(loose))
            for name in loose:
                self._unlink(self.root / name)

    def discard(self, pack: Path, names: Collection[str]) -> None:
        """Write a pack anew without some of its members."""
        with exclusive(pack):
            rest = [name for name in _members(pack) if name not in set(names)]
            if rest:
                self._write(pack, rest, set())
            else:
                pack.unlink(missing_ok=True)

    def _write(self, target: Path, names: Iterable[str], loose: set[str]) -> None:
        old = set(_members(target)) - loose
        with (
            atomic_path(target) as temporary,
            zipfile.ZipFile(temporary, "w") as archive,
        ):
            for name in dict.fromkeys(names):
                if name in loose:
                    # Unless another job has packed it in this moment.
                    with contextlib.suppress(FileNotFoundError):
                        _add(archive, name, self.root / name)
                elif name in old:
                    # A damaged member stays out, and is missed.
                    with contextlib.suppress(*_DAMAGED):
                        archive.writestr(_entry(name), self.read(target, name))
        self._forget(target)

    def _nothing(self, _: str) -> None:
        """Look at what is known already."""

    def _look_first(self, folder: str) -> None:
        step = _step_of(folder)
        for pack in self._first:
            if pack.name.startswith(step) and pack not in self._known:
                self._read_names(pack)

    def _look_at_all(self, folder: str) -> None:
        """Read the names of the packs that have come, and forget those that went."""
        step, there = _step_of(folder), set()
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            for entry in os.scandir(self.folder):
                if entry.name.startswith(step) and entry.name.endswith(".zip"):
                    there.add(self.folder / entry.name)
        for pack in [p for p in self._known if p.name.startswith(step)]:
            if pack not in there:
                self._forget(pack)
        for pack in sorted(there - self._known.keys()):
            self._read_names(pack)

    def _read_names(self, pack: Path) -> None:
        names = _members(pack)
        if names or pack.is_file():
            self._known[pack] = names
        for name in names:
            folder, _, file = name.rpartition("/")
            self._index.setdefault(folder, {})[file] = pack

    def _forget(self, pack: Path) -> None:
        if pack in self._open:
            self._open.pop(pack).close()
        for name in self._known.pop(pack, []):
            folder, _, file = name.rpartition("/")
            if self._index.get(folder, {}).get(file) == pack:
                del self._index[folder][file]

    def _unlink(self, path: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        if path.parent.parent != self.root:
            # The folder of one ensemble; another job may be writing to it.
            with contextlib.suppress(OSError):
                path.parent.rmdir()


def _step_of(folder: str) -> str:
    return _STEPS[folder.partition("/")[0]] + "-"


def _members(pack: Path) -> list[str]:
    """Return the names in a pack; none if it is not there, or damaged."""
    if not pack.is_file():
        return []
    try:
        with zipfile.ZipFile(pack) as archive:
            return archive.namelist()
    except _DAMAGED:
        return []


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = 0o644 << 16
    return entry


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    with open(path, "rb") as source:
        entry = _entry(name)
        # Known beforehand, so that a member of more than 2 GiB gets the room it needs.
        entry.file_size = os.fstat(source.fileno()).st_size
        with archive.open(entry, "w") as target:
            shutil.copyfileobj(source, target, 2**20)
