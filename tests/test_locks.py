"""Checksums, locks, and jobs that end with their run."""

from __future__ import annotations

import hashlib
import os
import signal
import time

import numpy as np
import pytest
from processes import alive, python, wait_for

from mfplug.errors import StoreError
from mfplug.studies import guard
from mfplug.studies.guard import die_with_parent, exclusive, sha256_file

# --- checksums and locks


def test_sha256_is_the_standard_one(tmp_path):
    content = np.arange(10**5).tobytes()
    (tmp_path / "a").write_bytes(content)
    assert sha256_file(tmp_path / "a") == hashlib.sha256(content).hexdigest()
    with pytest.raises(StoreError, match=r"cannot be read"):
        sha256_file(tmp_path / "b")


COUNT = """
    import contextlib, sys, time
    from pathlib import Path
    from mfplug.studies.guard import exclusive
    path = Path(sys.argv[1])
    for _ in range(25):
        with exclusive(path) if sys.argv[2] == "guarded" else contextlib.nullcontext():
            number = int(path.read_text())
            time.sleep(0.001)
            path.write_text(str(number + 1).rjust(5))
"""


@pytest.mark.parametrize("how", ["guarded", "unguarded"])
def test_exclusive_loses_no_count_and_its_absence_does(tmp_path, how):
    path = tmp_path / "count"
    path.write_text("0".rjust(5))
    workers = [python(COUNT, path, how) for _ in range(3)]
    ends = [worker.communicate(timeout=60) for worker in workers]
    if how == "guarded":
        assert [err for _, err in ends] == ["", "", ""]
        assert int(path.read_text()) == 75
        assert [f.name for f in tmp_path.iterdir()] == ["count"]
    else:
        # The planted defect: without the lock, updates are lost.
        assert not path.read_text().strip() or int(path.read_text()) < 75


def test_exclusive_waits_for_an_orphan_and_for_no_dead_one(tmp_path):
    code = """
    import sys, time
    from mfplug.studies.guard import exclusive
    with exclusive(sys.argv[1]):
        print("held", flush=True)
        time.sleep(float(sys.argv[2]))
    """
    path = tmp_path / "a"
    orphan = python(code, path, 0.6)
    orphan.stdout.readline()
    began = time.monotonic()
    with exclusive(path):
        assert time.monotonic() - began > 0.3
    assert orphan.communicate()[1] == ""
    dead = python(code, path, 60)
    dead.stdout.readline()
    dead.kill()
    dead.communicate()
    began = time.monotonic()
    with exclusive(path):
        assert time.monotonic() - began < 0.3


# --- orphans

PARENT = """
    import os, subprocess, sys, time
    child = "import sys, time; from mfplug.studies.guard import die_with_parent;"
    child += "die_with_parent(); print('ready', flush=True); time.sleep(60)"
    mark = "export MFPLUG_PARENT=$PPID; " if sys.argv[1] == "marked" else ""
    job = subprocess.Popen(
        ["bash", "-c", mark + 'exec "$@"', "-", sys.executable, "-c", child],
        stdout=subprocess.PIPE, text=True)
    job.stdout.readline()
    print(job.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", ["marked", "unmarked"])
def test_a_job_dies_with_its_run_and_a_step_by_hand_does_not(how):
    run = python(PARENT, how)
    job = int(run.stdout.readline())
    assert alive(job)
    run.kill()
    run.wait()
    run.stdout.close()
    run.stderr.close()
    if how == "marked":
        wait_for(lambda: not alive(job), 5)
    else:
        time.sleep(0.3)
        assert alive(job)
        os.kill(job, signal.SIGKILL)


def test_a_job_whose_run_is_gone_already_does_not_start():
    code = """
    from mfplug.studies.guard import die_with_parent
    die_with_parent()
    print("alive")
    """
    environment = {**os.environ, guard.PARENT: "1073741824"}
    process = python(code, env=environment)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")


def test_without_the_variable_nothing_happens(monkeypatch):
    monkeypatch.delenv(guard.PARENT, raising=False)
    die_with_parent()
    monkeypatch.setenv(guard.PARENT, "not a number")
    die_with_parent()
