"""A damaged cache of compiled code costs time and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

CODE = """
import numpy as np
from mfplug import System, simulate
cloud = simulate(System(potential="gaussian"), 70, 2, [0.0, 0.3], 0.1)
print(cloud.q.tobytes().hex())
"""


def positions(cache):
    """Return what a new process computes with a cache of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        capture_output=True,
        text=True,
        check=False,
        env={**environment, "MFPLUG_CACHE_DIR": str(cache)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What a process compiles and computes, not to be written to."""
    cache = tmp_path_factory.mktemp("whole") / "cache"
    return cache, positions(cache)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["*.nbi", "*.nbc"])
def test_truncated_and_foreign_files_are_made_anew(whole, tmp_path, kind):
    cache, wanted = tmp_path / "cache", whole[1]
    # With the times of the files, which Numba looks at.
    shutil.copytree(whole[0], cache)
    cache.chmod(0o700)
    files = sorted((cache / "numba").rglob(kind))
    assert files, "nothing is cached: the test would see nothing"
    for i, file in enumerate(files):
        content = file.read_bytes()
        file.write_bytes(b"foreign" if i % 2 else content[: len(content) // 3])
    assert positions(cache) == wanted
    # What was damaged is whole again.
    assert all(len(f.read_bytes()) > 7 for f in files)
