"""A private folder for generated code, and small text files in it.

What lies here is executed, so the folder must belong to the user and nobody else may
write into it. Losing it costs time only.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from functools import cache
from pathlib import Path


def cache_directory() -> Path:
    """Return the folder for generated code, made with mode 0700.

    The first that can be made private and written to of: ``MFPLUG_CACHE_DIR``,
    ``XDG_CACHE_HOME/mfplug``, ``~/.cache/mfplug``, a folder of this user in the
    temporary directory, a fresh temporary folder.
    """
    given = os.environ.get("MFPLUG_CACHE_DIR", "")
    return _usable_directory(given, os.environ.get("XDG_CACHE_HOME", ""))


@cache
def _usable_directory(given: str, xdg: str) -> Path:
    candidates = [Path(given)] if given else []
    if Path(xdg or ".").is_absolute():
        candidates.append(Path(xdg) / "mfplug")
    with contextlib.suppress(RuntimeError):  # no home directory
        candidates.append(Path.home() / ".cache" / "mfplug")
    user = os.getuid() if hasattr(os, "getuid") else "user"
    candidates.append(Path(tempfile.gettempdir()) / f"mfplug-{user}")
    for candidate in candidates:
        if _is_private(candidate):
            return candidate.absolute()
    return Path(tempfile.mkdtemp(prefix="mfplug-"))


def _is_private(folder: Path) -> bool:
    """Return whether the folder exists or can be made, is ours alone and writable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return False
    if hasattr(os, "getuid") and (
        status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    ):
        return False
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def read_text(name: str) -> str | None:
    """Return a stored text, or None if there is none that can be read."""
    try:
        return (cache_directory() / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def write_text(name: str, text: str) -> None:
    """Store a text in one move; a full disk only means that it is computed again."""
    folder = cache_directory()
    with contextlib.suppress(OSError):
        descriptor, temporary = tempfile.mkstemp(prefix=f"{name}.", dir=folder)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(temporary, folder / name)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
