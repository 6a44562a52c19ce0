"""Jobs that hang: ended in their time, named in one line, the others go on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from made_jobs import driver, finish, go, start, starts, study
from processes import alive

from mfplug.errors import ParameterError, PluginError, TimeLimitError
from mfplug.registry import current
from mfplug.studies import timelimit
from mfplug.studies.executors import executor_of
from mfplug.studies.guard import PARENT
from mfplug.studies.joblog import read_failure
from mfplug.studies.jobs import Block, Jobs
from mfplug.studies.plan import make_plan, write_plan

__all__ = ["driver"]

PLUGIN = """
import ctypes, os, subprocess, time
from dataclasses import dataclass
from typing import ClassVar
import numba
import numpy as np
from mfplug import External, hookimpl
from mfplug.studies.timelimit import obey


@numba.njit
def spin(a):
    while a[0] == 0.0:
        a[1] += 1.0
    return a[1]


def swallow():
    while True:
        try:
            time.sleep(1e6)
        except Exception:
            pass


def child():
    with subprocess.Popen(["sleep", "1000"]) as process:
        print("child", process.pid, flush=True)
        process.wait()


def loop():
    while True:
        pass


def compiled():
    # Compiled code that holds the lock of Python and never comes back.
    spin(np.zeros(2))


@dataclass(frozen=True)
class Stuck(External):
    '''A trap that hangs on request.'''

    name: ClassVar[str] = "stuck"

    def energy(self, q, t):
        return 0.35 * np.sum(q * q, axis=-1)

    def gradient(self, q, t):
        fault = os.environ.get("FAULT", "")
        if fault:
            # Not from the start of the job, which takes longer under load.
            obey(1.0, 1.0)
            {"loop": loop, "swallow": swallow, "child": child, "compiled": compiled,
             "crash": lambda: ctypes.string_at(1)}[fault]()
        return 0.7 * q


@hookimpl
def mfplug_externals():
    return [Stuck]
