"""The readers that are searched, and a few good files of each to start from."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import mfplug
from mfplug.contracts.metric import Row
from mfplug.registry import current
from mfplug.report.files import TABLE_COLUMNS, read_table
from mfplug.report.svg import inline
from mfplug.studies.cells import cells_of
from mfplug.studies.executors import executor_of
from mfplug.studies.jobs import read_blocks
from mfplug.studies.load import load
from mfplug.studies.packs import Packs
from mfplug.studies.plan import block_of, make_plan, read_plan, study_of, write_plan
from mfplug.studies.store import (
    load_ensemble,
    load_field,
    load_rows,
    save_ensemble,
    save_field,
    save_rows,
    write_arrays,
)
from mfplug.studies.storefolder import Store
from mfplug.studies.sweep import points_of
from mfplug.theory.counting.lawfile import read_law


@dataclass(frozen=True)
class Reader:
    """Where the file lies, and what reads it."""

    path: Path
    read: Callable[[Path], Any]


def _law(folder: Path) -> Reader:
    def read(path: Path) -> None:
        # As `mfplug alpha` does, where the space is small enough for seconds.
        law = read_law(path, 2)
        total = max((max(abs(float(n)) for n in key[:2]) for key in law), default=0)
        if len(law) <= 20 and total <= 6:
            mfplug.counting_measure(law, [0.25, 0.75])

    return Reader(folder / "law.csv", read)


def _snapshots(name: str) -> Callable[[Path], Reader]:
    def make(folder: Path) -> Reader:
        system = mfplug.System()
        return Reader(folder / name, lambda path: mfplug.read_snapshots(path, system))

    return make


def _pack(folder: Path) -> Reader:
    path = Packs(folder / "store").path("solve-0")
    path.parent.mkdir(parents=True)

    def read(_: Path) -> None:
        Store(folder).load_field("a")

    return Reader(path, read)


def _plan(folder: Path) -> Reader:
    path = folder / "small" / "plan.json"
    path.parent.mkdir()

    def read(file: Path) -> None:
        plan = read_plan(file)
        study = study_of(plan)
        block_of(plan, plan["blocks"][0]["id"] if plan["blocks"] else "")
        cells_of(study, plan["study"])
        read_blocks(file, folder)

    return Reader(path, read)


def sealed(data: bytes) -> bytes:
    """Return a stored file with a hash that fits, as a forger would write it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.npz"
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = dict(archive)
        meta = json.loads(bytes(arrays.pop("__meta__")))
        meta.pop("sha256", None)
        write_arrays(path, arrays, meta)
        return path.read_bytes()


def _ensemble(path: Path) -> None:
    found = load_ensemble(path)
    shape = (len(found.times), found.replicas, found.particles, found.dimension)
    assert found.q.shape == found.p.shape == shape, "what is accepted is whole"


def _study(folder: Path) -> Reader:
    def read(path: Path) -> None:
        name, study = load(str(path))
        # Enough to read every key; a study may ask for 10^5 cells.
        for _, _ in zip(points_of(study, name), range(20), strict=False):
            pass

    return Reader(folder / "small.yaml", read)


def _points(folder: Path) -> Reader:
    def read(path: Path) -> None:
        law = {"name": "snapshots", "file": str(path), "law": {"name": "gaussian"}}
        mfplug.System(initial=law).initial.joint(np.random.default_rng(1), 5)

    return Reader(folder / "points.npz", read)


READERS: dict[str, Callable[[Path], Reader]] = {
    "law": _law,
    "snapshots": _snapshots("cloud.npz"),
    "hdf5": _snapshots("cloud.h5"),
    "field": lambda folder: Reader(folder / "field.npz", load_field),
    "ensemble": lambda folder: Reader(folder / "cloud.npz", _ensemble),
    "rows": lambda folder: Reader(folder / "rows.parquet", load_rows),
    "pack": _pack,
    "plan": _plan,
    "study": _study,
    "points": _points,
    "drawing": lambda folder: Reader(
        folder / "figure.svg", lambda path: inline(path, "s1", "A figure.")
    ),
    "table": lambda folder: Reader(
        folder / "table.csv", lambda path: read_table(path, TABLE_COLUMNS)
    ),
    "profile": lambda folder: Reader(
        folder / "config.yaml", lambda path: executor_of(f"{path.parent}/")
    ),
}


