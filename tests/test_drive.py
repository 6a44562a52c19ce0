"""The workflow driver, on plans whose jobs are a few lines of Python.

The jobs run through the real rules as ``python -m mfplug STEP ...``. A package of that
name, found first by the jobs alone, stands in for the steps: a block writes the hash of
what it needs, so that the bytes at the end tell whether every job saw what it should.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import pty
import random
import re
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from rich.console import Console

from mfplug.errors import MfplugError, StoreError, StudyError
from mfplug.studies import drive
from mfplug.studies.hold import hold
from mfplug.studies.jobs import Jobs, drop_stale_page, from_config, page_block
from mfplug.studies.outlook import Outlook, spoken

pytest.importorskip("snakemake")

ROOT = Path(drive.__file__).parents[2]

FAKE_INIT = f"__path__.append({str(ROOT / 'mfplug')!r})\n"
FAKE_MAIN = """
import hashlib, json, os, signal, sys, time
from pathlib import Path
from mfplug.errors import MfplugError
from mfplug.studies.guard import atomic_write_text, die_with_parent, sha256_file
from mfplug.studies.timelimit import obey

die_with_parent()
obey(1.0)
print("a line on standard output")
options = dict(zip(sys.argv[2:], sys.argv[3:]))
out = Path(options["--out"])
started = out / "started"
started.mkdir(exist_ok=True)
if sys.argv[1] == "report":
    marker, needs = options["--marker"], sorted((out / "store/done").glob("plot-*"))
    outputs, name, wish = ["report.html"], "page", {}
else:
    plan = json.loads(Path(options["--plan"]).read_text())
    (block,) = [b for b in plan["blocks"] if b["id"] == options["--block"]]
    marker, outputs, name = block["marker"], block["outputs"], block["id"]
    needs, wish = [out / f"store/done/{n}.json" for n in block["needs"]], block["wish"]
