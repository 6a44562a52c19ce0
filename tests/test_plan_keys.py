"""Keys and plans: what is the same work, and what is another."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from conftest import forget_modules, look_again, potential_source
from stored_study import STEPS, key_sets

from mfplug.errors import MfplugError, StoreError
from mfplug.studies import steps
from mfplug.studies.plan import make_plan, read_plan, write_plan

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
        ({"metrics": ["energy-drift"], "fits": [], "verdicts": []},
         ("new", "same", "some")),
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
