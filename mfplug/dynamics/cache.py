"""Where compiled kernels are kept between processes."""

from __future__ import annotations

import os
import sys

from mfplug.contracts.codestore import cache_directory, read_text, write_text

__all__ = ["cache_directory", "prepare_numba", "read_text", "write_text"]


def prepare_numba() -> None:
    """Point Numba's cache at the private folder, unless ``NUMBA_CACHE_DIR`` is set.

    Numba reads its settings when it is imported and looks the folder up when a function
    is decorated, so this runs before the kernels are defined. Its default, beside the
    source, may be read-only or shared.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    folder = str(cache_directory() / "numba")
    os.environ["NUMBA_CACHE_DIR"] = folder
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = folder
