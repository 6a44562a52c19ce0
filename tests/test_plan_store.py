"""What is stored is used, and where nothing can be stored it is said."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from stored_study import STEPS, counted, key_sets, results, rows_of

from mfplug.studies import cost, plan, steps
from mfplug.studies.api import run_study
from mfplug.studies.plan import make_plan, write_marker, write_plan
from mfplug.studies.store import read_arrays, write_arrays


def test_two_folders_have_the_same_bytes(clean, tmp_path, write_study):
    path = write_study()
    run_study(str(path), out=tmp_path / "one")
    run_study(str(path), out=tmp_path / "two")
    one, two = results(tmp_path / "one"), results(tmp_path / "two")
    assert set(one) >= {"table.csv", "rates.csv", "figure.svg", "verdict.json"}
    assert one == two
    assert rows_of(tmp_path / "one") == rows_of(tmp_path / "two")


def test_nothing_changed_nothing_done(clean, tmp_path, write_study):
    path = write_study()
    run_study(str(path), out=tmp_path / "out")
    stamps = {f: f.stat().st_mtime_ns for f in (tmp_path / "out").rglob("*")}

    def forbidden(*_):
        raise AssertionError("a block ran again")

    clean.setattr("mfplug.studies.api.run_block", forbidden)
    run_study(str(path), out=tmp_path / "out")
    files = {f: f.stat().st_mtime_ns for f in (tmp_path / "out").rglob("*")}
    assert files == stamps


def test_more_replicas_extend_what_is_stored(clean, tmp_path, write_study):
    out = tmp_path / "out"
    run_study(str(write_study(replicas=5)), out=out)
    done = counted(clean)
    more = write_study(replicas=12)
    run_study(str(more), out=out)
    assert sorted(done) == [(4, 5, 7), (8, 5, 7), (16, 5, 7)]
    run_study(str(more), out=tmp_path / "fresh")
    assert results(out) == results(tmp_path / "fresh")
    # The longer range holds the shorter one, which is dropped.
    for folder in (out / "store" / "ensembles").iterdir():
        assert [f.name for f in folder.iterdir()] == ["000000-000012.npz"]


def test_fewer_replicas_take_a_part(clean, tmp_path, write_study):
    out = tmp_path / "out"
    run_study(str(write_study(replicas=12)), out=out)
    done = counted(clean)
    few = write_study(replicas=5)
    run_study(str(few), out=out)
    assert done == []
    run_study(str(few), out=tmp_path / "fresh")
    assert results(out) == results(tmp_path / "fresh")


def test_a_planted_error_in_the_stored_replicas_would_show(
    clean, tmp_path, write_study
):
    # The extension uses what is stored: a changed stored number changes the result.
    out = tmp_path / "out"
    run_study(str(write_study(replicas=5)), out=out)
    for file in (out / "store" / "ensembles").rglob("*.npz"):
        arrays, meta = read_arrays(file, "ensemble")
        arrays["p"][-1] += 1.0
        write_arrays(file, arrays, meta)
    more = write_study(replicas=12)
    run_study(str(more), out=out)
    run_study(str(more), out=tmp_path / "fresh")
    assert results(out)["table.csv"] != results(tmp_path / "fresh")["table.csv"]


def test_a_new_metric_measures_only_itself(clean, tmp_path, write_study):
    out = tmp_path / "out"
    run_study(str(write_study()), out=out)
    seen = []
    real = steps.UNIT_STEPS["measure"]

    def measure(cell, unit, store, tell):
        path = store.rows_path(unit["key"])
        seen.append((cell.metrics[unit["metric"]].name, path.is_file()))
        return real(cell, unit, store, tell)

    clean.setitem(steps.UNIT_STEPS, "measure", measure)
    done = counted(clean)
    metrics = ["coupling", "force-fluctuation", "energy-drift"]
    run_study(str(write_study(metrics=metrics)), out=out)
    assert done == []
    assert {name for name, stored in seen if not stored} == {"force-fluctuation"}


@pytest.mark.parametrize("target", [1e-9, 1.0, 1e9])
def test_block_size_changes_no_key_and_no_row(clean, tmp_path, write_study, target):
    path = write_study(replicas=9)
    run_study(str(path), out=tmp_path / "usual")
    usual = key_sets(path, tmp_path / "usual")
    clean.setattr(cost, "TARGET", target)
    out = tmp_path / "other"
    made = make_plan(str(path), "quick", out)
    if target == 1e-9:
        assert all(len(b["units"]) <= 1 for b in made["blocks"])
        assert sum(b["step"] == "simulate" for b in made["blocks"]) == 27
    run_study(str(path), out=out)
    for step in STEPS[:3]:
        assert key_sets(path, out)[step] == usual[step]
    assert rows_of(out) == rows_of(tmp_path / "usual")
    assert results(out)["table.csv"] == results(tmp_path / "usual")["table.csv"]


# Where nothing can be written


def test_a_file_where_the_folder_should_be(mfplug_cli, write_study, tmp_path):
    (tmp_path / "out").write_text("mine")
    for command in STEPS:
        mfplug_cli(command, write_study(), "--out", tmp_path / "out").refused("out")
    mfplug_cli("run", write_study(), "--out", tmp_path / "out").refused("out")
    mfplug_cli("report", "--out", tmp_path / "out").refused("out")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("place", ["store", "micro", "store/fields"])
def test_a_file_in_the_way_within_the_folder(mfplug_cli, write_study, tmp_path, place):
    blocked = tmp_path / "out" / place
    blocked.parent.mkdir(parents=True)
    blocked.write_text("mine")
    answer = mfplug_cli("solve", write_study(), "--out", tmp_path / "out")
    assert answer.status == 1
    assert answer.err.splitlines()[-1].startswith("mfplug: error: ")
    assert "cannot be written" in answer.err
    assert blocked.read_text() == "mine"


def test_a_folder_that_nobody_can_make(mfplug_cli, write_study):
    # Not even root can write to /proc.
    answer = mfplug_cli("solve", write_study(), "--out", "/proc/mfplug-results")
    answer.refused("/proc/mfplug-results")


@pytest.mark.parametrize("command", ["solve", "run"])
def test_a_folder_without_permission(mfplug_cli, write_study, command):
    folder = Path(tempfile.mkdtemp())
    out = folder / "out"
    out.mkdir()
    path = write_study(folder=folder)
    folder.chmod(0o755)
    out.chmod(0o555)
    uid = os.geteuid()
    if uid == 0:  # permissions do not bind root
        os.seteuid(65534)
    try:
        answer = mfplug_cli(command, path, "--out", out)
    finally:
        os.seteuid(uid)
    answer.refused(str(out), "Permission denied", "choose another --out")
    assert list(out.iterdir()) == []
    shutil.rmtree(folder)


def test_two_processes_at_one_unit(clean, tmp_path, write_study):
    path, out = write_study(replicas=50), tmp_path / "out"
    write_plan(make_plan(str(path), "quick", out), out)
    words = [sys.executable, "-m", "mfplug", "simulate", str(path), "--out", str(out)]
    both = [
        subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in both:
        _, err = process.communicate(timeout=100)
        assert process.returncode == 0, err
    files = [f for f in (out / "store" / "ensembles").rglob("*") if f.is_file()]
    assert sorted(f.name for f in files) == ["000000-000050.npz"] * 3
    run_study(str(path), out=tmp_path / "alone")
    run_study(str(path), out=out)
    assert results(out) == results(tmp_path / "alone")


def test_the_marker_is_the_last_thing_written(clean, tmp_path, write_study):
    path, out = write_study(), tmp_path / "out"
    made = make_plan(str(path), "quick", out)
    order = []
    real = write_marker

    def spy(folder, block, stored):
        assert all((folder / s).is_file() for s in stored)
        assert all((folder / o).is_file() for o in block["outputs"])
        order.append(block["step"])
        real(folder, block, stored)

    clean.setattr(steps, "write_marker", spy)
    for block in made["blocks"]:
        steps.run_block(made, block["id"], out)
    assert order == [b["step"] for b in made["blocks"]]
    assert not [f for f in out.rglob(".*") if f.is_file()], "a temporary file is left"
    assert made["version"] == plan.VERSION
    assert Path(out / "micro").is_dir()
