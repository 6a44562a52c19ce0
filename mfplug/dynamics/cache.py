"""Where compiled kernels are kept between processes, and how they are checked."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import sys
from functools import cache
from typing import Any

from mfplug.contracts.codestore import cache_directory, read_text, write_text

__all__ = ["cache_directory", "prepare_numba", "read_text", "write_text"]

_DIGEST = 32


def prepare_numba() -> None:
    """Point Numba's cache at the private folder, unless ``NUMBA_CACHE_DIR`` is set.

    Numba reads its settings when it is imported and looks the folder up when a function
    is decorated, so this runs before the kernels are defined. Its default, beside the
    source, may be read-only or shared.
    """
    _check_what_is_read()
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    folder = str(cache_directory() / "numba")
    os.environ["NUMBA_CACHE_DIR"] = folder
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = folder


@cache
def _check_what_is_read() -> None:
    """Let Numba compile anew what is damaged on disk, where it would end or crash.

    Numba unpickles what it finds. Here each file of machine code ends with its SHA-256
    (which unpickling ignores); one that does not fit, or an index that cannot be read,
    counts as not there, and is written again.
    """
    from numba.core import caching

    class CheckedFile(caching.IndexDataCacheFile):
        """Numba's cache of one function, whose files are checked when read."""

        def save(self, key: Any, data: Any) -> None:
            # A full disk only means that it is compiled again next time.
            with contextlib.suppress(OSError):
                super().save(key, data)

        def _load_index(self) -> dict[Any, str]:
            try:
                return dict(super()._load_index())
            except Exception:  # whatever unpickling of garbage raises
                return {}

        def _load_data(self, name: str) -> Any:
            with open(self._data_path(name), "rb") as file:
                text = file.read()
            data, digest = text[:-_DIGEST], text[-_DIGEST:]
            if hashlib.sha256(data).digest() != digest:
                raise OSError(f"{name} is damaged")  # Numba then compiles
            return pickle.loads(data)

        def _save_data(self, name: str, data: Any) -> None:
            text = self._dump(data)
            with self._open_for_write(self._data_path(name)) as file:
                file.write(text + hashlib.sha256(text).digest())

    caching.IndexDataCacheFile = CheckedFile
