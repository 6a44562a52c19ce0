"""``mfplug doctor``: what a report of a defect has to say, in one page."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

import mfplug
from mfplug.contracts.codestore import cache_directory
from mfplug.registry import current
from mfplug.studies.provenance import versions

#: Below this many bytes free a run is likely to stop in the middle.
LITTLE = 1 << 30


def main(arguments: argparse.Namespace) -> int:
    """Print the state of the installation; status 1 if something is wrong."""
    report, troubles = examine(Path(arguments.out))
    if arguments.json:
        print(
            json.dumps(
                report | {"troubles": troubles}, indent=2, sort_keys=True, default=str
            )
        )
        return 1 if troubles else 0
    for title, part in report.items():
        print(f"{title}:")
        width = max((len(str(key)) for key in part), default=0)
        for key, value in part.items():
            print(f"  {key:<{width}}  {value}")
    for trouble in troubles:
        print(f"trouble: {trouble}")
    print("no trouble found" if not troubles else f"{len(troubles)} to look at")
    return 1 if troubles else 0


def examine(out: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return the state by section, and what is wrong in one line each.

    Parameters
    ----------
    out
        The results folder whose disk is looked at; it need not exist.
    """
    troubles: list[str] = []
    report = {
        "versions": versions(),
        "machine": _machine(),
        "switches": {k: v for k, v in os.environ.items() if k.startswith("MFPLUG_")},
        "cache": _cache(troubles),
        "disk": _disk(out, troubles),
        "workflow": _workflow(troubles),
        "plugins": _plugins(troubles),
    }
    return report, troubles


def _machine() -> dict[str, Any]:
    from mfplug.dynamics.simulate import available_memory

    numba = os.environ.get("NUMBA_NUM_THREADS", "all cores")
    return {
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "threads of the kernels": numba,
        "memory available": f"{available_memory() / 2**30:.1f} GiB",
        "compiler": "LLVM, in numba; no other is needed",
        "python": sys.executable,
        "mfplug": str(Path(mfplug.__file__).parent),
    }


def size_of(folder: Path) -> tuple[int, int]:
    """Return the number of files below a folder and their bytes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return len(files), sum(path.stat().st_size for path in files)


def _cache(troubles: list[str]) -> dict[str, Any]:
    folder = cache_directory()
    count, size = size_of(folder)
    given = os.environ.get("MFPLUG_CACHE_DIR")
    if given and Path(given).absolute() != folder:
        troubles.append(
            f"cache: MFPLUG_CACHE_DIR is not used; got '{given}', expected a folder of "
            f"this user that nobody else may write to. '{folder}' serves instead."
        )
    return {
        "folder": folder,
        "size": f"{size / 2**20:.1f} MiB in {count} files ('mfplug clean' empties it)",
    }


def _disk(out: Path, troubles: list[str]) -> dict[str, Any]:
    there = next(p for p in (out.absolute(), *out.absolute().parents) if p.exists())
    free = shutil.disk_usage(there).free
    if free < LITTLE:
        troubles.append(
            f"disk: little room at '{there}'; got {free / 2**20:.0f} MiB, expected "
            "1 GiB or more. Make room, or choose another --out."
        )
    if not os.access(there, os.W_OK):
        troubles.append(
            f"disk: '{there}' cannot be written to. Change its permissions, or choose "
            "another --out."
        )
    found: dict[str, Any] = {"results": out, "free": f"{free / 2**30:.1f} GiB"}
    if out.is_dir():
        count, size = size_of(out)
        found["size"] = f"{size / 2**20:.1f} MiB in {count} files"
    return found


def _workflow(troubles: list[str]) -> dict[str, Any]:
    if importlib.util.find_spec("snakemake") is None:
        troubles.append(
            "workflow: Snakemake is not installed, so `mfplug run` cannot work. "
            "Install mfplug with the extra `workflow`."
        )
        return {"snakemake": "not installed"}
    from mfplug.studies.snake import snakefile

    return {"snakemake": versions()["snakemake"], "snakefile": snakefile()}


def _plugins(troubles: list[str]) -> dict[str, Any]:
    registry = current()
    counts: dict[str, int] = {}
    for entry in registry.entries():
        counts[entry.cls.kind] = counts.get(entry.cls.kind, 0) + 1
        if entry.clashes:
            troubles.append(f"{entry.cls.kind} '{entry.name}': {entry.clash_text()}.")
    for source in registry.sources():
        if source.status == "broken":
            troubles.append(
                f"plugin '{source.name}' from {source.origin}: broken; got "
                f"{source.error}. Mend, update or uninstall it."
            )
        elif source.status != "ok":
            counts[f"{source.status}: {source.name}"] = 1
        elif source.note:
            troubles.append(
                f"plugin '{source.name}' from {source.origin}: {source.note}."
            )
    return counts
