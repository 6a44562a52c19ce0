"""The page on distances works as it stands there, and its numbers agree."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "howto" / "distances.md"


def test_the_page_runs_and_its_bounds_hold_the_exact_distance(tmp_path):
    text = PAGE.read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", text, flags=re.S | re.M)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    exact, weighted, clouds, density = done.stdout.splitlines()
    bounded, first, second = map(float, exact.split())
    # No way is longer than 1 here but for a few, and W1 <= W2.
    assert bounded == pytest.approx(first, rel=0.02)
    assert bounded <= first <= second
    assert 0.5 * bounded < float(weighted) < 2 * bounded
    lower, upper = map(float, clouds.split())
    assert lower <= bounded <= upper <= lower / 0.98
    lower, upper, *_, level = density.split()
    assert 0.9 * float(upper) <= float(lower) < float(upper) < bounded
    assert level == "0.999"
