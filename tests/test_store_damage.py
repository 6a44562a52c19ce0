"""What is damaged in a folder of results is refused or made again."""

from __future__ import annotations

import json
import os
import pickle
import random
import resource
import shutil
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest
from stored_study import STEPS, results

from mfplug.errors import StoreError
from mfplug.studies.api import run_step, run_study
from mfplug.studies.plan import make_plan, write_plan
from mfplug.studies.store import load_ensemble, load_field, read_arrays, write_arrays
from mfplug.studies.storefolder import Store


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """One finished study, not to be written to."""
    from conftest import MICRO

    folder = tmp_path_factory.mktemp("whole")
    path = folder / "micro.yaml"
    path.write_text(MICRO)
    run_study(str(path), out=folder / "out")
    return path, folder / "out"


def stored_kinds(out):
    store = Store(out)
    field = next((out / "store" / "fields").iterdir())
    ensemble = next((out / "store" / "ensembles").rglob("*.npz"))
    rows = next((out / "store" / "rows").iterdir())

    def field_content(path):
        return [repr(a.tolist()) for a in load_field(path).arrays().values()]

    def ensemble_content(path):
        found = load_ensemble(path)
        return found.q.tobytes() + found.p.tobytes() + repr(found.times).encode()

    def rows_content(path):
        assert path.parent.name == "rows"
        moved = Store(path.parents[2])
        return [asdict(r) for r in moved.load_rows(path.stem)]

    del store
    return [(field, field_content), (ensemble, ensemble_content), (rows, rows_content)]


def damaged(tmp_path, original):
    target = tmp_path / "store" / original.parent.name / original.name
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def test_a_flipped_bit_is_refused_or_harmless(whole, tmp_path):
    # Seed 11; 150 places of each of three files, plus all of the first and last bytes.
    rng = random.Random(11)
    for original, content in stored_kinds(whole[1]):
        data, good = original.read_bytes(), content(original)
        target = damaged(tmp_path, original)
        last = len(data) - 1
        places = [rng.randrange(len(data)) for _ in range(150)]
        for place in [*places, *range(12), *range(last - 30, last + 1)]:
            changed = bytearray(data)
            changed[place] ^= 1 << rng.randrange(8)
            target.write_bytes(changed)
            try:
                found = content(target)
            except StoreError as error:
                assert "\n" not in str(error)  # noqa: PT017
                continue
            assert found == good, f"byte {place} of {original.name} was altered"


def test_truncated_empty_and_foreign_files_are_refused(whole, tmp_path):
    for original, content in stored_kinds(whole[1]):
        data = original.read_bytes()
        target = damaged(tmp_path, original)
        np.save(tmp_path / "x.npy", np.ones(3))
        foreign = [
            b"", b"words", bytes(5000), pickle.dumps({"a": 1}),
            (tmp_path / "x.npy").read_bytes(), data[::-1],
        ]  # fmt: skip
        cuts = [data[: len(data) * k // 9] for k in range(1, 9)] + [data[:-1]]
        for text in (*foreign, *cuts):
            target.write_bytes(text)
            with pytest.raises(StoreError, match="Remove it and run"):
                content(target)
        target.unlink()
        with pytest.raises(StoreError, match="un the study again"):
            content(target)
        target.mkdir()
        with pytest.raises(StoreError):
            content(target)


def test_a_field_is_no_ensemble(whole, tmp_path):
    (field, _), (ensemble, _), _ = stored_kinds(whole[1])
    with pytest.raises(StoreError, match="got 'field'"):
        load_ensemble(field)
    with pytest.raises(StoreError, match="got 'ensemble'"):
        load_field(ensemble)
    write_arrays(tmp_path / "a.npz", {"q": np.ones(2)}, {"kind": "ensemble"})
    with pytest.raises(StoreError, match="Remove it"):
        load_ensemble(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", __meta__=np.frombuffer(b"[1, 2]", np.uint8))
    with pytest.raises(StoreError, match="Remove it"):
        load_field(tmp_path / "b.npz")


@pytest.fixture
def copy(whole, tmp_path, clean):
    """A finished study to damage."""
    out = tmp_path / "out"
    shutil.copytree(whole[1], out)
    return str(whole[0]), out


@pytest.mark.parametrize("name", ["table.csv", "rates.csv", "verdict.json", "table.md"])
def test_an_edited_table_is_noticed_and_written_again(copy, whole, name):
    study, out = copy
    file = out / "micro" / name
    file.write_text(file.read_text().replace("0", "9", 1))
    run_study(study, out=out)
    assert results(out) == results(whole[1])


def test_a_missing_figure_is_made_again(copy, whole):
    study, out = copy
    (out / "micro" / "figure.svg").unlink()
    run_study(study, out=out)
    assert results(out) == results(whole[1])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"outputs": {"a": 3}}', "null"])
def test_a_broken_marker_counts_as_none(copy, whole, text):
    study, out = copy
    for marker in (out / "store" / "done").iterdir():
        marker.write_text(text)
    run_study(study, out=out)
    assert results(out) == results(whole[1])


@pytest.mark.parametrize("kind", ["rows", "fields", "ensembles"])
def test_missing_stored_files_are_computed_again(copy, whole, kind):
    study, out = copy
    shutil.rmtree(out / "store" / kind)
    (out / "micro" / "table.csv").unlink()
    run_study(study, out=out)
    assert results(out) == results(whole[1])


def test_damaged_rows_stop_the_tables_with_one_line(copy, whole, mfplug_cli):
    study, out = copy
    before = results(out)
    rows = next((out / "store" / "rows").iterdir())
    rows.write_bytes(rows.read_bytes()[:-9])
    (out / "micro" / "table.csv").unlink()
    answer = mfplug_cli("tabulate", study, "--out", out)
    answer.refused(str(rows), "Remove it and run the study again", after=1)
    after = results(out)
    assert after == {k: v for k, v in before.items() if k != "table.csv"}
    rows.unlink()
    run_study(study, out=out)
    assert results(out) == results(whole[1])


def limited(bytes_):
    def apply():
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))

    return apply


