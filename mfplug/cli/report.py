"""``mfplug report``: the page of all studies in a results folder."""

from __future__ import annotations

import argparse
from pathlib import Path


def main(arguments: argparse.Namespace) -> int:
    """Write ``<out>/report.html`` and say where it is."""
    from mfplug.report import write_page
    from mfplug.studies.guard import die_with_parent
    from mfplug.studies.jobs import PAGE_SECONDS
    from mfplug.studies.timelimit import obey

    if arguments.marker:
        die_with_parent()
        obey(PAGE_SECONDS)
    out = Path(arguments.out)
    page = write_page(out, arguments.studies or None)
    if arguments.marker:
        from mfplug.studies.plan import write_marker

        block = {
            "id": Path(arguments.marker).stem,
            "outputs": [page.name],
            "marker": arguments.marker,
        }
        write_marker(out, block, [])
    print(page)
    return 0
