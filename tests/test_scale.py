"""Large studies and small machines: what a plan costs, and what does not fit."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from mfplug.errors import ParameterError, StudyError
from mfplug.studies import cells as cell_module
from mfplug.studies import cost, limits
from mfplug.studies.cells import cells_at, cells_of
from mfplug.studies.forecast import forecast, makespan
from mfplug.studies.jobs import Block
from mfplug.studies.limits import available_mb, check_fits, megabytes
from mfplug.studies.load import load
from mfplug.studies.outlook import Outlook
from mfplug.studies.plan import make_plan, read_plan, write_plan

#: Cells in the measured plan; the bound of 60 s and 1 GiB is for 10^5.
CELLS, WHOLE = 5_000, 100_000
PLAN = """
import json, sys, time
from pathlib import Path
from mfplug.studies.plan import make_plan, write_plan
began = time.process_time()
plan = make_plan(sys.argv[1], "quick", None)
write_plan(plan, Path(sys.argv[2]))
# Not ru_maxrss, which a process inherits from the one that starts it.
lines = Path("/proc/self/status").read_text().splitlines()
high = next(int(x.split()[1]) for x in lines if x.startswith("VmHWM"))
print(json.dumps([time.process_time() - began, len(plan["blocks"]),
                  sum(len(b["units"]) for b in plan["blocks"]),
                  high / 1024]))
