"""The time that a run has left."""

from __future__ import annotations

import json

import pytest
from made_jobs import block

from mfplug.studies.jobs import Jobs
from mfplug.studies.outlook import Outlook, spoken


def blocks_of(*entries):
    """Return blocks from (name, step, cost, needs)."""
    made = {}
    for name, step, cost, needs in entries:
        made[name] = block(step, name, [made[n] for n in needs], cost)
    plan = {"version": 1, "study": "s", "blocks": list(made.values())}
    return plan, {name: b["id"] for name, b in made.items()}


@pytest.fixture
def outlook(tmp_path):
    """Four clouds of 10 s, rows of 20 s that wait for the first, two cores."""
    entries = [(f"c{i}", "simulate", 10.0, []) for i in range(4)]
    plan, ids = blocks_of(*entries, ("rows", "measure", 20.0, ["c0"]))
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    jobs = Jobs([tmp_path / "plan.json"], tmp_path)
    return Outlook([jobs[i] for i in ids.values()], 2), ids


def test_time_left_is_work_over_cores_or_the_longest_chain(outlook):
    look, ids = outlook
    assert look.left(0.0) == 30.0
    for name in ("c1", "c2", "c3"):
        look.start(ids[name], 0.0)
        look.finish(ids[name], 10.0)
    # Work left 30 s on two cores, but the rows wait for the cloud: 10 + 20.
    assert look.left(10.0) == pytest.approx(30.0)
    assert look.fraction(10.0) == pytest.approx(0.5)
    look.start(ids["c0"], 10.0)
    assert look.left(14.0) == pytest.approx(26.0)
    assert look.fraction(14.0) == pytest.approx(34 / 60)


def test_time_left_follows_the_measured_pace(outlook):
    look, ids = outlook
    for name in ("c1", "c2", "c3"):
        look.start(ids[name], 0.0)
        look.finish(ids[name], 30.0)
    # 90 s for 30 s estimated, with 5 s of trust in the estimates: overall 95/35; the
    # clouds' own pace is drawn towards that.
    whole = 95 / 35
    own = (90 + 5 * whole) / 35
    assert look.expected(ids["c0"]) == pytest.approx(10 * own)
    assert look.expected(ids["rows"]) == pytest.approx(20 * (0 + 5 * whole) / 5)
    assert look.left(30.0) == pytest.approx(10 * own + 20 * whole)


def test_a_job_that_takes_too_long_is_never_over(outlook):
    look, ids = outlook
    look.start(ids["c0"], 0.0)
    assert look.fraction(1e6) == pytest.approx(0.95 * 10 / 60)
    assert look.left(1e6) >= 0.05 * 10 + 20


def test_what_waits_for_a_failed_job_is_not_counted(outlook):
    look, ids = outlook
    look.start(ids["c0"], 0.0)
    look.fail(ids["c0"])
    assert look.dropped == {ids["rows"]}
    assert look.left(0.0) == pytest.approx(15.0)


def test_durations_are_spoken():
    told = [spoken(x) for x in (0.0, 59.4, 59.6, 3599.4, 3599.6, 7260)]
    assert told == ["1 s", "59 s", "1 min", "59 min 59 s", "1 h", "2 h 1 min"]
