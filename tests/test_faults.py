"""The campaign of faults (``python tests/faults``): what its columns mean."""

from __future__ import annotations

import os
import random
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture
def faults(monkeypatch):
    """The modules of the campaign."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "faults"))
    import broken
    import damage
    import kills
    import lab
    import places

    modules = (broken, damage, kills, lab, places)
    yield {module.__name__: module for module in modules}
    for module in modules:
        del sys.modules[module.__name__]


def folder(place):
    """Write what a run leaves, in small."""
    for name in (
        "small/table.csv",
        "small/provenance.json",
        "small/plan.json",
        "store/rows/a.parquet",
        "store/fields/b.npz",
        "store/ensembles/c/000000-000006.npz",
        "store/done/measure-1.json",
        "logs/measure-1.log",
        ".snakemake/x",
        "report.html",
    ):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}")
    return place


def test_equal_means_every_output_and_every_stored_result(faults, tmp_path):
    results = faults["lab"].results
    one, two = folder(tmp_path / "one"), folder(tmp_path / "two")
    # Where and when a run was made is not compared, nor its messages.
    for name in ("small/provenance.json", "small/plan.json", "logs/measure-1.log"):
        (two / name).write_text("other")
    assert results(one) == results(two)
    assert len(results(one)) == 5
    for name in results(one):
        before = (two / name).read_bytes()
        (two / name).write_bytes(before[:-1])
        assert results(one) != results(two), name
        (two / name).write_bytes(before)
    (two / "small" / ".tmp-table.csv").write_text("half")
    assert results(one) != results(two)


def test_work_that_is_done_again_is_lost(faults, tmp_path):
    lab, out = faults["lab"], folder(tmp_path / "out")
    pack = out / "store" / "packs" / "solve-1.zip"
    pack.parent.mkdir()
    with zipfile.ZipFile(pack, "w") as archive:
        archive.writestr("fields/d.npz", "content")
    log = out / "logs" / "measure-1.log"
    log.write_text("mfplug: note: wrote rows/a.parquet\n")
    os.utime(log, ns=(1, 1))
    keep = lab.stored(out)
    assert set(keep) == {
        "rows/a.parquet", "fields/b.npz", "ensembles/c/000000-000006.npz",
        "fields/d.npz",
    }  # fmt: skip
    # What was written before it was counted is not lost, nor what moves into a pack.
    with zipfile.ZipFile(pack, "a") as archive:
        archive.writestr("fields/b.npz", "content")
    (out / "store" / "fields" / "b.npz").unlink()
    assert lab.lost_of(keep, out) == []
    later = max(keep.values()) + 1
    os.utime(log, ns=(later, later))
    pack.unlink()
    lost = ["fields/b.npz", "fields/d.npz", "rows/a.parquet"]
    assert lab.lost_of(keep, out) == lost


def test_a_row_is_good_if_all_ended_well_with_equal_results(faults):
    Row = faults["lab"].Row
    assert Row("a", trials=3, ended=3, equal=3).good
    assert not Row("a", trials=3, ended=2, equal=3).good
    assert not Row("a", trials=3, ended=3, equal=2).good
    assert not Row("a", trials=3, ended=3, equal=3, wrong=["a traceback"]).good


def test_a_fault_that_goes_unnoticed_or_unsaid_is_wrong(faults):
    lab = faults["lab"]
    one = lab.Lab.__new__(lab.Lab)
    line = "mfplug: error: file 'x': cannot be written"
    ends = {
        (0, ""): "unnoticed",
        (1, "noise"): "no line says why",
        (1, f"{line}\nTraceback (most recent call last):"): "a traceback",
        (1, f"[1/3] a job\n{line}"): None,
    }
    for (status, text), wrong in ends.items():
        row = lab.Row("a")
        one.expect_line(row, lab.End(status, text))
        assert bool(row.wrong) == bool(wrong)
        assert not wrong or wrong in row.wrong[0]


def test_damage_changes_a_file_each_time(faults, tmp_path):
    dice, content = random.Random(1), bytes(range(256))
    for name, act in faults["damage"].ACTS.items():
        path = tmp_path / "file"
        for _ in range(20):
            path.write_bytes(content)
            act(path, dice)
            assert not path.exists() or path.read_bytes() != content, name
    assert not path.exists()