"""


def wide(write_study, cells):
    """Write a study of many cells: strengths times numbers of particles."""
    strengths = [round(0.5 + 1e-4 * i, 4) for i in range(cells // 5)]
    sweep = {"potential.strength": strengths, "N": [4, 8, 16, 32, 64]}
    return write_study(f"wide{cells}", sweep=sweep, fits=[], verdicts=[])


def test_a_plan_of_100000_cells_takes_less_than_a_minute_and_a_gibibyte(
    write_study, tmp_path
):
    figures = []
    for cells in (10, CELLS):
        done = subprocess.run(
            [sys.executable, "-c", PLAN, wide(write_study, cells), tmp_path],
            capture_output=True,
            text=True,
            check=True,
        )
        figures.append(json.loads(done.stdout))
    (few_seconds, _, _, few_mb), (seconds, blocks, units, mb) = figures
    # A unit for each field, each range of replicas and each metric; a job has many.
    assert units >= 3 * CELLS
    assert blocks < CELLS / 10
    growth = WHOLE / CELLS
    assert few_seconds + (seconds - few_seconds) * growth < 60
    assert few_mb + (mb - few_mb) * growth < 1024


def test_a_job_makes_its_own_cells_alone(write_study, monkeypatch):
    name, study = load(str(wide(write_study, 500)))
    cells = cells_of(study, name)
    made, real = [], cell_module.create_from

    def create_from(*words):
        made.append(words)
        return real(*words)

    monkeypatch.setattr(cell_module, "create_from", create_from)
    some = cells_at(study, name, [7, 321])
    assert some == {7: cells[7], 321: cells[321]}
    # Two systems; one integrator, one solver and two metrics, which they share.
    assert len(made) == 4


def test_fields_that_are_formulas_share_a_job(write_study):
    # A hundred of them take half a second; a process takes two to start.
    plan = make_plan(str(wide(write_study, 500)), "quick", None)
    jobs = [b for b in plan["blocks"] if b["step"] == "solve"]
    assert [len(b["units"]) for b in jobs] == [100]


def test_values_that_are_equal_as_keys_stay_apart(write_study):
    # 1 and 1.0 are equal and hash alike; the plugins of two such cells must not mix.
    sweep = {"integrator": ["leapfrog", "yoshida4"], "step": [0.1, 0.2]}
    name, study = load(str(write_study(sweep=sweep, particles=4, fits=[], verdicts=[])))
    found = [(c.integrator.name, c.step) for c in cells_of(study, name)]
    assert found == [(i, s) for i in ("leapfrog", "yoshida4") for s in (0.1, 0.2)]


def test_a_written_plan_is_read_back_whole(write_study, tmp_path):
    plan = make_plan(str(write_study()), "quick", tmp_path)
    path = write_plan(plan, tmp_path)
    assert read_plan(path) == plan
    # One that is no text any more is written anew.
    path.write_bytes(b"\xa0" + path.read_bytes())
    assert read_plan(write_plan(plan, tmp_path)) == plan
    before = path.stat().st_mtime_ns
    assert write_plan(plan, tmp_path) == path
    assert path.stat().st_mtime_ns == before


def test_time_left_of_5000_jobs_is_told_in_milliseconds():
    blocks = [
        Block(f"measure-{i:04x}", "measure", "s", "p", (), f"m{i}", 2.0, 1, 1, "l", ())
        for i in range(5000)
    ]
    outlook = Outlook(blocks, 2)
    for block in blocks[:2500]:
        outlook.start(block.id, 0.0)
        outlook.finish(block.id, 4.0)
    began = time.process_time()
    # Twice as slow as predicted, drawn a little towards the prediction.
    assert outlook.left(0.0) == pytest.approx(2500 * 4.0 / 2, rel=1e-3)
    assert time.process_time() - began < 0.2


# --- memory


def test_a_study_that_does_not_fit_is_one_line_with_what_would(
    write_study, mfplug_cli, tmp_path
):
    big = write_study(sweep={"N": [1000, 100_000]}, replicas=5000)
    needs = cost.cell_memory_mb(cells_of(load(str(big))[1], "micro")[1])
    # 2 times, q and p, one dimension, 8 bytes, thrice: 48 kB for 1000 particles.
    assert needs == int(500 + 3 * 8e-6 * 4 * 1e5 * 5000)
    out = tmp_path / "out"
    answer = mfplug_cli("run", big, "--out", out, "--memory", "2G", "--cores", 2)
    line = answer.refused("N=100000", "47 GB", "2.0 GB", "at most", "--executor")
    assert not out.exists()
    # What it says would fit does fit, and a little more does not.
    most = int(line.partition("at most ")[2].split()[0])
    for replicas, fits in ((most, True), (most + 2, False)):
        path = write_study(sweep={"N": [100_000]}, replicas=replicas)
        cells = cells_of(load(str(path))[1], "micro")
        if fits:
            check_fits("micro", cells, 2048)
        else:
            with pytest.raises(StudyError, match=r"at most \d+ replicas"):
                check_fits("micro", cells, 2048)


@pytest.mark.parametrize("limit", [1, 250, 499])
def test_less_memory_than_any_job_needs_is_said(write_study, mfplug_cli, limit):
    # So few particles that a job needs no more than what it starts with.
    answer = mfplug_cli("run", write_study(), "--memory", f"{limit}M", "--plan")
    answer.refused(f"got {limit} MB", "more than 500 MB")


def test_a_process_with_less_memory_plans_for_less():
    code = (
        "import resource; from mfplug.studies.limits import available_mb;"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30));"
        "print(available_mb())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == min(3072 - limits.UNFILLED_MB, available_mb())


def test_limits_of_control_groups_are_seen(tmp_path, monkeypatch):
    member = tmp_path / "cgroup"
    member.write_text("4:memory:/jobs/one\n0::/slice/two\n")
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "jobs" / "one").mkdir(parents=True)
    (new / "slice" / "two").mkdir(parents=True)
    (old / "jobs" / "one" / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    (old / "jobs" / "memory.limit_in_bytes").write_text(f"{3 << 30}\n")
    (new / "slice" / "memory.max").write_text(f"{5 << 30}\n")
    (new / "slice" / "two" / "memory.max").write_text("max\n")
    groups = (("", new, "memory.max"), ("memory", old, "memory.limit_in_bytes"))
    monkeypatch.setattr(limits, "_CGROUPS", groups)
    assert sorted(limits._cgroup_limits(member)) == [3 << 30, 5 << 30]
    assert list(limits._cgroup_limits(tmp_path / "none")) == []


@pytest.mark.parametrize("text", ["", "much", "-4G", "0", "1e3", "4X", "nan", "9" * 40])
def test_a_size_that_is_none_is_one_line(text):
    with pytest.raises(ParameterError, match="4G or 500M"):
        megabytes(text)


# --- forecasts


def graph(costs, needs):
    """Return jobs by name; ``needs`` are pairs (before, after)."""
    return [
        {"id": k, "cost": c, "needs": [a for a, b in needs if b == k]}
        for k, c in costs.items()
    ]


def test_makespan_lies_between_its_two_bounds_and_meets_them():
    costs = {f"s{i}": 3.0 + i for i in range(7)} | {"m": 4.0, "end": 2.5}
    needs = [(f"s{i}", "m") for i in range(7)] + [("m", "end")]
    jobs = graph(costs, needs)
    work, chain = sum(costs.values()), 9.0 + 4.0 + 2.5
    assert makespan(jobs, 1) == pytest.approx(work)
    assert makespan(jobs, 100) == pytest.approx(chain)
    for slots in (2, 3, 5):
        # Graham's bound of any greedy schedule.
        time_ = makespan(jobs, slots)
        assert max(work / slots, chain) <= time_ <= work / slots + chain
    # A queue that takes 10 s for each of three waves.
    assert makespan(jobs, 100, overhead=10.0) == pytest.approx(chain + 30.0)


def test_forecast_counts_shared_work_once(write_study):
    plans = [make_plan(str(write_study(name)), "quick", None) for name in ("a", "b")]
    rows = [line.split() for line in forecast(plans, 3).splitlines()]
    jobs = {row[0]: int(row[1]) for row in rows if row[0] in ("a", "b", "all")}
    # Three steps are shared; tables and figures are each one's own.
    assert jobs["a"] == jobs["b"] == 5
    assert jobs["all"] == 7
    assert "on 3 cores: about" in forecast(plans, 3)
    one = sum(b["cost"] for b in plans[0]["blocks"])
    assert makespan(plans[0]["blocks"], 1) == pytest.approx(one)


def test_a_plan_on_paper_writes_nothing(mfplug_cli, write_study, tmp_path):
    out = tmp_path / "out"
    answer = mfplug_cli("run", write_study(), "--plan", "--out", out)
    assert answer.status == 0
    assert answer.out.splitlines()[0].split() == [
        "study", "jobs", "work", "at", "least", "memory"
    ]  # fmt: skip
    assert not out.exists()
