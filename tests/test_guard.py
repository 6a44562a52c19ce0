"""Files that are whole or not there, also where the system refuses."""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import pytest
from processes import python

from mfplug.errors import StoreError
from mfplug.studies.guard import (
    atomic_path,
    atomic_write_bytes,
    atomic_write_text,
    check_writable,
    exclusive,
    writing,
)
from mfplug.studies.hold import hold

SPAWN = multiprocessing.get_context("spawn")


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
