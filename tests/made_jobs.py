"""Plans whose jobs are a few lines of Python, and runs of them.

The jobs run through the real rules as ``python -m mfplug STEP ...``. A package of that
name, found first by the jobs alone, stands in for the steps: a block writes the hash of
what it needs, so that the bytes at the end tell whether every job saw what it should.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from rich.console import Console

from mfplug.studies import drive
from mfplug.studies.jobs import Jobs

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