"""
TRAP = {
    "potential": {"name": "gaussian"},
    "initial": {"name": "gaussian"},
    "external": "stuck",
}


@pytest.fixture
def job(clean, tmp_path, write_study):
    """Do the one job that simulates, with a fault; return the process when it ended."""
    plugin, out = tmp_path / "stuck.py", tmp_path / "out"
    plugin.write_text(PLUGIN)
    current().add_file(plugin)
    path = write_study(
        "held", system=TRAP, solver="characteristics", fits=[], verdicts=[]
    )
    plan = make_plan(str(path), "quick", out)
    file = write_plan(plan, out)
    block = next(b["id"] for b in plan["blocks"] if b["step"] == "simulate")
    words = ["simulate", "held", "--out", out, "--plan", file, "--block", block]

    def run(fault):
        log = tmp_path / f"{fault}.log"
        with open(log, "wb") as stream:
            done = subprocess.run(
                [sys.executable, "-m", "mfplug", *map(str, words)],
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "FAULT": fault,
                    timelimit.LIMIT: "300",
                    PARENT: str(os.getpid()),
                },
                timeout=100,
                check=False,
            )
        return done.returncode, log

    return run


@pytest.mark.parametrize("fault", ["loop", "child", "swallow", "compiled", "crash"])
def test_the_plugin_the_place_and_the_cell_of_a_hang_are_said(job, fault):
    began = time.monotonic()
    status, log = job(fault)
    said, tail = read_failure(log)
    # What stops at once, and what only a second thread can stop, a little later.
    assert time.monotonic() - began < 60
    assert status != 0
    assert tail == []
    assert said.startswith("external 'stuck': gradient() ")
    assert said.endswith("(study held, N=4)")
    assert "\n" not in said
    file = "subprocess" if fault == "child" else "stuck"
    assert re.search(rf"\(at {file}\.py, line \d+\)", said)
    if fault == "crash":
        assert "crashed Python; got 'Segmentation fault'" in said
        return
    late = fault in ("swallow", "compiled")
    assert f"does not end; got no end in {2 if late else 1} s" in said
    assert "raise the limit (--time-limit)" in said
    if fault == "child":
        pid = int(re.search(r"^child (\d+)$", log.read_text(), re.M)[1])
        assert not alive(pid)


def test_a_job_that_ends_in_time_is_left_alone(job):
    status, log = job("")
    assert status == 0
    # What it was at is in its log, for those that end without a word.
    assert "at work on study held, N=4" in log.read_text()
    with open(log, "a") as stream:
        stream.write("noise\n")
    said, tail = read_failure(log)
    assert said.startswith("it ended without a message")
    assert said.endswith("(study held, N=16)")
    assert tail == ["noise"]


@pytest.mark.slow
def test_a_hanging_job_is_ended_and_the_others_go_on(driver, tmp_path, monkeypatch):
    out = tmp_path / "out"
    good = study(out, "good", wide=1)
    bad = study(out, "bad", wide=1, solve={"hang": True}, simulate={"deaf": True})
    monkeypatch.setenv("LIMIT", "4.0")
    status, text = finish(start(driver, out, bad, good), 60)
    assert status == 1, text
    said = "job: it does not end; got no end in"
    assert f"failed: solve bad field of it: {said} 4 s" in text
    assert f"failed: simulate bad cloud 0 of it: {said} 5 s" in text
    assert "2 jobs failed, 4 not started; 5 finished and kept." in text
    assert (out / "good" / "figure.svg").is_file()
    pids = [int(p) for f in (out / "started").iterdir() for p in f.read_text().split()]
    assert not any(alive(pid) for pid in pids)
    (out / "mended").touch()
    status, text = go(driver, out, bad, good)
    assert (status, "6 jobs to do" in text) == (0, True), text
    counts = starts(out)
    assert {counts[b.id] for b in Jobs([good], out).values() if b.study} == {1}


# --- how long


def block(cost, step="measure"):
    return Block(f"{step}-0", step, "s", "p", (), "m", cost, 1, 1, "l", ())


def test_a_job_has_an_hour_and_20_times_its_estimate_or_what_is_given():
    here, queue = timelimit.Allowance(), timelimit.Allowance(queue=True)
    assert here.seconds(block(30.0)) == 3600 + 600
    assert here.seconds(block(30.0), attempt=3) == 4 * (3600 + 600)
    # In a queue a minute less than it is asked for, so that the job can say why.
    assert queue.minutes(block(600.0)) == timelimit.asked_minutes(600.0) == 35
    assert queue.seconds(block(600.0)) == 34 * 60
    assert queue.minutes(block(600.0), attempt=2) == 70
    # Tables are made where the run is, whatever its queue.
    assert queue.seconds(block(4.0, "tabulate")) == here.seconds(block(4.0))
    for queued in (False, True):
        given = timelimit.Allowance(queued, 90.0)
        assert (given.seconds(block(1e6)), given.minutes(block(1.0))) == (90, 3)
        assert given.seconds(block(1.0), attempt=2) == 180


def test_the_limit_is_given_on_the_command_line_in_a_profile_or_to_snakemake(tmp_path):
    (tmp_path / "config.yaml").write_text(
        "executor: cluster-generic\nconfig: [minutes=3, time_limit=2h]\n"
    )
    mine = executor_of(str(tmp_path))
    assert (mine.minutes, mine.time_limit) == (3.0, 7200.0)
    assert executor_of("slurm", ["time-limit=90"]).time_limit == 5400.0
    read = timelimit.from_config
    assert read({}) == timelimit.Allowance()
    assert read({"minutes": 5, "time_limit": 30}) == timelimit.Allowance(True, 1800.0)


@pytest.mark.parametrize("text", ["", "0", "-3", "soon", "1e3", "0.1s", "9999d", "nan"])
def test_a_time_that_is_none_is_one_line(text, mfplug_cli, write_study):
    with pytest.raises(ParameterError, match="90m or 2h"):
        timelimit.duration(text)
    if text:
        words = ["run", write_study(), f"--time-limit={text}", "--plan"]
        mfplug_cli(*words).refused("time limit", "90m or 2h")


def test_the_innermost_plugin_is_blamed_once():
    from mfplug.contracts.calls import calling

    class Inner:
        kind, name = "potential", "inner"

    class Outer:
        kind, name = "metric", "outer"

    with (
        pytest.raises(TimeLimitError) as caught,
        calling(Outer(), "rows()"),
        calling(Inner(), "gradient()"),
    ):
        raise TimeLimitError("got no end in 5 s.")
    line = "potential 'inner': gradient() does not end; got no end in 5 s."
    assert str(caught.value) == line
    assert str(TimeLimitError("got it.")) == "job: it does not end; got it."
    assert not isinstance(caught.value, PluginError)


def test_a_timer_of_another_program_is_left_alone(monkeypatch):
    # Without a limit nothing is set: steps by hand may take what they need.
    monkeypatch.delenv(timelimit.LIMIT, raising=False)
    before = signal.getsignal(signal.SIGALRM)
    timelimit.obey(1.0)
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
