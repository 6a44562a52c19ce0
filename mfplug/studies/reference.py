"""Reference tables: what the shipped studies gave, and with what they were made.

``references/<profile>/<study>/`` holds the tables of a study as a run wrote them, and
``made.json``: the profile, the kind of machine, the versions of what computes.
"""

from __future__ import annotations

import importlib.resources
import json
import platform
import shutil
from pathlib import Path
from typing import Any

from mfplug.errors import StoreError
from mfplug.studies.guard import atomic_write_text, writing
from mfplug.studies.provenance import versions

#: What is kept of a study: the numbers and what is concluded from them.
KEPT = ("table.csv", "bounds.csv", "rates.csv", "verdict.json")
MADE = "made.json"
#: Packages in which numbers are computed.
COMPUTING = ("python", "mfplug", "numpy", "scipy", "numba", "sympy", "pandas", "POT")


def shipped_references() -> Path:
    """Return the folder of the references that travel with mfplug."""
    return Path(str(importlib.resources.files("mfplug_workflows"))) / "references"


def conditions() -> dict[str, Any]:
    """Return what equal bytes may be expected of: kind of machine, versions.

    The kind of processor is the one that compiled code is made for.
    """
    from llvmlite import binding

    found = versions()
    return {
        "machine": {
            "system": platform.system(),
            "processor": platform.machine(),
            "kind": str(binding.get_host_cpu_name()),
        },
        "versions": {name: found[name] for name in COMPUTING},
    }


def reference_of(study: str, profile: str, root: Path | None = None) -> Path:
    """Return the folder with a study's reference tables.

    Raises
    ------
    StoreError
        If one of its files is missing.
    """
    folder = (root or shipped_references()) / profile / study
    missing = [name for name in (*KEPT, MADE) if not (folder / name).is_file()]
    if missing:
        raise StoreError(
            f"study '{study}': no reference for profile '{profile}'; '{folder}' lacks "
            f"{', '.join(missing)}, expected the tables of a run. Write them: `mfplug "
            f"verify {study} --profile {profile} --update --out RESULTS`."
        )
    return folder


def read_made(folder: Path) -> dict[str, Any]:
    """Return with what a reference was made.

    Raises
    ------
    StoreError
        If the file cannot be read.
    """
    from mfplug.report.files import read_json

    made: dict[str, Any] = read_json(folder / MADE, dict)
    return made


def results_of(study: str, profile: str, out: Path) -> Path:
    """Return the folder of a study's results, made with a profile.

    Raises
    ------
    StoreError
        If there are none, or they are of another profile.
    """
    from mfplug.report.files import read_json

    folder = out / study
    missing = [n for n in (*KEPT, "study.json") if not (folder / n).is_file()]
    if missing:
        raise StoreError(
            f"study '{study}': no results in '{out}'; it lacks {', '.join(missing)}, "
            f"expected those of a run. Run `mfplug run {study} --profile {profile} "
            f"--out {out}` first."
        )
    found = read_json(folder / "study.json", dict).get("profile")
    if found != profile:
        raise StoreError(
            f"study '{study}': the results in '{out}' are of another profile; got "
            f"{found!r}, expected '{profile}'. Give --profile {found} or run it again."
        )
    return folder


def update(study: str, profile: str, out: Path, root: Path | None = None) -> Path:
    """Write a study's results as its reference; return the reference's folder.

    Raises
    ------
    StoreError
        If the results are missing, or the reference cannot be written.
    """
    source = results_of(study, profile, out)
    folder = (root or shipped_references()) / profile / study
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name in KEPT:
            shutil.copyfile(source / name, folder / name)
    text = json.dumps({"profile": profile, **conditions()}, indent=2, sort_keys=True)
    atomic_write_text(folder / MADE, text + "\n")
    return folder
