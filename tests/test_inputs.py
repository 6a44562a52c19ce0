"""Files of the wrong kind: pipes, devices, links, and archives that unpack to more."""

from __future__ import annotations

import json
import os
import signal
import stat
import zipfile

import numpy as np
import pytest

import mfplug
from mfplug.dynamics import storage
from mfplug.errors import MfplugError, StoreError
from mfplug.inputs import check_regular, irregular
from mfplug.report import write_page
from mfplug.report.files import write_whole
from mfplug.studies.bundle import bundle
from mfplug.studies.crate import About
from mfplug.studies.guard import atomic_write_text
from mfplug.studies.joblog import read_failure
from mfplug.studies.plan import make_plan, replaced, write_plan
from mfplug.studies.store import load_field, load_rows, read_arrays, save_field

ABOUT = About("x", "2026-01-01", "CC0-1.0")


@pytest.fixture
def patience():
    """Nothing may wait: a reader of a pipe would for ever."""

    def hung(*_):
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, hung)
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def pipe(tmp_path, patience):
    """Make a pipe without a writer, by name."""

    def make(name):
        path = tmp_path / name
        os.mkfifo(path)
        return path

    return make


def refusal(act):
    with pytest.raises(MfplugError) as caught:
        act()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_no_file_is_named(tmp_path, pipe):
    link = tmp_path / "link"
    link.symlink_to("/dev/zero")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    found = [irregular(p) for p in (tmp_path, pipe("p"), link, loop, tmp_path / "no")]
    assert found == ["a folder", "a pipe", "a device", "", ""]
    assert irregular("a\0b") == ""
    (tmp_path / "file").write_text("")
    check_regular(tmp_path / "file", "law file")


def test_no_command_waits_for_a_pipe(pipe, mfplug_cli, write_study):
    study = write_study()
    for words in (
        ["run", pipe("a.yaml"), "--plan"],
        ["alpha", pipe("a.csv"), "--cells", "0.5,0.5"],
        ["phase", pipe("a.npz"), "a.png"],
        ["measure", study, "--snapshots", pipe("b.npz")],
        ["measure", study, "--snapshots", pipe("b.h5")],
        ["solve", study, "--plan", pipe("plan.json"), "--block", "x"],
        ["run", study, "--plan", "--plugin", pipe("a.py")],
    ):
        mfplug_cli(*words).refused()
    law = mfplug_cli("alpha", "/dev/zero", "--cells", "0.5,0.5")
    law.refused("no regular file", "a device")


def test_no_reader_of_a_results_folder_waits_for_a_pipe(pipe):
    for read in (load_field, load_rows, lambda p: read_arrays(p, "ensemble")):
        assert "a pipe" in refusal(lambda r=read: r(pipe(f"x{id(r)}")))
    assert read_failure(pipe("job.log"))[1] == []


@pytest.mark.parametrize("write", [atomic_write_text, write_whole])
def test_a_file_takes_no_place_of_a_device_or_a_pipe(tmp_path, pipe, write):
    content = b"x" if write is write_whole else "x"
    path = pipe("p")
    link = tmp_path / "link"
    link.symlink_to(path)
    for target in (path, link, tmp_path):
        assert "cannot be written" in refusal(lambda t=target: write(t, content))
    assert stat.S_ISFIFO(path.lstat().st_mode)
    assert link.is_symlink()
    assert not list(tmp_path.glob(".*"))


# --- more than there is memory


def test_an_archive_that_unpacks_is_not_read(tmp_path):
    system = mfplug.System(potential={"name": "harmonic", "strength": 2.0})
    path = tmp_path / "field.npz"
    save_field(path, mfplug.solve_mean_field(system, [0, 1], "harmonic-exact"))
    assert load_field(path).times == (0.0, 1.0)
    with np.load(path) as data:
        arrays = dict(data)
    np.savez_compressed(path, **arrays)
    assert "BadZipFile" in refusal(lambda: load_field(path))


def test_snapshots_larger_than_the_memory_are_refused_unread(tmp_path, monkeypatch):
    h5py = pytest.importorskip("h5py")
    shape = (1, 1, 10_000, 1)
    arrays = {"times": np.zeros(1), "q": np.zeros(shape), "p": np.zeros(shape)}
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    assert (tmp_path / "a.npz").stat().st_size < 3000
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["times"] = np.zeros(1)
        for key in "qp":
            file.create_dataset(key, shape, "f8", chunks=True)
    for name in ("a.npz", "a.h5"):
        assert (
            mfplug.read_snapshots(tmp_path / name, mfplug.System()).particles == 10**4
        )
    monkeypatch.setattr(storage, "available_memory", lambda: 100_000.0)
    for name in ("a.npz", "a.h5"):
        path = tmp_path / name
        said = refusal(lambda p=path: mfplug.read_snapshots(p, mfplug.System()))
        assert "larger than the memory" in said


