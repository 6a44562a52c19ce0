"""The workflow driver, on plans whose jobs are a few lines of Python."""

from __future__ import annotations

import json
import os
import pty
import random
import re
import signal
import sys
import time

import pytest
from made_jobs import contents, done, driver, finish, go, start, starts, study
from processes import alive, wait_for

from mfplug.studies.jobs import Jobs

__all__ = ["driver"]


def test_first_run_does_all_second_nothing_and_shared_work_is_done_once(
    driver, tmp_path
):
    out = tmp_path / "deep" / "out"
    alpha = study(out, "alpha", wide=2)
    status, text = go(driver, out, alpha)
    assert status == 0, text
    assert "8 jobs to do, about" in text
    assert re.search(r"^\[3/8\] .* \(\d+ s, about \d+ s left\)$", text, re.M)
    assert re.search(r"^\[8/8\] the page \(\d+ s\)$", text, re.M)
    assert re.search(r"^8 jobs done in \d+ s$", text, re.M)
    assert set(starts(out).values()) == {1}
    jobs = Jobs([alpha], out)
    threads = {
        json.loads((out / b.marker).read_text())["threads"]
        for b in jobs.values()
        if b.threads == 2
    }
    assert threads == {"2"}
    assert not (tmp_path / "deep" / ".snakemake").exists()

    before = contents(out, alpha)
    began = time.monotonic()
    status, text = go(driver, out, alpha)
    assert time.monotonic() - began < 3.0
    assert (status, "nothing to do: all 8 jobs are done" in text) == (0, True)
    assert "snakemake was not loaded" in text
    assert contents(out, alpha) == before

    # A second study that shares all but its tables; the page is drawn anew, once.
    beta = study(out, "beta", wide=2, shared="alpha")
    status, text = go(driver, out, alpha, beta)
    assert (status, "3 jobs to do" in text) == (0, True), text
    assert starts(out).pop("page") == 2
    assert done(out, alpha)
    assert done(out, beta)
    assert done(out, beta, alpha)

    # A page that was altered is drawn again, and nothing else.
    (out / "report.html").write_text("altered")
    status, text = go(driver, out, alpha)
    assert (status, "1 job to do" in text) == (0, True), text
    assert starts(out).pop("page") == 3


def test_failed_jobs_are_told_others_go_on_and_the_next_run_does_the_rest(
    driver, tmp_path
):
    out = tmp_path / "out"
    fail = {"fail": "particles 'N': got [0], expected > 0."}
    bad = study(out, "bad", wide=2, measure=fail)
    odd = study(out, "odd", wide=1, solve={"crash": True}, simulate={"vanish": True})
    lost = study(out, "lost", wide=1, simulate={"leave": True})
    good = study(out, "good", wide=1)
    status, text = go(driver, out, bad, odd, lost, good)
    assert status == 1, text
    # An error of mfplug is its own line and the place of the log.
    assert text.count("particles 'N': got [0], expected > 0.") == 2
    assert "failed: measure bad rows 1 of it: particles 'N'" in text
    assert "noise before" not in text
    assert f"log: {out}/logs/measure-" in text
    # A defect comes with its traceback, and a job without a word is explained.
    assert "failed: solve odd field of it: ZeroDivisionError: a defect" in text
    assert "    Traceback (most recent call last):" in text
    assert "failed: simulate odd cloud 0 of it: it ended without a message" in text
    # So is one that ends well by its status and leaves no result.
    assert "failed: simulate lost cloud 0 of it: it ended without a message" in text
    # The rest is done and kept, but for the page, which waits for all.
    assert "5 jobs failed, 9 not started; 9 finished and kept." in text
    assert "the same command again" in text
    assert (out / "good" / "figure.svg").is_file()
    assert not (out / "report.html").exists()
    (out / "mended").touch()
    status, text = go(driver, out, bad, good)
    assert (status, "5 jobs to do" in text) == (0, True), text
    counts = starts(out)
    jobs = Jobs([bad, good], out)
    rows = [b for b in Jobs([bad], out).values() if b.step == "measure"]
    assert {counts.pop(b.id) for b in rows} == {2}
    assert {counts[b.id] for b in jobs.values() if b.id in counts} == {1}


