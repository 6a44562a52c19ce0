"""Files that are whole or not there, locks, and jobs that end with their run."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from mfplug.errors import StoreError
from mfplug.studies import guard
from mfplug.studies.guard import (
    atomic_path,
    atomic_write_bytes,
    atomic_write_text,
    check_writable,
    die_with_parent,
    exclusive,
    sha256_file,
    writing,
)
from mfplug.studies.hold import hold

SPAWN = multiprocessing.get_context("spawn")


def python(code, *arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


# --- atomic files


def test_file_is_whole_and_nothing_else_stays(tmp_path):
    path = tmp_path / "deep" / "er" / "table.csv"
    with atomic_path(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.suffix == ".csv"
        temporary.write_text("N,value\n64,0.5\n")
        assert not path.exists()
    assert path.read_text() == "N,value\n64,0.5\n"
    atomic_write_text(path, "größer\n")
    assert path.read_bytes() == "größer\n".encode()
    atomic_write_bytes(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert [f.name for f in path.parent.iterdir()] == ["table.csv"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, StoreError])
def test_failure_leaves_the_old_file_alone(tmp_path, error):
    path = tmp_path / "a.npz"
    path.write_text("old")

    def fail():
        with atomic_path(path) as temporary:
            temporary.write_text("half of the new")
            raise error("stop")

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert [f.name for f in tmp_path.iterdir()] == ["a.npz"]


def test_leftover_of_a_killed_writer_is_overwritten(tmp_path):
    path = tmp_path / "a.txt"
    code = """
    import os, sys
    from mfplug.studies.guard import atomic_path
    with atomic_path(sys.argv[1]) as temporary:
        temporary.write_text("a long half-written line of the killed one")
        os.kill(os.getpid(), 9)
    """
    process = python(code, path)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 1
    assert not path.exists()
    with atomic_path(path) as temporary:
        assert temporary.read_bytes() == b""
        temporary.write_text("short")
    assert path.read_text() == "short"
    assert len(list(tmp_path.iterdir())) == 1


def test_permissions_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        atomic_write_text(tmp_path / "a", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def rewrite(path, letter, rounds):
    for _ in range(rounds):
        with atomic_path(path) as temporary, open(temporary, "w") as file:
            for _ in range(50):
                file.write(letter * 100)
                file.flush()


def test_writers_in_threads_and_processes_take_turns(tmp_path):
    path = tmp_path / "contested"
    workers = [SPAWN.Process(target=rewrite, args=(path, c, 20)) for c in "ab"]
    workers += [threading.Thread(target=rewrite, args=(path, c, 20)) for c in "cd"]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        if path.exists():
            text = path.read_text()
            assert len(text) == 5000
            assert len(set(text)) == 1
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers[:2]] == [0, 0]
    assert [f.name for f in tmp_path.iterdir()] == ["contested"]


# --- refusals of the system

LIMITED = """
    import resource, sys
    import numpy as np
    from mfplug.errors import StoreError
    from mfplug.studies.guard import atomic_path
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))
    path, how = sys.argv[1:]
    try:
        with atomic_path(path) as temporary:
            if how == "text":
                temporary.write_text("x" * 100000)
            elif how == "npz":
                with open(temporary, "wb") as file:
                    np.savez(file, a=np.arange(1e5))
            elif how == "npy":
                np.save(temporary, np.arange(1e5))
            else:
                import pyarrow as pa, pyarrow.parquet as pq
                pq.write_table(pa.table({"a": np.random.rand(10**5)}), temporary)
    except StoreError as error:
        print(error)
"""


@pytest.mark.parametrize("how", ["text", "npz", "npy", "parquet"])
def test_size_limit_is_one_line_and_leaves_nothing(tmp_path, how):
    path = tmp_path / "big.npy"
    process = python(LIMITED, path, how)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.count("\n") == 1
    assert str(path) in out
    assert os.strerror(errno.EFBIG) in out
    assert "ulimit -f" in out
    assert list(tmp_path.iterdir()) == []


def test_size_limit_reaches_a_child_that_a_shell_starts(tmp_path):
    # subprocess gives SIGXFSZ back its deadly default; Python ignores it anew.
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))

    code = textwrap.dedent(LIMITED).replace("resource.setrlimit(", "(lambda *a: 0)(")
    command = ["bash", "-c", 'exec "$@"', "-", sys.executable, "-c", code]
    done = subprocess.run(
        [*command, str(tmp_path / "a"), "text"],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    assert os.strerror(errno.EFBIG) in done.stdout


def test_full_disk_is_one_line(tmp_path):
    def fill(path):
        with atomic_path(path) as temporary, open("/dev/full", "w") as file:
            temporary.write_text("half")
            file.write("x")
            file.flush()

    with pytest.raises(StoreError, match=r"No space left.*Free some space"):
        fill(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_foreign_errors_pass_untouched(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a"):
        open(tmp_path / "not there")  # noqa: SIM115
    with pytest.raises(StoreError, match=r"^mine$"), writing(tmp_path):
        raise StoreError("mine")


@pytest.fixture
def closed_folder():
    """A folder in which this process may not write; root gives its rights up."""
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        closed = Path(place) / "closed"
        closed.mkdir(mode=0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield closed
        finally:
            if root:
                os.seteuid(0)


def lock_beside(path):
    with exclusive(path):
        pass


def test_folder_without_permission_is_one_line_each(closed_folder):
    acts = [
        lambda: atomic_write_text(closed_folder / "a", "x"),
        lambda: check_writable(closed_folder),
        lambda: check_writable(closed_folder / "b"),
        lambda: lock_beside(closed_folder / "a"),
    ]
    for act in acts:
        with pytest.raises(StoreError) as caught:
            act()
        text = str(caught.value)
        assert "\n" not in text
        assert str(closed_folder) in text
        assert "Permission denied" in text
        assert "choose another --out" in text
    assert list(closed_folder.iterdir()) == []


def test_a_file_where_a_folder_should_be(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"Not a directory|File exists"):
        atomic_write_text(tmp_path / "file" / "a", "x")
    with pytest.raises(StoreError, match=r"Not a directory|File exists"):
        check_writable(tmp_path / "file")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"Is a directory"):
        atomic_write_text(tmp_path / "folder", "x")


@pytest.mark.parametrize(
    ("link", "act"),
    [
        (".tmp-table.csv", lambda out: atomic_write_text(out / "table.csv", "new")),
        (".a.lock", lambda out: lock_beside(out / "a")),
        (".mfplug.lock", lambda out: hold(out).__enter__()),
    ],
)
def test_no_link_is_written_through(tmp_path, link, act):
    out, victim = tmp_path / "out", tmp_path / "victim"
    out.mkdir()
    victim.write_text("precious")
    (out / link).symlink_to(victim)
    with pytest.raises(StoreError, match=r"A link stands where a file is written"):
        act(out)
    assert victim.read_text() == "precious"


def test_a_link_in_place_of_a_result_is_replaced(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "table.csv").symlink_to(victim)
    atomic_write_text(tmp_path / "table.csv", "new")
    assert victim.read_text() == "precious"
    assert not (tmp_path / "table.csv").is_symlink()


def test_check_writable_makes_the_folder_and_leaves_it_empty(tmp_path):
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


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
