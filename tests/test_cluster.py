"""Runs whose jobs go to a queue: a double of three scripts, and a real Slurm.

The Slurm is one node on the loopback interface, started for the test; it needs root and
the commands of Slurm and munge, or the test is skipped with a reason. With
MFPLUG_REQUIRE_SLURM=1 that is a failure.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from made_jobs import contents, driver, finish, go, start, starts, study
from processes import alive, wait_for
from queue_double import make_queue
from slurm_node import slurm_node

from mfplug.errors import MfplugError, ParameterError
from mfplug.studies.api import run_study
from mfplug.studies.executors import LOCAL, executor_of, profiles
from mfplug.studies.jobs import Jobs
from mfplug.studies.timelimit import asked_minutes

__all__ = ["driver"]

TABLES = ("table.csv", "rates.csv", "bounds.csv", "verdict.json", "study.json")


@pytest.fixture
def queue(tmp_path):
    """Commands that submit, ask after and cancel jobs."""
    return make_queue(tmp_path / "queue")


def mfplug(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "mfplug", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def settings(changes):
    return [word for change in changes for word in ("--set", change)]


def same_results(out, other, name):
    """Compare all that a study wrote, to the byte, but for where it was made."""
    left = {f.name: f.read_bytes() for f in (out / name).iterdir()}
    right = {f.name: f.read_bytes() for f in (other / name).iterdir()}
    for files in (left, right):
        files.pop("provenance.json")
        files.pop("plan.json")
    assert set(TABLES) < set(left)
    assert left == right
    stored = [
        {f.relative_to(o): f.read_bytes() for f in (o / "store" / "rows").iterdir()}
        for o in (out, other)
    ]
    assert stored[0] == stored[1]


# --- what is asked for


def test_shipped_profiles_are_executors_and_settings_change_them():
    assert profiles() == ["cluster-generic", "slurm"]
    slurm = executor_of("slurm", ["partition=short", "jobs=7", "minutes=2.5"])
    assert (slurm.name, slurm.local, slurm.jobs) == ("slurm", False, 7)
    assert slurm.resources == {"slurm_partition": "short"}
    assert slurm.minutes == 2.5
    assert slurm.retries >= 1
    assert slurm.settings["status_command"] == "squeue"
    one = executor_of(
        "slurm", ["no-account=true", "init-seconds-before-status-checks=3"]
    )
    assert one.settings["no_account"] is True
    assert one.settings["init_seconds_before_status_checks"] == 3
    assert executor_of("local") is LOCAL


def test_a_profile_of_the_user_is_read(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "config.yaml").write_text(
        "executor: slurm\njobs: 3\nslurm-no-account: true\n"
        "default-resources: {slurm_partition: night}\n"
    )
    mine = executor_of(str(folder), ["account=physics"])
    assert (mine.name, mine.jobs) == ("slurm", 3)
    assert mine.settings == {"no_account": True}
    assert mine.resources == {"slurm_partition": "night", "slurm_account": "physics"}


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("slrum", [], "'slurm'"),
        ("local", ["jobs=3"], "got jobs"),
        ("slurm", ["partitoin=x"], "'partition'"),
        ("slurm", ["partition"], "KEY=VALUE"),
        ("slurm", ["jobs=0"], "from 1"),
        ("slurm", ["jobs=many"], "'many'"),
        ("slurm", ["minutes=0"], "from 0.1"),
        ("slurm", ["no-account=perhaps"], "true or false"),
        ("slurm", ["init-seconds-before-status-checks=soon"], "a number"),
        ("./nowhere", [], "a folder with a profile"),
        ("cluster-generic", ["partition=x"], "no setting 'partition'"),
    ],
)
def test_what_no_executor_knows_is_one_line(name, changes, said):
    with pytest.raises(ParameterError) as caught:
        executor_of(name, changes)
    assert "\n" not in str(caught.value)
    assert said in str(caught.value)


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    "text", ["[1, 2", "- a\n- b", "a: !!python/object:os.x {}", BOMB, "a: 1\na: 2"]
)
def test_a_profile_that_is_none_is_one_line(tmp_path, text):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(MfplugError) as caught:
        executor_of(str(tmp_path))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("profile ")
    assert re.search(
        r"Mend (it|the file)|Remove it|Write the value out", str(caught.value)
    )


def test_time_asked_for_covers_a_slow_machine_and_doubles():
    # 10 minutes of work: three times that and five, and twice as long the next time.
    assert asked_minutes(600.0) == 35
    assert asked_minutes(600.0, attempt=2) == 70
    assert asked_minutes(0.0) == 5


# --- the double


@pytest.mark.slow
def test_a_run_through_a_queue_equals_a_local_one(write_study, tmp_path, queue):
    path, out = write_study(), tmp_path / "out"
    run_study(str(path), out=tmp_path / "here")
    words = ["run", path, "--out", out, "--executor", "cluster-generic"]
    done = mfplug(*words, *settings(queue.settings))
    assert done.returncode == 0, done.stderr + queue.said()
    same_results(out, tmp_path / "here", "micro")
    # Larger jobs: what takes seconds is one job a step; the rest is made here.
    asked = queue.asked()
    assert len(asked) == 3
    jobs = [b for b in Jobs([out / "micro" / "plan.json"], out).values()]
    assert {(b.memory_mb, asked_minutes(b.cost)) for b in jobs[:3]} == set(asked)
    again = mfplug(*words, *settings(queue.settings))
    assert "nothing to do" in again.stderr
    assert len(queue.asked()) == 3


@pytest.mark.slow
def test_jobs_of_a_killed_submitter_are_cancelled_and_what_failed_gets_more(
    driver, tmp_path, queue
):
    reference = tmp_path / "reference"
    plan = study(reference, "alpha", wide=1)
    assert go(driver, reference, plan)[0] == 0
    wanted = contents(reference, plan)

    out = tmp_path / "out"
    plan = study(out, "alpha", wide=1, solve={"sleep": 60}, simulate={"sleep": 60})
    words = ("=cluster-generic", *queue.settings)
    process = start(driver, out, plan, *words)
    wait_for(lambda: len(starts(out)) == 2, 40)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    pids = [int(f.read_text()) for f in (out / "started").iterdir()]
    time.sleep(0.3)
    assert all(alive(pid) for pid in pids), "the queue's jobs outlive who sent them"

    study(out, "alpha", wide=1, measure={"fail_once": True})
    status, text = finish(start(driver, out, plan, *words), 100)
    assert status == 0, text + queue.said()
    assert "cancelled 2 jobs of the run that was cut short" in text
    assert not any(alive(pid) for pid in pids)
    assert len(queue.cancelled()) == 2
    failed = r"failed: measure .*: not enough memory; again, 1 of 2, with more memory"
    assert re.search(failed, text)
    assert queue.asked()[-2:] == [(10, 6), (20, 12)]
    assert contents(out, plan) == wanted


# --- a real Slurm


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    with slurm_node(tmp_path_factory.mktemp("slurm")) as node:
        yield node


@pytest.mark.slow
def test_a_run_on_slurm_equals_a_local_one_also_after_a_kill(
    slurm, write_study, tmp_path
):
    path, out = write_study(), tmp_path / "out"
    run_study(str(path), out=tmp_path / "here")
    words = ["run", str(path), "--out", str(out), "--executor", "slurm"]
    command = [sys.executable, "-m", "mfplug", *words, *settings(slurm.settings)]
    # A job that cannot start: the queue is held while the run is killed.
    slurm.hold()
    process = subprocess.Popen(
        command, stderr=subprocess.DEVNULL, env=slurm.environment
    )
    wait_for(lambda: len(slurm.jobs()) == 2, 60)
    process.kill()
    process.wait()
    assert len(slurm.jobs()) == 2
    slurm.release()
    done = subprocess.run(
        command, capture_output=True, text=True, env=slurm.environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "cancelled 2 jobs of the run that was cut short" in done.stderr
    assert slurm.jobs() == []
    same_results(out, tmp_path / "here", "micro")
