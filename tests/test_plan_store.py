"""Keys, plans and the store: what is done again, what is not, and what is refused."""

from __future__ import annotations

import json
import os
import pickle
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from conftest import forget_modules, look_again, potential_source

from mfplug.errors import MfplugError, StoreError
from mfplug.studies import cost, plan, steps
from mfplug.studies.api import run_step, run_study
from mfplug.studies.plan import make_plan, read_plan, write_marker, write_plan
from mfplug.studies.store import (
    load_ensemble,
    load_field,
    read_arrays,
    write_arrays,
)
from mfplug.studies.storefolder import Store

STEPS = ("solve", "simulate", "measure", "tabulate", "plot")

METRIC = """
from dataclasses import dataclass
from typing import ClassVar
from mfplug import Observable, Row, hookimpl, param
{helper}

@dataclass(frozen=True)
class Made({base}):
    '''A number of the ensemble.'''
    name: ClassVar[str] = "made"
    needs: ClassVar[tuple[str, ...]] = ("ensemble",)
    factor: float = param(1.0)

    def rows(self, sample):
        value = {body}
        return [Row("made", t, value, note="a test") for t in sample.times]

@hookimpl
def mfplug_metrics():
    return [Made]
"""


def metric_source(body="self.factor", base="Observable", helper=""):
    return METRIC.format(body=body, base=base, helper=helper)


def key_sets(path, out="unused", profile="quick"):
    """Return the keys of the units of each step, and of the ends."""
    made = make_plan(str(path), profile, out)
    found = {
        s: {u["key"] for b in made["blocks"] if b["step"] == s for u in b["units"]}
        for s in STEPS[:3]
    }
    ends = {b["step"]: b["id"] for b in made["blocks"] if b["step"] in STEPS[3:]}
    return found | ends


def same_and_new(before, after):
    """Return for each of three steps whether all, some or no keys are as before."""
    words = {}
    for step in STEPS[:3]:
        kept = before[step] & after[step]
        all_kept = kept == before[step] == after[step]
        words[step] = "same" if all_kept else "some" if kept else "new"
    return tuple(words.values())


HARMONIC = {"name": "harmonic", "strength": 0.7}
GAUSSIAN = {"name": "gaussian", "qq": 1.3, "pp": 0.6}
SAME_SYSTEM = {"initial": GAUSSIAN, "potential": HARMONIC, "mass": 1}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("same", "same", "same")),
        ({"title": "another"}, ("same", "same", "same")),
        ({"fits": [], "verdicts": []}, ("same", "same", "same")),
        ({"metrics": ["coupling", "energy-drift", "force-fluctuation"]},
         ("same", "same", "some")),
        ({"metrics": ["energy-drift", "coupling"]}, ("same", "same", "same")),
        ({"metrics": ["energy-drift"]}, ("new", "same", "some")),
        ({"step": 0.05}, ("same", "new", "new")),
        ({"integrator": "yoshida4"}, ("same", "new", "new")),
        ({"seed": 1}, ("same", "new", "new")),
        ({"replicas": 7}, ("same", "same", "new")),
        ({"solver": {"name": "characteristics"}}, ("new", "same", "some")),
        ({"times": [0.0, 0.75]}, ("new", "new", "new")),
        ({"system": {"potential": HARMONIC | {"strength": 0.8}, "initial": GAUSSIAN}},
         ("new", "new", "new")),
        ({"system": {"potential": HARMONIC, "initial": GAUSSIAN | {"qp": 0.1}}},
         ("new", "new", "new")),
        ({"system": {"potential": HARMONIC, "initial": GAUSSIAN, "mass": 2.0}},
         ("new", "new", "new")),
        ({"system": SAME_SYSTEM},
         ("same", "same", "same")),
        ({"sweep": {"N": [16, 4, 8]}}, ("same", "same", "same")),
        ({"sweep": {"N": [4, 8, 16, 32]}}, ("same", "some", "some")),
    ],
)  # fmt: skip
def test_keys_change_with_what_they_depend_on_and_nothing_else(
    clean, write_study, changes, expected
):
    before = key_sets(write_study())
    after = key_sets(write_study(**changes))
    assert same_and_new(before, after) == expected
    # The tables are made anew whenever the study changed at all.
    equal = changes in ({}, {"system": SAME_SYSTEM})
    assert (before["tabulate"] == after["tabulate"]) == equal


def test_an_option_of_a_metric_changes_its_rows_alone(site, write_study):
    site.plugin("made", metric_source())
    one = key_sets(write_study(metrics=["coupling", "made"]))
    two = key_sets(write_study(metrics=["coupling", {"name": "made", "factor": 2.0}]))
    assert same_and_new(one, two) == ("same", "same", "some")
    assert len(one["measure"] & two["measure"]) == 3


def test_labels_and_files_do_not_matter(clean, tmp_path, write_study):
    def cases(label):
        return [{"label": label, "set": {"potential.strength": 0.4, "N": 4}}]

    free = {"fits": [], "verdicts": []}
    one = key_sets(write_study(sweep={"case": cases("one")}, **free))
    two = key_sets(write_study("other", sweep={"case": cases("two")}, **free))
    assert same_and_new(one, two) == ("same", "same", "same")


