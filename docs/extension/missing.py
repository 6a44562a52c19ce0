"""Print the shipped studies of which no results folder has a figure.

``make docs`` computes these alone: after ``make figures`` there is nothing to compute.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from mfplug.studies.load import shipped


def without_figure(results: Iterable[Path]) -> list[str]:
    """Return the names of the studies that none of these folders has a figure of."""
    folders = list(results)
    return [
        name
        for name in shipped()
        if not any((folder / name / "figure.svg").is_file() for folder in folders)
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(without_figure(map(Path, sys.argv[1:]))))