def test_hdf5_that_stands_for_other_files_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(8 * 4))
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["q"] = np.zeros((1, 4, 1))

    def link(file):
        file["q"] = h5py.ExternalLink("other.h5", "q")

    def soft(file):
        file["q"] = h5py.SoftLink("/p")

    def external(file):
        file.create_dataset("q", (1, 4, 1), "f8", external=[(str(secret), 0, 32)])

    def virtual(file):
        layout = h5py.VirtualLayout((1, 4, 1), "f8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "q", (1, 4, 1))
        file.create_virtual_dataset("q", layout)

    def group(file):
        file.create_group("q")

    for number, make in enumerate((link, soft, external, virtual, group)):
        path = tmp_path / f"{number}.h5"
        with h5py.File(path, "w") as file:
            file["times"] = np.zeros(1)
            file["p"] = np.zeros((1, 4, 1))
            make(file)
        said = refusal(lambda p=path: mfplug.read_snapshots(p, mfplug.System()))
        assert "q is no array in the file" in said, make.__name__


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + bytes(99), b"\x93NUMPY"])
def test_initial_points_from_a_file_that_is_none(tmp_path, content, write_study):
    path = tmp_path / "start.npz"
    path.write_bytes(content)
    law = {"name": "snapshots", "file": str(path), "law": {"name": "gaussian"}}
    system = mfplug.System(initial=law)
    assert "start.npz" in refusal(lambda: mfplug.simulate(system, 4, 1, [0.0]))
    law["file"] = str(tmp_path)
    assert "expected a file" in refusal(lambda: mfplug.System(initial=law))


def test_a_drawing_nested_without_end_is_a_problem_on_the_page(tmp_path):
    from made_results import make_results

    folder = make_results(tmp_path)
    deep = "<g>" * 5000 + "</g>" * 5000
    head = '<svg xmlns="http://www.w3.org/2000/svg">'
    (folder / "figure.svg").write_text(f"{head}{deep}</svg>")
    assert "nested too deeply" in write_page(tmp_path).read_text()


# --- bundles of folders from elsewhere


@pytest.fixture
def results(write_study, tmp_path):
    """What of a results folder a bundle reads."""
    out = tmp_path / "out"
    write_plan(make_plan(str(write_study()), "quick", None), out)
    for name, text in (
        ("verdict.json", "[]"),
        ("study.json", "{}"),
        ("provenance.json", "{}"),
    ):
        (out / "micro" / name).write_text(text)
    return out


def test_a_bundle_holds_no_file_but_the_results(results, tmp_path):
    def refused():
        target = tmp_path / "b.zip"
        said = refusal(lambda: bundle(results, target, ABOUT))
        assert not target.exists()
        return said

    secret = tmp_path / "secret"
    secret.write_text("key")
    link = results / "micro" / "notes.txt"
    link.symlink_to(secret)
    assert "is a link" in refused()
    link.unlink()
    path = results / "micro" / "plan.json"
    plan = json.loads(path.read_text())
    for changes in (
        {"plugin_files": [str(secret)]},
        {"plugin_files": ["/dev/zero"]},
        {"source": str(secret)},
    ):
        path.write_text(json.dumps(plan | changes))
        assert "study 'micro'" in refused()
    path.write_text(json.dumps(plan))
    story = results / "micro" / "provenance.json"
    story.write_text('{"versions": [1]}')
    bundle(results, tmp_path / "b.zip", ABOUT)
    for name in ("../out/micro", "..", "micro/../micro"):
        said = refusal(lambda n=name: bundle(results, tmp_path / "c.zip", ABOUT, [n]))
        assert "no name of a folder" in said


def test_two_plugin_files_of_one_name_are_both_packed(results, tmp_path):
    path = results / "micro" / "plan.json"
    plan = json.loads(path.read_text())
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(f"# {folder}\n")
    plan["plugin_files"] = [str(tmp_path / f / "mine.py") for f in ("a", "b")]
    path.write_text(json.dumps(plan))
    with zipfile.ZipFile(bundle(results, tmp_path / "b.zip", ABOUT)) as archive:
        held = [archive.read(f"inputs/micro/mine{n}.py") for n in ("", "-2")]
    assert held == [b"# a\n", b"# b\n"]


# --- two files of one name


def test_results_of_another_file_of_the_same_name_are_told(write_study, tmp_path):
    out = tmp_path / "out"
    one, two = (write_study(folder=tmp_path / f) for f in ("a", "b"))
    plans = [make_plan(str(path), "quick", None) for path in (one, two)]
    assert replaced(plans[0], out) == ""
    write_plan(plans[0], out)
    assert replaced(plans[0], out) == ""
    assert replaced(plans[1], out) == str(one)
    # The same study in another place, moved, is no other one.
    one.unlink()
    assert replaced(plans[1], out) == ""
    (out / "micro" / "plan.json").write_bytes(b"\xff")
    assert replaced(plans[1], out) == ""


def test_a_file_that_cannot_be_a_store_error_is_one(tmp_path):
    with pytest.raises(StoreError, match="no regular file"):
        load_rows(tmp_path)