def test_killed_at_any_moment_the_next_run_ends_with_the_same_bytes(driver, tmp_path):
    reference = tmp_path / "reference"
    plan = study(reference, "alpha", wide=2)
    assert go(driver, reference, plan)[0] == 0
    wanted = contents(reference, plan)
    out = tmp_path / "out"
    plan = study(out, "alpha", wide=2)
    dice = random.Random(20)
    for jobs in (1, 4):
        # A random moment, counted from when the jobs come: machines differ in speed.
        process = start(driver, out, plan)
        wait_for(lambda jobs=jobs: len(starts(out)) >= jobs)
        time.sleep(dice.uniform(0.0, 0.4))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    status, text = go(driver, out, plan)
    assert status == 0, text
    assert contents(out, plan) == wanted
    leftovers = [f for f in out.rglob(".tmp-*") if ".snakemake" not in f.parts]
    assert leftovers == []
    # The planted defect: one altered byte is seen.
    (out / "alpha" / "table.csv").write_text("altered")
    assert contents(out, plan) != wanted


def test_second_run_is_refused_and_orphans_die_with_the_run(driver, tmp_path):
    out = tmp_path / "out"
    plan = study(out, "slow", wide=1, solve={"sleep": 30}, simulate={"sleep": 0.1})
    process = start(driver, out, plan)
    field = next(b for b in Jobs([plan], out) if b.startswith("solve"))
    file = out / "started" / field
    wait_for(lambda: file.is_file() and file.read_text())
    status, text = go(driver, out, plan)
    assert status == 1
    (line,) = text.splitlines()
    assert f"process {process.pid} on {os.uname().nodename}" in line
    assert "another run is at work in it" in line
    job = int(file.read_text())
    assert alive(job)
    process.kill()
    wait_for(lambda: not alive(job), 5)
    process.communicate()
    # It lets go of the folder, and the next run says that it goes on.
    process = start(driver, out, plan)
    told = [process.stdout.readline() for _ in range(2)]
    assert "the last run was cut short" in told[0]
    assert "jobs to do" in told[1]
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_signals_stop_the_run_and_its_jobs(driver, tmp_path, number, status):
    # Snakemake's own handler of SIGTERM locks up when the signal comes while it
    # finishes a job; so it comes right after many jobs were started.
    out = tmp_path / "out"
    plan = study(out, "slow", solve={"sleep": 30}, simulate={"sleep": 0.2})
    process = start(driver, out, plan)
    wait_for(lambda: len(starts(out)) >= 2)
    began = time.monotonic()
    process.send_signal(number)
    code, text = finish(process, 20)
    assert time.monotonic() - began < 10
    assert (code, "stopped; run the same command again" in text) == (status, True), text
    assert "failed" not in text
    pids = [int(p) for f in (out / "started").iterdir() for p in f.read_text().split()]
    wait_for(lambda: not any(alive(pid) for pid in pids), 5)


def test_on_a_terminal_there_is_a_bar_and_a_panel(driver, tmp_path):
    out = tmp_path / "out"
    plan = study(
        out,
        "alpha",
        wide=1,
        solve={"sleep": 0.6},
        tabulate={"fail": "N = 0 [bold]is odd[/bold]"},
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(COLUMNS="110", TERM="xterm-256color")
        os.environ.pop("NO_COLOR", None)
        os.execv(sys.executable, [sys.executable, str(driver), str(out), str(plan)])
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        shown += piece
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
    assert re.search(r"\d/6 jobs .* +\d+ % about \d+ s left .*solve alpha field", text)
    assert "failed: tabulate alpha of it" in text
    assert "N = 0 [bold]is odd[/bold]" in text
    assert "1 job failed, 2 not started; 3 finished and kept." in text
    # The cursor is back and the bar is gone.
    assert shown.rfind(b"\x1b[?25h") > shown.rfind(b"\x1b[?25l")
