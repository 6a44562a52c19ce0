"""What the README shows works as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("readme")
    (place / "morse.py").write_text(blocks("python")[0])
    (place / "my-study.yaml").write_text(blocks("yaml")[0])
    return place


def mfplug(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "mfplug", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_own_potential_is_about_15_lines_and_is_found(folder):
    body = blocks("python")[0].split("@dataclass")[1]
    assert len([line for line in body.splitlines() if line.strip()]) <= 15
    shown = mfplug(folder, "plugins", "potential", "soft-morse", "--plugin", "morse.py")
    assert shown.returncode == 0, shown.stderr
    assert "length" in shown.stdout


@pytest.mark.slow
def test_own_study_runs_through_the_workflow(folder):
    done = mfplug(
        folder, "run", "my-study.yaml", "--plugin", "morse.py", "--cores", "1"
    )
    assert done.returncode == 0, done.stderr
    rates = pd.read_csv(folder / "results" / "my-study" / "rates.csv")
    assert rates["predicted"].tolist() == [-0.5]
    # 400 replicas give the exponent to 0.03; a wrong one by 0.15 is five errors off.
    assert rates["exponent"][0] == pytest.approx(-0.5, abs=0.12)
    assert (folder / "results" / "report.html").stat().st_size > 10_000


def test_python_example_runs(folder):
    done = subprocess.run(
        [sys.executable, "-c", blocks("python")[1]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "force-fluctuation" in done.stdout


def test_figure_and_pages_of_the_readme_exist():
    root = Path(__file__).parent.parent
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert "://" in target or (root / target).exists(), target