def _planted(folder: Path) -> Reader:
    def read(path: Path) -> None:
        data = path.read_bytes()
        # Chance alone finds this once in 2^16 files; step by step it is some hundred.
        if data[:1] == b"L":  # noqa: SIM102
            if data[1:2] == b"A":
                raise ZeroDivisionError("planted")

    return Reader(folder / "planted", read)


#: A reader with a defect that the search must find.
PLANTED = {"planted": _planted}

LAWS = (
    "n1,n2,weight\n2,0,0.5\n1,1,0.5\n",
    "n1,n2\n2,0\n1,1\n1,1\n0,2\n",
    "n1,n2,weight\n0,3,0.25\n3,0,0.75\n",
)
STUDY = """
title: A study of a second
system: {potential: harmonic, initial: gaussian}
sweep: {N: [4, 8]}
times: [0.0, 0.5]
solver: harmonic-exact
metrics: [coupling]
"""
TEXTS = {
    "study": STUDY,
    "drawing": """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 viewBox="0 0 9 9"><defs><path id="a" d="M 0 1.23456 L 3 4 z" style="fill: none"/>
<clipPath id="c"><rect x="0" y="1" width="3" height="4"/></clipPath></defs>
<g clip-path="url(#c)"><use xlink:href="#a" x="1.5" style="stroke: #000000"/></g></svg>
""",
    "table": """N,time,metric,index,value,stderr,lower,upper,replicas,note
4,0.0,coupling-mean,,0.5,0.1,0.3,0.7,6,
8,0.5,"a, b",x,,,,,,no value
""",
    "profile": """executor: slurm
jobs: 3
retries: 2
config: [minutes=5, time_limit=2h]
latency-wait: 60
slurm-no-account: true
default-resources: {slurm_partition: night}
""",
}


def read_all() -> None:
    """Load every plugin, so that no import is taken for a branch of a reader."""
    current().entries()


def write_seeds(folder: Path) -> None:
    """Write good files of each kind into folders by the readers' names."""
    for name in (*READERS, *PLANTED):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(LAWS):
        (folder / "law" / str(number)).write_text(text)
    (folder / "planted" / "0").write_bytes(b"words")
    system = mfplug.System(potential={"name": "harmonic", "strength": 2.0})
    cloud = mfplug.simulate(system, 5, 2, [0.0, 0.5], 0.1)
    with tempfile.TemporaryDirectory() as made:
        for name, ending in (("snapshots", "npz"), ("hdf5", "h5")):
            path = mfplug.write_snapshots(Path(made) / f"cloud.{ending}", cloud)
            shutil.copy(path, folder / name / "0")
    save_ensemble(folder / "ensemble" / "0", cloud)
    fields = [mfplug.solve_mean_field(system, [0.0, 0.5], "harmonic-exact")]
    bell = mfplug.System(potential="gaussian")
    fields.append(
        mfplug.solve_mean_field(bell, [0.0, 0.2], "characteristics", nodes=60)
    )
    for number, field in enumerate(fields):
        save_field(folder / "field" / str(number), field)
    _seed_pack(folder)
    np.savez(folder / "points" / "0.npz", q=np.zeros((3, 5, 1)), p=np.ones((3, 5, 1)))
    for name, text in TEXTS.items():
        (folder / name / "0").write_text(text)
    rows = [Row("a", 0.5, 1.0, stderr=0.1, replicas=3), Row("b", 1.0, None, note="no")]
    save_rows(folder / "rows" / "0", rows)
    with tempfile.TemporaryDirectory() as made:
        study = Path(made) / "small.yaml"
        study.write_text(STUDY)
        plan = write_plan(make_plan(str(study), "quick", None), Path(made))
        shutil.copy(plan, folder / "plan" / "0")


def _seed_pack(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as made:
        store = Path(made) / "store"
        names = []
        for number, field in enumerate(sorted((folder / "field").iterdir())):
            names.append(f"fields/{'ab'[number]}.npz")
            (store / names[-1]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(field, store / names[-1])
        Packs(store).pack("solve-0", names)
        shutil.copy(store / "packs" / "solve-0.zip", folder / "pack" / "0")
