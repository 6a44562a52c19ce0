"""``mfplug verify``: whether studies give the numbers that they gave."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mfplug.errors import ParameterError

if TYPE_CHECKING:
    from mfplug.studies.verify import Verification

SHOWN = 20


def main(arguments: argparse.Namespace) -> int:
    """Compare with the references, or renew them; status 1 if a number differs."""
    from mfplug.studies.load import find, shipped
    from mfplug.studies.reference import reference_of, update

    given = list(dict.fromkeys(arguments.studies)) or shipped()
    # The same study by name and by file is one folder.
    sources = {find(name).stem: name for name in given}
    profile = arguments.profile
    root = Path(arguments.references) if arguments.references else None
    if arguments.update:
        if not arguments.out:
            raise ParameterError(
                "verify: --update without results; expected --out with the folder of a "
                "run, because nothing is computed. Give it."
            )
        for name in sources:
            print(update(name, profile, Path(arguments.out), root))
        return 0
    # A missing reference is said before anything is computed.
    for name in sources:
        reference_of(name, profile, root)
    if arguments.out:
        return _compare(list(sources), arguments, Path(arguments.out), root)
    return _afresh(sources, arguments, root)


def _afresh(
    sources: dict[str, str], arguments: argparse.Namespace, root: Path | None
) -> int:
    """Compute everything anew: nothing that is stored is believed."""
    from mfplug.studies.verify import regenerate

    with tempfile.TemporaryDirectory(prefix="mfplug-verify-") as folder:
        out = Path(folder)
        names = list(sources.values())
        status = regenerate(names, arguments.profile, out, arguments.cores)
        return status or _compare(list(sources), arguments, out, root)


def _compare(
    names: list[str], arguments: argparse.Namespace, out: Path, root: Path | None
) -> int:
    from mfplug.studies.verify import verify

    found = [verify(name, arguments.profile, out, root) for name in names]
    if arguments.json:
        print(json.dumps([asdict(one) for one in found], indent=2, sort_keys=True))
    else:
        _say(found)
    return 1 if any(one.differences for one in found) else 0


def _say(found: list[Verification]) -> None:
    for one in found:
        print(one)
        for difference in one.differences[:SHOWN]:
            print(f"  {difference}")
        if len(one.differences) > SHOWN:
            print(f"  and {len(one.differences) - SHOWN} more")
    wrong = sum(bool(one.differences) for one in found)
    print(f"{len(found) - wrong} of {len(found)} studies agree with their references")
