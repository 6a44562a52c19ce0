"""``mfplug new``: a complete plugin package to start from."""

from __future__ import annotations

import argparse
from pathlib import Path

from mfplug.scaffold import new_package


def main(arguments: argparse.Namespace) -> int:
    """Write the package and say what to do with it."""
    written = new_package(arguments.kind, arguments.name, Path(arguments.into))
    folder = written[0].parent
    for path in written:
        print(f"wrote {path}")
    print(f"\nnext:\n  pip install --no-build-isolation -e {folder}")
    print(f"  mfplug check {arguments.kind} {arguments.name}")
    print(f"  mfplug run {folder / f'{arguments.name}.yaml'}")
    return 0
