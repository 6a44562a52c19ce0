"""Packs: files by the number of jobs, and all that loose files promise kept."""

from __future__ import annotations

import random
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import MICRO, Plain, merged
from stored_study import counted
from stored_study import results as every_result
from test_scale import wide

import mfplug
from mfplug.errors import NumericsError, StoreError
from mfplug.studies import cost, packs, steps, storefolder
from mfplug.studies.api import run_step, run_study
from mfplug.studies.packs import FEW, Packs
from mfplug.studies.plan import make_plan, write_marker, write_plan
from mfplug.studies.storefolder import Store

STRENGTHS = [round(0.5 + 0.05 * i, 2) for i in range(9)]
SWEEP = {"potential.strength": STRENGTHS, "N": [4, 8]}
#: Fields, ensembles and rows of 18 cells: a job each.
MEMBERS = {"solve": 9, "simulate": 18, "measure": 36}


@pytest.fixture
def many(clean, write_study):
    """A study of 18 cells whose steps are a job each."""
    clean.setattr(cost, "TARGET", 1e9)
    return lambda **changes: str(write_study(sweep=SWEEP, **changes))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Its results, not to be written to."""
    folder = tmp_path_factory.mktemp("packed")
    path = folder / "micro.yaml"
    study = merged(yaml.safe_load(MICRO), {"sweep": SWEEP})
    path.write_text(yaml.dump(study, Dumper=Plain, sort_keys=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cost, "TARGET", 1e9)
        run_study(str(path), out=folder / "out")
    return folder / "out"


@pytest.fixture
def copy(whole, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    return out


def results(folder):
    """Return the bytes of all final files but those that name the study's place."""
    return {k: v for k, v in every_result(folder).items() if k != "study.json"}


def compute(study, out, target=None):
    """Do the three steps of which the results are stored; return the plan."""
    plan = make_plan(study, "quick", out, target)
    write_plan(plan, out)
    for step in MEMBERS:
        run_step(step, plan, out)
    return plan


def files(folder):
    """Return the files of the store that hold results, with their bytes."""
    return {
        str(f.relative_to(folder)): f.read_bytes()
        for kind in ("fields", "ensembles", "rows", "packs")
        for f in sorted((folder / "store" / kind).rglob("*"))
        if f.is_file()
    }


def pieces(folder):
    """Return every piece of work by its name in the store, loose or packed."""
    found = {}
    for name, data in files(folder).items():
        if name.endswith(".zip"):
            with zipfile.ZipFile(folder / name) as archive:
                inside = {n: archive.read(n) for n in archive.namelist()}
        else:
            inside = {name.removeprefix("store/"): data}
        assert not found.keys() & inside.keys(), "a piece is kept twice"
        found |= inside
    return found


def expected_files(blocks):
    """Return how many files the results of some jobs are."""
    sizes = [len(b["units"]) for b in blocks if b["units"]]
    return sum(1 if size > FEW else size for size in sizes)


# --- how many


def test_each_job_has_one_file_and_the_folder_nothing_else(whole):
    names = {n.rpartition("/")[2].partition("-")[0] for n in files(whole)}
    assert names == set(MEMBERS)
    assert len(files(whole)) == 3
    for step, count in MEMBERS.items():
        (pack,) = (whole / "store" / "packs").glob(f"{step}-*.zip")
        assert len(zipfile.ZipFile(pack).namelist()) == count
    store = {f.name for f in (whole / "store").iterdir()}
    assert store == {"packs", "done", "fields", "ensembles", "rows", "locks"}
    assert not list((whole / "store" / "ensembles").iterdir())


def test_files_are_counted_by_jobs_and_not_by_cells(clean, many, write_study, tmp_path):
    made = make_plan(many(), "quick", None)
    run_study(many(), out=tmp_path / "out")
    assert len(files(tmp_path / "out")) == expected_files(made["blocks"])
    clean.undo()
    few = make_plan(str(wide(write_study, 500)), "quick", None)["blocks"]
    blocks = make_plan(str(wide(write_study, 5000)), "quick", None)["blocks"]
    units = sum(len(b["units"]) for b in blocks)
    assert units > 15_000
    # At most FEW files a job, whatever the number of cells; here it is one.
    # And so many at most are loose while a job is at work.
    assert max(len(b["units"]) for b in blocks) <= cost.TARGET / cost.PIECE
    assert expected_files(blocks) < 1.1 * len(blocks) < units / 20
    assert expected_files(few) <= FEW * len(few)


