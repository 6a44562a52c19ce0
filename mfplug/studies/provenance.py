"""Provenance: with what a result was made, and how to make it again."""

from __future__ import annotations

import importlib.metadata
import platform
import shlex
from pathlib import Path
from typing import Any

import mfplug
from mfplug.registry import current
from mfplug.registry.fingerprint import fingerprints
from mfplug.studies.cells import Cell
from mfplug.studies.conserved import accounts, worst

PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "numba",
    "sympy",
    "pluggy",
    "pydantic",
    "matplotlib",
    "POT",
    "snakemake",
)

#: Cells whose errors of energy and momentum are read, about: evenly spread.
_LOOKED_AT = 1000


def versions() -> dict[str, str]:
    """Return the versions of Python, mfplug and what it stands on."""
    found = {"python": platform.python_version(), "mfplug": mfplug.__version__}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def command(plan: dict[str, Any]) -> str:
    """Return the command that repeats a study."""
    words = ["mfplug", "run", str(plan["source"]), "--profile", plan["profile"]]
    for path in plan["plugin_files"]:
        words += ["--plugin", path]
    return shlex.join(words)


def provenance(plan: dict[str, Any], cells: list[Cell], out: Path) -> dict[str, Any]:
    """Return ``provenance.json`` of a study whose results folder is ``out``."""
    plugins = [
        p
        for cell in cells
        for p in (
            cell.system.potential,
            cell.system.initial,
            cell.system.external,
            cell.integrator,
            cell.solver,
            *cell.metrics,
        )
    ]
    return {
        "study": plan["study"],
        "profile": plan["profile"],
        "command": command(plan),
        "versions": versions(),
        "machine": {"system": platform.system(), "processor": platform.machine()},
        "plugins": fingerprints(plugins, current()),
        "seeds": sorted({cell.seed for cell in cells}),
        "cells": len(cells),
        "conserved": worst(accounts(cells[:: 1 + len(cells) // _LOOKED_AT], out)),
        "configuration": plan["resolved"],
    }
