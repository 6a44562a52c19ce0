"""Bad input from end to end: one line, an exit status that is not 0, nothing half-done.

What is wrong with a study file is tested in ``test_study_*.py``, a full disk and a
closed folder in ``test_plan_store.py``, a plugin that fails in ``test_failing_*.py``;
here is that all commands answer alike.
"""

from __future__ import annotations

import json

import pytest
from conftest import forget_modules, potential_source
from failing_study import FREE, system

#: Changes of the small study, and what the line has to say.
WRONG = {
    "unknown plugin": ({"system": {"potential": "gausian"}}, "'gaussian'"),
    "unknown parameter": (
        {"system": {"potential": {"name": "gaussian", "wdith": 1.0}}},
        "'width'",
    ),
    "unknown metric": ({"metrics": ["couplng"]}, "'coupling'"),
    "unknown study key": ({"metriks": []}, "'metrics'"),
    "unknown integrator": ({"integrator": "euler"}, "'euler'"),
    "unknown solver": ({"solver": "magic"}, "'magic'"),
    "N = 0": ({"sweep": {"N": [0]}}, "got 0"),
    "N = -1": ({"sweep": {"N": [-1]}}, "got -1"),
    "N = 2.5": ({"sweep": {"N": [2.5]}}, "got 2.5"),
    "negative step": ({"step": -0.1}, "got -0.1"),
    "step 0": ({"step": 0.0}, "got 0.0"),
    "step NaN": ({"step": float("nan")}, "step"),
    "step far too small": ({"step": 1e-300}, "number of steps"),
    "d = 4": ({"system": {"dimension": 4}}, "got 4"),
    "d = 0": ({"system": {"dimension": 0}}, "got 0"),
    "no replicas": ({"replicas": 0}, "replicas"),
    "far too many replicas": ({"replicas": 10**15}, "replicas"),
    "times backwards": ({"times": [1.0, 0.5]}, "increasing"),
    "negative mass": ({"system": {"mass": -1.0}}, "mass"),
    "unknown claim": ({"claims": ["choas"]}, "'chaos'"),
    "verdict on an unknown claim": (
        {"claims": [], "verdicts": [{"claim": "chaoss", "checks": []}]},
        "'chaos'",
    ),
    "empty sweep": ({"sweep": {"N": []}}, "empty"),
    "a sweep far too long": (
        {"sweep": {"N": list(range(1, 2001)), "mass": [1.0 + i for i in range(200)]}},
        "too long",
    ),
}


@pytest.mark.parametrize("command", ["run", "solve", "measure", "plot"])
@pytest.mark.parametrize("case", WRONG)
def test_one_line_and_nothing_written(mfplug_cli, write_study, tmp_path, case, command):
    changes, said = WRONG[case]
    out = tmp_path / "out"
    mfplug_cli(command, write_study(**changes), "--out", out).refused(said)
    assert not out.exists()


def test_the_study_without_the_defects_is_fine(mfplug_cli, write_study, tmp_path):
    answer = mfplug_cli("solve", write_study(), "--out", tmp_path / "out")
    assert answer.status == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"\x00" * 64, b"[1, 2", b"title: a\ntitle: b", b"%PDF-1.4\n"],
)
def test_files_that_are_no_study(mfplug_cli, tmp_path, content):
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    mfplug_cli("run", path, "--out", tmp_path / "out").refused("bad.yaml")
    assert not (tmp_path / "out").exists()


def test_a_broken_plugin_stops_only_the_study_that_names_it(
    site, mfplug_cli, write_study, tmp_path
):
    site.plugin("own", "import no_such_module_anywhere", version="4.5")
    out = tmp_path / "out"
    answer = mfplug_cli("solve", write_study(system=system()), "--out", out)
    answer.refused("'own' from mfplug-own 4.5", "no_such_module_anywhere")
    assert not out.exists()
    assert mfplug_cli("solve", write_study(), "--out", out).status == 0


def test_a_plugin_that_is_gone_when_the_plan_is_used(
    site, mfplug_cli, write_study, tmp_path
):
    site.plugin("own", potential_source("own"))
    path = write_study(system=system(), metrics=["energy-drift"], **FREE)
    out = tmp_path / "out"
    for step in ("solve", "simulate"):
        assert mfplug_cli(step, path, "--out", out).status == 0
    forget_modules(tmp_path)
    site.plugin("own", "import no_such_module_anywhere")
    plan = out / "micro" / "plan.json"
    answer = mfplug_cli("measure", path, "--out", out, "--plan", plan)
    answer.refused("'own' from mfplug-own 1.0", after=1)


def test_a_verdict_without_its_data_is_undecided(mfplug_cli, write_study, tmp_path):
    """The fit finds no particles that are many enough: no exponent, no verdict."""
    fit = {"name": "coupling", "metric": "coupling-mean", "predicted": -0.5}
    path = write_study(fits=[{**fit, "minimum": 100}])
    out = tmp_path / "out"
    for step in ("solve", "simulate", "measure", "tabulate"):
        assert mfplug_cli(step, path, "--out", out).status == 0
    (verdict,) = json.loads((out / "micro" / "verdict.json").read_text())
    assert verdict["verdict"] == "undecided"
    assert "missing" in verdict["reason"]