def test_the_source_and_version_of_a_plugin_change_what_uses_it(
    site, tmp_path, write_study
):
    def keys_with(version="1.0", **sources):
        forget_modules(tmp_path)
        site.plugin("pot", sources.get("pot", potential_source("pot")), version)
        site.plugin("made", sources.get("made", metric_source()))
        return key_sets(path)

    path = write_study(
        metrics=["made", "energy-drift"],
        system={"potential": "pot", "initial": GAUSSIAN},
    )
    before = keys_with()
    assert keys_with() == before
    new = ("same", "new", "new")  # no metric needs a field here
    assert same_and_new(before, keys_with(version="1.1")) == new
    pot = potential_source("pot", " + 0.0")
    assert same_and_new(before, keys_with(pot=pot)) == new
    made = metric_source("self.factor + 0.0")
    assert same_and_new(before, keys_with(made=made)) == ("same", "same", "some")
    assert keys_with() == before


def test_a_base_class_in_another_file_counts(site, tmp_path, write_study):
    helper = "from made_base import Base"
    text = (
        "from dataclasses import dataclass\nfrom mfplug import Observable\n"
        "@dataclass(frozen=True)\nclass Base(Observable):\n    {}\n"
    )

    def keys_with(body):
        forget_modules(tmp_path)
        (site.folder / "made_base.py").write_text(text.format(body))
        site.plugin("made", metric_source("self.number()", "Base", helper))
        return key_sets(path)

    path = write_study(metrics=["made"], fits=[], verdicts=[])
    before = keys_with("def number(self): return 1.0")
    after = keys_with("def number(self): return 2.0")
    assert same_and_new(before, after) == ("same", "same", "new")


def test_a_local_file_is_known_by_its_content_not_its_place(
    clean, tmp_path, write_study
):
    from mfplug.registry import current

    path = write_study(system={"potential": "own", "initial": GAUSSIAN},
                       metrics=["energy-drift"], fits=[], verdicts=[])  # fmt: skip
    found = []
    for folder, extra in (("a", ""), ("b", ""), ("c", " * 2")):
        look_again()
        clean.setenv("MFPLUG_PLUGIN_FILES", "")
        file = tmp_path / folder / "own.py"
        file.parent.mkdir()
        file.write_text(potential_source("own", extra))
        current().add_file(file)
        found.append(key_sets(path))
    assert same_and_new(found[0], found[1]) == ("same",) * 3
    assert same_and_new(found[0], found[2])[1] == "new"


def test_plans_do_not_depend_on_the_process(clean, tmp_path, write_study):
    path = write_study()
    here = make_plan(str(path), "quick", tmp_path / "out")
    code = (
        "import json, sys\nfrom mfplug.studies.plan import make_plan\n"
        "print(json.dumps(make_plan(sys.argv[1], 'quick', sys.argv[2])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(tmp_path / "out")],
        env={**os.environ, "PYTHONHASHSEED": "77"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == json.loads(json.dumps(here))


def test_plan_survives_its_file(clean, tmp_path, write_study):
    made = make_plan(str(write_study()), "quick", tmp_path)
    file = write_plan(made, tmp_path)
    assert read_plan(file) == made
    stamp = file.stat().st_mtime_ns
    write_plan(made, tmp_path)
    assert file.stat().st_mtime_ns == stamp, "an equal plan keeps its time stamp"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"version": 1}', '{"version": 99}', "\x00"]
)
def test_plans_that_are_none(tmp_path, text, mfplug_cli, write_study):
    file = tmp_path / "plan.json"
    file.write_text(text)
    answer = mfplug_cli(
        "solve", write_study(), "--plan", file, "--out", tmp_path / "out"
    )
    answer.refused("plan", "Run the study again")


def test_plan_that_does_not_fit_any_more(clean, tmp_path, write_study):
    made = make_plan(str(write_study()), "quick", tmp_path)
    (block,) = [b for b in made["blocks"] if b["step"] == "solve"]
    block["units"][0]["key"] = "0" * 20
    with pytest.raises(MfplugError, match="does not fit the plugins"):
        steps.run_block(made, block["id"], tmp_path)
    with pytest.raises(StoreError, match="no block 'solve-zz'"):
        steps.run_block(made, "solve-zz", tmp_path)


# What is stored is used


def results(out, name="micro"):
    """Return the bytes of all final files but provenance."""
    files = [f for f in (out / name).iterdir() if f.name not in ("provenance.json",)]
    return {f.name: f.read_bytes() for f in files if f.name != "plan.json"}


def rows_of(out):
    store = Store(out)
    keys = sorted(p.stem for p in (out / "store" / "rows").iterdir())
    return {key: [asdict(r) for r in store.load_rows(key)] for key in keys}


def counted(monkeypatch):
    """Count the replicas that are really simulated."""
    done = []
    real = steps.simulate

    def simulate(system, particles, replicas, *args, **named):
        done.append((particles, named["first_replica"], replicas))
        return real(system, particles, replicas, *args, **named)

    monkeypatch.setattr(steps, "simulate", simulate)
    return done


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


# What is damaged is refused or made again


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


@pytest.mark.parametrize(
    ("place", "value"),
    [("resolved", {"claims": 3}), ("blocks", [{}]), ("blocks", 7), ("study", None),
     ("plugin_files", [3]), ("profile", {})],
)  # fmt: skip
def test_a_plan_with_altered_entries_is_one_line(
    mfplug_cli, write_study, tmp_path, place, value
):
    made = make_plan(str(write_study()), "quick", tmp_path)
    file = write_plan(made, tmp_path)
    file.write_text(json.dumps(made | {place: value}))
    words = ("--plan", file, "--out", tmp_path, "--block")
    block = made["blocks"][0]["id"]
    mfplug_cli("solve", "micro", *words, block).refused("plan", "Run the study again")
    made["blocks"][0]["units"][0]["cell"] = "first"
    file.write_text(json.dumps(made))
    mfplug_cli("solve", "micro", *words, block).refused("wrong units")
