"""``mfplug verify``: equal numbers pass, each planted defect is named; equal bytes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

import mfplug
from mfplug.studies import verify as module
from mfplug.studies.compare import FALSE_ALARM
from mfplug.studies.reference import KEPT, MADE, conditions, shipped_references
from mfplug.studies.verify import verify

#: The fastest studies; `.ci/run` verifies one with random numbers besides.
SUBSET = ("gronwall", "l1-unsuited")


def test_every_study_that_ships_has_reference_tables():
    from mfplug.studies.load import shipped

    folder = shipped_references() / "quick"
    assert {path.name for path in folder.iterdir()} == set(shipped())
    for study in shipped():
        assert {path.name for path in (folder / study).iterdir()} == {*KEPT, MADE}


@pytest.fixture(scope="module")
def micro(tmp_path_factory):
    """Results of the small study, and references that were made from them."""
    import conftest

    folder = tmp_path_factory.mktemp("verify")
    study = folder / "micro.yaml"
    study.write_text(conftest.MICRO)
    mfplug.run_study(str(study), out=folder / "out")
    module_update(folder / "out", folder / "references")
    return folder


def module_update(out, references):
    from mfplug.studies.reference import update

    return update("micro", "quick", out, references)


@pytest.fixture
def sides(micro, tmp_path):
    """Copies of references and results, to be damaged."""
    for name in ("out", "references"):
        shutil.copytree(micro / name, tmp_path / name)
    return tmp_path / "references", tmp_path / "out"


def check(sides):
    return verify("micro", "quick", sides[1], sides[0])


def elsewhere(references):
    """Make the reference one of another kind of machine: no equal bits are due."""
    path = references / "quick" / "micro" / MADE
    made = json.loads(path.read_text())
    made["machine"]["kind"] = "another"
    path.write_text(json.dumps(made))


def rewrite(path, change):
    """Change the first row with a standard error, or without, of a table."""
    head, *rows = path.read_text().splitlines()
    columns = head.split(",")
    for n, row in enumerate(rows):
        cells = dict(zip(columns, row.split(","), strict=True))
        if change(cells):
            rows[n] = ",".join(cells.values())
            path.write_text("\n".join([head, *rows]) + "\n")
            return
    raise AssertionError("no row to change")


def shift(errors=0.0, relative=0.0):
    """Return a change of a value by standard errors, or by a part of itself."""

    def change(cells):
        if bool(errors) != bool(cells["stderr"]) or not cells["value"]:
            return False
        by = errors * float(cells["stderr"] or 0) + relative * float(cells["value"])
        cells["value"] = repr(float(cells["value"]) + by)
        return by != 0.0

    return change


def test_the_same_results_agree_bit_for_bit(sides):
    found = check(sides)
    assert found.bitwise
    assert found.differences == ()
    assert found.numbers == 10, "nine values and an exponent"
    made = json.loads((sides[0] / "quick" / "micro" / MADE).read_text())
    assert made == {"profile": "quick", **conditions()}


def test_one_last_bit_is_found_where_bits_are_due(sides):
    rewrite(sides[1] / "micro" / "table.csv", shift(errors=1e-6))
    (difference,) = check(sides).differences
    assert "N=4" in difference.key
    assert difference.allowed == 0.0
    elsewhere(sides[0])
    found = check(sides)
    assert not found.bitwise
    assert found.differences == ()


def test_sampling_errors_are_allowed_elsewhere_and_no_more(sides):
    """Of 9 numbers 3.86 sqrt(2) = 5.5 errors, at a false-alarm rate of 1e-3."""
    elsewhere(sides[0])
    assert FALSE_ALARM == 1e-3
    table = sides[1] / "micro" / "table.csv"
    before = table.read_text()
    rewrite(table, shift(errors=4.0))
    assert check(sides).differences == ()
    table.write_text(before)
    rewrite(table, shift(errors=9.0))
    (difference,) = check(sides).differences
    assert difference.file == "table.csv"


def test_text_that_no_number_shows_is_found_too(sides):
    path = sides[1] / "micro" / "verdict.json"
    path.write_text(path.read_text().replace('"reason": "', '"reason": "Not ', 1))
    (difference,) = check(sides).differences
    assert difference.file == "verdict.json"
    assert difference.key.startswith("line ")
    assert "Not" in difference.second
    rates = sides[1] / "micro" / "rates.csv"
    rates.write_text(rates.read_text() + "\n")
    assert "rates.csv" in {d.file for d in check(sides).differences}


def test_a_force_that_is_one_percent_wrong_is_found(sides, write_study, tmp_path):
    """Harmonic forces of strength 0.7 times 1.01, through the whole chain."""
    study = write_study(
        system={
            "potential": {"name": "harmonic", "strength": 0.707},
            "initial": {"name": "gaussian", "qq": 1.3, "pp": 0.6},
        }
    )
    out = tmp_path / "wrong"
    mfplug.run_study(str(study), out=out)
    assert check((sides[0], out)).differences


def test_the_command(mfplug_cli, micro, sides):
    study, (references, out) = micro / "micro.yaml", sides
    words = ("verify", study, "--references", references)
    answer = mfplug_cli(*words, "--out", out)
    assert answer.status == 0, answer.err
    assert "1 of 1 studies agree" in answer.out
    rewrite(out / "micro" / "table.csv", shift(errors=1.0))
    answer = mfplug_cli(*words, "--out", out)
    assert answer.status == 1
    assert "they differ by" in answer.out
    data = json.loads(mfplug_cli(*words, "--out", out, "--json").out)
    assert data[0]["study"] == "micro"
    assert len(data[0]["differences"]) == 1
    # The new results are right: they become the reference.
    answer = mfplug_cli(*words, "--out", out, "--update")
    assert answer.out == f"{references / 'quick' / 'micro'}\n"
    assert mfplug_cli(*words, "--out", out).status == 0


def test_the_command_computes_anew(micro, tmp_path):
    pytest.importorskip("snakemake")
    words = ["verify", micro / "micro.yaml", "--references", micro / "references"]
    answer = subprocess.run(
        [sys.executable, "-m", "mfplug", *words, "--cores", "2"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert answer.returncode == 0, answer.stderr
    assert "micro: 10 numbers agree bit for bit" in answer.stdout
    assert list(tmp_path.iterdir()) == [], "what was computed is cleaned away"


@pytest.mark.parametrize("name", [*KEPT, MADE])
def test_a_missing_reference_is_said_before_anything_is_computed(
    mfplug_cli, micro, sides, name, monkeypatch
):
    (sides[0] / "quick" / "micro" / name).unlink()
    monkeypatch.setattr(module, "regenerate", None)
    words = ("verify", micro / "micro.yaml", "--references", sides[0])
    mfplug_cli(*words).refused("no reference", name, "--update --out")


def test_bad_requests(mfplug_cli, micro, sides):
    references, out = sides
    words = ("verify", micro / "micro.yaml", "--references", references)
    mfplug_cli(*words, "--update").refused("--update", "--out")
    mfplug_cli(*words, "--out", out / "none").refused("no results", "mfplug run micro")
    mfplug_cli("verify", "choas").refused("Did you mean 'chaos'?")
    description = out / "micro" / "study.json"
    text = description.read_text()
    description.write_text(text.replace('"profile": "quick"', '"profile": "paper"'))
    mfplug_cli(*words, "--out", out).refused("another profile", "'paper'")
    (references / "quick" / "micro" / MADE).write_text("[1")
    description.write_text(text)
    mfplug_cli(*words, "--out", out).refused("is not JSON")


@pytest.mark.parametrize("study", SUBSET)
def test_a_subset_of_the_shipped_references(study, tmp_path):
    """Computed anew: bit for bit where the reference was made, else by intervals."""
    mfplug.run_study(study, out=tmp_path)
    found = verify(study, "quick", tmp_path)
    assert found.numbers
    assert not found.differences, "\n".join(map(str, found.differences))


def test_shipped_references_are_of_shipped_studies():
    from mfplug.studies.load import shipped

    profiles = [path for path in shipped_references().iterdir() if path.is_dir()]
    assert "quick" in [path.name for path in profiles]
    names = {path.name for profile in profiles for path in profile.iterdir()}
    assert set(SUBSET) <= names <= set(shipped())


def contents(out, study):
    """Return the bytes of all files of a study but those that say how it was run."""
    found = {f.name: f.read_bytes() for f in (out / study).iterdir()}
    return {k: v for k, v in found.items() if k not in ("provenance.json", "plan.json")}


@pytest.mark.slow
def test_two_runs_give_the_same_bytes(tmp_path):
    """By Snakemake with one thread a job, and in one process with two threads."""
    pytest.importorskip("snakemake")
    study, environment = "chaos", {**os.environ, "MPLBACKEND": "Agg"}
    one, two = tmp_path / "one", tmp_path / "two"
    words = ["run", study, "--profile", "smoke", "--cores", "2", "--out", str(one)]
    code = f"import mfplug; mfplug.run_study({study!r}, 'smoke', {str(two)!r})"
    commands = [(1, ["-m", "mfplug", *words]), (2, ["-c", code])]
    for threads, command in commands:
        environment["NUMBA_NUM_THREADS"] = str(threads)
        subprocess.run([sys.executable, *command], check=True, env=environment)
    first, second = contents(one, study), contents(two, study)
    assert {"table.csv", "verdict.json", "figure.svg", "table.tex"} <= set(first)
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []
