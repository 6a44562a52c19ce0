"""Where compiled kernels are kept between processes."""

from __future__ import annotations

import functools
import os
import sys
from typing import Any

from mfplug.contracts.codestore import cache_directory, read_text, write_text

__all__ = ["cache_directory", "prepare_numba", "read_text", "write_text"]


def prepare_numba() -> None:
    """Point Numba's cache at the private folder, unless ``NUMBA_CACHE_DIR`` is set.

    Numba reads its settings when it is imported and looks the folder up when a function
    is decorated, so this runs before the kernels are defined. Its default, beside the
    source, may be read-only or shared. A damaged file of the cache is one that is not
    there.
    """
    if not os.environ.get("NUMBA_CACHE_DIR"):
        folder = str(cache_directory() / "numba")
        os.environ["NUMBA_CACHE_DIR"] = folder
        if "numba" in sys.modules:
            sys.modules["numba"].config.CACHE_DIR = folder
    _forgive_damage()


@functools.cache
def _forgive_damage() -> None:
    """Let Numba compile anew where a file of its cache cannot be unpickled.

    Numba itself lets the error through, whatever truncated bytes make of it.
    """
    from numba.core.caching import IndexDataCacheFile as Cache

    load_index, load_data = Cache._load_index, Cache._load_data

    def index(self: Any) -> Any:
        try:
            return load_index(self)
        except Exception:
            return {}

    def data(self: Any, name: str) -> Any:
        try:
            return load_data(self, name)
        except Exception as error:
            # This is what Numba takes for a file that is gone.
            raise OSError(str(error)) from error

    Cache._load_index = index
    Cache._load_data = data
