"""Rows and columns that a study asks for: known, or refused, before it runs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from small_study import refused, study

import mfplug_workflows
from mfplug.contracts.metric import Metric
from mfplug.registry import current
from mfplug.studies.load import load
from mfplug.studies.plan import make_plan
from mfplug.studies.rownames import check_rows, row_names

TABLES = sorted(
    (Path(str(mfplug_workflows.__file__)).parent / "references").glob("*/*/table.csv")
)
BOUND = {"name": "b", "source": "constant", "metric": "coupling-mean"}
BELOW = {"rule": "below", "metric": "coupling-mean", "bound": "b"}


def bound(**changes):
    return {"bounds": [{**BOUND, "options": {"value": 1.0}} | changes]}


def verdict(**changes):
    return bound() | {"verdicts": [{"claim": "micro", "checks": [BELOW | changes]}]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"fits": [{"metric": "couplng-mean"}], "verdicts": []},
            ["fit 'couplng-mean'"],
        ),
        (bound(metric="couplng-mean"), ["bound 'b'"]),
        (bound(source="rows:couplng-mean", options={}), ["bound 'b'"]),
        (bound(source="rows:couplng-mean:x", options={}), ["bound 'b'"]),
        (verdict(metric="couplng-mean"), ["verdict of 'micro'"]),
    ],
)
def test_rows_that_no_metric_gives(tmp_path, write_study, changes, words):
    path = write_study(**changes)
    refused(
        lambda: make_plan(str(path), "quick", tmp_path / "out"),
        *words, "'couplng-mean'", "expected one of coupling-max, coupling-mean, energy",
        "Did you mean 'coupling-mean'?",
    )  # fmt: skip
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        (bound(where={"n": 4}), "bound 'b'"),
        (verdict(where={"n": 4}), "verdict of 'micro'"),
        (
            {
                "verdicts": [
                    {
                        "claim": "micro",
                        "checks": [
                            {"rule": "exponent", "fit": "coupling", "where": {"n": 4}}
                        ],
                    }
                ]
            },
            "verdict of 'micro'",
        ),
    ],
)
def test_columns_that_no_table_has(tmp_path, write_study, changes, who):
    path = write_study(**changes)
    refused(
        lambda: make_plan(str(path), "quick", tmp_path / "out"),
        f"{who} names the column 'n'; expected one of N, metric,",
    )


def test_the_command_line_says_so_and_plans_nothing(mfplug_cli, write_study):
    path = write_study(fits=[{"metric": "couplng-mean"}], verdicts=[])
    mfplug_cli("run", path, "--dry-run").refused("fit 'couplng-mean'", "Did you mean")


def test_what_is_right_passes():
    time = {"where": {"time": 0.5, "N": [4, 8]}}
    for changes in (bound(**time), verdict(**time), bound(source="rows:coupling-max")):
        if changes["bounds"][0]["source"].startswith("rows"):
            changes["bounds"][0]["options"] = {}
        check_rows(study(**changes), "micro")


def test_a_metric_that_does_not_tell_lets_every_name_pass(monkeypatch):
    wrong = study(fits=[{"metric": "anything"}], verdicts=[])
    refused(lambda: check_rows(wrong, "micro"), "'anything'")
    # What a base class says is said of its own name.
    coupling = current().entry("metric", "coupling").cls
    monkeypatch.delattr(coupling, "measures")
    monkeypatch.setattr(Metric, "measures", ("coupling-mean",))
    assert row_names(wrong) == []
    check_rows(wrong, "micro")


def test_every_shipped_metric_tells():
    silent = [
        entry.name
        for entry in current().entries("metric")
        if entry.cls.__module__.startswith("mfplug_plugins")
        and not vars(entry.cls).get("measures")
    ]
    assert silent == []


@pytest.mark.parametrize("path", TABLES, ids=lambda p: f"{p.parts[-3]}-{p.parts[-2]}")
def test_the_tables_have_rows_of_these_names(path):
    """The reference tables of all studies; of other metrics the kit says it."""
    with path.open(newline="") as file:
        found = {row["metric"] for row in csv.DictReader(file)}
    known = row_names(load(path.parent.name, path.parent.parent.name)[1])
    assert found <= set(known)


def test_tables_of_all_studies_are_looked_at():
    assert len(TABLES) > 30
