"""The command line: its answers, its exit statuses, its one line for each error."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from atlas import smoke

import mfplug
from mfplug.cli.main import STEPS
from mfplug.contracts.plugin import KINDS
from mfplug.studies.api import run_step
from mfplug.studies.load import shipped
from mfplug.studies.plan import make_plan, write_plan

COMMANDS = ["plugins", "studies", "run", *STEPS, "report"]


def python_m(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "mfplug", *map(str, words)],
        capture_output=True, text=True, check=False, **options,
    )  # fmt: skip


# Help, versions, requests that are none


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command(mfplug_cli, command):
    answer = mfplug_cli(command, "--help")
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith(f"usage: mfplug {command}")
    assert "--plugin FILE" in answer.out


def test_help_names_every_command(mfplug_cli):
    answer = mfplug_cli("--help")
    assert answer.status == 0
    for command in COMMANDS:
        assert f"\n    {command} " in answer.out
    assert mfplug_cli("--version").out == f"mfplug {mfplug.__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "COMMAND"),
        (["fly"], "fly"),
        (["plugins", "--jsn"], "--jsn"),
        (["plugins", "a", "b", "c"], "c"),
        (["run", "chaos", "--cores", "0"], "expected an integer >= 1"),
        (["run", "chaos", "--cores", "two"], "'two'"),
        (["run", "chaos", "--cores"], "--cores"),
        (["solve"], "STUDY"),
        (["solve", "chaos", "extra"], "extra"),
        (["plugins", "--plugin"], "--plugin"),
    ],
)
def test_requests_that_are_wrong(mfplug_cli, words, said):
    mfplug_cli(*words).refused(said, "--help", status=2)


def test_as_a_module():
    done = python_m("--version")
    assert (done.returncode, done.stdout) == (0, f"mfplug {mfplug.__version__}\n")
    done = python_m("plugins", "nonsense")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("mfplug: error: unknown kind of plugin 'nonsense'")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_goes_away():
    process = subprocess.Popen(
        [sys.executable, "-m", "mfplug", "plugins", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0
    assert err == b""


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (KeyboardInterrupt(), 130, "stopped"),
        (MemoryError(), 1, "out of memory"),
        (PermissionError(13, "Permission denied", "a/b"), 1, "'a/b'"),
        (mfplug.StudyError("two\nlines"), 1, "two lines"),
    ],
)
def test_what_ends_a_command(mfplug_cli, clean, error, status, said):
    def fail(*_):
        raise error

    clean.setattr("mfplug.studies.load.shipped", fail)
    answer = mfplug_cli("studies")
    assert answer.status == status
    assert said in answer.err
    assert answer.err.count("\n") == 1


# plugins


def test_plugins_are_listed(mfplug_cli):
    answer = mfplug_cli("plugins")
    assert answer.status == 0
    lines = answer.out.splitlines()
    assert lines[0].split() == ["KIND", "NAME", "FROM", "STATUS", "SUMMARY"]
    rows = [line.split()[:2] for line in lines[1:]]
    for kind in KINDS:
        assert [n for k, n in rows if k == kind] == mfplug.names(kind)
        one = mfplug_cli("plugins", kind).out.splitlines()[1:]
        assert {line.split()[0] for line in one} == {kind}


def test_plugins_as_json(mfplug_cli):
    data = json.loads(mfplug_cli("plugins", "--json").out)
    assert data["sources"] == []
    assert {(p["kind"], p["name"]) for p in data["plugins"]} == {
        (kind, name) for kind in KINDS for name in mfplug.names(kind)
    }
    for row in data["plugins"]:
        alone = mfplug_cli("plugins", row["kind"], row["name"], "--json").out
        assert json.loads(alone) == row
        assert row["distribution"] == "mfplug"
        assert row["summary"]
        for parameter in row["parameters"]:
            assert {"name", "type", "default", "bounds", "help"} <= parameter.keys()


def test_one_plugin_in_words(mfplug_cli):
    out = mfplug_cli("plugins", "potential", "gaussian").out
    assert out.startswith(f"potential 'gaussian' from mfplug {mfplug.__version__}")
    assert "width: a number, default 1.0, > 0  w, length" in out
    assert "no parameters" in mfplug_cli("plugins", "potential", "free").out


def test_plugins_that_are_not_there(mfplug_cli):
    mfplug_cli("plugins", "potentials").refused("Did you mean 'potential'?")
    mfplug_cli("plugins", "nonsense", "x").refused("unknown kind", "nonsense")
    mfplug_cli("plugins", "potential", "yukwa").refused("Did you mean 'yukawa'?")


# Studies that are not there


@pytest.mark.parametrize("command", [*STEPS, "run"])
def test_studies_that_are_not_there(mfplug_cli, tmp_path, command):
    out = tmp_path / "out"
    for name, said in [
        ("choas", "Did you mean 'chaos'?"),
        (tmp_path / "no.yaml", "no such file"),
        (tmp_path, "no such study"),
        ("x" * 300, "too long"),
        ("", "no such study"),
    ]:
        mfplug_cli(command, name, "--out", out).refused(said)
    mfplug_cli(command, "chaos", "--out", out, "--profile", "qick").refused("'quick'")
    assert not out.exists()


def test_run_without_a_study(mfplug_cli, tmp_path):
    mfplug_cli("run", "--out", tmp_path / "out").refused("no study", *shipped())


def test_two_studies_of_one_name(mfplug_cli, write_study, tmp_path):
    one, two = write_study(folder=tmp_path / "a"), write_study(folder=tmp_path / "b")
    out = tmp_path / "out"
    mfplug_cli("run", one, two, "--out", out).refused("two studies", "'micro'")
    assert not out.exists()


def test_an_error_of_the_second_study_stops_before_the_first(
    mfplug_cli, write_study, tmp_path
):
    good, bad = write_study(), write_study("bad", step=-1.0)
    mfplug_cli("run", good, bad, "--out", tmp_path / "out").refused("step")
    assert not (tmp_path / "out").exists()


def test_report_without_results(mfplug_cli, tmp_path):
    answer = mfplug_cli("report", "--out", tmp_path / "none")
    answer.refused("none")
    assert not (tmp_path / "none").exists()


# The steps


def contents(out, name="micro"):
    files = {f.name: f.read_bytes() for f in (out / name).iterdir()}
    return {k: v for k, v in files.items() if k not in ("provenance.json", "plan.json")}


def test_five_steps_in_order_and_again_elsewhere(mfplug_cli, write_study, tmp_path):
    path = write_study()
    found = []
    for folder in ("one", "two"):
        out = tmp_path / folder
        for step in STEPS:
            answer = mfplug_cli(step, path, "--out", out)
            assert answer.status == 0, answer.err
            for line in answer.out.splitlines():
                assert os.path.isfile(line)
        again = mfplug_cli("plot", path, "--out", out)
        assert again.err == "", "nothing changed, so nothing is done"
        assert str(out / "micro" / "figure.svg") in again.out
        found.append(contents(out))
        page = mfplug_cli("report", "--out", out)
        assert page.out == f"{out / 'report.html'}\n"
        assert b"micro" in (out / "report.html").read_bytes()
    assert found[0] == found[1]
    assert {"table.csv", "table.md", "table.tex", "figure.pdf"} <= found[0].keys()


@pytest.mark.parametrize(
    ("step", "first"),
    [("measure", "solve"), ("tabulate", "measure"), ("plot", "tabulate")],
)
def test_steps_out_of_order_say_what_comes_first(
    mfplug_cli, write_study, tmp_path, step, first
):
    path, out = write_study(), tmp_path / "out"
    line = mfplug_cli(step, path, "--out", out).refused("too early", f"'{first}'")
    # The line holds the command that helps.
    words = line.split("`")[1].split()
    assert words[:3] == ["mfplug", first, str(path)]
    assert words[-2:] == ["--out", str(out)]


def test_measure_after_solve_asks_for_simulate(mfplug_cli, write_study, tmp_path):
    path, out = write_study(), tmp_path / "out"
    assert mfplug_cli("solve", path, "--out", out).status == 0
    mfplug_cli("measure", path, "--out", out).refused("'simulate'")


def test_a_study_without_particles_skips_the_first_two_steps(
    site, mfplug_cli, write_study, tmp_path
):
    site.plugin(
        "table",
        """
        from dataclasses import dataclass
        from typing import ClassVar
        from mfplug import Observable, Row, hookimpl

        @dataclass(frozen=True)
        class Table(Observable):
            '''An exact number of the system.'''
            name: ClassVar[str] = "bound-of-system"
            needs: ClassVar[tuple[str, ...]] = ()

            def rows(self, sample):
                bound = sample.system.potential.gradient_lipschitz
                return [Row("bound-of-system", t, bound * (1 + t), note="exact")
                        for t in sample.times]

        @hookimpl
        def mfplug_metrics():
            return [Table]
        """,
    )
    path = write_study(metrics=["bound-of-system"], fits=[], verdicts=[],
                       sweep={"potential.strength": [0.5, 2.0]})  # fmt: skip
    out = tmp_path / "out"
    for step in ("solve", "simulate"):
        answer = mfplug_cli(step, path, "--out", out)
        assert (answer.status, answer.out, answer.err) == (0, "", "")
    for step in ("measure", "tabulate", "plot"):
        assert mfplug_cli(step, path, "--out", out).status == 0
    table = (out / "micro" / "table.csv").read_text().splitlines()
    assert table[1].startswith("0.5,0.0,bound-of-system,,0.5,")
    assert {f.name for f in (out / "store").iterdir()} == {"done", "locks", "rows"}


def test_blocks_of_a_plan(mfplug_cli, write_study, tmp_path):
    path, out = write_study(), tmp_path / "out"
    plan = make_plan(str(path), "quick", out)
    file = write_plan(plan, out)
    first = plan["blocks"][0]["id"]
    mfplug_cli("solve", path, "--block", first, "--out", out).refused("--plan")
    words = ["solve", path, "--plan", file, "--out", out, "--block"]
    mfplug_cli(*words, "solve-0").refused("no block 'solve-0'")
    assert mfplug_cli(*words, first).status == 0
    assert (out / plan["blocks"][0]["marker"]).is_file()
    answer = mfplug_cli("solve", path, "--plan", tmp_path / "no.json", "--out", out)
    answer.refused("no.json", "cannot be read")


# The whole


@pytest.mark.slow
def test_run_twice(write_study, tmp_path, clean):
    pytest.importorskip("snakemake")
    path, out = write_study(), tmp_path / "out"
    words = ["run", path, "--cores", 1, "--out", out]
    dry = python_m(*words, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert not (out / "store").exists()
    done = python_m(*words)
    assert done.returncode == 0, done.stderr
    assert str(out / "report.html") in done.stderr
    assert (out / "report.html").stat().st_size > 1000
    stamps = {f: f.stat().st_mtime_ns for f in (out / "micro").iterdir()}
    again = python_m(*words)
    assert again.returncode == 0, again.stderr
    assert {f: f.stat().st_mtime_ns for f in (out / "micro").iterdir()} == stamps
    # The steps by hand, in this process, find everything done and the same.
    plan = make_plan(str(path), "quick", tmp_path / "hand")
    for step in STEPS:
        run_step(step, plan, tmp_path / "hand")
    assert contents(tmp_path / "hand") == contents(out)


#: Studies of statements that are false: Lemma 3.2 for arbitrary F_t (audit, E6).
REFUTED = {"growth"}


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped())
def test_smoke_profile_of_what_ships(clean, smoke_folder, name):
    out = smoke(name, smoke_folder)
    assert float((out / "seconds").read_text()) < 60
    verdicts = json.loads((out / name / "verdict.json").read_text())
    words = {"holds", "holds corrected", "consistent", "undecided"}
    # `fails` would be a false alarm of 1e-3; the seeds are fixed, so it cannot flake.
    expected = {"fails"} if name in REFUTED else words
    assert {v["verdict"] for v in verdicts} <= expected, verdicts
    assert all(v["reason"] for v in verdicts)
    for ending in ("svg", "pdf", "png"):
        assert (out / name / f"figure.{ending}").stat().st_size > 1000
