"""``mfplug bundle``: results, inputs and provenance in one archive to deposit."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path


def main(arguments: argparse.Namespace) -> int:
    """Write the archive and say where it is."""
    from mfplug.studies.bundle import bundle
    from mfplug.studies.crate import About

    date = arguments.date or datetime.datetime.now(datetime.UTC).date().isoformat()
    about = About(arguments.name, date, arguments.license, arguments.author)
    print(bundle(Path(arguments.out), Path(arguments.to), about, arguments.studies))
    return 0
