"""What keeps results whole: atomic files, one writer at a time, no orphans."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import os
import resource
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from mfplug.errors import MfplugError, StoreError
from mfplug.inputs import check_regular, check_target

#: Environment variable with the process id of the run that a job belongs to.
PARENT = "MFPLUG_PARENT"

_PR_SET_PDEATHSIG = 1
_FULL = "Free some space and run the same command again."
_CLOSED = "Change its permissions or choose another --out."
_OTHER = "Choose another --out or mend the file system."
#: Errors of the system that refuse a write, and what to do about each.
_REMEDIES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: "Raise the limit on the size of a file (ulimit -f) and run again.",
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.EROFS: _CLOSED,
    errno.ENOTDIR: _OTHER,
    errno.EISDIR: _OTHER,
    errno.EEXIST: _OTHER,
    errno.ENAMETOOLONG: _OTHER,
    errno.ENOLCK: _OTHER,
    errno.ENOTSUP: _OTHER,
    errno.EIO: _OTHER,
    errno.ELOOP: "A link stands where a file is written; remove it and run again.",
}


def die_with_parent() -> None:
    """Let the system kill this job when the run that started it is gone.

    The run names itself in ``MFPLUG_PARENT``; a step that a user calls by hand has no
    such variable and lives on its own. The rule must ``exec`` the job, or a shell
    stands between the two. Linux only: elsewhere a job of a killed run ends by itself,
    and :func:`exclusive` lets the next run wait for it.
    """
    parent = os.environ.get(PARENT, "")
    if sys.platform != "linux" or not parent.isdigit():
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The run may have died before the call above.
    if os.getppid() != int(parent):
        os._exit(1)


@contextlib.contextmanager
def writing(path: Path | str) -> Iterator[None]:
    """Turn the system's refusal to write ``path`` into one line.

    Python ignores SIGXFSZ from its start, so that a limit on the size of a file comes
    as an error too and does not end the process.

    Raises
    ------
    StoreError
        If the disk is full, a limit or a permission forbids writing, or the place
        cannot hold a file. Other errors pass.
    """
    try:
        yield
    except MfplugError:
        raise
    except OSError as error:
        code = error.errno if error.errno is not None else _hidden_cause(Path(path))
        # NumPy reports a short write without a number; other numbers are not ours.
        if code is not None and code not in _REMEDIES:
            raise
        what = os.strerror(code) if code is not None else " ".join(str(error).split())
        where = error.filename or path
        if Path(os.fsdecode(where)) == _temporary(Path(path)):
            where = path
        raise StoreError(
            f"file '{where}': cannot be written; got '{what}', expected room and "
            f"permission to write. {_REMEDIES.get(code or 0, _OTHER)}"
        ) from error


def _hidden_cause(path: Path) -> int | None:
    """Return why a write fell short when the library that wrote did not say."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    temporary = _temporary(path)
    if limit != resource.RLIM_INFINITY and temporary.is_file():
        return errno.EFBIG if temporary.stat().st_size >= limit else None
    with contextlib.suppress(OSError):
        if shutil.disk_usage(path.parent).free < 2**20:
            return errno.ENOSPC
    return None


@contextlib.contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a path beside ``path`` that takes its place when the block succeeds.

    The file is on the disk before it is renamed, so a reader finds the old file, the
    new one or none, whenever the machine stops. If the block fails, nothing stays. The
    temporary name is fixed: a killed run leaves at most one, which the next overwrites;
    two writers of the same file take turns.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    path = Path(path)
    check_target(path)
    temporary = _temporary(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(temporary):
            try:
                # Inside too: what failed is told while the half-written file is there.
                with writing(path):
                    os.truncate(temporary, 0)
                    yield temporary
                    _sync(temporary)
                    os.replace(temporary, path)
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    temporary.unlink()
                raise
        # Some network file systems cannot sync a folder; the file itself is safe.
        with contextlib.suppress(OSError):
            _sync(path.parent)


def atomic_write_bytes(path: Path | str, content: bytes) -> None:
    """Write bytes so that the file is whole or not there; see :func:`atomic_path`."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def atomic_write_text(path: Path | str, text: str) -> None:
    """Write UTF-8 text so that the file is whole or not there."""
    atomic_write_bytes(path, text.encode("utf-8"))


@contextlib.contextmanager
def exclusive(path: Path | str) -> Iterator[None]:
    """Let one process at a time make ``path``; wait for whoever makes it now.

    The lock is a file ``.NAME.lock`` beside it, which goes when the block ends. The
    system frees the lock of a process that was killed.

    Raises
    ------
    StoreError
        If the lock file cannot be written.
    """
    path = Path(path)
    lock = path.with_name(f".{path.name}.lock")
    with contextlib.ExitStack() as stack:
        with writing(lock):
            lock.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(_locked(lock))
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                lock.unlink()


def check_writable(folder: Path | str) -> None:
    """Make a folder if it is not there, and refuse it if no file can be written in it.

    Raises
    ------
    StoreError
        If the folder cannot be made, or a file in it cannot be written.
    """
    folder = Path(folder)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    probe = folder / f".probe-{os.getpid()}"
    with writing(folder):
        try:
            probe.write_bytes(bytes(4096))
        finally:
            probe.unlink(missing_ok=True)


def sha256_file(path: Path | str) -> str:
    """Return the SHA-256 of a file in hexadecimal digits.

    Raises
    ------
    StoreError
        If the file cannot be read.
    """
    check_regular(path, "file")
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StoreError(
            f"file '{path}': cannot be read; got '{error.strerror}', expected a file "
            "that mfplug wrote. Run the study again."
        ) from error


def _temporary(path: Path) -> Path:
    # The suffix stays last: writers such as NumPy and Matplotlib go by it.
    return path.with_name(f".tmp-{path.name}")


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock of a file that its owner may rename or delete."""
    while True:
        # A link, in a folder that came from elsewhere, must not be written through.
        how = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            handle = os.open(file, how, 0o666)
        except FileNotFoundError:
            # The folder was empty, and another job has just removed it.
            file.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(file, how, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            # The one before us may have renamed the file: then it is another one now.
            if _same_file(handle, file):
                yield
                return
        finally:
            os.close(handle)


def _same_file(handle: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(file))
    except FileNotFoundError:
        return False


def _sync(path: Path) -> None:
    """Bring a file or a folder's list of files to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
