"""How far energy, momentum and angular momentum moved in the runs of a study."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mfplug.dynamics.account import NAMES, together
from mfplug.studies.cells import Cell
from mfplug.studies.identity import ensemble_key
from mfplug.studies.store import read_meta
from mfplug.studies.storefolder import Store
from mfplug.studies.units import ranges


def accounts(cells: Iterable[Cell], out: Path) -> dict[str, dict[str, Any]]:
    """Return the account of each simulated cell by its label.

    Ensembles that are not stored (any more) are left out.
    """
    store, found = Store(out), {}
    for cell in cells:
        if not cell.needs("ensemble"):
            continue
        key, parts = ensemble_key(cell), []
        for start, stop in ranges(cell):
            name = store.find_range(key, start, stop)
            place = store.place(name) if name is not None else None
            if place is not None:
                parts.append(read_meta(place, "ensemble")["info"].get("conserved"))
        if parts and None not in parts:
            found[cell.label] = together(parts)
    return found


def worst(of_cells: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the largest error of each quantity and the cell it is in.

    Examples
    --------
    >>> one = {"energy": 1e-5, "momentum": None, "angular momentum": None}
    >>> worst({"N=8": one, "N=16": one | {"energy": 3e-5}})["energy"]
    {'error': 3e-05, 'cell': 'N=16'}
    """
    result: dict[str, Any] = {"cells": len(of_cells)}
    for name in NAMES:
        known = {k: a[name] for k, a in of_cells.items() if a[name] is not None}
        if known:
            cell = max(known, key=lambda k: known[k])
            result[name] = {"error": known[cell], "cell": cell}
    return result
