"""``mfplug diff A B``: which numbers of two results folders differ, and by how much."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from mfplug.studies.compare import compare


def main(arguments: argparse.Namespace) -> int:
    """Print the differences; status 1 if there is one."""
    differences, same = compare(Path(arguments.first), Path(arguments.second))
    if arguments.json:
        data = {"agree": same, "differences": [vars(d) for d in differences]}
        print(json.dumps(data, indent=2, sort_keys=True))
    else:
        for difference in differences:
            print(difference)
        print(f"{same} numbers agree, {len(differences)} differences")
    return 1 if differences else 0
