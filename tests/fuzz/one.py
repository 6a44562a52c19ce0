"""One reader under atheris: ``one.py NAME [options of libFuzzer]``."""

from __future__ import annotations

import contextlib
import importlib.util
import random
import sys
import tempfile
import warnings
from pathlib import Path

import archives
import atheris


def compiled() -> list[str]:
    """Return the modules with functions for numba, which takes no instrumented ones."""
    found = []
    for package in ("mfplug", "mfplug_plugins"):
        spec = importlib.util.find_spec(package)
        for root in (spec.submodule_search_locations or []) if spec else []:
            for file in Path(root).rglob("*.py"):
                if "numba" in file.read_text(encoding="utf-8"):
                    name = file.relative_to(root).with_suffix("")
                    found.append(".".join((package, *name.parts)))
    return found


with atheris.instrument_imports(
    include=["csv", "json", "mfplug", "mfplug_plugins", "readers", "zipfile"],
    exclude=compiled(),
):
    from readers import PLANTED, READERS, read_all, sealed

    from mfplug.errors import MfplugError

NAME = sys.argv.pop(1)


def refuse_or_accept(data: bytes) -> None:
    """Let the reader read; whatever it raises but one line is a finding."""
    READER.path.write_bytes(data)
    try:
        READER.read(READER.path)
    except MfplugError as error:
        line = str(error)
    else:
        return
    if "\n" in line or len(line) > 20_000:
        raise AssertionError(f"more than a line: {line[:300]!r}")


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Alter the bytes, or what the archive holds, which then fits its checksums."""
    dice = random.Random(seed)
    if data[:2] in (b"PK", b"{\n") and dice.random() < 0.7:
        altered = archives.altered(data, dice, lambda b: atheris.Mutate(b, most // 2))
        if altered is not None and dice.random() < 0.5:
            # Not every file can be sealed, and most need not be.
            with contextlib.suppress(Exception):
                altered = sealed(altered)
        if altered is not None and len(altered) <= most:
            return altered
    return bytes(atheris.Mutate(data, most))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        READER = (READERS | PLANTED)[NAME](Path(folder))
        read_all()
        atheris.Setup(sys.argv, refuse_or_accept, custom_mutator=mutate)
        atheris.Fuzz()
