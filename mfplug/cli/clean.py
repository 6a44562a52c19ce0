"""``mfplug clean``: empty the cache of compiled and derived code."""

from __future__ import annotations

import argparse
import shutil

from mfplug.cli.doctor import size_of
from mfplug.contracts.codestore import cache_directory


def main(arguments: argparse.Namespace) -> int:
    """Remove what can be made again; results are left alone."""
    folder = cache_directory()
    count, size = size_of(folder)
    if not arguments.dry_run:
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    done = "would remove" if arguments.dry_run else "removed"
    print(f"{done} {count} files, {size / 2**20:.1f} MiB, from {folder}")
    return 0