with open(started / name, "a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(wish.get("sleep", 0.0))
if wish.get("fail") and not (out / "mended").exists():
    print("noise before", file=sys.stderr)
    print(f"mfplug: error: {wish['fail']}", file=sys.stderr)
    sys.exit(1)
if wish.get("fail_once") and len((started / name).read_text().split()) == 1:
    print("mfplug: error: not enough memory", file=sys.stderr)
    sys.exit(1)
if wish.get("crash"):
    raise ZeroDivisionError("a defect")
if wish.get("leave"):
    os._exit(0)
if wish.get("deaf") and not (out / "mended").exists():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    time.sleep(1000)
try:
    while wish.get("hang") and not (out / "mended").exists():
        pass
except MfplugError as error:
    print(f"mfplug: error: {error}", file=sys.stderr)
    sys.exit(1)
if wish.get("vanish"):
    os.kill(os.getpid(), 9)
content = hashlib.sha256(name.encode())
for need in needs:
    content.update(need.read_bytes())
for output in outputs:
    atomic_write_text(out / output, content.hexdigest())
atomic_write_text(out / marker, json.dumps(
    {"result": content.hexdigest(), "threads": os.environ["NUMBA_NUM_THREADS"],
     "outputs": {o: sha256_file(out / o) for o in outputs}}))
"""
DRIVER = """
import os, sys
from dataclasses import replace
from pathlib import Path
from mfplug.studies.drive import run
from mfplug.studies.executors import executor_of
from rich.console import Console
os.environ["PYTHONPATH"] = {fake!r} + os.pathsep + os.environ.get("PYTHONPATH", "")
from mfplug.errors import MfplugError
try:
    plans = [Path(p) for p in sys.argv[2:] if "=" not in p]
    name, *changes = [p for p in sys.argv[2:] if "=" in p] or ["=local"]
    executor = executor_of(name.removeprefix("="), changes)
    if "LIMIT" in os.environ:
        executor = replace(executor, time_limit=float(os.environ["LIMIT"]))
    status = run(plans, Path(sys.argv[1]), 2, executor=executor)
    print("snakemake was" + " not" * ("snakemake" not in sys.modules), "loaded")
    sys.exit(status)
except MfplugError as error:
    print("mfplug: error:", error, file=sys.stderr)
    sys.exit(1)
"""


def block(step, key, needs=(), cost=1.0, outputs=(), threads=1, **wish):
    name = f"{step}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    return {
        "id": name,
        "step": step,
        "needs": [n["id"] for n in needs],
        "marker": f"store/done/{name}.json",
        "cost": cost,
        "threads": threads,
        "memory_mb": 10,
        "label": f"{key} of it",
        "outputs": list(outputs),
        "wish": wish,
    }


def study(out, name, wide=3, shared="", **wishes):
    """Write a plan of the usual shape; ``wishes`` are by step."""
    own = shared or name

    def wish(step):
        return wishes.get(step, {})

    fields = [block("solve", f"{own} field", **wish("solve"))]
    clouds = [
        block(
            "simulate",
            f"{own} cloud {i}",
            threads=2 if i == 0 else 1,
            **(wish("simulate") if i == 0 else {"sleep": 0.05}),
        )
        for i in range(wide)
    ]
    rows = [
        block("measure", f"{own} rows {i}", [*fields, clouds[i]], **wish("measure"))
        for i in range(wide)
    ]
    outputs = [f"{name}/table.csv", f"{name}/verdict.json"]
    table = block("tabulate", name, rows, outputs=outputs, **wish("tabulate"))
    figure = block("plot", name, [table], outputs=[f"{name}/figure.svg"])
    path = out / name / "plan.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    plan = {
        "version": 1,
        "study": name,
        "profile": "quick",
        "plugin_files": [],
        "blocks": [*fields, *clouds, *rows, table, figure],
    }
    path.write_text(json.dumps(plan))
    return path


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    """A script that drives a run whose jobs are the fake ones."""
    folder = tmp_path_factory.mktemp("fake")
    package = folder / "path" / "mfplug"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(FAKE_INIT)
    (package / "__main__.py").write_text(FAKE_MAIN)
    script = folder / "driver.py"
    script.write_text(textwrap.dedent(DRIVER.format(fake=str(folder / "path"))))
    return script


def start(driver, out, *plans):
    return subprocess.Popen(
        [sys.executable, str(driver), str(out), *map(str, plans)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process, seconds=60):
    text, _ = process.communicate(timeout=seconds)
    return process.returncode, text


def go(driver, out, *plans):
    return finish(start(driver, out, *plans))


def done(out, *plans):
    """Say whether a run of the plans finds nothing to do."""
    text = io.StringIO()
    status = drive.run(list(plans), out, 2, console=Console(file=text, width=200))
    assert status == 0
    return text.getvalue().startswith("nothing to do: all")


def contents(out, *plans):
    """Return the bytes of everything that the jobs of the plans made."""
    jobs = Jobs(plans, out)
    files = {b.marker for b in jobs.values()}
    files |= {o for b in jobs.values() for o in b.outputs}
    return {name: (out / name).read_bytes() for name in sorted(files)}


def starts(out):
    return {f.name: len(f.read_text().split()) for f in (out / "started").glob("*")}


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


# --- runs


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


# --- plain Snakemake


def snakemake(driver, folder, *arguments):
    paths = [str(driver.parent / "path"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "snakemake",
            "--cores",
            "2",
            "--directory",
            str(folder),
            "--scheduler",
            "greedy",
            *map(str, arguments),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_plain_snakemake_and_the_driver_agree(driver, tmp_path):
    out = tmp_path / "out"
    alpha, beta = study(out, "alpha", wide=1), study(out, "beta", 1, shared="alpha")
    command = ["-s", ROOT / "Snakefile", "--config", "out=out"]
    status, text = snakemake(driver, tmp_path, *command, "plans=alpha/plan.json")
    assert status == 0, text
    assert set(starts(out).values()) == {1}
    assert done(out, alpha)
    status, text = go(driver, out, beta)
    assert (status, "3 jobs to do" in text) == (0, True), text
    # With other studies the same block is found through another plan: no reason to
    # run it again. Snakemake has recorded the jobs, and its own triggers are all on.
    plans = "plans=beta/plan.json,alpha/plan.json"
    status, text = snakemake(driver, tmp_path, "-n", *command, plans)
    assert (status, "Nothing to be done" in text) == (0, True), text


def test_the_workflow_is_imported_as_a_module(driver, tmp_path):
    study(tmp_path / "results", "alpha", wide=1)
    (tmp_path / "Snakefile").write_text(f"""
rule mine:
    input: "results/report.html"
    output: "mine.txt"
    shell: "cp {{input}} {{output}}"

module mf:
    snakefile: "{ROOT}/workflows/Snakefile"
    config: {{"plans": ["alpha/plan.json"], "out": "results"}}

use rule * from mf as mf_*
""")
    status, text = snakemake(driver, tmp_path, "-s", tmp_path / "Snakefile", "mine.txt")
    assert status == 0, text
    assert done(tmp_path / "results", tmp_path / "results" / "alpha" / "plan.json")
    assert (tmp_path / "mine.txt").read_text() == (
        tmp_path / "results" / "report.html"
    ).read_text()


def test_the_rules_have_the_names_of_the_steps():
    text = "".join(f.read_text() for f in (ROOT / "workflows" / "rules").glob("*.smk"))
    text += (ROOT / "workflows" / "Snakefile").read_text()
    names = re.findall(r"^(?:use )?rule (?:solve as )?(\w+)(?: with)?:", text, re.M)
    assert sorted(names) == sorted(
        ["all", "solve", "simulate", "measure", "tabulate", "plot", "report"]
    )
    assert "run:" not in text


# --- what the driver says without running


def test_dry_run_lists_the_jobs_and_changes_nothing(tmp_path):
    out = tmp_path / "out"
    plan = study(out, "alpha")
    text = io.StringIO()
    console = Console(file=text, width=40)
    assert drive.run([plan], out, 2, dry_run=True, console=console) == 0
    lines = text.getvalue().splitlines()
    assert len(lines) == 11
    assert " ".join(lines[0].split()) == "1 s solve alpha alpha field of it"
    assert lines[-1] == "10 jobs of 10, about 9 s on 2 cores, at most 600 MB each"
    assert [f.name for f in out.rglob("*") if f.is_file()] == ["plan.json"]


def test_without_snakemake_there_is_one_clear_line(tmp_path, monkeypatch):
    plan = study(tmp_path, "alpha")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MfplugError, match=r'pip install "mfplug\[workflow\]"'):
        drive.run([plan], tmp_path, 2)


def test_a_folder_is_held_by_one_process_and_may_be_held_twice_by_it(tmp_path):
    code = "import sys; from mfplug.studies.hold import hold\nwith hold(sys.argv[1]):"
    code += " print('held')"

    def other():
        return subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )

    with hold(tmp_path):
        with hold(tmp_path):
            pass
        refused = other()
        assert refused.returncode == 1
        assert f"process {os.getpid()} on" in refused.stderr
    assert other().stdout == "held\n"


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("x")
    plan = study(tmp_path / "plans", "alpha")
    with pytest.raises(StoreError, match=r"Not a directory|File exists"):
        drive.run([plan], tmp_path / "file" / "out", 2)


def test_a_limit_on_the_size_of_files_is_one_line(driver, tmp_path):
    # 40 bytes hold the lock's signature, and nothing that Snakemake or a job writes.
    out = tmp_path / "out"
    plan = study(out, "alpha", wide=1)
    process = subprocess.run(
        [sys.executable, str(driver), str(out), str(plan)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1, process
    assert "Traceback" not in process.stderr, process.stderr
    assert "File too large" in process.stderr
    assert not list((out / "store").rglob("*.json"))


# --- plans


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.pop("blocks"), "KeyError"),
        (lambda p: p.update(version=2), "got version 2, expected 1"),
        (lambda p: p["blocks"][0].update(id="solve-x; rm -rf ~"), "no id of a block"),
        (lambda p: p["blocks"][-1].update(needs=["plot-00"]), "needs 'plot-00'"),
    ],
)
def test_a_plan_that_is_none_is_refused(tmp_path, change, message):
    path = study(tmp_path, "alpha")
    plan = json.loads(path.read_text())
    change(plan)
    path.write_text(json.dumps(plan))
    with pytest.raises(StoreError, match=message):
        Jobs([path], tmp_path)
    path.write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        Jobs([path], tmp_path)


def test_the_page_depends_on_every_study_that_is_there(tmp_path):
    alpha, beta = study(tmp_path, "alpha"), study(tmp_path, "beta")
    jobs = Jobs([alpha], tmp_path)
    (tmp_path / "store/done").mkdir(parents=True)

    def finish_all(jobs):
        for one in jobs.values():
            if one.step != "report":
                (tmp_path / one.marker).write_text("{}")

    finish_all(jobs)
    # The job itself, which knows no plans, finds the same page.
    assert page_block(tmp_path).id == jobs.page.id
    both = Jobs([beta], tmp_path)
    assert both.page.id != jobs.page.id
    finish_all(both)
    assert page_block(tmp_path).id == both.page.id
    assert Jobs([alpha], tmp_path).page.id == both.page.id
    assert {both[need].step for need in both.page.needs} == {"tabulate", "plot"}


def test_a_page_of_which_the_marker_tells_another_story_is_stale(tmp_path):
    jobs = Jobs([study(tmp_path, "alpha")], tmp_path)
    marker, page = tmp_path / jobs.page.marker, tmp_path / "report.html"
    marker.parent.mkdir(parents=True)
    page.write_text("page")
    told = {"outputs": {"report.html": hashlib.sha256(b"page").hexdigest()}}
    for content, stays in [(told, True), ({"outputs": {}}, False), (told, True)]:
        marker.write_text(json.dumps(content))
        drop_stale_page(jobs)
        assert marker.exists() == stays
    page.unlink()
    drop_stale_page(jobs)
    assert not marker.exists()


def test_the_configuration_of_snakemake(tmp_path):
    study(tmp_path, "alpha")
    study(tmp_path, "beta")
    for plans in (
        ["alpha/plan.json", "beta/plan.json"],
        "alpha/plan.json,beta/plan.json",
        "alpha/plan.json beta/plan.json",
    ):
        jobs = from_config({"plans": plans, "out": str(tmp_path)})
        assert {b.study for b in jobs.values()} == {"alpha", "beta", ""}
    for wrong in ([], "", 3, ["a", 3]):
        with pytest.raises(StudyError, match="config 'plans': wrong type"):
            from_config({"plans": wrong})


# --- time left


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
