"""What the driver says without running: plans, the folder it holds, the page."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import resource
import subprocess
import sys

import pytest
from made_jobs import driver, study
from rich.console import Console

from mfplug.errors import MfplugError, StoreError, StudyError
from mfplug.studies import drive
from mfplug.studies.hold import hold
from mfplug.studies.jobs import Jobs, drop_stale_page, from_config, page_block

__all__ = ["driver"]


# --- what the driver says without running


def test_dry_run_lists_the_jobs_and_changes_nothing(tmp_path):
    out = tmp_path / "out"
    plan = study(out, "alpha")
    text = io.StringIO()
    console = Console(file=text, width=40)
    assert drive.run([plan], out, 2, dry_run=True, console=console) == 0
    lines = text.getvalue().splitlines()
    assert len(lines) == 11
    assert " ".join(lines[0].split()) == "1 s solve alpha alpha field of it"
    assert lines[-1] == "10 jobs of 10, about 9 s on 2 cores, at most 600 MB each"
    assert [f.name for f in out.rglob("*") if f.is_file()] == ["plan.json"]


def test_without_snakemake_there_is_one_clear_line(tmp_path, monkeypatch):
    plan = study(tmp_path, "alpha")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MfplugError, match=r'pip install "mfplug\[workflow\]"'):
        drive.run([plan], tmp_path, 2)


def test_a_folder_is_held_by_one_process_and_may_be_held_twice_by_it(tmp_path):
    code = "import sys; from mfplug.studies.hold import hold\nwith hold(sys.argv[1]):"
    code += " print('held')"

    def other():
        return subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )

    with hold(tmp_path):
        with hold(tmp_path):
            pass
        refused = other()
        assert refused.returncode == 1
        assert f"process {os.getpid()} on" in refused.stderr
    assert other().stdout == "held\n"


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("x")
    plan = study(tmp_path / "plans", "alpha")
    with pytest.raises(StoreError, match=r"Not a directory|File exists"):
        drive.run([plan], tmp_path / "file" / "out", 2)


def test_a_limit_on_the_size_of_files_is_one_line(driver, tmp_path):
    # 40 bytes hold the lock's signature, and nothing that Snakemake or a job writes.
    out = tmp_path / "out"
    plan = study(out, "alpha", wide=1)
    process = subprocess.run(
        [sys.executable, str(driver), str(out), str(plan)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1, process
    assert "Traceback" not in process.stderr, process.stderr
    assert "File too large" in process.stderr
    assert not list((out / "store").rglob("*.json"))


# --- plans


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.pop("blocks"), "KeyError"),
        (lambda p: p.update(version=2), "got version 2, expected 1"),
        (lambda p: p["blocks"][0].update(id="solve-x; rm -rf ~"), "no id of a block"),
        (lambda p: p["blocks"][-1].update(needs=["plot-00"]), "needs 'plot-00'"),
    ],
)
def test_a_plan_that_is_none_is_refused(tmp_path, change, message):
    path = study(tmp_path, "alpha")
    plan = json.loads(path.read_text())
    change(plan)
    path.write_text(json.dumps(plan))
    with pytest.raises(StoreError, match=message):
        Jobs([path], tmp_path)
    path.write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        Jobs([path], tmp_path)


def test_the_page_depends_on_every_study_that_is_there(tmp_path):
    alpha, beta = study(tmp_path, "alpha"), study(tmp_path, "beta")
    jobs = Jobs([alpha], tmp_path)
    (tmp_path / "store/done").mkdir(parents=True)

    def finish_all(jobs):
        for one in jobs.values():
            if one.step != "report":
                (tmp_path / one.marker).write_text("{}")

    finish_all(jobs)
    # The job itself, which knows no plans, finds the same page.
    assert page_block(tmp_path).id == jobs.page.id
    both = Jobs([beta], tmp_path)
    assert both.page.id != jobs.page.id
    finish_all(both)
    assert page_block(tmp_path).id == both.page.id
    assert Jobs([alpha], tmp_path).page.id == both.page.id
    assert {both[need].step for need in both.page.needs} == {"tabulate", "plot"}


def test_a_page_of_which_the_marker_tells_another_story_is_stale(tmp_path):
    jobs = Jobs([study(tmp_path, "alpha")], tmp_path)
    marker, page = tmp_path / jobs.page.marker, tmp_path / "report.html"
    marker.parent.mkdir(parents=True)
    page.write_text("page")
    told = {"outputs": {"report.html": hashlib.sha256(b"page").hexdigest()}}
    for content, stays in [(told, True), ({"outputs": {}}, False), (told, True)]:
        marker.write_text(json.dumps(content))
        drop_stale_page(jobs)
        assert marker.exists() == stays
    page.unlink()
    drop_stale_page(jobs)
    assert not marker.exists()


def test_the_configuration_of_snakemake(tmp_path):
    study(tmp_path, "alpha")
    study(tmp_path, "beta")
    for plans in (
        ["alpha/plan.json", "beta/plan.json"],
        "alpha/plan.json,beta/plan.json",
        "alpha/plan.json beta/plan.json",
    ):
        jobs = from_config({"plans": plans, "out": str(tmp_path)})
        assert {b.study for b in jobs.values()} == {"alpha", "beta", ""}
    for wrong in ([], "", 3, ["a", 3]):
        with pytest.raises(StudyError, match="config 'plans': wrong type"):
            from_config({"plans": wrong})
