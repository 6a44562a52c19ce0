"""Files that somebody gives: regular files, whose arrays fit into the memory."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path

from mfplug.errors import MfplugError, StoreError

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def irregular(path: Path | str) -> str:
    """Return what stands at a path if it is neither a file nor nothing, links followed.

    A pipe keeps its reader waiting, a device such as /dev/zero has no end, and a file
    that takes a device's place breaks the machine.

    >>> irregular("/"), irregular("/dev/null"), irregular("/no/such/file")
    ('a folder', 'a device', '')
    """
    try:
        mode = os.stat(path).st_mode
    # Whatever is wrong is said by whoever opens it; a NUL in a name is a ValueError.
    except (OSError, ValueError):
        return ""
    return _KINDS.get(stat.S_IFMT(mode), "")


def check_regular(
    path: Path | str, who: str, error: type[MfplugError] = StoreError
) -> None:
    """Refuse to read what is no regular file.

    Raises
    ------
    MfplugError
        Of the given class, if the path is a folder, a pipe, a socket or a device.
    """
    found = irregular(path)
    if found:
        raise error(
            f"{who} '{path}': no regular file; got {found}, expected a file. Check the "
            "path."
        )


def check_target(path: Path | str) -> None:
    """Refuse to put a file in the place of a pipe, a socket or a device.

    A folder is refused by the system.

    Raises
    ------
    StoreError
        If there is one; a link to one counts too.
    """
    found = irregular(path)
    if found and found != _KINDS[stat.S_IFDIR]:
        raise StoreError(
            f"file '{path}': cannot be written; got {found} of that name, expected a "
            "file or a new name. Choose another."
        )


def check_fits(who: str, path: Path | str, sizes: Iterable[int]) -> None:
    """Refuse arrays that are larger than the memory, before one is read.

    Parameters
    ----------
    who, path
        What the file is to the reader, and where.
    sizes
        Bytes of each array, as the file declares them.

    Raises
    ------
    StoreError
        If they need more than the memory that is free.
    """
    # NumPy is not wanted where only kinds of files are asked for.
    from mfplug.dynamics.storage import available_memory

    need, free = float(sum(sizes)), available_memory()
    if need > free:
        raise StoreError(
            f"{who} '{path}': larger than the memory; got {need / 2**30:.3g} GiB of "
            f"arrays, expected at most {free / 2**30:.3g}. Write fewer snapshots."
        )


def check_unpacked(archive: zipfile.ZipFile) -> None:
    """Refuse an archive with a compressed member: mfplug writes none.

    A few kilobytes can unpack to more than there is memory.

    Raises
    ------
    zipfile.BadZipFile
        If there is one.
    """
    for member in archive.infolist():
        if member.compress_type != zipfile.ZIP_STORED:
            raise zipfile.BadZipFile("a compressed member")
