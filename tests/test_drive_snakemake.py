"""The rules: plain Snakemake, another workflow, and the driver do the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from made_jobs import ROOT, done, driver, go, starts, study

__all__ = ["driver"]


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