def test_pieces_are_the_files_that_they_were(many, whole, tmp_path, clean):
    clean.setattr(storefolder, "FEW", 10**9)
    run_study(many(), out=tmp_path / "loose")
    loose = files(tmp_path / "loose")
    assert len(loose) == sum(MEMBERS.values())
    assert pieces(tmp_path / "loose") == pieces(whole)
    assert results(tmp_path / "loose") == results(whole)


def test_equal_runs_have_equal_packs_and_nothing_is_done_twice(
    many, whole, copy, clean
):
    run_study(many(), out=copy.parent / "again")
    assert files(copy.parent / "again") == files(whole)
    done = counted(clean)
    (copy / "micro" / "table.csv").unlink()
    run_study(many(), out=copy)
    assert done == []
    assert files(copy) == files(whole)


# --- what is stored is used


def test_a_cell_is_loaded_from_packs(whole, clean):
    cell = mfplug.load(whole / "micro").cell(N=8, **{"potential.strength": 0.7})
    anew = mfplug.simulate(cell.system, 8, 6, [0.0, 0.5], 0.1)
    np.testing.assert_array_equal(cell.ensemble.q, anew.q)
    assert cell.field.times == (0.0, 0.5)
    table = mfplug.load(whole / "micro").table
    here = table[(table["N"] == 8) & (table["potential.strength"] == 0.7)]
    assert cell.rows["value"].tolist() == here["value"].tolist()


@pytest.mark.parametrize("target", [1e-9, 1.0])
def test_jobs_of_another_size_find_what_others_packed(many, whole, copy, clean, target):
    before = pieces(whole)
    done = counted(clean)
    clean.setattr(cost, "TARGET", 1e9)
    study = many()
    clean.setattr(cost, "chunk", lambda cell: 2**20)
    plan = compute(study, copy, target)
    assert len(plan["blocks"]) > 5
    assert done == []
    assert pieces(copy) == before


def test_more_replicas_extend_what_is_packed_and_drop_it(many, copy, clean, tmp_path):
    done = counted(clean)
    run_study(many(replicas=12), out=copy)
    assert {(first, count) for _, first, count in done} == {(6, 6)}
    assert len(done) == 18
    run_study(many(replicas=12), out=tmp_path / "fresh")
    assert results(copy) == results(tmp_path / "fresh")
    left = [n for n in pieces(copy) if n.startswith("ensembles/")]
    assert {n.rpartition("/")[2] for n in left} == {"000000-000012.npz"}
    # Fewer of them take a part of the longer ranges.
    done.clear()
    run_study(many(replicas=6), out=copy)
    assert done == []


def test_a_part_of_a_pack_is_outgrown_and_the_rest_stays(
    many, copy, clean, write_study
):
    clean.setattr(cost, "TARGET", 1e9)
    few = {"potential.strength": STRENGTHS[:2], "N": [4]}
    run_study(str(write_study("few", sweep=few, replicas=12)), out=copy)
    kept = [n for n in pieces(copy) if n.startswith("ensembles/")]
    assert len(kept) == 18
    assert sum(n.endswith("000000-000012.npz") for n in kept) == 2


# --- what is cut short


class Stop(NumericsError):
    """A job that ends in the middle."""


@pytest.mark.parametrize("step", list(MEMBERS))
def test_a_job_cut_short_goes_on_and_packs_the_same(many, whole, clean, tmp_path, step):
    out, real, count = tmp_path / "out", steps.UNIT_STEPS[step], []

    def breaking(cell, unit, store, tell):
        if store.place(_name(step, unit)) is None:
            count.append(unit["key"])
            if len(count) == 6:
                raise Stop("enough")
        return real(cell, unit, store, tell)

    clean.setitem(steps.UNIT_STEPS, step, breaking)
    with pytest.raises(Stop):
        compute(many(), out)
    # Five pieces of work are whole, and none of them is done again.
    assert sum(n.startswith(f"store/{_FOLDERS[step]}/") for n in files(out)) == 5
    compute(many(), out)
    assert len(count) == MEMBERS[step] + 1
    assert files(out) == files(whole)


_FOLDERS = {"solve": "fields", "simulate": "ensembles", "measure": "rows"}