def command(*words, preexec=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "mfplug", *map(str, words)],
        capture_output=True, text=True, check=False, preexec_fn=preexec,
        env={**os.environ, "NUMBA_NUM_THREADS": "1", **environment},
    )  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_a_full_disk_leaves_everything_whole(clean, copy, tmp_path, write_study, step):
    # Old results of the same study are there; a new seed needs new files of each step.
    _, out = copy
    old = {f: f.read_bytes() for f in out.rglob("*") if f.is_file()}
    path = write_study(seed=3, times=[0.0, 0.25])
    made = make_plan(str(path), "quick", out)
    write_plan(made, out)
    for earlier in STEPS[: STEPS.index(step)]:
        run_step(earlier, made, out)
    between = {f: f.read_bytes() for f in out.rglob("*") if f.is_file()}
    plan_file = out / "micro" / "plan.json"
    done = command(step, path, "--out", out, "--plan", plan_file, preexec=limited(60))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("mfplug: error: file ")
    assert sum("error" in line for line in done.stderr.splitlines()) == 1
    after = {f: f.read_bytes() for f in out.rglob("*") if f.is_file()}
    assert after == between, "something was half-written"
    for file, content in old.items():
        if file.parent.parent.name in ("store", "ensembles"):
            assert file.read_bytes() == content
    # With room again it goes on.
    run_step(step, made, out)
    assert all((out / b["marker"]).is_file() for b in made["blocks"]
               if b["step"] == step)  # fmt: skip


def test_content_that_fits_its_checksums_and_is_another_is_refused(whole, tmp_path):
    # Zip archives sum each member alone: what is altered with its sum looks whole.
    (field, _), (ensemble, _), _ = stored_kinds(whole[1])
    target = tmp_path / "altered.npz"
    for original, load in ((field, load_field), (ensemble, load_ensemble)):
        with np.load(original) as data:
            arrays = {key: data[key] for key in data.files}
        text = json.loads(bytes(arrays["__meta__"]))
        text["times"][-1] += 1.0
        meta = np.frombuffer(json.dumps(text, sort_keys=True).encode(), np.uint8)
        changes = [{"__meta__": meta}]
        if "q" in arrays:
            changes.append({"q": arrays["q"] + 1.0})
        for change in changes:
            np.savez(target, **(arrays | change))
            with pytest.raises(StoreError, match="altered or foreign"):
                load(target)
        np.savez(target, **arrays)
        load(target)
    # A hash that fits does not make it an ensemble of its system.
    arrays, meta = read_arrays(ensemble, "ensemble")
    for change in ({"q": arrays["q"][:, :, :, 1:]}, {"p": arrays["p"].astype("f4")}):
        write_arrays(target, arrays | change, meta)
        with pytest.raises(StoreError, match="altered or foreign"):
            load_ensemble(target)


def test_a_file_of_before_checksums_says_what_to_do(whole, tmp_path):
    (field, _), (ensemble, _), _ = stored_kinds(whole[1])
    target = tmp_path / "old.npz"
    for original, load in ((field, load_field), (ensemble, load_ensemble)):
        with np.load(original) as data:
            arrays = {key: data[key] for key in data.files}
        text = json.loads(bytes(arrays.pop("__meta__")))
        del text["sha256"]
        meta = np.frombuffer(json.dumps(text, sort_keys=True).encode(), np.uint8)
        np.savez(target, __meta__=meta, **arrays)
        said = "no checksum; got a file of an earlier version.*run the study again"
        with pytest.raises(StoreError, match=said):
            load(target)
