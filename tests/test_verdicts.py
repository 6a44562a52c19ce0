"""How checks combine, and verdicts of whole studies."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import pytest
from verdict_tables import N, table

from mfplug.studies.api import run_study
from mfplug.studies.model import Check, Verdict
from mfplug.studies.verdicts import judge

# How checks combine


@pytest.mark.parametrize(
    ("outcomes", "partial", "expected"),
    [
        ([], False, "undecided"),
        ([("claim", True)], False, "holds"),
        ([("claim", True)], True, "consistent"),
        ([("claim", False)], True, "fails"),
        ([("claim", None)], True, "undecided"),
        ([("claim", True), ("claim", False)], False, "fails"),
        ([("claim", None), ("claim", False)], False, "fails"),
        ([("claim", True), ("claim", None)], False, "undecided"),
        ([("printed", True), ("corrected", True)], False, "holds"),
        ([("printed", False), ("corrected", True)], False, "holds corrected"),
        ([("printed", False), ("corrected", True)], True, "holds corrected"),
        ([("printed", False), ("corrected", False)], False, "fails"),
        ([("printed", False), ("corrected", None)], False, "undecided"),
        ([("printed", None), ("corrected", True)], False, "undecided"),
        ([("printed", True), ("corrected", False)], False, "fails"),
        ([("printed", False), ("claim", True)], False, "holds corrected"),
        ([("printed", False)], False, "fails"),
        ([("printed", True)], False, "holds"),
        ([("printed", None), ("printed", False), ("corrected", True)], False,
         "holds corrected"),
    ],
)  # fmt: skip
def test_combination(outcomes, partial, expected):
    value = 2.0 * N**-0.5
    limits = {True: 3 * value, False: 0.1 * value, None: np.nan * value}
    data = table(value)
    keys = data[["N", "time", "metric", "index"]]
    bounds = pd.concat(
        [
            keys.assign(bound=str(passed), value=limit)
            for passed, limit in limits.items()
        ]
    )
    checks = [
        Check(rule="below", metric="gap", bound=str(passed), of=of)
        for of, passed in outcomes
    ]
    verdict = Verdict(claim="c", statement="s", checks=checks, partial=partial)
    (found,) = judge([verdict], data, bounds, pd.DataFrame())
    assert found["verdict"] == expected
    assert [n["passed"] for n in found["numbers"]] == [p for _, p in outcomes]
    assert (found["claim"], found["statement"]) == ("c", "s")


# In a whole study


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def judged(path, out):
    (found,) = json.loads((out / path.stem / "verdict.json").read_text())
    return found["verdict"]


def test_a_wrong_prediction_in_a_study_turns_its_verdict(clean, tmp_path, write_study):
    # Seed 0; the exponent of 2000 replicas has a standard error of about 0.005.
    found = {}
    for predicted in (-0.5, -0.65, -0.35):
        fit = {"name": "coupling", "metric": "coupling-mean", "predicted": predicted,
               "minimum": 8}  # fmt: skip
        path = write_study(replicas=2000, fits=[fit], sweep={"N": [8, 16, 32, 64]})
        run_study(str(path), out=tmp_path / "out")
        found[predicted] = judged(path, tmp_path / "out")
    assert found == {-0.5: "holds", -0.65: "fails", -0.35: "fails"}
    # With a handful of replicas the same study says that it cannot tell.
    path = write_study(replicas=6)
    run_study(str(path), out=tmp_path / "out")
    assert judged(path, tmp_path / "out") == "undecided"


def test_nan_stands_in_no_file(clean, tmp_path, write_study):
    # Two points are too few for a fit, and one replica has no standard error.
    path = write_study(sweep={"N": [4, 8]}, replicas=1)
    out = tmp_path / "out"
    run_study(str(path), out=out)
    for file in (out / "micro").iterdir():
        if file.suffix in (".csv", ".json", ".md", ".tex"):
            words = file.read_text().lower().replace(",", " ").split()
            assert not {"nan", "inf", "-inf", "none", "<na>"} & set(words), file.name
    (rate,) = read(out / "micro" / "rates.csv")
    assert (rate["exponent"], rate["stderr"], rate["lower"]) == ("", "", "")
    assert "too few" in rate["note"]
    for row in read(out / "micro" / "table.csv"):
        assert row["value"] or row["note"]
        assert row["stderr"] or row["note"]
    assert judged(path, out) == "undecided"


def test_a_metric_that_computes_nan_gives_an_empty_cell_with_a_note(
    site, tmp_path, write_study
):
    site.plugin(
        "holes",
        """
        from dataclasses import dataclass
        from typing import ClassVar
        from mfplug import Observable, Row, hookimpl

        @dataclass(frozen=True)
        class Holes(Observable):
            '''Some values that are no numbers.'''
            name: ClassVar[str] = "holes"
            needs: ClassVar[tuple[str, ...]] = ()

            def rows(self, sample):
                nan, inf = float("nan"), float("inf")
                return [Row("holes", 0.0, nan), Row("holes", 0.5, 1.0, inf),
                        Row("holes", 1.0, None), Row("holes", 1.5, nan, note="mine")]

        @hookimpl
        def mfplug_metrics():
            return [Holes]
        """,
    )
    path = write_study(metrics=["holes"], fits=[], verdicts=[], sweep={"N": [4]},
                       figures=[])  # fmt: skip
    out = tmp_path / "out"
    from mfplug.studies.api import run_step
    from mfplug.studies.plan import make_plan

    plan = make_plan(str(path), "quick", out)
    for step in ("solve", "simulate", "measure", "tabulate"):
        run_step(step, plan, out)
    rows = read(out / "micro" / "table.csv")
    assert [(r["value"], r["stderr"]) for r in rows] == [
        ("", ""), ("1.0", ""), ("", ""), ("", ""),
    ]  # fmt: skip
    assert [r["note"] for r in rows] == [
        "value not finite",
        "stderr not finite",
        "no value, and the metric does not say why",
        "mine",
    ]
    assert {f.name for f in (out / "store").iterdir()} == {"done", "locks", "rows"}
