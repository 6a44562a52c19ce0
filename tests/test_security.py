"""Files of somebody else are data: what they would execute is never executed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import mfplug
from mfplug.errors import MfplugError
from mfplug.studies.store import load_field, read_arrays


class Touch:
    """An object that makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize(
    "read",
    [
        load_field,
        lambda path: read_arrays(path, "ensemble"),
        lambda path: mfplug.read_snapshots(path, mfplug.System()),
    ],
)
def test_arrays_of_objects_are_refused_unopened(tmp_path, read):
    path, trap = tmp_path / "file.npz", tmp_path / "trap"
    evil = np.array([Touch(trap)], dtype=object)
    names = ("__meta__", "times", "q", "p")
    np.savez(path, allow_pickle=True, **dict.fromkeys(names, evil))
    with pytest.raises(MfplugError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    assert not trap.exists()
    # The trap works: a reader that unpickles falls into it.
    with np.load(path, allow_pickle=True) as data:
        assert data["q"].shape == (1,)
    assert trap.exists()


def mfplug_command(*words):
    return subprocess.run(
        [sys.executable, "-m", "mfplug", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_plan_in_a_foreign_folder_imports_nothing(tmp_path, write_study):
    out, trap, evil = tmp_path / "out", tmp_path / "trap", tmp_path / "evil.py"
    evil.write_text(f"import os\nos.mkdir({str(trap)!r})\n")
    path = out / "micro" / "plan.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"plugin_files": [str(evil)], "blocks": []}))
    done = mfplug_command("run", write_study(), "--out", out, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert not trap.exists()
    # By hand a plan is trusted, as the page on security says: this is the door.
    plan = json.loads(path.read_text()) | {"plugin_files": [str(evil)]}
    path.write_text(json.dumps(plan))
    mfplug_command("solve", "micro", "--out", out, "--plan", path)
    assert trap.exists()


def test_names_that_command_a_terminal_are_written_out(mfplug_cli, write_study):
    long = mfplug_cli("run", write_study(**{"k" * 9000: 1}), "--plan").refused()
    assert len(long) < 1600
    assert long.endswith("verdicts.")
    answer = mfplug_cli("run", write_study(**{"\x1b[2Jtitle": 1}), "--plan")
    line = answer.refused("unknown key")
    assert line.isprintable()
    assert r"\x1b[2Jtitle" in line
