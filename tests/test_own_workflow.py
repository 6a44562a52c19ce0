"""What the page for users of Snakemake and notebooks shows works as it stands there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "howto" / "snakemake.md").read_text(encoding="utf-8")
NOTEBOOK = ROOT / "examples" / "snapshots.ipynb"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.S | re.M)


@pytest.fixture
def folder(tmp_path):
    """The files of the page: snapshots, a study and a Snakefile."""
    _, snapshots, rules, _ = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", snapshots], cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (study,) = blocks("yaml")
    (tmp_path / "mine.yaml").write_text(study)
    (tmp_path / "Snakefile").write_text(rules)
    return tmp_path


def test_a_strangers_snakefile_runs_and_then_has_nothing_to_do(folder):
    environment = {**os.environ, "NUMBA_NUM_THREADS": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"

    def snakemake(*words):
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", "1", *words], cwd=folder,
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    snakemake()
    measured = pd.read_csv(folder / "tables" / "measured.csv")
    assert set(measured["metric"]) == {"energy-drift"}
    # 50 replicas of what the file holds, and 50 simulated from its first snapshot.
    assert set(measured["replicas"].dropna()) == {50}
    table = pd.read_csv(folder / "results" / "mine" / "table.csv")
    assert set(table["metric"]) == {"energy-drift"}
    # The file's snapshots have nothing to do with each other; a simulation keeps its
    # energy to the square of the step.
    assert table["value"].max() < 1e-2 < measured["value"].max()
    assert "Nothing to be done" in snakemake("--dry-run")


def test_the_rules_are_formatted(folder):
    text = (folder / "Snakefile").read_text()
    (folder / "Snakefile").write_text(text.strip() + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "snakefmt", "--check", "Snakefile"], cwd=folder,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_notebook_has_ten_lines_and_runs(folder, capsys, monkeypatch):
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    assert code.strip() == blocks("python")[-1].strip(), "the page shows the notebook"
    monkeypatch.chdir(folder)
    exec(compile(code, "notebook", "exec"), {})
    said = capsys.readouterr().out
    assert said.count("coupling-mean") == 2
    assert said.count("energy-drift") == 2