def _name(step, unit):
    names = {
        "solve": lambda: storefolder.field_name(unit["key"]),
        "simulate": lambda: storefolder.range_name(
            unit["key"], unit["start"], unit["stop"]
        ),
        "measure": lambda: storefolder.rows_name(unit["key"]),
    }
    return names[step]()


@pytest.mark.parametrize("moment", ["_write", "_unlink", "marker"])
def test_a_job_killed_while_it_packs_goes_on(many, whole, clean, tmp_path, moment):
    out = tmp_path / "out"

    def killed(*_):
        raise Stop("killed")

    with pytest.MonkeyPatch.context() as patch:
        if moment == "marker":
            patch.setattr(steps, "write_marker", killed)
        else:
            patch.setattr(Packs, moment, killed)
        with pytest.raises(Stop):
            compute(many(), out)
    assert steps.write_marker is write_marker
    compute(many(), out)
    assert files(out) == files(whole)


# --- what is damaged


def test_a_pack_that_is_cut_foreign_or_gone_is_made_again(many, whole, copy):
    study = many()
    steps_and_acts = [
        ("solve", "cut"), ("solve", "one less"), ("simulate", "foreign"),
        ("simulate", "one less"), ("measure", "gone"), ("measure", "cut"),
        ("measure", "one less"),
    ]  # fmt: skip
    for step, act in steps_and_acts:
        (pack,) = (copy / "store" / "packs").glob(f"{step}-*.zip")
        with zipfile.ZipFile(pack) as archive:
            names = archive.namelist()
        if act == "gone":
            pack.unlink()
        elif act == "one less":
            Packs(copy / "store").discard(pack, names[2:3])
        else:
            pack.write_bytes(pack.read_bytes()[:-30] if act == "cut" else b"words")
        compute(study, copy)
        assert files(copy) == files(whole), (step, act)
    (copy / "micro" / "table.csv").unlink()
    run_study(study, out=copy)
    assert results(copy) == results(whole)


def test_a_flipped_bit_in_a_pack_is_refused_made_again_or_harmless(whole, copy):
    # Seed 12; 80 places of each pack and the last 60 bytes, where its list of names is.
    rng, good = random.Random(12), pieces(whole)
    for pack in sorted((copy / "store" / "packs").iterdir()):
        data, last = pack.read_bytes(), pack.stat().st_size - 1
        places = [rng.randrange(last) for _ in range(80)]
        mine = [n for n in good if _FOLDERS[pack.name.partition("-")[0]] in n]
        found = 0
        for place in [*places, *range(last - 60, last + 1)]:
            changed = bytearray(data)
            changed[place] ^= 1 << rng.randrange(8)
            pack.write_bytes(changed)
            store = Store(copy)
            for name in mine:
                try:
                    where = store.place(name)
                    content = None if where is None else _content(store, name)
                except StoreError as error:
                    line = str(error)
                    assert pack.name in line
                    assert "Remove it and run the study again" in line
                    assert "\n" not in line
                    content = None
                found += content is None
                assert content in (None, good[name]), f"byte {place} of {pack.name}"
        assert found > 80
        pack.write_bytes(data)


def _content(store, name):
    """Read a piece as a job does, and return its bytes."""
    key = Path(name).stem
    if name.startswith("fields/"):
        store.load_field(key)
    elif name.startswith("rows/"):
        store.load_rows(key)
    else:
        store.load_range(name)
    with store.place(name).open() as file:
        return file.read()


def test_a_foreign_pack_cannot_fill_the_memory(whole, copy):
    (pack,) = (copy / "store" / "packs").glob("measure-*.zip")
    with zipfile.ZipFile(pack) as archive:
        name = archive.namelist()[0]
    with zipfile.ZipFile(pack, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, bytes(10**6))
    with pytest.raises(StoreError, match="Remove it and run"):
        Store(copy).load_rows(Path(name).stem)


def test_a_piece_that_another_job_packs_meanwhile_is_found(whole, copy):
    store = Store(copy)
    name = next(n for n in pieces(whole) if n.startswith("rows/"))
    loose = packs.Place(copy / "store" / name)
    real, told = store.place, []

    def place(asked):
        told.append(asked)
        # The first answer is out of date when it is used.
        return loose if len(told) == 1 else real(asked)

    store.place = place
    assert store.load_rows(Path(name).stem) == Store(whole).load_rows(Path(name).stem)
    assert len(told) == 2
